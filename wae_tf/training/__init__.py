"""A run: from a config and images to a trained model and its zoo entry."""

from wae_tf.training import callbacks
from wae_tf.training.distribution import DISTRIBUTE, open_devices
from wae_tf.training.matched_moments import match_moments
from wae_tf.training.optimizers import compile_model
from wae_tf.training.train import train
from wae_tf.zoo.results import test_losses, test_results

__all__ = [
    "DISTRIBUTE",
    "callbacks",
    "compile_model",
    "match_moments",
    "open_devices",
    "test_losses",
    "test_results",
    "train",
]
