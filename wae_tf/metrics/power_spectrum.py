"""The power of images at each spatial frequency."""

import numpy as np

from wae_tf.metrics.inputs import image_batches

__all__ = ["power_spectrum", "power_spectrum_error", "power_spectrum_ratio"]

_ROUNDING = (1.0 / 255.0) ** 2 / 12.0  # What 8 bits a value add: below it there is no signal.


def power_spectrum(images):
    """Returns the mean power of images at 1, 2, ... cycles along their shorter side.

    The square of the unitary discrete Fourier transform of each channel, averaged over rings
    of one cycle in width ([1], Sec. 3.2), over channels and over images. Frequencies beyond
    half the shorter side, which diagonals have only, are left out.

    Args:
        images: Array, shape `(n, height, width, channels)`, uint8 or floats in [0, 1], or a
            `tf.data.Dataset` of such batches. At least 2x2 pixels.

    Returns:
        float64, shape `(min(height, width) // 2,)`: variance of a pixel in [0, 1] per
        coefficient of the transform.

    Raises:
        ValueError: There are no images, they are too small, or have NaN.

    Example:
        >>> power_spectrum(np.zeros((2, 64, 64, 3), "uint8")).shape
        (32,)

    [1] Durall et al., *Watch your Up-Convolution: CNN Based Generative Deep Neural Networks are
    Failing to Reproduce Spectral Distributions*, CVPR 2020, arXiv:2003.01826.
    """
    total, count = 0.0, 0
    for batch in image_batches(images):
        transform = np.fft.fft2(batch.astype("float64"), axes=(1, 2), norm="ortho")
        total += np.square(np.abs(transform)).mean(axis=3).sum(axis=0)
        count += len(batch)
    height, width = total.shape
    side = min(height, width)
    if side < 2:
        raise ValueError(
            f"`images` must have at least 2x2 pixels. Received: {height} x {width} pixels"
        )
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :]
    rings = np.rint(np.hypot(rows, columns) * side).astype(int)
    return np.array([total[rings == k].mean() / count for k in range(1, side // 2 + 1)])


def power_spectrum_ratio(images, real):
    """Returns the power of images over that of real ones, by frequency; 1 is alike.

    Below 1 at high frequencies is blur; above 1 is noise, or a checkerboard at the last ones.
    Both powers count what rounding to 8 bits adds, so that empty frequencies compare as alike.

    Args:
        images: Images as in `power_spectrum`.
        real: Real images, of the same height and width.

    Returns:
        float64, shape `(min(height, width) // 2,)`, positive.

    Raises:
        ValueError: As `power_spectrum`, or the sizes differ.
    """
    powers = power_spectrum(images), power_spectrum(real)
    if len(powers[0]) != len(powers[1]):
        raise ValueError(
            "`images` and `real` must have the same height and width. "
            f"Received: {len(powers[0])} and {len(powers[1])} frequencies"
        )
    return (powers[0] + _ROUNDING) / (powers[1] + _ROUNDING)


def power_spectrum_error(images, real):
    """Returns the root mean square, over frequencies, of the log of `power_spectrum_ratio`.

    0 where all frequencies have the power of real images; log 2 = 0.69 where each has twice or
    half of it. Unlike sharpness, it cannot be met by too much of one frequency and too little
    of another. Arguments and errors as in `power_spectrum_ratio`.

    Example:
        >>> power_spectrum_error(model.sample(1000), test_images)
    """
    return float(np.sqrt(np.mean(np.square(np.log(power_spectrum_ratio(images, real))))))
