"""Keras callbacks: what a training writes, and what stops it."""

import csv
import math
import re
import time

import keras
import tensorflow as tf

from wae_tf import files
from wae_tf.pixels import check_images
from wae_tf.plots import pictures

__all__ = ["Checkpoint", "CriticStart", "EpochLog", "FiniteLoss", "SampleGrid", "TensorBoard"]


class EpochLog(keras.callbacks.Callback):
    """Adds `learning_rate` and `seconds` to the logs of each epoch, for callbacks after it.

    `learning_rate` is that of the epoch's first step; `seconds`, of wall-clock time,
    include validation, and add up over resumed runs.

    Example:
        >>> model.fit(images, callbacks=[EpochLog(), Checkpoint("runs/mnist")])
    """

    def on_epoch_begin(self, epoch, logs=None):
        self._learning_rate = float(self.model.optimizer.learning_rate)
        self._start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        logs["learning_rate"] = self._learning_rate
        logs["seconds"] = time.monotonic() - self._start


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


class Checkpoint(keras.callbacks.Callback):
    """After each epoch writes what a later run needs to go on, and the history so far.

    `checkpoint-0007.weights.h5` holds weights, optimizers and counters after epoch 7. It
    appears under its name when complete, and only then is its predecessor removed.
    `history.csv` has one line for each epoch.

    Args:
        directory: Where both go; made if it is not there.

    Example:
        >>> checkpoint = Checkpoint("runs/mnist")
        >>> first = checkpoint.restore(model)  # 0 where there is nothing to resume.
        >>> model.fit(images, initial_epoch=first, epochs=10, callbacks=[checkpoint])
    """

    def __init__(self, directory):
        super().__init__()
        self.directory = files.writable_directory(directory)

    def restore(self, model):
        """Loads the newest checkpoint into a compiled model.

        Returns:
            Number of epochs that are done, 0 without a checkpoint.

        Raises:
            ValueError: The checkpoint cannot be read, or is one of another model; or the
                model is not compiled, and so has no optimizer to restore.
        """
        if not model.compiled:
            raise ValueError(
                "`model` must be compiled before `restore`: a checkpoint holds its optimizers too. "
                f"Received: {model.name!r}, not compiled"
            )
        if self.done == 0:
            return 0
        newest = self._path(self.done)
        try:
            model.load_weights(newest)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(
                "The newest checkpoint must fit the model: take the config that began this run, "
                f"another directory, or remove the file. Received: {newest} ({error})"
            ) from error
        return self.done

    @property
    def done(self):
        """Number of epochs after which the newest checkpoint was written, 0 without one."""
        return max(map(_epoch, self._paths()), default=0)

    def on_epoch_end(self, epoch, logs=None):
        done = epoch + 1
        self._write_history(done, logs or {})  # First: a later run writes an unfinished epoch anew.
        with files.replacing(self._path(done)) as temporary:
            self.model.save_weights(temporary)
        for path in self._paths():
            if _epoch(path) < done:
                path.unlink()

    def _path(self, epoch):
        return self.directory / f"checkpoint-{epoch:04d}.weights.h5"

    def _paths(self):
        return [p for p in self.directory.glob("checkpoint-*.weights.h5") if _epoch(p)]

    def history(self):
        """Reads `history.csv`: one dict of numbers for each epoch, [] where there is none."""
        path = self.directory / "history.csv"
        if not path.exists():
            return []
        with open(path, newline="") as file:
            rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
        return [{**row, "epoch": int(row["epoch"])} for row in rows]

    def _write_history(self, done, logs):
        rows = [row for row in self.history() if row["epoch"] < done]
        rows.append({"epoch": done, **{name: float(value) for name, value in logs.items()}})
        names = list(dict.fromkeys(name for row in rows for name in row))
        with (
            files.replacing(self.directory / "history.csv") as temporary,
            open(temporary, "w", newline="") as file,
        ):
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)


def _epoch(path):
    match = re.fullmatch(r"checkpoint-(\d+)\.weights\.h5", path.name)
    return int(match.group(1)) if match else 0
