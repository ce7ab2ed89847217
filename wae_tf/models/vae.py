"""The variational auto-encoder, the paper's baseline."""

import math

import keras
import numpy as np
import tensorflow as tf

from wae_tf import pixels
from wae_tf.arguments import check_choice, check_number
from wae_tf.models.ae import AE
from wae_tf.models.checks import check_random_codes
from wae_tf.models.elbo import gaussian_kl, gaussian_negative_log_likelihood

__all__ = ["LIKELIHOODS", "VAE"]

LIKELIHOODS = ("fixed", "learned", "cross_entropy")


@keras.saving.register_keras_serializable(package="wae_tf")
class VAE(AE):
    """Variational auto-encoder, with the networks, methods and logs of the others.

    Minimises the negative evidence lower bound, in nats for an image ([1], Eq. (3); beta
    as in [2]):

        -log P(x | z) + beta * KL(Q(Z | x) || P_Z),   z drawn from Q(Z | x)

    `reconstruction_loss` is its first term, with all constants, `kl_divergence` the
    second before `beta`. The KL is a closed form where the prior is normal with
    independent coordinates, and `log Q(z | x) - log P(z)` at the drawn `z` elsewhere.

    Args:
        encoder: Keras model, images to mean and log-variance, each `(n, latent_dim)`.
        decoder: As in `AE`, like the arguments not named here.
        likelihood: `"fixed"`: normal pixels of standard deviation `pixel_stddev`;
            `"learned"`: the same, with one standard deviation for all pixels that is
            trained ([3]) and starts there; `"cross_entropy"`: Bernoulli pixels, with
            `pixel_range=(0, 1)`.
        pixel_stddev: Positive, in units of `pixel_range`.
        beta: Positive factor on the KL; 1 gives the bound.

    Raises:
        ValueError: As in `AE`; or the encoder is not Gaussian, the prior has no density
            on all of space, or the likelihood is unknown or does not fit `pixel_range`.

    Example:
        >>> encoder = dcgan_encoder((28, 28, 1), 8, width=64, codes="gaussian")
        >>> model = VAE(encoder, decoder, likelihood="cross_entropy")
        >>> model.compile(keras.optimizers.Adam(1e-3))
        >>> history = model.fit(images, batch_size=100, epochs=10)

    [1] Kingma and Welling, *Auto-Encoding Variational Bayes*, ICLR 2014, arXiv:1312.6114.
    [2] Higgins et al., *beta-VAE*, ICLR 2017.
    [3] Rybkin et al., *Simple and Effective VAE Training with Calibrated Decoders*, ICML
    2021, arXiv:2006.13202.
    """

    loss_names = (*AE.loss_names, "kl_divergence")

    def __init__(
        self, encoder, decoder, *, likelihood="fixed", pixel_stddev=1.0, beta=1.0, **kwargs
    ):
        check_choice("likelihood", likelihood, LIKELIHOODS)
        if "cost" in kwargs or "cost_scale" in kwargs:
            raise ValueError(
                "A `VAE` takes its cost from `likelihood`: leave out `cost` and `cost_scale`. "
                f"Received: {sorted({'cost', 'cost_scale'} & set(kwargs))}"
            )
        if likelihood == "learned" and kwargs.get("critic") is not None:
            raise ValueError(
                "A `critic` needs a likelihood whose scale stays: a learned standard deviation "
                "grows with the error that the critic asks for, and takes weight from the cost. "
                f"Use `likelihood='fixed'`. Received: likelihood={likelihood!r}, with a critic"
            )
        entropy = likelihood == "cross_entropy"
        super().__init__(
            encoder,
            decoder,
            cost="binary_cross_entropy" if entropy else "squared_error",
            **kwargs,
        )
        check_random_codes("`VAE`", self.code_kind, ("gaussian",))
        self.likelihood = likelihood
        self.pixel_stddev = check_number("pixel_stddev", pixel_stddev)
        self.beta = check_number("beta", beta)
        if likelihood == "learned":
            self.pixel_log_variance = self.add_weight(
                shape=(),
                dtype="float32",
                initializer=keras.initializers.Constant(2.0 * math.log(pixel_stddev)),
                name="pixel_log_variance",
            )

    @property
    def autoencoder_variables(self):
        """As `AE.autoencoder_variables`, and the pixels' variance if it is learned."""
        learned = [self.pixel_log_variance] if self.likelihood == "learned" else []
        return super().autoencoder_variables + learned

    def objective(self, x, training=False, seed=(0, 0), real=None):
        """Computes the terms of the bound; arguments as in `AE.objective`."""
        x = pixels.to_model_range(x, self.pixel_range)
        distribution = self.code_distribution(x, training)
        z = distribution.sample(self.code_seed(seed))
        losses = self.reconstruction_terms(x, z, training, real)
        kl_divergence = tf.reduce_mean(self.kl_divergence(distribution, z))
        loss = losses["loss"] + self.beta * kl_divergence
        return {**losses, "loss": loss, "kl_divergence": kl_divergence}

    def kl_divergence(self, distribution, z):
        """Returns `KL(Q(Z | x) || P_Z)` of each image, shape `(n,)`, in nats.

        Args:
            distribution: `CodeDistribution` of the images.
            z: One draw from it for each image, for priors without a closed form.
        """
        prior = getattr(self.prior, "distribution", None)
        if type(prior).__name__ == "MultivariateNormalDiag":
            return gaussian_kl(
                distribution.location, distribution.log_variance, prior.mean(), prior.stddev()
            )
        return distribution.log_prob(z) - self.prior.log_prob(z)

    def mean_cost(self, x, y):
        """Returns `-log P(x | z)` in nats, mean over the batch, `y` the means of the pixels."""
        cost = super().mean_cost(x, y)
        if self.likelihood == "cross_entropy":
            return cost
        learned = self.likelihood == "learned"
        log_variance = self.pixel_log_variance if learned else 2.0 * math.log(self.pixel_stddev)
        return gaussian_negative_log_likelihood(
            cost, float(np.prod(self.image_shape)), log_variance
        )

    def get_config(self):
        config = super().get_config()
        del config["cost"], config["cost_scale"]
        return {
            **config,
            "likelihood": self.likelihood,
            "pixel_stddev": self.pixel_stddev,
            "beta": self.beta,
        }
