"""From a config to its networks."""

import functools
import inspect
from typing import NamedTuple

import keras
import numpy as np

from wae_tf.networks.ali import ali_decoder, ali_encoder
from wae_tf.networks.began import began_decoder, began_encoder
from wae_tf.networks.dcgan import dcgan_decoder, dcgan_encoder
from wae_tf.networks.discriminator import latent_discriminator
from wae_tf.networks.mlp import mlp_decoder, mlp_encoder
from wae_tf.networks.resnet import resnet_decoder, resnet_encoder
from wae_tf.runtime.precision import resolve_precision

__all__ = ["DECODERS", "ENCODERS", "Networks", "build_discriminator", "build_networks"]

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
    "dcgan_resize": functools.partial(dcgan_decoder, modified=True, resize=True),
    "mlp": mlp_decoder,
    "ali": ali_decoder,
    "began": began_decoder,
    "resnet": resnet_decoder,
}


class Networks(NamedTuple):
    """What every model is composed of."""

    encoder: keras.Model
    decoder: keras.Model


def build_networks(config):
    """Builds the networks that a `WAEConfig` names, with weights fixed by its seed.

    Args:
        config: `WAEConfig`.

    Returns:
        `Networks(encoder, decoder)`.

    Raises:
        ValueError: The image size or a width does not fit an architecture.

    Example:
        >>> config = wae_tf.WAEConfig(encoder_width=64, decoder_width=64)
        >>> build_networks(config).encoder.output_shape
        (None, 8)
    """
    seeds = _seeds(config)
    encoder = _build(
        ENCODERS[config.encoder],
        config,
        width=config.encoder_width,
        num_layers=config.encoder_layers,
        noise_stddev=config.input_noise_stddev,
        codes=config.codes,
        kernel_size=config.kernel_size,
        seed=seeds[0],
    )
    decoder = _build(
        DECODERS[config.decoder],
        config,
        width=config.decoder_width,
        num_layers=config.decoder_layers,
        pixel_range=config.pixel_range,
        kernel_size=config.decoder_kernel_size or config.kernel_size,
        seed=seeds[1],
    )
    return Networks(encoder, decoder)


def build_discriminator(config):
    """Builds the discriminator of codes that a `WAEConfig` describes, fixed by its seed too.

    Args:
        config: `WAEConfig`.

    Returns:
        What `latent_discriminator` returns.

    Example:
        >>> build_discriminator(wae_tf.WAEConfig(discriminator_width=64)).output_shape
        (None, 1)
    """
    return latent_discriminator(
        config.latent_dim,
        width=config.discriminator_width,
        num_layers=config.discriminator_layers,
        seed=_seeds(config)[2],
    )


def _seeds(config):
    """Returns a seed for encoder, decoder and discriminator each."""
    return np.random.default_rng(config.seed).integers(2**31 - 1, size=3).tolist()


def _build(builder, config, **arguments):
    """Calls a builder with those arguments that it has: `mlp` has no kernels, `ali` no layers."""
    known = inspect.signature(builder).parameters
    arguments = {name: value for name, value in arguments.items() if name in known}
    arguments["dtype"] = resolve_precision(config.precision)
    return builder(config.image_shape, config.latent_dim, **arguments)
