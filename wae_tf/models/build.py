"""From a config to an untrained, uncompiled model."""

import itertools

import numpy as np

from wae_tf.costs.critic import PatchCritic
from wae_tf.divergences import ADVERSARIAL, get_divergence
from wae_tf.models.ae import AE
from wae_tf.models.vae import VAE
from wae_tf.models.wae import WAE
from wae_tf.models.wae_gan import WAEGAN
from wae_tf.models.wae_mmd import WAEMMD
from wae_tf.networks.build import build_discriminator, build_networks
from wae_tf.priors.named import get_prior
from wae_tf.runtime.precision import resolve_precision

__all__ = ["MODELS", "build_model", "build_trained"]

MODELS = ("wae", "vae", "ae")
_OF_WAE = {"reg_weight_schedule": "constant", "log_variance_weight": 0.0}  # With defaults.


def build_model(config, name=None, critic=True):
    """Builds the model that a config describes, with initial weights fixed by its seed.

    Args:
        config: `WAEConfig`.
        name: Name of the Keras model.
        critic: Whether the model has the critic of images that the config may ask for: to
            train, it must; to generate, it need not.

    Returns:
        `WAEMMD`, `WAEGAN`, `WAE`, `VAE` or `AE`, not compiled;
        `wae_tf.training.compile_model` does that as the config says.

    Raises:
        ValueError: Values of the config do not fit each other.

    Example:
        >>> model = build_model(WAEConfig(encoder_width=64, decoder_width=64))
        >>> model.sample(4, seed=0).shape
        (4, 28, 28, 1)
    """
    adversarial = config.model == "wae" and config.divergence in ADVERSARIAL
    _check_belonging(config, adversarial)
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
    if config.critic_weight and critic:
        arguments |= {"critic": _critic(config), "critic_weight": config.critic_weight}
    if config.model == "vae":
        return VAE(
            *networks,
            likelihood=config.likelihood,
            pixel_stddev=config.pixel_stddev,
            beta=config.beta,
            **arguments,
        )
    arguments |= {"cost": config.cost, "cost_scale": config.cost_scale}
    if config.model == "ae":
        return AE(*networks, **arguments)
    arguments |= {
        "reg_weight": config.reg_weight,
        "reg_weight_schedule": config.reg_weight_schedule,
        "log_variance_weight": config.log_variance_weight,
    }
    if adversarial:
        return WAEGAN(
            *networks,
            adversarial_loss=config.divergence,
            discriminator=build_discriminator(config),
            prior_log_prob=config.prior_log_prob,
            **arguments,
        )
    if config.divergence == "mmd":
        return WAEMMD(*networks, kernel=config.kernel, **arguments)
    return WAE(*networks, divergence=_divergence(config), **arguments)


def _check_belonging(config, adversarial):
    """Raises a ValueError if a config asks for what its model does not have."""
    for name, default in _OF_WAE.items():
        if config.model != "wae" and getattr(config, name) != default:
            raise ValueError(
                f"`{name}` belongs to `model='wae'`: leave it at {default!r} for the others. "
                f"Received: model={config.model!r}, {name}={getattr(config, name)!r}"
            )
    if config.prior_log_prob and not adversarial:
        raise ValueError(
            "`prior_log_prob` needs `model='wae'` with `divergence='gan'`: it helps a "
            "discriminator with the prior's density. "
            f"Received: model={config.model!r}, divergence={config.divergence!r}"
        )


def build_trained(config, model):
    """Builds a model anew, without critic, and gives it the weights of a trained one.

    Args:
        config: `WAEConfig` that `model` was built from; another `precision` changes nothing
            in the weights.
        model: What `build_model` made, with or without critic.

    Raises:
        ValueError: `model` has other weights than the config makes.
    """
    built = build_model(config, critic=False)
    weights = model.weights_without_critic()
    for got, wanted in itertools.zip_longest(weights, built.weights):
        if got is None or wanted is None or got.shape != wanted.shape:
            raise ValueError(
                "`model` must have the weights of `build_model(config)`: take the config that it "
                f"was built from. Received: {_words(got)}, where the config makes {_words(wanted)}"
            )
    built.set_weights([np.array(weight) for weight in weights])
    return built


def _words(variable):
    if variable is None:
        return "nothing more"
    return f"{variable.path!r} of shape {tuple(variable.shape)}"


def _critic(config):
    return PatchCritic(
        config.image_shape,
        width=config.critic_width,
        num_layers=config.critic_layers,
        seed=config.seed,
        dtype=resolve_precision(config.precision),
        name="critic",
    )


def _divergence(config):
    prior = "normal" if config.prior == "vamp" else config.prior
    prior = get_prior(prior, config.latent_dim, config.prior_stddev, config.prior_components)
    return get_divergence(
        config.divergence, prior, kernel=config.kernel, num_images=config.num_images
    )
