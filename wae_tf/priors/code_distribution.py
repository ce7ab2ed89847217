"""Q(Z | X): what an encoder says of each image's code, and draws from it."""

from typing import NamedTuple

import tensorflow as tf

from wae_tf import replicas

__all__ = ["CodeDistribution"]

_LOG_VARIANCE_BOUND = 50.0


class CodeDistribution(NamedTuple):
    """Distribution of the codes of `n` images, from an encoder's outputs.

    - One output: the code itself.
    - Two, the second `(n, d)`: normal with mean and log-variance. Log-variances are cut
      off at -50 and 50; draws are `mean + eps sqrt(1e-8 + exp(log_variance))`, as in the
      authors' wae.py.
    - Two, the second `(n, d, d)`: implicit, `location + eps A(x)`.

    Here `eps` is standard normal, of shape `(d,)`.

    Args:
        location: Codes or their means, shape `(n, d)`, float32.
        log_variance: Shape `(n, d)`, or None.
        noise_matrix: Shape `(n, d, d)`, or None.

    Example:
        >>> CodeDistribution.of([mean, log_variance]).sample(seed=(0, 1)).shape
        TensorShape([100, 8])
    """

    location: tf.Tensor
    log_variance: tf.Tensor | None = None
    noise_matrix: tf.Tensor | None = None

    @classmethod
    def of(cls, outputs):
        """Makes it from what an encoder returned: a tensor, or a list of one or two."""
        location, *rest = (tf.cast(t, tf.float32) for t in tf.nest.flatten(outputs))
        if not rest:
            return cls(location)
        if rest[0].shape.rank == 3:
            return cls(location, noise_matrix=rest[0])
        bounded = tf.clip_by_value(rest[0], -_LOG_VARIANCE_BOUND, _LOG_VARIANCE_BOUND)
        return cls(location, log_variance=bounded)

    def sample(self, seed):
        """Draws one code of each image, shape `(n, d)`; two integers in `seed` fix it."""
        return self.sample_many(1, seed)[:, 0]

    def sample_many(self, num, seed):
        """Draws `num` codes of each image, shape `(n, num, d)`."""
        latent_dim = self.location.shape[1]

        def noise_of(n):
            return tf.random.stateless_normal((n, num, latent_dim), seed)

        if self.log_variance is None and self.noise_matrix is None:
            return tf.tile(self.location[:, None], [1, num, 1])
        return self.at(replicas.draw(noise_of, self.location))

    def at(self, noise):
        """Returns the codes that standard normal noise `(n, num, d)` makes, same shape."""
        location = tf.tile(self.location[:, None], [1, tf.shape(noise)[1], 1])
        if self.noise_matrix is not None:
            return location + tf.matmul(noise, self.noise_matrix)
        return location + noise * tf.sqrt(1e-8 + tf.exp(self.log_variance))[:, None]

    def log_prob(self, z):
        """Returns the log density in nats of one code of each image, shape `(n,)`.

        Only of Gaussian codes.
        """
        return normal_log_prob(z, self.location, self.log_variance)

    def log_variance_l1(self):
        """Mean over images of `sum_j |log_variance_j|` ([1], Sec. 4).

        Keeps the variances near one: without it, those of a random encoder shrink to
        zero, or the noise of superfluous dimensions grows without end.

        [1] Rubenstein et al., *On the Latent Space of Wasserstein Auto-Encoders*, 2018,
        arXiv:1802.03761.
        """
        return tf.reduce_mean(tf.reduce_sum(tf.abs(self.log_variance), axis=1))


def normal_log_prob(z, mean, log_variance):
    """Log density in nats of independent normals, summed over the last axis."""
    log_two_pi = 1.8378770664093453
    squared = tf.square(z - mean) * tf.exp(-log_variance)
    return -0.5 * tf.reduce_sum(log_two_pi + log_variance + squared, axis=-1)
