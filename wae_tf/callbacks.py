"""Keras callbacks: pictures while training, checkpoints to resume from."""

import csv
import pathlib
import re

import keras

from wae_tf import files, pictures

__all__ = ["Checkpoint", "SampleGrid"]


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
        ValueError: `directory` cannot be written to.

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

    def _summarize(self, grids, epoch):
        import tensorflow as tf

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
            ValueError: The checkpoint cannot be read, or is one of another model.
        """
        newest = max(self._paths(), default=None)
        if newest is None:
            return 0
        try:
            model.load_weights(newest)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(
                "The newest checkpoint must fit the model: take the config that began this run, "
                f"another directory, or remove the file. Received: {newest} ({error})"
            ) from error
        return _epoch(newest)

    def on_epoch_end(self, epoch, logs=None):
        done = epoch + 1
        with files.replacing(self._path(done)) as temporary:
            self.model.save_weights(temporary)
        self._write_history(done, logs or {})
        for path in self._paths():
            if _epoch(path) < done:
                path.unlink()

    def _path(self, epoch):
        return self.directory / f"checkpoint-{epoch:04d}.weights.h5"

    def _paths(self):
        return [p for p in self.directory.glob("checkpoint-*.weights.h5") if _epoch(p)]

    def _write_history(self, done, logs):
        path = self.directory / "history.csv"
        rows = [row for row in read_history(path) if row["epoch"] < done]
        rows.append({"epoch": done, **{name: float(value) for name, value in logs.items()}})
        names = list(dict.fromkeys(name for row in rows for name in row))
        with files.replacing(path) as temporary:
            with open(temporary, "w", newline="") as file:
                writer = csv.DictWriter(file, names)
                writer.writeheader()
                writer.writerows(rows)


def read_history(path):
    """Reads a `history.csv`: one dict of numbers for each epoch, [] where there is none."""
    path = pathlib.Path(path)
    if not path.exists():
        return []
    with open(path, newline="") as file:
        rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
    return [{**row, "epoch": int(row["epoch"])} for row in rows]


def _epoch(path):
    match = re.fullmatch(r"checkpoint-(\d+)\.weights\.h5", path.name)
    return int(match.group(1)) if match else 0
