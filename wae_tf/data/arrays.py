"""Images that are NumPy arrays already, in memory or in an npz file."""

import contextlib
import hashlib
import math
import os
import pathlib

import numpy as np

from wae_tf.data import splits
from wae_tf.data.source import Source

__all__ = ["ArraySource", "NpzSource", "as_uint8", "fingerprint"]

_CHUNK = 1024  # Images converted or hashed at once, so that a copy of them stays small.


def fingerprint(images):
    """Returns the SHA-256 of a set of images: equal sets in equal order, equal hash.

    Hashes the shape, as the text `(n, height, width, channels)`, then the bytes in C order.

    Args:
        images: uint8 array, shape `(n, height, width, channels)`.

    Returns:
        64 hexadecimal digits.

    Raises:
        ValueError: if `images` is not a uint8 array.

    Example:
        `results["data_sha256"] = fingerprint(load_images("mnist", "test"))`
    """
    if getattr(images, "dtype", None) != np.uint8:
        raise ValueError(
            "`images` must be a uint8 array, so that the hash does not depend on a rescaling; "
            f"`load_images` returns one. Received: images={_describe(images)}"
        )
    images = np.asarray(images)
    digest = hashlib.sha256(str(tuple(map(int, images.shape))).encode())
    for i in range(0, len(images), _CHUNK):
        digest.update(np.ascontiguousarray(images[i : i + _CHUNK]).data)
    return digest.hexdigest()


def as_uint8(images, name="images"):
    """Turns an array of images into uint8, four axes, values 0 to 255.

    Args:
        images: Shape `(n, height, width)` or `(n, height, width, channels)` with 1, 3
            or 4 channels; uint8, or float in [0, 1], of which `rint(255 * x)` is taken.
        name: What errors call the array.

    Returns:
        uint8 array, shape `(n, height, width, channels)`: `images` itself, not a copy,
        where nothing had to change. A `np.memmap` stays one.

    Raises:
        ValueError: for another shape or dtype, NaN, or floats outside [0, 1].
    """
    images = _with_four_axes(images, name)
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            f"`{name}` must be uint8, or float in [0, 1]. If the values are 0 to 255, pass "
            f'`{name}.astype("uint8")`. Received: {name}={_describe(images)}'
        )
    low, high = float(images.min()), float(images.max())  # NaN if any value is.
    if not (low >= 0.0 and high <= 1.0):
        raise ValueError(
            f"`{name}` must be finite and in [0, 1], black to white, where it is float. "
            f"{_way_out(images, name)} Received: {name}={_describe(images)}, "
            f"min={np.nanmin(images):g}, max={np.nanmax(images):g}, "
            f"{np.count_nonzero(np.isnan(images))} NaN"
        )
    result = np.empty(images.shape, "uint8")
    for i in range(0, len(images), _CHUNK):
        result[i : i + _CHUNK] = np.rint(images[i : i + _CHUNK].astype("float32") * 255.0)
    return result


def _with_four_axes(images, name):
    """Turns images into an array with a channel axis, and checks the shape."""
    if not isinstance(images, np.memmap):  # Of which `asarray` makes an array like any other.
        images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or 0 in images.shape or images.shape[-1] not in (1, 3, 4):
        raise ValueError(
            f"`{name}` must have shape (n, height, width) or (n, height, width, channels) with "
            "1, 3 or 4 channels, last, and no empty axis. Reshape or transpose it first. "
            f"Received: {name}={_describe(images)}"
        )
    return images


def _way_out(images, name):
    """Guesses from the range of a rejected array how to bring it to [0, 1]."""
    if not np.isfinite(images).all():
        return "Drop or repair the images that hold NaN or infinity."
    if images.min() < 0 and images.min() >= -1 and images.max() <= 1:
        return f"If it is in [-1, 1], pass `({name} + 1) / 2`."
    if images.min() >= 0 and images.max() <= 255:
        return f"If it is in [0, 255], pass `{name} / 255`."
    return f"Rescale it, or pass `numpy.clip({name}, 0, 1)` if the excess is noise."


def _describe(value):
    """Says type or dtype and shape, for errors."""
    dtype, shape = getattr(value, "dtype", None), getattr(value, "shape", None)
    return type(value).__name__ if shape is None else f"{dtype} array of shape {tuple(shape)}"


class ArraySource(Source):
    """Arrays of images by split.

    Args:
        arrays: Images by split, as `as_uint8` takes them.
        labels: Arrays of length n by split, for some of the splits or none.
        name: What errors call the arrays; `{split}` in it is filled in.

    Raises:
        ValueError: for arrays that have not the shape of images.
    """

    def __init__(self, arrays, labels=None, name="source"):
        self.names = {split: name.format(split=split) for split in arrays}
        self.arrays = {
            split: _with_four_axes(array, self.names[split]) for split, array in arrays.items()
        }
        self.labels_by_split = labels or {}
        self.counts = {split: len(array) for split, array in self.arrays.items()}

    def array(self, segments, preparation):
        """Returns the images, not copied where one segment of uint8 is all that is asked for."""
        shapes = {self.arrays[split].shape[1:] for split, _, _ in segments}
        if len(shapes) > 1 or not preparation.keeps(shapes.pop()):
            return None
        parts = [self._uint8(*segment) for segment in segments]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _items(self, split, start, stop):
        for i, image in enumerate(self._uint8(split, start, stop), start):
            yield f"{self.names[split]}[{i}]", lambda image=image: image

    def _labels(self, split, start, stop):
        labels = self.labels_by_split.get(split)
        return None if labels is None else labels[start:stop]

    def _stamps(self, split, start, stop):
        yield fingerprint(self._uint8(split, start, stop))

    def _uint8(self, split, start, stop):
        return as_uint8(self._load(split)[start:stop], self.names[split])

    def _load(self, split):
        return self.arrays[split]


class NpzSource(ArraySource):
    """An npz file: `x_<split>` with or without `y_<split>`, or one array alone, "train".

    Shapes and labels are read at once, the images of a split when they are asked for.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        with self._opened() as archive:
            found = sorted(archive.files)
            named = [key for key in found if key.startswith(("x_", "y_"))]
            alone = found if len(found) == 1 else []
            shapes = {key: _shaped(archive, key) for key in named or alone}
            labels = {
                splits.canonical(key[2:]): archive[key] for key in named if key.startswith("y_")
            }
        self.keys = {splits.canonical(key[2:]): key for key in named if key.startswith("x_")}
        if not named and alone:
            self.keys = {"train": alone[0]}
        if not self.keys:
            raise ValueError(
                "`source` must hold arrays x_train and x_test (y_train, y_test for labels), or "
                "exactly one array. Save it again with `numpy.savez(path, x_train=images)`. "
                f"Received: source={str(path)!r} with {found}"
            )
        images = {split: shapes[key] for split, key in self.keys.items()}
        for split in set(images) & set(labels):
            if labels[split].shape[:1] != images[split].shape[:1]:
                raise ValueError(
                    f"`y_{split}` must hold one label for each image of x_{split}. Save the file "
                    f"again with both. Received: source={str(path)!r} with shapes "
                    f"{labels[split].shape} and {images[split].shape}"
                )
            if labels[split].ndim == 2 and labels[split].shape[1] == 1:
                labels[split] = labels[split][:, 0]  # As keras.datasets.cifar10 has them.
            if np.issubdtype(labels[split].dtype, np.integer):
                labels[split] = labels[split].astype("int64")
        super().__init__(images, labels, "x_{split}" if named else alone[0])

    def _stamps(self, split, start, stop):
        found = os.stat(self.path)
        yield f"{self.keys[split]}[{start}:{stop}] {found.st_size} {found.st_mtime_ns}"

    def _load(self, split):
        with self._opened() as archive:
            return _with_four_axes(archive[self.keys[split]], self.names[split])

    @contextlib.contextmanager
    def _opened(self):
        try:
            with np.load(self.path, allow_pickle=False) as archive:
                yield archive
        except FileNotFoundError:
            raise
        except Exception as error:  # zipfile, zlib and NumPy each raise their own.
            raise ValueError(
                "`source` must be an npz file of plain arrays. Save it again with `numpy.savez` "
                f"({error}). Received: source={str(self.path)!r}"
            ) from error


def _shaped(archive, key):
    """Returns an array of the shape and type of an archive's, but without its memory."""
    with archive.zip.open(f"{key}.npy") as file:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
            version, np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
        data = archive.zip.getinfo(f"{key}.npy").file_size - file.tell()
    if dtype.hasobject:
        raise ValueError(f"{key} holds Python objects")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != data:
        raise ValueError(f"{key} of shape {shape} and type {dtype} cannot have {data:,} bytes")
    return np.broadcast_to(np.zeros((), dtype), shape)
