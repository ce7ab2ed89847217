"""The distance between means and covariances of codes and prior draws."""

import keras
import tensorflow as tf

from wae_tf.divergences.base import Divergence, check_samples

__all__ = ["MomentMatching"]


@keras.saving.register_keras_serializable(package="wae_tf")
class MomentMatching(Divergence):
    """Mean squared difference of means and of covariances.

    `mean((mean(z) - mean(p))**2) + mean((cov(z) - cov(p))**2)`, over the `d` and
    `d**2` entries: the loss by which the authors pretrain the encoder
    (`pretrain_loss` in their wae.py). Blind to all higher moments: zero does not mean
    that Q_Z is P_Z.

    Bias: upwards, of the order of `1 / n`. Cost: `O(n d**2)`.

    Example:
        >>> MomentMatching()(z, z_prior)
    """

    min_batch_size = 2

    def __call__(self, z, z_prior):
        z, z_prior = check_samples(z, z_prior, min_size=2)
        (mean, covariance), (prior_mean, prior_covariance) = _moments(z), _moments(z_prior)
        return tf.reduce_mean(tf.square(mean - prior_mean)) + tf.reduce_mean(
            tf.square(covariance - prior_covariance)
        )


def _moments(sample):
    mean = tf.reduce_mean(sample, axis=0)
    centered = sample - mean
    n = tf.cast(tf.shape(sample)[0], tf.float32)
    return mean, tf.matmul(centered, centered, transpose_a=True) / (n - 1.0)
