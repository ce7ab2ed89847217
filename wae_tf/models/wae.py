"""The base of all Wasserstein Auto-Encoders."""

import keras
import tensorflow as tf

from wae_tf import pixels, replicas
from wae_tf.arguments import check_choice, check_number
from wae_tf.divergences.build import get_divergence
from wae_tf.models.ae import AE
from wae_tf.models.checks import check_random_codes

__all__ = ["REG_WEIGHT_SCHEDULES", "WAE", "WITHOUT_DIVERGENCE"]

REG_WEIGHT_SCHEDULES = ("constant", "adaptive")
WITHOUT_DIVERGENCE = "at 0 nothing ties Q_Z to the prior, so samples are noise"
_ADAPT_EVERY = 1000  # Steps; authors' wae.py.


@keras.saving.register_keras_serializable(package="wae_tf")
class WAE(AE):
    """Wasserstein Auto-Encoder with any divergence; `WAEMMD` and `WAEGAN` are the paper's.

    Minimises Eq. (4) of [1]:

        mean(c(x, G(Q(x)))) + reg_weight * divergence(Q_Z, P_Z)

    Where Q_Z differs from P_Z this is no bound on, and not, a Wasserstein distance
    between images; where they agree, its first term is one ([1], Theorem 1).

    A subclass may override `divergence` instead of passing one.

    Args:
        encoder: As in `AE`, like the arguments not named here.
        decoder: As in `AE`.
        divergence: One of `wae_tf.divergences.DIVERGENCES`, or a callable
            `(z, z_prior) -> scalar`, such as a `wae_tf.divergences.Divergence`.
        reg_weight: lambda in Eq. (4), positive.
        reg_weight_schedule: `"constant"`, or `"adaptive"`: after each 1,000 steps lambda
            becomes half of itself plus half of the last batch's
            `reconstruction_loss / |divergence|` (authors' wae.py). It is saved with the
            weights.
        log_variance_weight: Factor, at least 0, on the L1 penalty on log-variances of a
            Gaussian encoder, which keeps them from collapsing ([2], Sec. 4).

    Raises:
        ValueError: As in `AE`, or the divergence does not fit the encoder.

    Example:
        >>> model = WAE(encoder, decoder, divergence="sinkhorn", reg_weight=10.0)
        >>> model.compile(keras.optimizers.Adam(1e-3))
        >>> history = model.fit(images, batch_size=100, epochs=10)

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    [2] Rubenstein et al., *On the Latent Space of Wasserstein Auto-Encoders*, 2018,
    arXiv:1802.03761.
    """

    loss_names = (*AE.loss_names, "divergence")
    _brings_divergence = False  # Whether a subclass makes the one that `use_divergence` sets.

    def __init__(
        self,
        encoder,
        decoder,
        *,
        divergence=None,
        reg_weight=10.0,
        reg_weight_schedule="constant",
        log_variance_weight=0.0,
        **kwargs,
    ):
        own = self._brings_divergence or type(self).divergence is not WAE.divergence
        if divergence is not None and own:
            raise ValueError(
                f"`{type(self).__name__}` has a divergence of its own: pass another one to `WAE`. "
                f"Received: divergence={divergence!r}"
            )
        super().__init__(encoder, decoder, **kwargs)
        self.reg_weight = check_number("reg_weight", reg_weight, why=WITHOUT_DIVERGENCE)
        self.reg_weight_schedule = check_choice(
            "reg_weight_schedule", reg_weight_schedule, REG_WEIGHT_SCHEDULES
        )
        if reg_weight_schedule == "adaptive":
            self._adapted_reg_weight = self.add_weight(
                shape=(),
                dtype="float32",
                initializer=keras.initializers.Constant(self.reg_weight),
                trainable=False,
                name="current_reg_weight",
            )
        self.log_variance_weight = check_number(
            "log_variance_weight", log_variance_weight, lowest=0.0
        )
        if log_variance_weight:
            check_random_codes("`log_variance_weight`", self.code_kind, ("gaussian",))
        self._arguments["divergence"] = divergence
        self.use_divergence(None if divergence is None else get_divergence(divergence, self.prior))

    def use_divergence(self, divergence):
        """Sets the callable `(z, z_prior) -> scalar` that `divergence` applies."""
        self.latent_divergence = divergence
        self.codes_per_image = getattr(divergence, "codes_per_image", 1)
        self.min_batch_size = getattr(divergence, "min_batch_size", 1)
        if self.codes_per_image > 1:
            name = f"`{type(divergence).__name__}`"
            check_random_codes(name, self.code_kind, ("gaussian", "implicit"))

    @property
    def current_reg_weight(self):
        """lambda as it is now: `reg_weight`, or what the adaptive schedule has made of it."""
        adaptive = self.reg_weight_schedule == "adaptive"
        return tf.convert_to_tensor(self._adapted_reg_weight) if adaptive else self.reg_weight

    weight = current_reg_weight  # Its name in earlier versions.

    def divergence(self, z, z_prior, training=False):
        """Returns D_Z(Q_Z, P_Z) of Eq. (4), a scalar, from two samples.

        Of the single image that may end a data set it is 0 where two are needed.

        Args:
            z: Codes, shape `(n, latent_dim)`, or `(n, k, latent_dim)` where the
                divergence asks for `k` codes of each image.
            z_prior: Draws from the prior, shape `(n, latent_dim)`.
            training: Whether this is a training step.
        """
        if self.latent_divergence is None:
            raise NotImplementedError(
                "`WAE` needs a divergence: pass one, use `WAEMMD` or `WAEGAN`, or override "
                f"`divergence(z, z_prior, training)`. Received: {type(self).__name__}"
            )
        if self.min_batch_size < 2 or (z.shape[0] or 0) > 1:
            return self.latent_divergence(z, z_prior)
        # A lone code is doubled, so that nothing is divided by zero; a branch instead would
        # hold loops of `mmd`, through which TensorFlow fails to differentiate.
        lone = tf.shape(z)[0] < 2
        z, z_prior = (
            tf.tile(s, [tf.where(lone, 2, 1), *[1] * (s.shape.rank - 1)]) for s in (z, z_prior)
        )
        return tf.where(lone, 0.0, self.latent_divergence(z, z_prior))

    def objective(self, x, training=False, seed=(0, 0), real=None):
        """Computes the terms of Eq. (4) on one batch.

        Args:
            x: Images, shape `(n, height, width, channels)`.
            training: Whether batch norm and noise behave as in training.
            seed: Two integers that fix the draws from the prior and of random codes.
            real: What the critic, if any, takes for real images; None takes `x`.

        Returns:
            Dict of scalars: `loss`, `reconstruction_loss` (cost times `cost_scale`,
            mean over the batch), `divergence` (before `reg_weight`).
        """
        x = pixels.to_model_range(x, self.pixel_range)
        z_prior = self._draw_prior(x, seed)
        z, penalty = self._draw_codes(x, training, seed)
        return self._terms(x, z, z_prior, training, penalty, real)

    def _draw_prior(self, x, seed):
        """Draws from the prior, as many as the global batch has images whose part `x` is."""
        size = replicas.place(x).total if self.on_replicas else tf.shape(x)[0]
        return self.prior.sample(size, seed)

    def _draw_codes(self, x, training=False, seed=(0, 0)):
        """Draws codes of images in `pixel_range`, as many of each as the divergence asks for.

        Returns:
            The codes, shape `(n, latent_dim)`, or `(n, codes_per_image, latent_dim)` for more
            than 1; and the penalty on their log-variances, 0 without one.
        """
        if self.code_kind == "deterministic":
            return self.codes(x, training), 0.0
        distribution = self.code_distribution(x, training)
        z = distribution.sample_many(self.codes_per_image, self.code_seed(seed))
        z = self.prior.to_support(z if self.codes_per_image > 1 else z[:, 0])
        if not self.log_variance_weight:
            return z, 0.0
        return z, self.log_variance_weight * distribution.log_variance_l1()

    def _terms(self, x, z, z_prior, training=False, penalty=0.0, real=None):
        """Computes the terms of Eq. (4) from images in `pixel_range`, codes and prior draws.

        Of several replicas, each has its own images and codes, and all prior draws: the
        divergence is that of the global batch.
        """
        decoded = z[:, 0] if self.codes_per_image > 1 else z
        losses = self.reconstruction_terms(x, decoded, training, real)
        divergence = self.divergence(self.compared_codes(z), z_prior, training)
        loss = losses["loss"] + self.current_reg_weight * divergence + penalty  # Eq. (4)
        return {**losses, "loss": loss, "divergence": divergence}

    def compared_codes(self, z):
        """Returns the codes that `divergence` gets: those of all replicas."""
        return replicas.gather(z) if self.on_replicas else z

    def after_step(self, losses):
        """Adapts lambda after each 1,000 steps, if it is to be adapted."""
        if self.reg_weight_schedule == "constant":
            return
        size = tf.maximum(tf.abs(losses["divergence"]), 1e-8)
        weight = self.current_reg_weight
        adapted = 0.5 * (weight + losses["reconstruction_loss"] / size)
        due = tf.equal(tf.cast(self.step_counter(), tf.int32) % _ADAPT_EVERY, 0)
        self._adapted_reg_weight.assign(tf.where(due, adapted, weight))

    def get_config(self):
        config = {
            **super().get_config(),
            "reg_weight": self.reg_weight,
            "reg_weight_schedule": self.reg_weight_schedule,
            "log_variance_weight": self.log_variance_weight,
        }
        divergence = self._arguments["divergence"]
        if divergence is not None:
            config["divergence"] = keras.saving.serialize_keras_object(divergence)
        return config
