"""From a config to its networks."""

import functools
from typing import NamedTuple

import keras
import numpy as np

from wae_tf.networks.dcgan import dcgan_decoder, dcgan_encoder
from wae_tf.networks.discriminator import latent_discriminator
from wae_tf.networks.mlp import mlp_decoder, mlp_encoder

__all__ = ["DECODERS", "ENCODERS", "Networks", "build_networks"]

ENCODERS = {"dcgan": dcgan_encoder, "mlp": mlp_encoder}
DECODERS = {
    "dcgan": functools.partial(dcgan_decoder, modified=False),
    "dcgan_mod": functools.partial(dcgan_decoder, modified=True),
    "mlp": mlp_decoder,
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
    encoder_kernel, decoder_kernel = (
        {"kernel_size": config.kernel_size} if name != "mlp" else {}
        for name in (config.encoder, config.decoder)
    )
    encoder = ENCODERS[config.encoder](
        config.image_shape,
        config.latent_dim,
        width=config.encoder_width,
        num_layers=config.encoder_layers,
        noise_stddev=config.input_noise_stddev,
        seed=seeds[0],
        dtype=config.precision,
        **encoder_kernel,
    )
    decoder = DECODERS[config.decoder](
        config.image_shape,
        config.latent_dim,
        width=config.decoder_width,
        num_layers=config.decoder_layers,
        pixel_range=config.pixel_range,
        seed=seeds[1],
        dtype=config.precision,
        **decoder_kernel,
    )
    discriminator = None
    if config.divergence == "gan":
        discriminator = latent_discriminator(
            config.latent_dim,
            width=config.discriminator_width,
            num_layers=config.discriminator_layers,
            seed=seeds[2],
        )
    return Networks(encoder, decoder, discriminator)
