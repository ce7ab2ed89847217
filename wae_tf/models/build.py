"""From a config to an untrained, uncompiled model."""

from wae_tf.models.wae_gan import WAEGAN
from wae_tf.models.wae_mmd import WAEMMD
from wae_tf.networks.build import build_networks

__all__ = ["build_model"]


def build_model(config, name=None):
    """Builds the model that a config describes, with initial weights fixed by its seed.

    Args:
        config: `WAEConfig`.
        name: Name of the Keras model.

    Returns:
        `WAEMMD` or `WAEGAN`, not compiled. `wae_tf.training.compile_model` compiles it
        as the config says.

    Example:
        >>> model = build_model(WAEConfig(encoder_width=64, decoder_width=64))
        >>> model.sample(4, seed=0).shape
        (4, 28, 28, 1)
    """
    networks = build_networks(config)
    arguments = {
        "prior": config.prior,
        "prior_stddev": config.prior_stddev,
        "cost": config.cost,
        "cost_scale": config.cost_scale,
        "reg_weight": config.reg_weight,
        "pixel_range": config.pixel_range,
        "seed": config.seed,
        "dtype": config.precision,  # With mixed_float16, `compile` adds loss scaling.
        "name": name,
    }
    if config.divergence == "gan":
        return WAEGAN(
            networks.encoder,
            networks.decoder,
            discriminator=networks.discriminator,
            prior_log_prob=config.prior_log_prob,
            **arguments,
        )
    return WAEMMD(networks.encoder, networks.decoder, kernel=config.kernel, **arguments)
