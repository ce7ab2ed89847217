"""From a config to an untrained, uncompiled model."""

from wae_tf.divergences import ADVERSARIAL, get_divergence
from wae_tf.models.ae import AE
from wae_tf.models.vae import VAE
from wae_tf.models.wae import WAE
from wae_tf.models.wae_gan import WAEGAN
from wae_tf.models.wae_mmd import WAEMMD
from wae_tf.networks.build import build_networks
from wae_tf.precision import resolve_precision
from wae_tf.priors.named import get_prior

__all__ = ["build_model"]


def build_model(config, name=None):
    """Builds the model that a config describes, with initial weights fixed by its seed.

    Args:
        config: `WAEConfig`.
        name: Name of the Keras model.

    Returns:
        `WAEMMD`, `WAEGAN`, `WAE`, `VAE` or `AE`, not compiled;
        `wae_tf.training.compile_model` does that as the config says.

    Example:
        >>> model = build_model(WAEConfig(encoder_width=64, decoder_width=64))
        >>> model.sample(4, seed=0).shape
        (4, 28, 28, 1)
    """
    networks = build_networks(config)
    arguments = {
        "prior": config.prior,
        "prior_stddev": config.prior_stddev,
        "prior_components": config.prior_components,
        "pixel_range": config.pixel_range,
        "seed": config.seed,
        # With mixed_float16, `compile` adds loss scaling.
        "dtype": resolve_precision(config.precision),
        "name": name,
    }
    if config.model == "vae":
        return VAE(
            networks.encoder,
            networks.decoder,
            likelihood=config.likelihood,
            pixel_stddev=config.pixel_stddev,
            beta=config.beta,
            **arguments,
        )
    arguments |= {"cost": config.cost, "cost_scale": config.cost_scale}
    if config.model == "ae":
        return AE(networks.encoder, networks.decoder, **arguments)
    arguments |= {
        "reg_weight": config.reg_weight,
        "reg_weight_schedule": config.reg_weight_schedule,
        "log_variance_weight": config.log_variance_weight,
    }
    if config.divergence in ADVERSARIAL:
        return WAEGAN(
            networks.encoder,
            networks.decoder,
            adversarial_loss=config.divergence,
            discriminator=networks.discriminator,
            prior_log_prob=config.prior_log_prob,
            **arguments,
        )
    if config.divergence == "mmd":
        return WAEMMD(networks.encoder, networks.decoder, kernel=config.kernel, **arguments)
    return WAE(networks.encoder, networks.decoder, divergence=_divergence(config), **arguments)


def _divergence(config):
    prior = "normal" if config.prior == "vamp" else config.prior
    prior = get_prior(prior, config.latent_dim, config.prior_stddev, config.prior_components)
    return get_divergence(
        config.divergence, prior, kernel=config.kernel, num_images=config.num_images
    )
