"""How much the images of one set differ from each other."""

import numpy as np
import tensorflow as tf

from wae_tf.costs.structural import scale_weights
from wae_tf.metrics.inputs import BATCH_SIZE, image_array
from wae_tf.metrics.reconstruction import ssim_filter_size
from wae_tf.pixels import to_model_range

__all__ = ["diversity", "diversity_per_pair", "ms_ssim_settings"]


def diversity(images, *, max_pairs=5000, seed=0):
    """Measures MS-SSIM ([1]) between random pairs of images of one set ([2]).

    More is less diverse: 1 where all images are the same. Compare with that of real images.

    Args:
        images: Array, shape `(n, height, width, channels)`, uint8 or floats in [0, 1], or a
            `tf.data.Dataset` of such batches; n >= 2.
        max_pairs: How many pairs; no image is in two, so there are at most n / 2.
        seed: Fixes the pairs.

    Returns:
        Dict: `ms_ssim` in [0, 1], mean over pairs; `pairs`; `filter_size` and
        `power_factors` as `ms_ssim_settings` chose them for this size.

    Raises:
        ValueError: There are fewer than two images, or they have NaN.

    Example:
        >>> diversity(model.sample(1000))["ms_ssim"] - diversity(test_images)["ms_ssim"]

    [1] Wang et al., *Multi-Scale Structural Similarity*, Asilomar 2003.
    [2] Odena et al., *Conditional Image Synthesis with Auxiliary Classifier GANs*, ICML 2017,
        arXiv:1610.09585.
    """
    values, settings = _measure(images, max_pairs, seed)
    return {"ms_ssim": float(np.mean(values)), "pairs": len(values), **settings}


def diversity_per_pair(images, *, max_pairs=5000, seed=0):
    """Returns MS-SSIM of each pair, shape `(pairs,)`; arguments as in `diversity`."""
    return _measure(images, max_pairs, seed)[0]


def ms_ssim_settings(height, width):
    """Chooses window and scales of MS-SSIM for images of a size.

    The window has 11 pixels, the standard, or as many as fit. Scales are halved, up to five,
    as long as the window fits; their standard weights are divided by their sum. From 176
    pixels on this is the standard MS-SSIM; 28x28 and 32x32 have two scales, 64x64 three.

    Returns:
        Dict: `filter_size`, `power_factors` from fine to coarse, a list that sums to 1.

    Example:
        >>> ms_ssim_settings(64, 64)["filter_size"], len(ms_ssim_settings(64, 64)["power_factors"])
        (11, 3)
    """
    filter_size = ssim_filter_size(height, width)
    power_factors = scale_weights(min(height, width), filter_size)
    return {"filter_size": filter_size, "power_factors": power_factors}


def _measure(images, max_pairs, seed):
    images = image_array(images, at_least=2, purpose="pairs")
    pairs = min(len(images) // 2, max_pairs)
    order = np.random.default_rng(seed).permutation(len(images))[: 2 * pairs]
    settings = ms_ssim_settings(*images.shape[1:3])
    values = []
    for start in range(0, pairs, BATCH_SIZE):
        stop = min(start + BATCH_SIZE, pairs)
        x, y = (
            to_model_range(tf.constant(images[order[first + start : first + stop]]), (0.0, 1.0))
            for first in (0, pairs)
        )
        values.append(tf.image.ssim_multiscale(x, y, max_val=1.0, **settings).numpy())
    return np.concatenate(values), settings
