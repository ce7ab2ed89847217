"""Wasserstein Auto-Encoders for Keras 3 and TensorFlow, with pretrained weights."""

from wae_tf import (
    callbacks,
    data,
    divergences,
    metrics,
    networks,
    own_images,
    pictures,
    plots,
    samplers,
    training,
)
from wae_tf._version import __version__
from wae_tf.config import WAEConfig
from wae_tf.evaluation import evaluate
from wae_tf.export import export_train_step, import_state
from wae_tf.kernels import imq_kernel, rbf_kernel
from wae_tf.mmd import mmd
from wae_tf.models import AE, VAE, WAE, WAEGAN, WAEMMD, build_model
from wae_tf.zoo import list_configs, list_models, load, load_config, save_entry

__all__ = [
    "AE",
    "VAE",
    "WAE",
    "WAEGAN",
    "WAEMMD",
    "WAEConfig",
    "__version__",
    "build_model",
    "callbacks",
    "data",
    "divergences",
    "evaluate",
    "export_train_step",
    "import_state",
    "imq_kernel",
    "list_configs",
    "list_models",
    "load",
    "load_config",
    "metrics",
    "mmd",
    "networks",
    "own_images",
    "pictures",
    "plots",
    "rbf_kernel",
    "samplers",
    "save_entry",
    "training",
]
