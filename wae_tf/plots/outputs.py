"""Images as files that other programs read: a folder of PNG files, or arrays."""

import csv
import os
import pathlib
import re
import shutil

import numpy as np

from wae_tf import files
from wae_tf.plots import pictures

__all__ = ["check_folder", "save_arrays", "save_codes", "save_folder"]


def save_folder(directory, images, scale=1, overwrite=False, names=None):
    """Writes images as PNG files numbered from 0, such as `000.png` to `127.png`.

    The files are made beside the directory and moved into it when all are there.

    Args:
        directory: Where they go; made if it is not there, in a directory that is.
        images: Shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
        scale: Pixels of the file to a pixel of the image, each way.
        overwrite: Whether the directory may hold files: those of the new names are replaced,
            all others stay.
        names: What to add to the numbers, a text for each image, such as the path of the file
            that it was made from: `cats/a.jpg` becomes `000_cats_a.png`.

    Raises:
        ValueError: The directory is not empty without `overwrite`, is a file, or cannot be
            written to.

    Example:
        >>> save_folder("samples", model.sample(128, seed=0))
    """
    directory = pathlib.Path(directory).expanduser()
    files.recover(directory)
    check_folder(directory, overwrite)
    files.writable_directory(directory.parent)
    temporary = directory.with_name(f".tmp-{os.getpid()}-{directory.name}")
    try:
        temporary.mkdir()
        digits = len(str(len(images) - 1))
        for i, image in enumerate(images):
            name = "" if names is None else f"_{_stem(names[i])}"
            pictures.save(temporary / f"{i:0{digits}}{name}.png", image, scale)
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
    files.directory_contents(directory, "directory", overwrite, ", or pass overwrite=True")


def save_codes(path, codes, names):
    """Writes codes as a table: a line for each image, with the name of its file.

    Args:
        path: `.csv` file, in UTF-8.
        codes: Shape `(n, latent_dim)`, float32; nine digits of each give it back exactly.
        names: A text for each.

    Example:
        >>> save_codes("codes.csv", model.encode(images), names)
    """
    with (
        files.replacing(path) as temporary,
        open(temporary, "w", newline="", encoding="utf-8") as f,
    ):
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(["file", *(f"z{i}" for i in range(codes.shape[1]))])
        for name, code in zip(names, codes, strict=True):
            writer.writerow([name, *(f"{value:.9g}" for value in code)])


def _stem(name):
    """Returns the name of a file that can stand within another's: no folders, no suffix."""
    return re.sub(r"[^\w.-]+", "_", str(pathlib.PurePosixPath(name).with_suffix(""))).strip("_.")


def save_arrays(path, **arrays):
    """Writes arrays as one compressed `.npz` file, whole or not at all.

    Example:
        >>> save_arrays("samples.npz", images=model.sample(64, seed=0))
    """
    with files.replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)
