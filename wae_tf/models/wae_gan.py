"""WAE-GAN: an adversary on codes as latent divergence."""

import keras
import tensorflow as tf

from wae_tf import pixels, replicas
from wae_tf.arguments import check_choice
from wae_tf.divergences.adversarial import ADVERSARIAL, gradient_penalty
from wae_tf.divergences.base import batch_seed
from wae_tf.models.checks import check_discriminator
from wae_tf.models.trainer import sum_losses, unpack_images
from wae_tf.models.wae import WAE
from wae_tf.networks.discriminator import latent_discriminator
from wae_tf.priors.vamp import VampPrior

__all__ = ["WAEGAN"]


@keras.saving.register_keras_serializable(package="wae_tf")
class WAEGAN(WAE):
    """Wasserstein Auto-Encoder with a discriminator of codes as latent divergence.

    Algorithm 1 of [1]: each step first improves the discriminator, then encoder and
    decoder against it. The logged `divergence` is the encoder's matching loss, `log 2`
    where the discriminator cannot tell; `discriminator_loss` is its own, times lambda,
    then `2 * reg_weight * log 2`. With the squared cost this is also an adversarial
    auto-encoder (AAE).

    Args:
        encoder: As in `WAE`, like all arguments but the last three.
        decoder: As in `WAE`.
        adversarial_loss: `"gan"`, the paper's; `"gan_hinge"`; or `"wgan_gp"`, Wasserstein
            with gradient penalty (see `wae_tf.divergences.adversarial`).
        discriminator: Keras model, codes to logits `(n, 1)`. By default 4 layers of 512.
        prior_log_prob: Whether the prior's exact log density is added to the logits, so
            that the network learns the codes' density only (the authors' CelebA
            setting, after Mescheder et al. 2017, arXiv:1701.04722).

    Raises:
        ValueError: As in `WAE`, or the discriminator does not take such codes.

    Example:
        >>> model = WAEGAN(encoder, decoder, reg_weight=10.0)
        >>> model.compile(
        ...     optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5),
        ...     discriminator_optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5),
        ... )

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """

    loss_names = (*WAE.loss_names, "discriminator_loss")

    def __init__(
        self,
        encoder,
        decoder,
        *,
        adversarial_loss="gan",
        discriminator=None,
        prior_log_prob=False,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        check_choice("adversarial_loss", adversarial_loss, ADVERSARIAL)
        if isinstance(self.prior, VampPrior):
            raise ValueError(
                "`WAEGAN` cannot learn a prior: the encoder's loss does not see its draws. Use "
                f"`WAEMMD`, `WAE` or `VAE`. Received: prior={self._arguments['prior']!r}"
            )
        self.adversarial_loss = adversarial_loss
        if discriminator is None:
            discriminator = latent_discriminator(self.latent_dim, seed=self.seed)
        check_discriminator(discriminator, self.latent_dim)
        if prior_log_prob and (self.prior.constant_density or adversarial_loss != "gan"):
            raise ValueError(
                "`prior_log_prob` needs the loss 'gan', whose logits are log densities, and a "
                "prior whose density varies, such as 'normal': that of 'uniform' and 'sphere' is "
                "constant and tells the discriminator nothing. Received: "
                f"adversarial_loss={adversarial_loss!r}, prior={self._arguments['prior']!r}"
            )
        self.discriminator = discriminator
        self.prior_log_prob = prior_log_prob

    def logits(self, z, training=False):
        """Returns the discriminator's logits of codes `(n, latent_dim)`, shape `(n, 1)`."""
        logits = tf.cast(self.discriminator(z, training=training), tf.float32)
        if self.prior_log_prob:
            logits += self.prior.log_prob(z)[:, None]  # Per code: (n, 1), not (n, n).
        return logits

    def compared_codes(self, z):
        """Returns this replica's own: the matching loss is a mean over codes."""
        return z

    def divergence(self, z, z_prior, training=False):
        """Returns the encoder's matching loss; `z_prior` does not enter it."""
        return ADVERSARIAL[self.adversarial_loss].matching(self.logits(z, training))

    def discriminator_loss(self, z, z_prior, training=False):
        """Returns the discriminator's loss, times lambda, on draws for the global batch."""
        losses = ADVERSARIAL[self.adversarial_loss]
        seed, z_prior = batch_seed(z_prior), replicas.own(z_prior, z)
        loss = losses.discriminator(self.logits(z_prior, training), self.logits(z, training))
        if losses.penalty_weight:
            loss += losses.penalty_weight * gradient_penalty(
                lambda y: self.logits(y, training), z, z_prior, seed
            )
        return self.current_reg_weight * loss + sum_losses(self.discriminator)

    def objective(self, x, training=False, seed=(0, 0), real=None):
        """As `WAE.objective`, and `discriminator_loss`."""
        x = pixels.to_model_range(x, self.pixel_range)
        z_prior = self._draw_prior(x, seed)
        z, penalty = self._draw_codes(x, training, seed)
        losses = self._terms(x, z, z_prior, training, penalty, real)
        discriminator_loss = self.discriminator_loss(z, z_prior, training)
        return {**losses, "discriminator_loss": discriminator_loss}

    def optimized_variables(self):
        discriminator = {"discriminator_optimizer": self.discriminator.trainable_variables}
        return {**super().optimized_variables(), **discriminator}

    def compile(self, optimizer="adam", discriminator_optimizer="adam", **kwargs):
        """As `WAE.compile`.

        Args:
            optimizer: Keras optimizer, or its name, for encoder and decoder.
            discriminator_optimizer: Another one, for the discriminator.
            **kwargs: The other arguments of `WAE.compile`.
        """
        super().compile(optimizer, discriminator_optimizer=discriminator_optimizer, **kwargs)

    def train_step(self, data):
        """Algorithm 1 of the paper on one batch: first the discriminator, then Q and G."""
        images, real = unpack_images(data)
        x = pixels.to_model_range(images, self.pixel_range)
        seed = self.step_seed()
        z_prior = self._draw_prior(x, seed)
        with tf.GradientTape() as tape:
            z, penalty = self._draw_codes(x, training=True, seed=seed)
            with tape.stop_recording():
                discriminator_loss = self._improve_discriminator(z, z_prior)
            losses = self._terms(x, z, z_prior, True, penalty, **real)
            losses["loss"] += self.added_losses()
            losses = self._share_losses(losses, x)
            targets = self._targets(losses)
        self._descend(tape, targets)
        losses = self._sum_shares({**losses, **discriminator_loss})
        self.after_step(losses)
        return self._track(losses, images)

    def _improve_discriminator(self, z, z_prior):
        variables = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            losses = {"discriminator_loss": self.discriminator_loss(z, z_prior, training=True)}
            losses = self._share_losses(losses, z)
            loss = self.discriminator_optimizer.scale_loss(losses["discriminator_loss"])
        self.discriminator_optimizer.apply(tape.gradient(loss, variables), variables)
        return losses

    def get_config(self):
        return {
            **super().get_config(),
            "adversarial_loss": self.adversarial_loss,
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "prior_log_prob": self.prior_log_prob,
        }
