"""Images as files that other programs read: a folder of PNG files, or arrays."""

import os
import pathlib
import shutil

import numpy as np

from wae_tf import files
from wae_tf.plots import pictures

__all__ = ["check_folder", "save_arrays", "save_folder"]


def save_folder(directory, images, scale=1, overwrite=False):
    """Writes images as PNG files numbered from 0, such as `000.png` to `127.png`.

    The files are made beside the directory and moved into it when all are there.

    Args:
        directory: Where they go; made if it is not there, in a directory that is.
        images: Shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
        scale: Pixels of the file to a pixel of the image, each way.
        overwrite: Whether the directory may hold files: those of the new names are replaced,
            all others stay.

    Raises:
        ValueError: The directory is not empty without `overwrite`, is a file, or cannot be
            written to.

    Example:
        >>> save_folder("samples", model.sample(128, seed=0))
    """
    directory = pathlib.Path(directory).expanduser()
    check_folder(directory, overwrite)
    files.writable_directory(directory.parent)
    temporary = directory.with_name(f".tmp-{os.getpid()}-{directory.name}")
    try:
        temporary.mkdir()
        digits = len(str(len(images) - 1))
        for i, image in enumerate(images):
            pictures.save(temporary / f"{i:0{digits}}.png", image, scale)
        if not directory.exists():
            os.replace(temporary, directory)
            return
        files.writable_directory(directory)
        for path in sorted(temporary.iterdir()):
            os.replace(path, directory / path.name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_folder(directory, overwrite=False):
    """Raises the ValueErrors of `save_folder` about what is there, before anything is drawn."""
    directory = pathlib.Path(directory).expanduser()
    if directory.exists() and not directory.is_dir():
        raise ValueError(
            f"`directory` must not be a file: choose another name. Received: {str(directory)!r}"
        )
    if directory.is_dir() and any(directory.iterdir()) and not overwrite:
        raise ValueError(
            "`directory` must be empty or absent: choose another one, or set `overwrite` "
            "(--overwrite). "
            f"Received: {str(directory)!r}"
        )


def save_arrays(path, **arrays):
    """Writes arrays as one compressed `.npz` file, whole or not at all.

    Example:
        >>> save_arrays("samples.npz", images=model.sample(64, seed=0))
    """
    with files.replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)
