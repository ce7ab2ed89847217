"""VampPrior: a mixture of the code distributions of learned images."""

import keras
import tensorflow as tf

from wae_tf import pixels
from wae_tf.priors.code_distribution import CodeDistribution, normal_log_prob

__all__ = ["VampPrior"]


class VampPrior(keras.layers.Layer):
    """Learned prior `1/K sum_k Q(Z | u_k)` over pseudo-inputs `u_k` ([1], Eq. (9)).

    Pseudo-inputs are images whose pixels are trained with the model, kept in [0, 1] by a
    sigmoid. Draws are differentiable in them and in the encoder, so any divergence with
    a gradient to the prior's draws trains them, or the KL of a `VAE`. A drop-in for
    `wae_tf.priors.Prior`.

    It has no config of its own, as it computes with its model's encoder: the config of a model
    says `prior="vamp"`, which makes it anew, and the model's weights hold the pseudo-inputs.

    Args:
        encoder: The model's encoder, which must return mean and log-variance.
        image_shape: `(height, width, channels)`.
        latent_dim: Length of the codes.
        components: `K`, number of pseudo-inputs; at least 1.
        pixel_range: Range in which the encoder takes images.
        seed: Fixes the initial pseudo-inputs.

    [1] Tomczak and Welling, *VAE with a VampPrior*, AISTATS 2018, arXiv:1705.07120.
    """

    spherical = False
    constant_density = False
    learned = True

    def __init__(
        self, encoder, image_shape, latent_dim, components=100, pixel_range=(0.0, 1.0), seed=0
    ):
        super().__init__(name="vamp_prior", dtype="float32")
        self.latent_dim = latent_dim
        self._encode = lambda x: encoder(x, training=False)  # Not tracked a second time.
        self._pixel_range = pixel_range
        self.pseudo_inputs = self.add_weight(
            shape=(components, *image_shape),
            initializer=keras.initializers.RandomNormal(stddev=0.5, seed=seed),
            name="pseudo_inputs",
        )
        self.built = True

    @property
    def squared_distance(self):
        """Base of kernel widths: that of the standard normal prior, as this one moves."""
        return 2.0 * self.latent_dim

    def to_support(self, z):
        return z

    def components(self):
        """Returns the code distributions of the pseudo-inputs."""
        x = pixels.to_model_range(tf.sigmoid(self.pseudo_inputs), self._pixel_range)
        return CodeDistribution.of(self._encode(x))

    def sample(self, n, seed):
        """Draws codes, shape `(n, latent_dim)`, float32; two integers in `seed` fix them."""
        components = self.components()
        which = tf.random.stateless_uniform(
            (n,), seed, maxval=self.pseudo_inputs.shape[0], dtype=tf.int32
        )
        chosen = CodeDistribution(
            tf.gather(components.location, which),
            log_variance=tf.gather(components.log_variance, which),
        )
        seed = tf.random.experimental.stateless_fold_in(seed, 1)
        return chosen.at(tf.random.stateless_normal((n, 1, self.latent_dim), seed))[:, 0]

    def log_prob(self, z):
        """Returns the log density in nats of codes `(n, latent_dim)`, shape `(n,)`."""
        components = self.components()
        each = normal_log_prob(
            tf.cast(z, tf.float32)[:, None], components.location, components.log_variance
        )
        count = tf.cast(tf.shape(each)[1], tf.float32)
        return tf.reduce_logsumexp(each, axis=1) - tf.math.log(count)
