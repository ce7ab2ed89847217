"""Wasserstein Auto-Encoders as Keras models, and the way from a config to one."""

from wae_tf.models.ae import AE
from wae_tf.models.build import build_model
from wae_tf.models.vae import VAE
from wae_tf.models.wae import WAE
from wae_tf.models.wae_gan import WAEGAN
from wae_tf.models.wae_mmd import WAEMMD

__all__ = ["AE", "VAE", "WAE", "WAEGAN", "WAEMMD", "build_model"]
