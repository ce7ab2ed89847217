"""Wasserstein Auto-Encoders for Keras 3 and TensorFlow, with pretrained weights."""

from wae_tf import callbacks, data, networks, pictures, training
from wae_tf._version import __version__
from wae_tf.config import WAEConfig
from wae_tf.kernels import imq_kernel, rbf_kernel
from wae_tf.mmd import mmd
from wae_tf.models import WAE, WAEGAN, WAEMMD, build_model
from wae_tf.zoo import list_configs, list_models, load, load_config, save_entry

__all__ = [
    "WAE",
    "WAEGAN",
    "WAEMMD",
    "WAEConfig",
    "__version__",
    "build_model",
    "callbacks",
    "data",
    "imq_kernel",
    "list_configs",
    "list_models",
    "load",
    "load_config",
    "mmd",
    "networks",
    "pictures",
    "rbf_kernel",
    "save_entry",
    "training",
]
