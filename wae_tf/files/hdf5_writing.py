"""HDF5 files made in memory: HDF5 ends the whole process where a disk gets full under it."""

import contextlib
import io
import types

import h5py
from keras.src.saving import saving_lib

from wae_tf.files.replacing import replacing

__all__ = ["replacing_hdf5", "save_weights"]


@contextlib.contextmanager
def replacing_hdf5(path, weights_of=None):
    """Yields an HDF5 file in memory, which takes the place of `path` when the block ends well.

    Args:
        path: As in `replacing`.
        weights_of: Keras model or layer; what its `save_weights` writes is in the file then.

    Raises:
        ValueError: `weights_of` is not built.
        OSError: As `replacing`.

    Example:
        >>> with replacing_hdf5("model.weights.h5", weights_of=model) as file:
        ...     file["epoch"] = 3
    """
    memory = io.BytesIO() if weights_of is None else _weights(weights_of)
    with h5py.File(memory, "w" if weights_of is None else "r+") as file:
        yield file
    with replacing(path) as temporary:
        temporary.write_bytes(memory.getbuffer())


def save_weights(path, network):
    """Does what `network.save_weights(path)` does, but in memory, and whole or not at all.

    Raises:
        ValueError, OSError: As `replacing_hdf5`.
    """
    with replacing_hdf5(path, weights_of=network):
        pass


def _weights(network):
    """Returns what `network.save_weights` writes, which itself takes nothing but a path."""
    if not network.built:
        raise ValueError(f"`weights_of` must be built. Received: {network.name}, which is not")
    written = {}
    archive = types.SimpleNamespace(writestr=written.__setitem__)  # As a zip file has it.
    store = saving_lib.H5IOStore("model.weights.h5", archive, mode="w")
    saving_lib._save_state(
        network, weights_store=store, assets_store=None, inner_path="", visited_saveables=set()
    )
    store.close()
    return io.BytesIO(*written.values())
