"""What is known of a user's images before any of them is decoded."""

import contextlib
import dataclasses
import io
import os
import pathlib

import numpy as np

from wae_tf.data import loading, splits
from wae_tf.data.folders import FolderSource
from wae_tf.data.preparation import FORMATS
from wae_tf.zoo.commands import last_name

__all__ = ["ImageFacts", "as_source", "look_at"]

_LOOKED_AT = 200
_GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
_TRANSPOSED = (5, 6, 7, 8)  # EXIF orientations that swap height and width.
_EXIF_ORIENTATION = 0x0112


@dataclasses.dataclass(frozen=True)
class ImageFacts:
    """How many images there are, of what sizes, and which are held out.

    Attributes:
        name: What they are called in print: no path, only its end.
        split: Split of the training images.
        test_split: Split of the held-out images; None where there are none.
        division: Who divided them, in words.
        train_images: Number of training images.
        test_images: Number of held-out images.
        sizes: Heights and widths of some of the training images, shape `(m, 2)`.
        channels: 1 if all of those are grey, otherwise 3.
    """

    name: str
    split: str
    test_split: str | None
    division: str
    train_images: int
    test_images: int
    sizes: np.ndarray
    channels: int

    def __str__(self):
        height, width = self.median_size
        colour = "grey" if self.channels == 1 else "colour"
        return (
            f"{self.name}: {colour}, median size {height} x {width}; {self.train_images:,} images "
            f"to train on, {self.test_images:,} held out {self.division}"
        )

    @property
    def hashed(self):
        """Whether a hash of the names tells which images are held out."""
        return self.test_split is not None and self.test_split.startswith("held_out")

    @property
    def median_size(self):
        """Medians of height and width, as integers."""
        return tuple(int(side) for side in np.median(self.sizes, axis=0))


def as_source(source):
    """Returns the path of a folder that is there, even if its name could be of a data set."""
    if isinstance(source, str) and source and os.path.isdir(os.path.expanduser(source)):
        return pathlib.Path(source).expanduser()
    return source


def look_at(source, *, split=None, test_split=None, data_dir=None, download=False):
    """Counts images, and reads the headers of up to 200 of them, evenly spread.

    Args:
        source: As `as_source` returns it, or anything else `wae_tf.data.load_images` takes.
        split: Training images. By default those of a folder train if there are such folders
            for testing too, otherwise nine tenths.
        test_split: Held-out images, likewise; "" for none.
        data_dir: As for `load_images`, like `download`.

    Returns:
        `ImageFacts`.

    Raises:
        ValueError: There are no such images or splits, or the sizes of a data set are unknown.
        FileNotFoundError: `source` is not there.
    """
    with contextlib.closing(loading.open_source(source, "train", data_dir, download)) as opened:
        counts, more = dict(opened.counts), opened.more_splits
        own = [name for name in ("test", "validation") if name in counts]
        if split is None and test_split is None:
            split, test_split, division = _division(opened, own)
        else:
            split = "train" if split is None else split
            test_split = "test" if test_split is None else test_split
            division = "as given"
        if {splits.parse(s)[0] for s in (split, test_split) if s} & set(more):
            parts = loading.open_source(source, more[0], data_dir, download)
            with contextlib.closing(parts) as divided:
                counts |= divided.counts
                sizes, channels = _sizes(divided, splits.segments(split, counts, more))
        else:
            sizes, channels = _sizes(opened, splits.segments(split, counts, more))

    def number(part):
        segments = splits.segments(part, counts, more) if part else []
        return sum(stop - start for _, start, stop in segments)

    return ImageFacts(
        name=_name(source),
        split=split,
        test_split=test_split or None,
        division=division,
        train_images=number(split),
        test_images=number(test_split),
        sizes=sizes,
        channels=channels,
    )


def _division(opened, own):
    """Returns training split, held-out split, and who divided them."""
    if "train" in opened.counts and own:
        return "train", own[0], f"by the source, which has train and {own[0]}"
    if isinstance(opened, FolderSource):
        return "kept", "held_out", "by a hash of their names"
    return "train[:90%]", "train[90%:]", "as the last tenth"


def _name(source):
    if hasattr(source, "__array__"):
        return "an array"
    name, is_folder = last_name(source)
    return f"folder {name}" if is_folder else name


def _sizes(opened, segments):
    """Returns heights and widths, shape `(m, 2)`, and the number of channels."""
    if isinstance(opened, FolderSource):
        names = [name for part, a, b in segments for name in opened.files[part][a:b]]
        return _of_files(opened, [names[i] for i in _spread(len(names))])
    if hasattr(opened, "arrays"):
        shapes = [opened.arrays[part].shape[1:] for part, _, _ in segments]
    else:
        shapes = [opened.builder.info.features[opened.image_key].shape]
    if any(side is None for shape in shapes for side in shape[:2]):
        raise ValueError(
            "A data set must state the size of its images to choose from: pass `image_shape` and a "
            "`config` of `wae_tf.list_configs()` whose values are fixed. "
            f"Received: images of shape {shapes[0]}"
        )
    channels = {1} >= {shape[2] for shape in shapes}
    return np.array([shape[:2] for shape in shapes]), 1 if channels else 3


def _spread(count):
    return np.unique(np.linspace(0, count - 1, min(count, _LOOKED_AT)).astype(int))


def _of_files(opened, names):
    from PIL import Image

    sizes, grey = [], True
    for name in names:
        try:
            with _file(opened, name) as file, Image.open(file, formats=FORMATS) as image:
                width, height = image.size
                if _orientation(image) in _TRANSPOSED:
                    width, height = height, width
                grey &= image.mode in _GREY
        except (OSError, SyntaxError, ValueError):  # Broken ones are counted when they are read.
            continue
        sizes.append((height, width))
    if not sizes:
        raise ValueError(
            "`source` must hold whole JPEG, PNG, BMP, GIF or WebP files. Repair or replace them. "
            f"Received: {len(names)} files looked at, none of which is one, such as {names[0]!r}"
        )
    return np.array(sizes), 1 if grey else 3


def _orientation(image):
    """Returns the EXIF orientation; `image.getexif` would decode a PNG file to look for it."""
    from PIL import Image

    exif = Image.Exif()
    exif.load(image.info.get("exif", b""))
    return exif.get(_EXIF_ORIENTATION)


def _file(opened, name):
    """Opens an image of a folder, of which only its header will be read, or of a zip file."""
    if opened.path.is_dir():
        return open(opened.path / name, "rb")
    return io.BytesIO(opened.store.read(name))
