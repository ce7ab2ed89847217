"""Wasserstein Auto-Encoders for Keras 3 and TensorFlow, with pretrained weights."""

import importlib
import sys

from wae_tf.runtime import onednn, quiet, requirements

requirements.warn_of_others()  # Before what could fail for that reason.
onednn.prefer()
quiet.import_tensorflow()  # First, as what else imports it would not be quiet.

from wae_tf import (
    costs,
    data,
    diagnosis,
    divergences,
    export,
    features,
    metrics,
    networks,
    own_images,
    plots,
    priors,
    samplers,
    training,
    zoo,
)
from wae_tf._version import __version__
from wae_tf.cards import push_to_hub
from wae_tf.config import WAEConfig
from wae_tf.diagnosis import diagnose
from wae_tf.divergences.kernels import imq_kernel, rbf_kernel
from wae_tf.divergences.mmd import mmd
from wae_tf.evaluation import evaluate
from wae_tf.export import export_train_step, import_state
from wae_tf.models import AE, VAE, WAE, WAEGAN, WAEMMD, build_model
from wae_tf.plots import pictures
from wae_tf.training import callbacks
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
    "costs",
    "data",
    "diagnose",
    "diagnosis",
    "divergences",
    "evaluate",
    "export",
    "export_train_step",
    "features",
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
    "priors",
    "push_to_hub",
    "rbf_kernel",
    "samplers",
    "save_entry",
    "training",
    "zoo",
]

# Where modules lay in earlier versions: `from wae_tf.callbacks import Checkpoint` goes on working.
_MOVED = {
    "adversarial": "divergences.adversarial",
    "callbacks": "training.callbacks",
    "classifiers": "features",
    "code_distribution": "priors.code_distribution",
    "images": "pixels",
    "inception": "features.inception",
    "kernels": "divergences.kernels",
    "mmd": "divergences.mmd",
    "monitor": "training.monitor",
    "perceptual": "costs.structural",
    "pictures": "plots.pictures",
    "plateau": "training.plateau",
    "pretraining": "training.pretraining",
    "vamp_prior": "priors.vamp",
    "variational": "models.elbo",
}
for _old, _new in _MOVED.items():
    sys.modules[f"{__name__}.{_old}"] = importlib.import_module(f"{__name__}.{_new}")
