"""A training that was asked to stop within an epoch, and one that goes on from there."""

import contextlib
import json

import keras
import numpy as np
import tensorflow as tf

from wae_tf import files
from wae_tf.files import hdf5
from wae_tf.files.checksums import check_sum, read_sums, record_sums
from wae_tf.files.hdf5_writing import replacing_hdf5
from wae_tf.models.stored_weights import load_weights
from wae_tf.runtime.signals import Stopped, noted
from wae_tf.training.callbacks import EpochLog

__all__ = ["INTERRUPTED", "GoOn", "StopWhenAsked", "fit", "restore_interrupted"]

INTERRUPTED = "interrupted.weights.h5"

_PROGRESS = "progress"  # Beside the weights: epoch, steps, means so far, as JSON.


def fit(
    model,
    batches,
    steps_per_epoch,
    *,
    epochs,
    progress,
    checkpoint,
    callbacks,
    devices,
    **arguments,
):
    """Trains a compiled model from where it is, until a signal asks to stop or all is done.

    Args:
        model: The model.
        batches: Callable `(epoch, step) -> dataset` of all batches from there on.
        steps_per_epoch: Steps in an epoch.
        epochs: Numbers of the first epoch and after the last one.
        progress: What `restore_interrupted` returned; None begins with a whole epoch.
        checkpoint: `Checkpoint`.
        callbacks: Others, which come before it.
        devices: `Devices`. Of several workers the first one alone writes, and a signal ends each
            at once: all go on after the last checkpoint.
        **arguments: Others of `keras.Model.fit`.

    Raises:
        Stopped: A signal came; what is done is on the disk.
    """
    first, last = epochs
    steps = progress["steps"] if progress else 0
    parts = [(first, first + 1, steps)] if steps else []
    if first + len(parts) < last:
        parts.append((first + len(parts), last, 0))
    log = EpochLog(before=progress)
    if devices.workers > 1:
        writes = [checkpoint] if devices.chief else []
        model.fit(
            batches(first, 0),
            initial_epoch=first,
            epochs=last,
            steps_per_epoch=steps_per_epoch,
            callbacks=[log, *callbacks, *writes],
            **arguments,
        )
        return
    with noted() as asked, _full_disk_said(checkpoint.directory):
        for begin, end, skipped in parts:
            go_on = [GoOn(progress)] if skipped else []
            stop = StopWhenAsked(checkpoint.directory, asked, log, steps_done=skipped)
            model.fit(
                batches(begin, skipped),
                initial_epoch=begin,
                epochs=end,
                steps_per_epoch=steps_per_epoch - skipped,
                callbacks=[*go_on, log, *callbacks, checkpoint, stop],
                **arguments,
            )


@contextlib.contextmanager
def _full_disk_said(directory):
    """Turns what TensorFlow says of a full disk, where TensorBoard's files are, into an OSError."""
    try:
        yield
    except tf.errors.OpError as error:
        if not files.full(error):
            raise
        raise OSError(
            "The disk must take what TensorBoard shows. Free space on it, and the same command "
            f"goes on; checkpoints are whole. Received: {directory} (it is full)"
        ) from error


class StopWhenAsked(keras.callbacks.Callback):
    """Ends `fit` after the step in which a signal came, with all that was done on the disk.

    `interrupted.weights.h5` gets weights, optimizers, and the means of the epoch so far, from which
    `restore_interrupted` and `GoOn` go on, bit for bit. After `Checkpoint`, and `EpochLog`.

    Args:
        directory: Where the checkpoints are, too.
        asked: Callable that returns the number of a signal, or None: see `signals.noted`.
        log: `EpochLog` of the same `fit`.
        steps_done: Steps of the first epoch that were done before.

    Raises:
        Stopped: From `fit`.
    """

    def __init__(self, directory, asked, log, steps_done=0):
        super().__init__()
        self.directory = directory
        self.asked, self.log, self.steps_done = asked, log, steps_done

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        last = batch + 1 == self.params["steps"]  # Then the epoch's checkpoint follows.
        if self.asked() is not None and not last:
            self._write(self.steps_done + batch + 1)
            raise Stopped(self.asked())

    def on_epoch_end(self, epoch, logs=None):
        self.steps_done = 0
        if (self.directory / INTERRUPTED).exists():  # The epoch's checkpoint holds more.
            record_sums(self.directory, {}, gone=[INTERRUPTED])
            (self.directory / INTERRUPTED).unlink()
        if self.asked() is not None:
            raise Stopped(self.asked())

    def _write(self, steps):
        progress = {
            "epoch": self._epoch,
            "steps": steps,
            "means": [np.asarray(v).tolist() for v in _means(self.model)],
            **self.log.so_far(),
        }
        path = self.directory / INTERRUPTED
        with replacing_hdf5(path, weights_of=self.model) as file:
            file[_PROGRESS] = np.frombuffer(json.dumps(progress).encode(), "uint8")
        record_sums(self.directory, {path.name: files.sha256(path)})


class GoOn(keras.callbacks.Callback):
    """Gives the first epoch of `fit` the means that it had when it was interrupted.

    Args:
        progress: What `restore_interrupted` returned.
    """

    def __init__(self, progress):
        super().__init__()
        self.progress = progress

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.progress["epoch"]:  # Keras has just set them to zero.
            for variable, value in zip(_means(self.model), self.progress["means"], strict=True):
                variable.assign(value)


def restore_interrupted(model, directory, done):
    """Loads what `StopWhenAsked` wrote after `done` epochs, where it did, into a compiled model.

    Args:
        model: The model, as `Checkpoint.restore` has left it.
        directory: Where the checkpoints are.
        done: Number of epochs that are done.

    Returns:
        Dict with the `steps` that are done of the next epoch, and what `GoOn` and `EpochLog`
        need; None where there is nothing, or it is damaged or of another epoch: then the epoch
        begins anew.
    """
    path = directory / INTERRUPTED
    sums = read_sums(directory) or {}
    if not path.is_file() or path.name not in sums:
        return None
    try:
        check_sum(path, sums)
        with hdf5.open_file(path) as file:
            text = hdf5.read_arrays(file, [_PROGRESS])[_PROGRESS].tobytes()
        progress = json.loads(text)
        fits = progress["epoch"] == done and len(progress["means"]) == len(_means(model))
    except (OSError, KeyError, TypeError, ValueError):
        return None
    if not fits:  # It is of an epoch that is done.
        return None
    load_weights(model, path, beside=(_PROGRESS,))
    return progress


def _means(model):
    return [variable for metric in model.metrics for variable in metric.variables]
