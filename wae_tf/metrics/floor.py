"""The value of a metric where there is nothing to find."""

import numpy as np

from wae_tf.metrics.inputs import image_array

__all__ = ["floor", "halves"]


def halves(images, size=None, seed=0):
    """Splits images or features at random into two disjoint sets of one size.

    Args:
        images: Array, shape `(n, ...)`, or a `tf.data.Dataset` of batches of images.
        size: Images in each set; by default n // 2.
        seed: Fixes the split.

    Returns:
        Tuple of two arrays, shape `(size, ...)`.

    Raises:
        ValueError: There are fewer than `2 * size` images, or fewer than two.

    Example:
        >>> frechet_distance(*halves(extract(test_images)))
    """
    if not hasattr(images, "__array__"):
        images = image_array(images)
    images = np.asarray(images)
    size = len(images) // 2 if size is None else size
    if size < 1 or len(images) < 2 * size:
        raise ValueError(
            f"`images` must hold at least {max(2 * size, 2)}, for two disjoint sets of "
            f"{max(size, 1)}. Received: {len(images)}"
        )
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order[:size]], images[order[size : 2 * size]]


def floor(metric, images, size=None, seed=0, **kwargs):
    """Returns a two-sample metric between two disjoint sets of real images of one size.

    A sample of that size that was perfect would have about this value.

    Args:
        metric: Callable `(a, b, **kwargs)`, such as `frechet_distance`.
        images: Real images or their features, as in `halves`, like the rest.
        size: Images in each set: as many as were compared with the samples.
        seed: Fixes the split.
        **kwargs: Other arguments of the metric.

    Example:
        >>> floor(sliced_wasserstein, train_images, size=len(samples))
    """
    return metric(*halves(images, size, seed), **kwargs)
