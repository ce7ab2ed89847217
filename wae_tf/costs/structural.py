"""Reconstruction costs that compare structure rather than single pixels."""

import numpy as np
import tensorflow as tf

__all__ = ["BINOMIAL", "laplacian_l1", "ms_ssim", "scale_weights", "ssim", "to_unit"]

_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_LUMINANCE, _CONTRAST = 0.01**2, 0.03**2
BINOMIAL = np.array([1.0, 4.0, 6.0, 4.0, 1.0], "float32") / 16.0  # No tensor: no runtime yet.


def ssim(x, reconstruction, pixel_range=(0.0, 1.0)):
    """`num_values * (1 - SSIM(x, y))` ([1], with a Gaussian window of 1.5 pixels).

    The structural similarity is the mean, over windows of 11x11 pixels (smaller for
    small images) and channels, of
    `(2 m_x m_y + C1) (2 s_xy + C2) / ((m_x**2 + m_y**2 + C1) (s_x**2 + s_y**2 + C2))`
    with local means `m`, variances `s**2` and covariances, `C1 = 0.01**2` and
    `C2 = 0.03**2` for pixels in [0, 1].

    Args:
        x: Images, shape `(n, height, width, channels)`.
        reconstruction: Images, same shape.
        pixel_range: Range of the pixels; they are mapped to [0, 1] first.

    Returns:
        Shape `(n,)`, float32, in `[0, 2 * num_values]`.

    [1] Wang et al., *Image Quality Assessment: From Error Visibility to Structural
    Similarity*, IEEE TIP 2004.
    """
    x, y = (to_unit(images, pixel_range) for images in (x, reconstruction))
    similarity, _ = _similarity(x, y)
    return _num_values(x) * (1.0 - tf.reduce_mean(similarity, axis=1))


def ms_ssim(x, reconstruction, pixel_range=(0.0, 1.0)):
    """`num_values * (1 - MS-SSIM(x, y))` ([1], Eq. (7)).

    The product, over scales halved by 2x2 means, of contrast similarities, and of the
    SSIM at the coarsest one, to the powers .0448, .2856, .3001, .2363, .1333. Images too
    small for five scales have as many as leave 7 pixels a side, their powers divided by
    the sum. Factors are cut off at 0.001, where the gradient would explode.

    Arguments and result as in `ssim`.

    [1] Wang et al., *Multiscale Structural Similarity for Image Quality Assessment*,
    Asilomar 2003.
    """
    x, y = (to_unit(images, pixel_range) for images in (x, reconstruction))
    values = _num_values(x)
    weights = scale_weights(min(x.shape[1:3]), 7)
    log_total = 0.0
    for i, weight in enumerate(weights):
        similarity, contrast = _similarity(x, y)
        last = i == len(weights) - 1
        factor = tf.maximum(similarity if last else contrast, 1e-3)
        log_total += weight * tf.math.log(factor)
        x, y = (tf.nn.avg_pool2d(images, 2, 2, "SAME") for images in (x, y))
    return values * (1.0 - tf.reduce_mean(tf.exp(log_total), axis=1))


def scale_weights(side, least):
    """Returns the weights of MS-SSIM's scales, from fine to coarse: a list that sums to 1.

    Of five scales, each half of the one before, there are as many as leave `least` pixels of
    `side`.
    """
    count = 1
    while count < len(_SCALE_WEIGHTS) and side // 2**count >= least:
        count += 1
    weights = _SCALE_WEIGHTS[:count]
    return [weight / sum(weights) for weight in weights]


def laplacian_l1(x, reconstruction, pixel_range=(0.0, 1.0)):
    """`sum_j 4**j ||L_j(x) - L_j(y)||_1` over levels of the Laplacian pyramid ([1], Eq. (4)).

    `L_j` holds the details that get lost when level `j` (from 0) is blurred with a
    binomial filter of 5 pixels and halved; the last level keeps what is left. There are
    as many levels as leave 4 pixels a side.

    Args:
        x: Images, shape `(n, height, width, channels)`.
        reconstruction: Images, same shape.
        pixel_range: Not used: differences do not depend on where the range begins.

    Returns:
        Shape `(n,)`, float32, in units of the pixels.

    [1] Bojanowski et al., *Optimizing the Latent Space of Generative Networks*, ICML
    2018, arXiv:1707.05776.
    """
    rest = tf.cast(x, tf.float32) - tf.cast(reconstruction, tf.float32)  # All of it is linear.
    total, level = 0.0, 0
    while min(rest.shape[1:3]) >= 8:
        coarse = _blur(rest)[:, ::2, ::2]
        enlarged = tf.image.resize(coarse, rest.shape[1:3], method="bilinear")
        total += 4.0**level * _l1(rest - enlarged)
        rest, level = coarse, level + 1
    return total + 4.0**level * _l1(rest)


def _similarity(x, y):
    """Returns mean SSIM and mean contrast similarity, each shape `(n, channels)`."""
    channels = x.shape[3]
    size = min(11, *x.shape[1:3])
    offsets = tf.range(size, dtype=tf.float32) - (size - 1) / 2.0
    line = tf.nn.softmax(-0.5 * tf.square(offsets / 1.5))
    window = tf.tile((line[:, None] * line[None, :])[..., None, None], [1, 1, channels, 1])

    def local(images):
        return tf.nn.depthwise_conv2d(images, window, (1, 1, 1, 1), "VALID")

    mean_x, mean_y = local(x), local(y)
    covariance = local(x * y) - mean_x * mean_y
    variances = local(x * x + y * y) - mean_x**2 - mean_y**2
    contrast = (2.0 * covariance + _CONTRAST) / (variances + _CONTRAST)
    luminance = (2.0 * mean_x * mean_y + _LUMINANCE) / (mean_x**2 + mean_y**2 + _LUMINANCE)
    return tf.reduce_mean(luminance * contrast, (1, 2)), tf.reduce_mean(contrast, (1, 2))


def _blur(images):
    window = (BINOMIAL[:, None] * BINOMIAL[None, :])[..., None, None]
    padded = tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]], "REFLECT")
    window = tf.tile(window, [1, 1, images.shape[3], 1])
    return tf.nn.depthwise_conv2d(padded, window, (1, 1, 1, 1), "VALID")


def to_unit(images, pixel_range):
    """Maps images from their range to [0, 1], in float32."""
    low, high = pixel_range
    return (tf.cast(images, tf.float32) - low) / (high - low)


def _num_values(images):
    height, width, channels = images.shape[1:]
    return float(height * width * channels)


def _l1(images):
    return tf.reduce_sum(tf.abs(images), axis=(1, 2, 3))
