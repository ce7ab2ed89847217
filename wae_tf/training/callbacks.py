"""Keras callbacks: what a training writes, and what stops it."""

import math
import time

import keras
import tensorflow as tf

from wae_tf import files
from wae_tf.pixels import check_images
from wae_tf.plots import pictures
from wae_tf.training.checkpointing import Checkpoint

__all__ = ["Checkpoint", "CriticStart", "EpochLog", "FiniteLoss", "SampleGrid", "TensorBoard"]


class EpochLog(keras.callbacks.Callback):
    """Adds `learning_rate` and `seconds` to the logs of each epoch, for callbacks after it.

    `learning_rate` is that of the epoch's first step; `seconds`, of wall-clock time,
    include validation, and add up over resumed runs.

    Args:
        before: What `so_far` returned when an epoch was interrupted, with its `epoch`, for the
            rest of it; None for none.

    Example:
        >>> model.fit(images, callbacks=[EpochLog(), Checkpoint("runs/mnist")])
    """

    def __init__(self, before=None):
        super().__init__()
        self.before = before

    def on_epoch_begin(self, epoch, logs=None):
        rate = self.model.optimizer.learning_rate
        self._learning_rate = float(keras.ops.convert_to_numpy(rate))
        self._start = time.monotonic()
        if self.before is not None and self.before["epoch"] == epoch:
            self._learning_rate = self.before["learning_rate"]
            self._start -= self.before["seconds"]

    def so_far(self):
        """Returns what the logs would get if the epoch ended now."""
        return {
            "learning_rate": self._learning_rate,
            "seconds": time.monotonic() - self._start,
        }

    def on_epoch_end(self, epoch, logs=None):
        logs |= self.so_far()


class CriticStart(keras.callbacks.Callback):
    """Leaves a model's critic out of the first epochs: they train as without one.

    Until then the logged `critic_loss` and `critic_weight` are 0.

    Args:
        epochs: How many of the first epochs.

    Example:
        >>> model.fit(images, epochs=10, callbacks=[CriticStart(2)])
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        active = epoch >= self.epochs
        if self.model.critic_active != active:
            self.model.critic_active = active
            self.model.make_train_function(force=True)  # Which has looked at it once.
            self.model.make_test_function(force=True)

    def on_train_end(self, logs=None):
        self.model.critic_active = True


class FiniteLoss(keras.callbacks.Callback):
    """Ends training with an error once the loss, or a critic's, is NaN or infinite.

    Placed before `Checkpoint`, it keeps the last good one. The logged loss is a running
    mean, which stays NaN, so that looking at every 50th batch is enough.

    Raises:
        FloatingPointError: From `fit`.

    Example:
        >>> model.fit(images, callbacks=[FiniteLoss(), Checkpoint("runs/mnist")])
    """

    def on_train_batch_end(self, batch, logs=None):
        if batch % 50 == 0:
            self._check(logs)

    def on_epoch_end(self, epoch, logs=None):
        self._check(logs)

    def _check(self, logs):
        loss, critic_loss = float(logs["loss"]), float(logs.get("critic_loss", 0.0))
        if not math.isfinite(critic_loss):
            raise FloatingPointError(
                "The critic's loss must stay finite: take a smaller `critic_learning_rate` or "
                f"`critic_weight`. Received: critic_loss={critic_loss}, loss={loss}"
            )
        if not math.isfinite(loss):
            raise FloatingPointError(
                "The loss must stay finite: take a smaller `learning_rate`, or look for extreme "
                f"values in the images and in your own cost or networks. Received: loss={loss}"
            )


class TensorBoard(keras.callbacks.TensorBoard):
    """`keras.callbacks.TensorBoard` that takes the learning rate from `EpochLog`.

    Keras's own reads it after the epoch, when a schedule is at the next one already.
    Arguments are the same.
    """

    def _collect_learning_rate(self, logs):
        return logs if "learning_rate" in logs else super()._collect_learning_rate(logs)


class SampleGrid(keras.callbacks.Callback):
    """Writes samples and reconstructions as PNG files, and to TensorBoard, after epochs.

    `samples-0001.png` shows the same prior draws each time; `reconstructions-0001.png`
    has images and their reconstructions in alternating rows.

    Args:
        directory: Where the PNG files go; made if it is not there.
        images: Images to reconstruct, such as 32 of the test set; uint8 or floats in
            [0, 1].
        num_samples: Samples in a picture.
        every: Epochs from one picture to the next.
        seed: Fixes the prior draws.
        log_dir: TensorBoard directory; None writes no summaries.

    Raises:
        ValueError: `directory` cannot be written to; or, from `fit` before it trains,
            `images` are none of the model.

    Example:
        >>> model.fit(images, epochs=10, callbacks=[SampleGrid("pictures", images[:32])])
    """

    def __init__(self, directory, images, *, num_samples=64, every=1, seed=0, log_dir=None):
        super().__init__()
        self.directory = files.writable_directory(directory)
        self.images = images
        self.num_samples = num_samples
        self.every = every
        self.seed = seed
        self.log_dir = log_dir
        self._writer = None

    def on_train_begin(self, logs=None):
        check_images(self.images, self.model.image_shape, "images")

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        grids = {
            "samples": pictures.grid(self.model.sample(self.num_samples, seed=self.seed)),
            "reconstructions": pictures.comparison(
                self.images, self.model.reconstruct(self.images)
            ),
        }
        for name, picture in grids.items():
            pictures.save(self.directory / f"{name}-{epoch + 1:04d}.png", picture)
        if self.log_dir is not None:
            self._summarize(grids, epoch)

    def on_train_end(self, logs=None):
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _summarize(self, grids, epoch):
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self.log_dir))
        with self._writer.as_default():
            for name, picture in grids.items():
                tf.summary.image(name, picture[None], step=epoch)
        self._writer.flush()
