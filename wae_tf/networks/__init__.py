"""Encoders, decoders and discriminators, and the one map from their names to builders."""

from wae_tf.networks.ali import ali_decoder, ali_encoder
from wae_tf.networks.began import began_decoder, began_encoder
from wae_tf.networks.build import (
    DECODERS,
    ENCODERS,
    Networks,
    build_discriminator,
    build_networks,
)
from wae_tf.networks.dcgan import dcgan_decoder, dcgan_encoder
from wae_tf.networks.discriminator import latent_discriminator
from wae_tf.networks.mlp import mlp_decoder, mlp_encoder
from wae_tf.networks.noise import InputNoise
from wae_tf.networks.resnet import resnet_decoder, resnet_encoder

__all__ = [
    "DECODERS",
    "ENCODERS",
    "InputNoise",
    "Networks",
    "ali_decoder",
    "ali_encoder",
    "began_decoder",
    "began_encoder",
    "build_discriminator",
    "build_networks",
    "dcgan_decoder",
    "dcgan_encoder",
    "latent_discriminator",
    "mlp_decoder",
    "mlp_encoder",
    "resnet_decoder",
    "resnet_encoder",
]
