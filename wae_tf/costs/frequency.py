"""Reconstruction costs that compare frequencies, or how much each place varies."""

import numpy as np
import tensorflow as tf

from wae_tf.costs.structural import to_unit

__all__ = ["focal_frequency", "local_deviations", "watson"]

_WINDOWS = (3, 5)
_LEAST_VARIANCE = 1e-6  # Of pixels in [0, 1]: a square root has no slope at 0.

# Watson's thresholds of the DCT of 8x8 pixels in [0, 255] ([2] of `watson`, Table 1), and his
# exponents of masking by luminance and by contrast and of the sum over errors.
_BLOCK = 8
_THRESHOLDS = np.array(
    [
        [1.40, 1.01, 1.16, 1.66, 2.40, 3.43, 4.79, 6.56],
        [1.01, 1.45, 1.32, 1.52, 2.00, 2.71, 3.67, 4.93],
        [1.16, 1.32, 2.24, 2.59, 2.98, 3.64, 4.60, 5.88],
        [1.66, 1.52, 2.59, 3.77, 4.55, 5.30, 6.28, 7.60],
        [2.40, 2.00, 2.98, 4.55, 6.15, 7.46, 8.71, 10.17],
        [3.43, 2.71, 3.64, 5.30, 7.46, 9.62, 11.58, 13.51],
        [4.79, 3.67, 4.60, 6.28, 8.71, 11.58, 14.50, 17.29],
        [6.56, 4.93, 5.88, 7.60, 10.17, 13.51, 17.29, 21.15],
    ],
    "float32",
)
_LUMINANCE_MASKING, _CONTRAST_MASKING, _POOLING = 0.649, 0.7, 4.0
# Y, Cb and Cr of ITU-R BT.601 from R, G and B, without offsets, which differences do not have.
_YCBCR = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.168736, -0.331264, 0.5],
        [0.5, -0.418688, -0.081312],
    ],
    "float32",
)


def focal_frequency(x, reconstruction, pixel_range=(0.0, 1.0), alpha=1.0):
    """`sum_f w_f |F_f(x) - F_f(y)|**2`: the squared error, on what is worst ([1], Eq. (8)).

    `F` is the unitary discrete Fourier transform of a channel, and `w_f` the size of the
    difference at a frequency, to the power `alpha`, divided by the largest one of the channel
    and without gradient: errors at frequencies that fit already count little. It is a mean over
    frequencies in [1], and a sum here; by Parseval's theorem it is at most the squared error.

    Args:
        x: Images, shape `(n, height, width, channels)`.
        reconstruction: Images, same shape.
        pixel_range: Not used: differences do not depend on where the range begins.
        alpha: Power of the weights, at least 0; at 0 this is the squared error.

    Returns:
        Shape `(n,)`, float32, in squared units of the pixels.

    [1] Jiang et al., *Focal Frequency Loss for Image Reconstruction and Synthesis*, ICCV 2021,
    arXiv:2012.12821.
    """
    difference = tf.cast(x, tf.float32) - tf.cast(reconstruction, tf.float32)
    channels_first = tf.transpose(difference, (0, 3, 1, 2))
    transform = tf.signal.fft2d(tf.cast(channels_first, tf.complex64))
    size = float(np.prod(x.shape[1:3]))
    squared = (tf.square(tf.math.real(transform)) + tf.square(tf.math.imag(transform))) / size
    weights = tf.stop_gradient(squared) ** (alpha / 2.0)
    weights = tf.math.divide_no_nan(weights, tf.reduce_max(weights, (2, 3), keepdims=True))
    return tf.reduce_sum(weights * squared, axis=(1, 2, 3))


def local_deviations(x, reconstruction, pixel_range=(0.0, 1.0)):
    """`mean_k sum (s_k(x) - s_k(y))**2`: how much pixels vary, wherever they do.

    `s_k` is the standard deviation in each window of k x k pixels of a channel, k in 3 and 5:
    the contrast of [1], Eq. (14), with flat windows. Blur has too little of it; what varies may
    be anywhere in a window. Alone it can be met by fine stripes: add it to another cost.

    Args:
        x: Images, shape `(n, height, width, channels)`, of at least 5x5 pixels.
        reconstruction: Images, same shape.
        pixel_range: Range of the pixels; they are mapped to [0, 1] first.

    Returns:
        Shape `(n,)`, float32: a sum over windows and channels.

    Raises:
        ValueError: The images are smaller than the windows.

    [1] Wang et al., *Image Quality Assessment: From Error Visibility to Structural
    Similarity*, IEEE TIP 2004.
    """
    if min(x.shape[1:3]) < max(_WINDOWS):
        raise ValueError(
            "`cost='local_deviations'` needs images of at least 5x5 pixels. "
            f"Received: shape={tuple(x.shape)}"
        )
    both = [to_unit(images, pixel_range) for images in (x, reconstruction)]
    total = 0.0
    for window in _WINDOWS:
        of_x, of_y = (_local_deviation(images, window) for images in both)
        total += tf.reduce_sum(tf.square(of_x - of_y), axis=(1, 2, 3))
    return total / len(_WINDOWS)


def watson(x, reconstruction, pixel_range=(0.0, 1.0)):
    """`(sum |C(x) - C(y)|**4 / s**4)**(1/4)`, errors in units of what is visible ([1], Eq. (6)).

    `C` is the discrete cosine transform of blocks of 8x8 pixels, and `s` the change of a
    coefficient that one just notices ([2]): a threshold for each frequency, larger in blocks
    that are bright in the image (to the power 0.649), and where `x` has contrast at that
    frequency (to the power 0.7). RGB images are taken as Y, Cb and Cr with the same thresholds,
    and masked by the brightness of Y.

    Two grids of blocks are used, shifted by half a block, as [1] shifts one grid at random; and
    [1] learns the thresholds from judgements, which are Watson's own here. Images are mirrored
    at the edges where blocks end beyond them.

    Args:
        x: Images, shape `(n, height, width, channels)`, 1 or 3 channels.
        reconstruction: Images, same shape.
        pixel_range: Range of the pixels; they are mapped to [0, 255] first.

    Returns:
        Shape `(n,)`, float32: about 1 where the worst error just shows.

    [1] Czolbe et al., *A Loss Function for Generative Neural Networks Based on Watson's
    Perceptual Model*, NeurIPS 2020, arXiv:2006.15057.
    [2] Watson, *DCT Quantization Matrices Visually Optimized for Individual Images*, SPIE 1993.
    """
    low, high = pixel_range
    x, y = (
        (tf.cast(images, tf.float32) - low) * (255.0 / (high - low))
        for images in (x, reconstruction)
    )
    if x.shape[3] == 3:
        x, y = (tf.linalg.matvec(_YCBCR, images) for images in (x, y))
    total = 0.0
    for shift in (0, _BLOCK // 2):
        of_x, of_y = (_block_cosines(images, shift) for images in (x, y))
        visible = tf.stop_gradient(_just_noticeable(of_x))
        errors = ((of_x - of_y) / visible) ** _POOLING
        total += tf.reduce_sum(errors, axis=(1, 2, 3, 4, 5)) / 2.0
    # The slope of a fourth root is infinite at 0.
    positive = total > 0.0
    root = tf.where(positive, total, 1.0) ** (1.0 / _POOLING)
    return tf.where(positive, root, 0.0)


def _local_deviation(images, window):
    mean, mean_of_squares = (
        tf.nn.avg_pool2d(values, window, 1, "VALID") for values in (images, images * images)
    )
    return tf.sqrt(tf.maximum(mean_of_squares - mean * mean, 0.0) + _LEAST_VARIANCE)


def _just_noticeable(cosines):
    """Returns `s` of `watson` from the cosine transform of blocks, same shape."""
    brightness = tf.maximum(cosines[..., :1, 0:1, 0:1], 1.0)  # Black hides no more than that.
    relative = brightness / tf.reduce_mean(brightness, axis=(1, 2), keepdims=True)
    threshold = _THRESHOLDS * relative**_LUMINANCE_MASKING
    contrast = tf.abs(cosines) ** _CONTRAST_MASKING * threshold ** (1.0 - _CONTRAST_MASKING)
    no_constant = np.ones((_BLOCK, _BLOCK), "float32")
    no_constant[0, 0] = 0.0  # A block's mean is no contrast.
    return tf.maximum(threshold, contrast * no_constant)


def _block_cosines(images, shift):
    """Transforms 8x8 blocks: shape `(n, rows, columns, channels, 8, 8)`."""
    height, width, channels = images.shape[1:]
    rows, columns = (  # Numbers, as images smaller than a block are mirrored more than once.
        np.pad(np.arange(side), (shift, -(side + shift) % _BLOCK), "symmetric")
        for side in (height, width)
    )
    padded = tf.gather(tf.gather(images, rows, axis=1), columns, axis=2)
    shape = (-1, len(rows) // _BLOCK, _BLOCK, len(columns) // _BLOCK, _BLOCK, channels)
    blocks = tf.transpose(tf.reshape(padded, shape), (0, 1, 3, 5, 2, 4))
    cosine = _cosine_matrix()
    return tf.einsum("ij,nrcdjk,lk->nrcdil", cosine, blocks, cosine)


def _cosine_matrix():
    """Returns the orthonormal matrix of the discrete cosine transform (DCT-II) of 8 values."""
    k, j = np.indices((_BLOCK, _BLOCK))
    matrix = np.cos(np.pi * (2 * j + 1) * k / (2 * _BLOCK)) * np.sqrt(2.0 / _BLOCK)
    matrix[0] /= np.sqrt(2.0)
    return matrix.astype("float32")
