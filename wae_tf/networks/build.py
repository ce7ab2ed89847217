"""From a config to its networks."""

import functools
import inspect
from typing import NamedTuple

import keras
import numpy as np

from wae_tf.divergences.adversarial import ADVERSARIAL
from wae_tf.networks.ali import ali_decoder, ali_encoder, check_ali_size
from wae_tf.networks.began import began_decoder, began_encoder, began_factor
from wae_tf.networks.dcgan import check_width, dcgan_decoder, dcgan_encoder, decoder_factor
from wae_tf.networks.discriminator import latent_discriminator
from wae_tf.networks.mlp import mlp_decoder, mlp_encoder
from wae_tf.networks.resnet import resnet_decoder, resnet_encoder
from wae_tf.precision import resolve_precision

__all__ = ["DECODERS", "ENCODERS", "Networks", "build_networks", "check_architectures"]

ENCODERS = {
    "dcgan": dcgan_encoder,
    "mlp": mlp_encoder,
    "ali": ali_encoder,
    "began": began_encoder,
    "resnet": resnet_encoder,
}
DECODERS = {
    "dcgan": functools.partial(dcgan_decoder, modified=False),
    "dcgan_mod": functools.partial(dcgan_decoder, modified=True),
    "mlp": mlp_decoder,
    "ali": ali_decoder,
    "began": began_decoder,
    "resnet": resnet_decoder,
}


class Networks(NamedTuple):
    """What a model is composed of; `discriminator` is None where none is used."""

    encoder: keras.Model
    decoder: keras.Model
    discriminator: keras.Model | None


def build_networks(config):
    """Builds the networks that a `WAEConfig` names, with weights fixed by its seed.

    Returns:
        `Networks(encoder, decoder, discriminator)`.

    Example:
        >>> config = wae_tf.WAEConfig(encoder_width=64, decoder_width=64)
        >>> build_networks(config).encoder.output_shape
        (None, 8)
    """
    seeds = np.random.default_rng(config.seed).integers(2**31 - 1, size=3).tolist()
    encoder = _build(
        ENCODERS[config.encoder],
        config,
        width=config.encoder_width,
        num_layers=config.encoder_layers,
        noise_stddev=config.input_noise_stddev,
        codes=config.codes,
        seed=seeds[0],
    )
    decoder = _build(
        DECODERS[config.decoder],
        config,
        width=config.decoder_width,
        num_layers=config.decoder_layers,
        pixel_range=config.pixel_range,
        seed=seeds[1],
    )
    discriminator = None
    if config.model == "wae" and config.divergence in ADVERSARIAL:
        discriminator = latent_discriminator(
            config.latent_dim,
            width=config.discriminator_width,
            num_layers=config.discriminator_layers,
            seed=seeds[2],
        )
    return Networks(encoder, decoder, discriminator)


def check_architectures(config):
    """Raises a ValueError unless image size and widths of a config fit its architectures."""
    if "ali" in (config.encoder, config.decoder):
        check_ali_size(config.image_shape)
    halvings = {"dcgan": config.encoder_layers - 1, "resnet": config.encoder_layers - 1, "ali": 3}
    check_width("encoder", config.encoder_width, halvings.get(config.encoder, 0))
    if config.decoder == "ali":
        check_width("decoder", config.decoder_width, 3)
    elif config.decoder == "began":
        began_factor(config.image_shape, config.decoder_layers)
    elif config.decoder != "mlp":
        decoder_factor(
            config.image_shape,
            config.decoder_width,
            config.decoder_layers,
            modified=config.decoder == "dcgan_mod",
        )


def _build(builder, config, **arguments):
    """Calls a builder with those arguments that it has: `mlp` has no kernels, `ali` no layers."""
    known = inspect.signature(builder).parameters
    arguments["kernel_size"] = config.kernel_size
    arguments = {name: value for name, value in arguments.items() if name in known}
    arguments["dtype"] = resolve_precision(config.precision)
    return builder(config.image_shape, config.latent_dim, **arguments)
