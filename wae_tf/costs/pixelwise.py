"""Reconstruction costs c(x, y): sums over pixels, one number an image."""

import tensorflow as tf

__all__ = ["COSTS", "binary_cross_entropy", "l1", "l2", "squared_error"]


def squared_error(x, reconstruction):
    """`||x - y||_2**2`, the cost of [1], Sec. 4.

    Args:
        x: Images, shape `(n, ...)`.
        reconstruction: Images, same shape.

    Returns:
        Shape `(n,)`, float32: sums over all but the first axis.

    Example:
        >>> squared_error(tf.zeros((2, 4, 4, 1)), tf.ones((2, 4, 4, 1))).numpy()
        array([16., 16.], dtype=float32)

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """
    return _sum(tf.square(_float32(x) - _float32(reconstruction)))


def l2(x, reconstruction):
    """`||x - y||_2`; its gradient is zero, not NaN, where both are equal.

    Arguments and result as in `squared_error`.
    """
    squared = squared_error(x, reconstruction)
    # sqrt has an infinite slope at 0, and 0 * inf is NaN even behind one `where`.
    positive = squared > 0.0
    return tf.where(positive, tf.sqrt(tf.where(positive, squared, 1.0)), 0.0)


def l1(x, reconstruction):
    """`||x - y||_1`; arguments and result as in `squared_error`."""
    return _sum(tf.abs(_float32(x) - _float32(reconstruction)))


def binary_cross_entropy(x, reconstruction, epsilon=1e-7):
    """`-sum(x log y + (1 - x) log(1 - y))` in nats, for pixels in [0, 1].

    `reconstruction` is kept `epsilon` away from 0 and 1. Shapes as in `squared_error`.
    """
    x = _float32(x)
    y = tf.clip_by_value(_float32(reconstruction), epsilon, 1.0 - epsilon)
    return -_sum(x * tf.math.log(y) + (1.0 - x) * tf.math.log1p(-y))


COSTS = {
    "squared_error": squared_error,
    "l2": l2,
    "l1": l1,
    "binary_cross_entropy": binary_cross_entropy,
}


def _float32(x):
    return tf.cast(x, tf.float32)


def _sum(values):
    return tf.reduce_sum(tf.reshape(values, (tf.shape(values)[0], -1)), axis=1)
