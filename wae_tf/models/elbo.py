"""The terms of the evidence lower bound of a VAE, in nats."""

import math

import tensorflow as tf

__all__ = ["gaussian_kl", "gaussian_negative_log_likelihood"]


def gaussian_kl(mean, log_variance, prior_mean=0.0, prior_stddev=1.0):
    """`KL(N(mean, exp(log_variance)) || N(prior_mean, prior_stddev**2))` ([1], App. B).

    `sum_j (v_j + (mean_j - m)**2) / (2 s**2) - 1/2 - log(v_j) / 2 + log(s)` with
    `v = exp(log_variance)`, prior mean `m` and standard deviation `s`.

    Args:
        mean: Shape `(n, d)`.
        log_variance: Shape `(n, d)`.
        prior_mean: Number, or shape `(d,)`.
        prior_stddev: Positive number, or shape `(d,)`.

    Returns:
        Shape `(n,)`, not negative.

    Example:
        >>> gaussian_kl(tf.ones((1, 4)), tf.zeros((1, 4))).numpy()
        array([2.], dtype=float32)

    [1] Kingma and Welling, *Auto-Encoding Variational Bayes*, ICLR 2014, arXiv:1312.6114.
    """
    log_ratio = log_variance - 2.0 * tf.math.log(tf.cast(prior_stddev, tf.float32))
    distance = tf.square((mean - prior_mean) / prior_stddev)
    return 0.5 * tf.reduce_sum(tf.exp(log_ratio) + distance - 1.0 - log_ratio, axis=1)


def gaussian_negative_log_likelihood(squared_error, num_pixels, log_variance):
    """`-log N(x; y, exp(log_variance) I)` from `||x - y||**2` over `num_pixels` values.

    `squared_error / (2 v) + num_pixels / 2 * log(2 pi v)`, of the shape of
    `squared_error`.

    Example:
        >>> round(float(gaussian_negative_log_likelihood(2.0, 1, 0.0)), 4)
        1.9189
    """
    log_variance = tf.cast(log_variance, tf.float32)
    return 0.5 * (
        squared_error * tf.exp(-log_variance)
        + num_pixels * (math.log(2.0 * math.pi) + log_variance)
    )
