"""The plain auto-encoder, the base of all other models."""

import keras
import tensorflow as tf

from wae_tf import pixels
from wae_tf.arguments import check_integer, check_number
from wae_tf.costs import get_cost
from wae_tf.models.checks import (
    check_cost,
    check_networks,
    check_no_others,
    check_pixel_range,
    check_random_codes,
)
from wae_tf.models.exporting import Exporting
from wae_tf.models.generation import Generation
from wae_tf.models.learned_cost import LearnedCost
from wae_tf.priors.named import get_prior
from wae_tf.priors.saving import deserialize_prior, serialize_prior
from wae_tf.priors.vamp import VampPrior

__all__ = ["AE"]


@keras.saving.register_keras_serializable(package="wae_tf")
class AE(Generation, Exporting, LearnedCost):
    """Auto-encoder that minimises the reconstruction cost, and nothing else.

    Nothing ties its codes to the prior, so `sample` decodes draws that the decoder has
    never seen; a sampler of `wae_tf.samplers` fitted to the codes makes up for it.

    An encoder that returns one tensor is deterministic. One that returns two is random:
    mean and log-variance, both `(n, latent_dim)`, or a code and a noise matrix
    `(n, latent_dim, latent_dim)` (see `wae_tf.priors.code_distribution`). The objective then
    draws codes; `encode`, `reconstruct` and the like take the mean.

    Images at every method are uint8 in [0, 255] or floats in [0, 1], shape
    `(n, height, width, channels)`; images that come back are float32 in [0, 1].

    Args:
        encoder: Keras model, images to codes `(n, latent_dim)`, or two tensors as above.
        decoder: Keras model, codes to images, in `pixel_range`.
        prior: `"normal"`, `"uniform"`, `"sphere"`, `"mixture"` (see
            `wae_tf.priors.get_prior`), `"vamp"` (see `wae_tf.priors.vamp`) or a
            TensorFlow Probability distribution over vectors of length `latent_dim`.
            Codes are mapped to the support of the named ones.
        prior_stddev: Standard deviation of the `"normal"` and `"mixture"` prior.
        prior_components: Number of components of the `"mixture"` and `"vamp"` prior.
        cost: `"squared_error"`, `"l2"`, `"l1"`, `"binary_cross_entropy"` or another of
            `wae_tf.costs.COSTS` and `PERCEPTUAL_COSTS`, or several with factors, such as
            `"squared_error+0.5*focal_frequency"`; or a callable
            `(x, reconstruction) -> (n,)` on images in `pixel_range`.
        cost_scale: Factor on the cost. The authors' code multiplies `squared_error` by
            0.05, `l2` by 0.2 and `l1` by 0.02, and its lambda counts on it.
        critic: Keras model, images in `pixel_range` to scores, such as
            `wae_tf.costs.PatchCritic`: it learns to tell reconstructions from real images
            and stands beside the cost. None does without. It needs an optimizer of its own,
            `compile(critic_optimizer=...)`.
        critic_weight: How long its gradient at the reconstructions is, compared with that
            of the cost. Positive.
        pixel_range: `(0, 1)` or `(-1, 1)`, the range in which networks and cost work.
        seed: Fixes the draws of training and evaluation; in [0, 2**31). It is the same
            whatever `keras.utils.set_random_seed` says, so that evaluations compare.
        image_shape: `(height, width, channels)`. Only needed where the encoder has no
            input shape of its own, as a subclassed `keras.Model` has none.

    Raises:
        ValueError: Networks, prior and shapes do not fit each other, or a number is
            out of its range.

    Example:
        >>> model = AE(encoder, decoder)
        >>> model.compile(keras.optimizers.Adam(1e-3))
        >>> history = model.fit(images, batch_size=100, epochs=10)
    """

    loss_names = ("loss", "reconstruction_loss")

    def __init__(
        self,
        encoder,
        decoder,
        *,
        prior="normal",
        prior_stddev=1.0,
        prior_components=10,
        cost="squared_error",
        cost_scale=1.0,
        critic=None,
        critic_weight=0.5,
        pixel_range=(0.0, 1.0),
        seed=0,
        image_shape=None,
        **kwargs,
    ):
        check_no_others(type(self), kwargs)
        super().__init__(**kwargs)
        self.image_shape, self.latent_dim, self.code_kind = check_networks(
            encoder, decoder, image_shape
        )
        self.pixel_range = check_pixel_range(pixel_range, cost)
        self.encoder = encoder
        self.decoder = decoder
        self.seed = check_integer("seed", seed, 0, 2**31 - 1)
        if isinstance(prior, str) and prior == "vamp":
            check_random_codes("`prior='vamp'`", self.code_kind, ("gaussian",))
            self.prior = VampPrior(
                encoder,
                self.image_shape,
                self.latent_dim,
                check_integer("prior_components", prior_components, 1),
                self.pixel_range,
                self.seed,
            )
        else:
            self.prior = get_prior(prior, self.latent_dim, prior_stddev, prior_components)
        if self.prior.constant_density and self.code_kind == "gaussian":
            raise ValueError(
                "A Gaussian encoder needs a prior over all of space, such as 'normal': its codes "
                "leave the sphere and the cube, and mapped back they are no longer Gaussian. "
                f"Received: prior={prior!r}"
            )
        self.cost = get_cost(cost, self.pixel_range)
        if callable(cost):
            check_cost(cost, self.image_shape)
        self.cost_scale = check_number("cost_scale", cost_scale)
        self.use_critic(critic, critic_weight)
        self._arguments = {
            "prior": prior,
            "prior_stddev": prior_stddev,
            "prior_components": prior_components,
            "cost": cost,
        }
        self.built = True

    def objective(self, x, training=False, seed=(0, 0), real=None):
        """Computes the terms of the loss on one batch.

        Args:
            x: Images, shape `(n, height, width, channels)`.
            training: Whether batch norm and noise behave as in training.
            seed: Two integers that fix the draws.
            real: What the critic, if any, takes for real images; None takes `x`.

        Returns:
            Dict of scalars, one for each of `loss_names`.
        """
        x = pixels.to_model_range(x, self.pixel_range)
        z = self.codes(x, training=training, seed=seed)
        return self.reconstruction_terms(x, z, training, real)

    def call(self, x, training=False):
        """Reconstructs images; differentiable. `reconstruct` does so in batches."""
        x = pixels.to_model_range(tf.convert_to_tensor(x), self.pixel_range)
        y = self.decoder(self.codes(x, training=training), training=training)
        return pixels.from_model_range(y, self.pixel_range)

    def get_config(self):
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "prior": serialize_prior(self._arguments["prior"]),
            "prior_stddev": self._arguments["prior_stddev"],
            "prior_components": self._arguments["prior_components"],
            "cost": keras.saving.serialize_keras_object(self._arguments["cost"]),
            "cost_scale": self.cost_scale,
            "critic": keras.saving.serialize_keras_object(self.critic),
            "critic_weight": self.critic_weight,
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
