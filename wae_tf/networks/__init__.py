"""Encoders, decoders and discriminators, and the one map from their names to builders."""

from wae_tf.networks.build import DECODERS, ENCODERS, Networks, build_networks
from wae_tf.networks.dcgan import dcgan_decoder, dcgan_encoder
from wae_tf.networks.discriminator import latent_discriminator
from wae_tf.networks.mlp import mlp_decoder, mlp_encoder
from wae_tf.networks.noise import InputNoise

__all__ = [
    "DECODERS",
    "ENCODERS",
    "InputNoise",
    "Networks",
    "build_networks",
    "dcgan_decoder",
    "dcgan_encoder",
    "latent_discriminator",
    "mlp_decoder",
    "mlp_encoder",
]
