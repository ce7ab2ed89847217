"""Folders of as many image files as wanted, by repetition of a few."""

import io
import itertools
import os
import pathlib
import zipfile

import numpy as np
from PIL import Image

__all__ = ["write_folder"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp")
_IN_A_FOLDER = 1000


def write_folder(folder, count, data=None, distinct=1000):
    """Fills a folder with hard links, or copies, of a few images, and returns it.

    Args:
        folder: Where to; the images themselves go to `<folder>-images`.
        count: Number of files.
        data: Folder or zip file to take images from; None makes JPEG files of 178x218.
        distinct: How many images to take.
    """
    folder = pathlib.Path(folder)
    originals = pathlib.Path(f"{folder}-images")
    originals.mkdir(parents=True)
    paths = []
    for i, (name, content) in enumerate(itertools.islice(_contents(data), min(distinct, count))):
        paths.append(originals / f"{i:06d}{pathlib.Path(name).suffix}")
        paths[-1].write_bytes(content)
    for i in range(count):
        path = paths[i % len(paths)]
        target = folder / f"{i // _IN_A_FOLDER:04d}" / f"{i:07d}{path.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except OSError:  # No hard links there, or no more of this file.
            target.write_bytes(path.read_bytes())
    return folder


def _contents(data):
    """Yields `(name, bytes)` of images."""
    if data is None:
        yield from _random_jpegs()
    elif pathlib.Path(data).is_dir():
        for path in sorted(pathlib.Path(data).rglob("*")):
            if path.suffix.lower() in _SUFFIXES:
                yield path.name, path.read_bytes()
    else:
        with zipfile.ZipFile(data) as archive:
            for name in sorted(archive.namelist()):
                if name.lower().endswith(_SUFFIXES):
                    yield name, archive.read(name)


def _random_jpegs():
    """Yields JPEG files of smooth random colours, without end."""
    rng = np.random.default_rng(0)
    while True:
        small = Image.fromarray(rng.integers(0, 256, (14, 11, 3), "uint8"))
        file = io.BytesIO()
        small.resize((178, 218), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
        yield "random.jpg", file.getvalue()
