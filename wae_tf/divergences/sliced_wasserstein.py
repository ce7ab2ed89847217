"""The sliced Wasserstein distance between codes and prior draws."""

import keras
import tensorflow as tf

from wae_tf.arguments import check_integer
from wae_tf.divergences.base import Divergence, batch_seed, check_samples

__all__ = ["SlicedWasserstein"]


@keras.saving.register_keras_serializable(package="wae_tf")
class SlicedWasserstein(Divergence):
    """Squared sliced 2-Wasserstein distance ([1], Eq. (11), [2]).

    `mean over directions t of mean_i (sort(z t)_i - sort(p t)_i)**2`, with codes `z`,
    prior draws `p` and random unit vectors `t`: on a line, sorting solves optimal
    transport.

    Directions differ from batch to batch and are fixed by the prior draws, so that a
    resumed training sees the same ones.

    Bias: upwards, of the order of `1 / n`; zero only where the samples agree. Cost:
    `O(L n (d + log n))` for `L` directions.

    Args:
        num_projections: Directions in a batch, at least 1.

    Raises:
        ValueError: `num_projections` is less than 1.

    Example:
        >>> SlicedWasserstein(num_projections=200)(z, z_prior)

    [1] Kolouri et al., *Sliced Wasserstein Auto-Encoders*, ICLR 2019, arXiv:1804.01947.
    [2] Bonneel et al., *Sliced and Radon Wasserstein Barycenters*, JMIV 2015.
    """

    def __init__(self, num_projections=100):
        self.num_projections = check_integer("num_projections", num_projections, 1)

    def __call__(self, z, z_prior):
        z, z_prior = check_samples(z, z_prior, same_size=True)
        directions = self.directions(z_prior)
        projected = [tf.sort(tf.matmul(s, directions), axis=0) for s in (z, z_prior)]
        return tf.reduce_mean(tf.square(projected[0] - projected[1]))

    def directions(self, z_prior):
        """Returns random unit vectors, shape `(latent_dim, num_projections)`."""
        shape = (z_prior.shape[1], self.num_projections)
        normal = tf.random.stateless_normal(shape, batch_seed(z_prior))
        return tf.math.l2_normalize(normal, axis=0)

    def get_config(self):
        return {"num_projections": self.num_projections}
