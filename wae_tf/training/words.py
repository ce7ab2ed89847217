"""What a run says of its result and its machine."""

import platform

import tensorflow as tf

from wae_tf import zoo
from wae_tf.training.checkpointing import Checkpoint
from wae_tf.training.interrupted import INTERRUPTED

__all__ = ["device", "how_it_resumes", "outcome"]


def outcome(workdir):
    """Says in words how good the entry is that a directory holds, and how to load it."""
    results = zoo.read_entry(workdir).get("results", {})
    error, measured = results.get("losses", {}).get("squared_error"), ""
    if error is not None:
        measured = f"squared error {error:.2f} on {results['test_images']:,} test images; "
    return f"{measured}wae_tf.load({str(workdir)!r}) returns the model"


def how_it_resumes(workdir):
    """Says what `train` does with a directory in which it has stopped."""
    checkpoint = Checkpoint(workdir)
    done, within = checkpoint.done, (checkpoint.directory / INTERRUPTED).is_file()
    if within:
        return f"resumes in epoch {done + 1}, after the step that it stopped in"
    return f"resumes after epoch {done}" if done else "starts anew"


def device():
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
    return platform.processor() or platform.machine()
