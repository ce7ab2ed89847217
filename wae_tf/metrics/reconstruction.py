"""How close reconstructions are to their images."""

import numpy as np
import tensorflow as tf

from wae_tf.metrics.inputs import paired_batches

__all__ = ["reconstruction", "reconstruction_per_image", "ssim_filter_size"]

_MAX_PSNR = 100.0


def reconstruction(images, reconstructions):
    """Measures reconstructions: means over the images of `reconstruction_per_image`.

    Args:
        images: Array, shape `(n, height, width, channels)`, uint8 or floats in [0, 1], or a
            `tf.data.Dataset` of such batches.
        reconstructions: As many images, in the same order.

    Returns:
        Dict of floats: `squared_error`, `mse`, `psnr`, `ssim`.

    Raises:
        ValueError: The two sets differ in number or shape, are empty, or have NaN.

    Example:
        >>> reconstruction(images, model.reconstruct(images))["ssim"]
    """
    values = reconstruction_per_image(images, reconstructions)
    return {name: float(np.mean(value)) for name, value in values.items()}


def reconstruction_per_image(images, reconstructions):
    """Measures each reconstruction, for bootstrap intervals or to find the worst.

    - `squared_error`: `sum{(x - y)**2}` over pixels and channels in [0, 1], the unit of
      the paper's cost ([1], Sec. 4).
    - `mse`: the same, as mean over pixels and channels.
    - `psnr`: `-10 * log10(mse)` in dB, at most 100, where two images are equal.
    - `ssim`: structural similarity ([2]) as `tf.image.ssim`, in [-1, 1], mean over
      channels; Gaussian window of 11 pixels, smaller where images are smaller.

    Arguments and errors as in `reconstruction`.

    Returns:
        Dict of float32 arrays, shape `(n,)`.

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    [2] Wang et al., *Image Quality Assessment*, IEEE TIP 13(4), 2004.
    """
    batches = [_measure(x, y) for x, y in paired_batches(images, reconstructions, _NAMES)]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


_NAMES = ("images", "reconstructions")


def ssim_filter_size(height, width):
    """Returns the side of SSIM's window: 11 pixels, or the largest odd number that fits."""
    side = min(height, width, 11)
    return side - 1 + side % 2


def _measure(x, y):
    squared = np.square(x - y)
    ssim = tf.image.ssim(x, y, max_val=1.0, filter_size=ssim_filter_size(*x.shape[1:3]))
    mse = np.mean(squared, axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        psnr = np.minimum(-10.0 * np.log10(mse), _MAX_PSNR)
    return {
        "squared_error": np.sum(squared, axis=(1, 2, 3)),
        "mse": mse,
        "psnr": psnr,
        "ssim": ssim.numpy(),
    }
