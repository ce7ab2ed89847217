"""What a training writes after each epoch, and how another goes on from it."""

import errno
import json
import re
import shutil
import warnings

import keras
import numpy as np

from wae_tf import files
from wae_tf.files import hdf5
from wae_tf.files.checksums import SUMS, read_sums, record_sums
from wae_tf.files.hdf5_writing import replacing_hdf5
from wae_tf.files.tables import read_table, write_table
from wae_tf.models.stored_weights import load_weights

__all__ = ["Checkpoint"]

_NAME = re.compile(r"checkpoint-(\d{1,9})\.weights\.h5")
_HISTORY = "history"  # Beside the weights: the lines of `history.csv`, as JSON.
_KEPT = 2


class Checkpoint(keras.callbacks.Callback):
    """After each epoch writes what a later run needs to go on, and the history so far.

    `checkpoint-0007.weights.h5` holds weights, optimizers, counters and history after epoch 7. It
    appears under its name when complete; then `SHA256SUMS` gets its SHA-256, and of those before
    all but one are removed. `history.csv` has one line for each epoch.

    Args:
        directory: Where they go; made if it is not there.

    Example:
        >>> checkpoint = Checkpoint("runs/mnist")
        >>> first = checkpoint.restore(model)  # 0 where there is nothing to resume.
        >>> model.fit(images, initial_epoch=first, epochs=10, callbacks=[checkpoint])
    """

    def __init__(self, directory):
        super().__init__()
        self.directory = files.writable_directory(directory)
        self._rows = None

    def restore(self, model, say=warnings.warn):
        """Loads the newest checkpoint that is whole into a compiled model.

        Args:
            model: The model.
            say: Callable that is told, in one line, of one that is not whole.

        Returns:
            Number of epochs that are done, 0 without a checkpoint.

        Raises:
            ValueError: No checkpoint is whole, or it is one of another model; or the model is
                not compiled, and so has no optimizer to restore.
        """
        if not model.compiled:
            raise ValueError(
                "`model` must be compiled before `restore`: a checkpoint holds its optimizers too. "
                f"Received: {model.name!r}, not compiled"
            )
        done, notes = self._newest_whole()
        for note in notes:
            say(note)
        if done == 0:
            return 0
        newest = self._path(done)
        try:
            load_weights(model, newest, beside=(_HISTORY,))
            rows = _stored_history(newest)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(
                "The newest checkpoint must fit the model: take the config that began this run, "
                f"another directory, or remove the file. Received: {newest} ({error})"
            ) from error
        if rows is not None:
            self._rows = rows
            self._write_history(say)
        return done

    @property
    def done(self):
        """Number of epochs after which the newest whole checkpoint was written, 0 without one."""
        return self._newest_whole()[0]

    def on_epoch_end(self, epoch, logs=None):
        done = epoch + 1
        rows = [row for row in self.history() if row["epoch"] < done]
        rows.append({"epoch": done, **{k: float(v) for k, v in (logs or {}).items()}})
        path = self._path(done)
        try:
            self._check_space()
            with replacing_hdf5(path, weights_of=self.model) as file:
                file[_HISTORY] = np.frombuffer(json.dumps(rows).encode(), "uint8")
            gone = [p for p in self._paths() if not done - _KEPT < _epoch(p) <= done]
            sums = {path.name: files.sha256(path)}
            record_sums(self.directory, sums, gone=[p.name for p in gone])
            self._rows = rows
            write_table(self.directory / "history.csv", rows)
            for old in gone:
                old.unlink()
        except OSError as error:
            raise _not_written(path, epoch, error) from error

    def history(self):
        """Returns one dict of numbers for each epoch, [] where there is none.

        It is that of the checkpoint which was restored, else what `history.csv` says.

        Raises:
            ValueError: `history.csv` is needed, and damaged.
        """
        if self._rows is not None:
            return self._rows
        path = self.directory / "history.csv"
        return read_table(path) if path.exists() else []

    def _newest_whole(self):
        """Returns the epoch of the newest checkpoint that is whole, and what to say of others."""
        there = sorted(map(_epoch, self._paths()), reverse=True)
        sums = read_sums(self.directory)
        if sums is None:  # Of a version before, which wrote none.
            return max(there, default=0), []
        listed = sorted(filter(None, map(_epoch_of, sums)), reverse=True)
        newer = [epoch for epoch in there if epoch > max(listed, default=0)]
        if newer and newer != [max(listed, default=0) + 1]:
            raise ValueError(
                f"`{SUMS}` must list the checkpoints, and has been damaged: restore it, or remove "
                "it to go on from the newest one unchecked. "
                f"Received: {self.directory} with {self._path(newer[0]).name}, not listed"
            )
        notes = [
            f"{self._path(n).name} was not finished: its epoch is trained again" for n in newer
        ]
        for epoch in listed if there else ():
            path = self._path(epoch)
            if path.is_file() and files.sha256(path) == sums[path.name]:
                return epoch, notes
            state = "damaged" if path.exists() else "not there"
            notes.append(f"{path} is {state}: going on from the one before")
        if listed and there:
            raise ValueError(
                "A run must have a checkpoint that is whole: restore one from a copy, or remove "
                f"all of them to start anew. Received: {notes[-1].split(':')[0]}, the last of "
                f"{len(listed)}"
            )
        return 0, notes

    def _write_history(self, say):
        """Makes `history.csv` what the checkpoint says, if it is not."""
        path = self.directory / "history.csv"
        try:
            rows = read_table(path) if path.exists() else None
        except (OSError, ValueError):
            rows = None
            say(f"{path} is damaged: written anew from the checkpoint")
        if rows != self._rows:
            write_table(path, self._rows)

    def _check_space(self):
        """Raises an OSError before anything is written, if the disk has no room for it."""
        needed = 4 * sum(v.shape.num_elements() or 1 for v in self.model.variables) + 2**16
        needed = max([needed, *(path.stat().st_size for path in self._paths())])
        free = shutil.disk_usage(self.directory).free
        if free < needed:
            raise OSError(errno.ENOSPC, f"{needed:,} bytes are needed, and {free:,} free")

    def _path(self, epoch):
        return self.directory / f"checkpoint-{epoch:04d}.weights.h5"

    def _paths(self):
        return [p for p in self.directory.glob("checkpoint-*.weights.h5") if _epoch(p)]


def _stored_history(path):
    """Returns the history that a checkpoint holds, None in one of a version before."""
    with hdf5.open_file(path) as file:
        array = hdf5.list_arrays(file).get(_HISTORY)
        if array is None:
            return None
        if array.dtype != np.uint8 or len(array.shape) != 1:
            raise ValueError(f"the history is {array.dtype}{array.shape}")
        rows = json.loads(hdf5.read_arrays(file, [_HISTORY])[_HISTORY].tobytes())
    return [{**row, "epoch": int(row["epoch"])} for row in rows]


def _not_written(path, done, error):
    """Returns the error that says what a full or lost disk costs: nothing but the epoch."""
    kept = f"the state after epoch {done} is whole" if done else "nothing was done before"
    why = "it is full" if files.full(error) else str(error).split("\n")[0]
    return OSError(
        "The disk must take a checkpoint: free space on it, or make it writable again, and the "
        f"same command goes on; {kept}. Received: {path} ({why})"
    )


def _epoch(path):
    return _epoch_of(path.name)


def _epoch_of(name):
    match = _NAME.fullmatch(name)
    return int(match.group(1)) if match else 0
