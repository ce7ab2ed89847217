"""The sliced Wasserstein distance between patches of two sets of images."""

import numpy as np

from wae_tf.costs.structural import BINOMIAL
from wae_tf.metrics.inputs import image_array
from wae_tf.runtime.requirements import need

__all__ = ["laplacian_pyramid", "sliced_wasserstein"]

PATCH_SIZE = 7
_BLOCK = 16  # Projections sorted at a time.


def sliced_wasserstein(
    images_a,
    images_b,
    *,
    max_images=2048,
    patches_per_image=128,
    projections=512,
    min_size=14,
    seed=0,
):
    """Compares patches at each level of a Laplacian pyramid ([1], Sec. 5).

    Patches of 7x7 pixels, each channel of a level brought to mean 0 and variance 1 over the
    set, are projected to random directions; per direction the distance is the mean absolute
    difference of the sorted projections. Like the paper's, the numbers are multiplied by
    1,000. Two sets of one distribution do not reach 0: compare with the floor between two
    sets of real images, of the same number.

    Args:
        images_a: Array, shape `(n, height, width, channels)`, uint8 or floats in [0, 1], or a
            `tf.data.Dataset` of such batches.
        images_b: As many images, of the same shape.
        max_images: How many to use, from the first on; None for all. The paper has 16,384,
            for which this takes eight times as long.
        patches_per_image: Patches at random places of each image, the same places in both
            sets.
        projections: Random directions.
        min_size: Levels are halved as long as their shorter side has so many pixels: images
            of 64x64 give levels 64, 32, 16 as in the paper, those of 28x28 give 28 and 14.
        seed: Fixes places and directions.

    Returns:
        Dict: `sliced_wasserstein`, the mean over levels, times 1,000; `levels`, dict from
        height of the level to its distance, times 1,000; `images` as used, in each set.

    Raises:
        ValueError: The sets differ in number or shape, images are smaller than a patch, are
            none, or have NaN.

    Example:
        >>> sliced_wasserstein(test_images, model.sample(len(test_images)))["levels"]

    [1] Karras et al., *Progressive Growing of GANs*, ICLR 2018, arXiv:1710.10196.
    """
    a = image_array(images_a, "images_a", limit=max_images)
    b = image_array(images_b, "images_b", limit=max_images)
    if a.shape != b.shape or min(a.shape[1:3]) < PATCH_SIZE:
        raise ValueError(
            f"`images_a` and `images_b` must be as many, of one shape, {PATCH_SIZE}x{PATCH_SIZE} "
            f"pixels or more. Received: shapes {a.shape} and {b.shape}"
        )
    levels = {}
    for index, (level_a, level_b) in enumerate(
        zip(laplacian_pyramid(a, min_size), laplacian_pyramid(b, min_size), strict=True)
    ):
        # The same generator for both sets: identical ones are at distance 0.
        patches_a, patches_b = (
            _patches(level, patches_per_image, np.random.default_rng((seed, index)))
            for level in (level_a, level_b)
        )
        rng = np.random.default_rng((seed, index, 1))
        distance = _sliced_distance(patches_a, patches_b, projections, rng)
        levels[str(level_a.shape[1])] = 1e3 * distance
    return {
        "sliced_wasserstein": float(np.mean(list(levels.values()))),
        "levels": levels,
        "images": len(a),
    }


def laplacian_pyramid(images, min_size):
    """Yields the levels of a Laplacian pyramid ([1]), from fine to coarse.

    Each level is an image less what its next coarser version holds of it; the coarsest is
    that version itself. Filters have the binomial taps `[1, 4, 6, 4, 1] / 16` in either
    direction, borders are mirrored.

    Args:
        images: Array, shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
        min_size: Smallest number of pixels of a level's shorter side.

    Yields:
        float32 arrays, shape `(n, height_of_level, width_of_level, channels)`. They sum up
        to the images when coarser ones are enlarged by the same filter.

    [1] Burt and Adelson, *The Laplacian Pyramid as a Compact Image Code*, 1983.
    """
    level = images.astype("float32")
    if images.dtype == np.uint8:
        level /= 255.0
    while (min(level.shape[1:3]) + 1) // 2 >= min_size:
        coarser = _smooth(level)[:, ::2, ::2]
        enlarged = np.zeros_like(level)
        enlarged[:, ::2, ::2] = 4.0 * coarser
        yield level - _smooth(enlarged)
        level = coarser
    yield level


def _smooth(images):
    ndimage = need("scipy.ndimage", "`sliced_wasserstein`")
    images = ndimage.convolve1d(images, BINOMIAL, axis=1, mode="mirror")
    return ndimage.convolve1d(images, BINOMIAL, axis=2, mode="mirror")


def _patches(level, per_image, rng):
    """Cuts out patches and normalises each channel, shape `(patches, 49 * channels)`."""
    n, height, width, channels = level.shape
    windows = np.lib.stride_tricks.sliding_window_view(level, (PATCH_SIZE, PATCH_SIZE), (1, 2))
    index = np.repeat(np.arange(n), per_image)
    rows = rng.integers(height - PATCH_SIZE + 1, size=n * per_image)
    columns = rng.integers(width - PATCH_SIZE + 1, size=n * per_image)
    patches = windows[index, rows, columns]  # (patches, channels, 7, 7), a copy.
    patches -= patches.mean(axis=(0, 2, 3), keepdims=True, dtype="float64")
    stddev = patches.std(axis=(0, 2, 3), keepdims=True, dtype="float64")
    patches /= np.where(stddev > 0.0, stddev, 1.0)
    return patches.reshape(len(patches), channels * PATCH_SIZE**2)


def _sliced_distance(a, b, projections, rng):
    directions = rng.normal(size=(projections, a.shape[1])).astype("float32")
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    total = 0.0
    for start in range(0, projections, _BLOCK):
        block = directions[start : start + _BLOCK]
        sorted_a, sorted_b = (np.sort(block @ x.T, axis=1) for x in (a, b))
        total += np.abs(sorted_a - sorted_b).mean(axis=1, dtype="float64").sum()
    return float(total / projections)
