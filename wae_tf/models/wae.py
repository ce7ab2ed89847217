"""The base of all Wasserstein Auto-Encoders."""

import keras
import tensorflow as tf

from wae_tf import images
from wae_tf.costs import get_cost
from wae_tf.models.checks import check_fit_data, check_networks, check_number
from wae_tf.models.generation import Generation
from wae_tf.priors import deserialize_prior, get_prior, serialize_prior

__all__ = ["WAE"]


@keras.saving.register_keras_serializable(package="wae_tf")
class WAE(Generation, keras.Model):
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
        seed: Fixes the prior draws of training and evaluation.
        image_shape: `(height, width, channels)`. Only needed where the encoder has no
            input shape of its own, as a subclassed `keras.Model` has none.

    Raises:
        ValueError: Networks, prior and shapes do not fit each other, or a number is
            out of its range.

    Reference:
        [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """

    min_batch_size = 1

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
        self.cost_scale = check_number("cost_scale", cost_scale)
        self.reg_weight = check_number("reg_weight", reg_weight)
        self.seed = seed
        self._arguments = {"prior": prior, "prior_stddev": prior_stddev, "cost": cost}
        self._trackers = {
            name: keras.metrics.Mean(name=name)
            for name in ("loss", "reconstruction_loss", "divergence", *self.extra_losses)
        }
        self._compile_arguments = None
        self.built = True

    extra_losses = ()  # Names that a subclass's objective logs beside the three.

    @property
    def metrics(self):
        return list(self._trackers.values())

    @property
    def autoencoder_variables(self):
        """Trainable variables of encoder and decoder."""
        return self.encoder.trainable_variables + self.decoder.trainable_variables

    def divergence(self, z, z_prior):
        """Returns D_Z(Q_Z, P_Z) of Eq. (4), a scalar, from two samples `(n, latent_dim)`."""
        raise NotImplementedError(
            "`WAE` is the base class and has no divergence: use `WAEMMD` or `WAEGAN`, or override "
            f"`divergence(z, z_prior)`. Received: {type(self).__name__}"
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
        divergence = self.divergence(z, z_prior)
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

    def compile(
        self,
        optimizer="adam",
        *,
        jit_compile="auto",
        steps_per_execution=1,
        run_eagerly=False,
    ):
        """Prepares the model for `fit`. The objective is built in: there is no `loss`.

        Args:
            optimizer: Keras optimizer, or its name, for encoder and decoder.
            jit_compile: Whether XLA compiles the steps. `"auto"` does so where a GPU or
                TPU is visible: on CPU XLA was measured 1.6 times slower than
                TensorFlow's own kernels.
            steps_per_execution: Batches in one call of the compiled step.
            run_eagerly: Whether to run the steps uncompiled, for debugging.
        """
        super().compile(
            optimizer=optimizer,
            jit_compile=resolve_jit_compile(jit_compile) and not run_eagerly,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
        )
        # Built now, so that a reloaded model finds optimizer state to restore.
        self.optimizer.build(self.autoencoder_variables)
        self._compile_arguments = {
            "optimizer": self.optimizer,
            "jit_compile": jit_compile,
            "steps_per_execution": steps_per_execution,
            "run_eagerly": run_eagerly,
        }

    def get_compile_config(self):
        if self._compile_arguments is None:
            return None
        return {
            name: keras.saving.serialize_keras_object(value)
            for name, value in self._compile_arguments.items()
        }

    def compile_from_config(self, config):
        self.compile(**{k: keras.saving.deserialize_keras_object(v) for k, v in config.items()})

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        **kwargs,
    ):
        """Trains on images; arguments and result are those of `keras.Model.fit`.

        `x` is an array of images or a `tf.data.Dataset` of batches. Labels, in `y` or as
        second part of a pair, are ignored.

        Raises:
            ValueError: The images have the wrong shape, type or range, or NaN, or the
                batch is too small for the divergence. Of a data set, the first batch is
                looked at.
        """
        check_fit_data(x, self.image_shape, batch_size, self.min_batch_size, kwargs)
        if validation_data is not None:
            check_fit_data(validation_data, self.image_shape, None, 1, {}, "validation_data")
        return super().fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_data=validation_data,
            **kwargs,
        )

    def train_step(self, data):
        x = unpack_images(data)
        with tf.GradientTape() as tape:
            losses = self.objective(x, training=True, seed=self.step_seed())
            loss = self.optimizer.scale_loss(losses["loss"])
        variables = self.autoencoder_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self.track(losses, x)

    def test_step(self, data):
        x = unpack_images(data)
        # The count starts at 0 in each evaluation: new draws each batch, the same each time.
        count = tf.cast(self._trackers["loss"].count, tf.int32)
        seed = tf.stack([tf.constant(-1 - self.seed, tf.int32), count])
        return self.track(self.objective(x, training=False, seed=seed), x)

    def step_seed(self):
        """Seed of this training step: a resumed training draws what an uninterrupted one does."""
        step = tf.cast(tf.convert_to_tensor(self.optimizer.iterations), tf.int32)
        return tf.stack([tf.constant(self.seed, tf.int32), step])

    def track(self, losses, x):
        """Adds a batch's losses to the running means, and returns these."""
        for name, value in losses.items():
            self._trackers[name].update_state(value, sample_weight=tf.shape(x)[0])
        return {name: tracker.result() for name, tracker in self._trackers.items()}

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


def resolve_jit_compile(jit_compile):
    """Turns `"auto"` into whether an accelerator is visible; True and False stay."""
    if jit_compile != "auto":
        return bool(jit_compile)
    return bool(tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices("TPU"))


def unpack_images(data):
    """Takes the images out of what Keras hands to a step."""
    x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    if sample_weight is not None:
        raise ValueError(
            "`sample_weight` is not supported: the divergence compares whole samples. "
            "Received: data with sample weights"
        )
    return x
