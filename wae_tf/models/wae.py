"""The base of all Wasserstein Auto-Encoders."""

import keras
import tensorflow as tf

from wae_tf import images
from wae_tf.costs import get_cost
from wae_tf.models.checks import check_cost, check_integer, check_networks, check_number
from wae_tf.models.generation import Generation
from wae_tf.models.trainer import ObjectiveTrainer
from wae_tf.priors import deserialize_prior, get_prior, serialize_prior

__all__ = ["WAE"]


@keras.saving.register_keras_serializable(package="wae_tf")
class WAE(Generation, ObjectiveTrainer):
    """Base of the Wasserstein Auto-Encoders; `WAEMMD` and `WAEGAN` are the ones to use.

    A subclass gives the divergence between codes and prior draws, in `divergence`, and
    the base minimises Eq. (4) of [1]:

        mean(c(x, G(Q(x)))) + reg_weight * divergence(Q_Z, P_Z)

    Where Q_Z differs from P_Z this is no bound on, and not, a Wasserstein distance
    between images; where they agree, its first term is one ([1], Theorem 1).

    Images at every method are uint8 in [0, 255] or floats in [0, 1], shape
    `(n, height, width, channels)`; images that come back are float32 in [0, 1].

    Args:
        encoder: Keras model, images to codes `(n, latent_dim)`.
        decoder: Keras model, codes to images, in `pixel_range`.
        prior: `"normal"`, `"uniform"`, `"sphere"` (see `wae_tf.priors.get_prior`) or a
            TensorFlow Probability distribution over vectors of length `latent_dim`.
            Codes are mapped to the support of the named ones.
        prior_stddev: Standard deviation of the `"normal"` prior.
        cost: `"squared_error"`, `"l2"`, `"l1"`, `"binary_cross_entropy"` (sums over
            pixels, see `wae_tf.costs`) or a callable `(x, reconstruction) -> (n,)` on
            images in `pixel_range`.
        cost_scale: Factor on the cost. The authors' code multiplies `squared_error` by
            0.05, `l2` by 0.2 and `l1` by 0.02, and its lambda counts on it.
        reg_weight: lambda in Eq. (4), positive.
        pixel_range: `(0, 1)` or `(-1, 1)`, the range in which networks and cost work.
        seed: Fixes the prior draws of training and evaluation; in [0, 2**31).
        image_shape: `(height, width, channels)`. Only needed where the encoder has no
            input shape of its own, as a subclassed `keras.Model` has none.

    Raises:
        ValueError: Networks, prior and shapes do not fit each other, or a number is
            out of its range.

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """

    def __init__(
        self,
        encoder,
        decoder,
        *,
        prior="normal",
        prior_stddev=1.0,
        cost="squared_error",
        cost_scale=1.0,
        reg_weight=10.0,
        pixel_range=(0.0, 1.0),
        seed=0,
        image_shape=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.image_shape, self.latent_dim = check_networks(encoder, decoder, image_shape)
        self.pixel_range = tuple(float(bound) for bound in pixel_range)
        if self.pixel_range not in ((0.0, 1.0), (-1.0, 1.0)):
            raise ValueError(
                f"`pixel_range` must be (0, 1) or (-1, 1). Received: pixel_range={pixel_range}"
            )
        if cost == "binary_cross_entropy" and self.pixel_range != (0.0, 1.0):
            raise ValueError(
                "`cost='binary_cross_entropy'` takes pixels as probabilities and needs "
                f"`pixel_range=(0, 1)`. Received: pixel_range={pixel_range}"
            )
        self.encoder = encoder
        self.decoder = decoder
        self.prior = get_prior(prior, self.latent_dim, prior_stddev)
        self.cost = get_cost(cost)
        if callable(cost):
            check_cost(cost, self.image_shape)
        self.cost_scale = check_number("cost_scale", cost_scale)
        self.reg_weight = check_number("reg_weight", reg_weight)
        self.seed = check_integer("seed", seed, 0, 2**31 - 1)
        self._arguments = {"prior": prior, "prior_stddev": prior_stddev, "cost": cost}
        self.built = True

    @property
    def autoencoder_variables(self):
        """Trainable variables of encoder and decoder."""
        return self.encoder.trainable_variables + self.decoder.trainable_variables

    def divergence(self, z, z_prior, training=False):
        """Returns D_Z(Q_Z, P_Z) of Eq. (4), a scalar, from two samples `(n, latent_dim)`."""
        raise NotImplementedError(
            "`WAE` is the base class and has no divergence: use `WAEMMD` or `WAEGAN`, or override "
            f"`divergence(z, z_prior, training)`. Received: {type(self).__name__}"
        )

    def objective(self, x, training=False, seed=(0, 0)):
        """Computes the terms of Eq. (4) on one batch.

        Args:
            x: Images, shape `(n, height, width, channels)`.
            training: Whether batch norm and noise behave as in training.
            seed: Two integers that fix the prior draws.

        Returns:
            Dict of scalars: `loss`, `reconstruction_loss` (cost times `cost_scale`,
            mean over the batch), `divergence` (before `reg_weight`).
        """
        x = images.to_model_range(x, self.pixel_range)
        z = self.codes(x, training=training)
        return self.terms(x, z, self.prior.sample(tf.shape(x)[0], seed), training)

    def codes(self, x, training=False):
        """Encodes images in `pixel_range` to float32 codes on the prior's support."""
        return self.prior.to_support(tf.cast(self.encoder(x, training=training), tf.float32))

    def terms(self, x, z, z_prior, training):
        """Computes the terms of Eq. (4) from images in `pixel_range`, codes and prior draws."""
        cost = tf.cast(self.cost(x, self.decoder(z, training=training)), tf.float32)
        reconstruction_loss = self.cost_scale * tf.reduce_mean(cost)
        divergence = self.divergence(z, z_prior, training)
        return {
            "loss": reconstruction_loss + self.reg_weight * divergence,  # Eq. (4)
            "reconstruction_loss": reconstruction_loss,
            "divergence": divergence,
        }

    def call(self, x, training=False):
        """Reconstructs images; differentiable. `reconstruct` does so in batches."""
        x = images.to_model_range(tf.convert_to_tensor(x), self.pixel_range)
        y = self.decoder(self.codes(x, training=training), training=training)
        return images.from_model_range(y, self.pixel_range)

    def get_config(self):
        cost = self._arguments["cost"]
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "prior": serialize_prior(self._arguments["prior"]),
            "prior_stddev": self._arguments["prior_stddev"],
            "cost": cost if isinstance(cost, str) else keras.saving.serialize_keras_object(cost),
            "cost_scale": self.cost_scale,
            "reg_weight": self.reg_weight,
            "pixel_range": self.pixel_range,
            "seed": self.seed,
            "image_shape": self.image_shape,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        config["prior"] = deserialize_prior(config["prior"])
        for name, value in config.items():
            if isinstance(value, dict) and "class_name" in value and name != "dtype":
                config[name] = keras.saving.deserialize_keras_object(value, custom_objects)
        return cls(**config)
