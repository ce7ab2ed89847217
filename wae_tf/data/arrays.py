"""Images that are NumPy arrays already, in memory or in an npz file."""

import hashlib
import pathlib

import numpy as np

from wae_tf.data import images as images_lib
from wae_tf.data import splits

__all__ = ["ArraySource", "NpzSource", "as_uint8", "fingerprint"]

_CHUNK = 1024  # Images converted at once, so that a float copy stays small.


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
    digest.update(np.ascontiguousarray(images).data)
    return digest.hexdigest()


def as_uint8(images, name="images"):
    """Turns an array of images into uint8, four axes, values 0 to 255.

    Args:
        images: Shape `(n, height, width)` or `(n, height, width, channels)` with 1, 3
            or 4 channels; uint8, or float in [0, 1], of which `rint(255 * x)` is taken.
        name: What errors call the array.

    Returns:
        uint8 array, shape `(n, height, width, channels)`: `images` itself, not a copy,
        where nothing had to change.

    Raises:
        ValueError: for another shape or dtype, NaN, or floats outside [0, 1].
    """
    images = _with_four_axes(np.asarray(images), name)
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
    """Adds the channel axis where it is missing, and checks the shape."""
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


class ArraySource:
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
        self.labels = labels or {}
        self.counts = {split: len(array) for split, array in self.arrays.items()}

    def read(self, split, start, stop, preparation, verbose):
        """Returns `(images, labels or None)` for the range; no copy where nothing changes."""
        images = as_uint8(self.arrays[split][start:stop], self.names[split])
        labels = self.labels.get(split)
        labels = None if labels is None else labels[start:stop]
        if not preparation.keeps(images.shape[1:]):
            items = ((f"{self.names[split]}[{start + i}]", image) for i, image in enumerate(images))
            images = images_lib.stack(items, len(images), preparation, verbose)
        return images, labels


class NpzSource(ArraySource):
    """An npz file: `x_<split>` with or without `y_<split>`, or one array alone, "train"."""

    def __init__(self, path):
        path = pathlib.Path(path)
        try:
            with np.load(path, allow_pickle=False) as archive:
                named = [key for key in archive.files if key.startswith(("x_", "y_"))]
                alone = archive.files if len(archive.files) == 1 else []
                arrays = {key: archive[key] for key in named or alone}
                found = sorted(archive.files)
        except FileNotFoundError:
            raise
        except Exception as error:  # zipfile, zlib and NumPy each raise their own.
            raise ValueError(
                "`source` must be an npz file of plain arrays. Save it again with `numpy.savez` "
                f"({error}). Received: source={str(path)!r}"
            ) from error
        images = {splits.canonical(k[2:]): v for k, v in arrays.items() if k.startswith("x_")}
        labels = {splits.canonical(k[2:]): v for k, v in arrays.items() if k.startswith("y_")}
        if not named and alone:
            images = {"train": arrays[alone[0]]}
        if not images:
            raise ValueError(
                "`source` must hold arrays x_train and x_test (y_train, y_test for labels), or "
                "exactly one array. Save it again with `numpy.savez(path, x_train=images)`. "
                f"Received: source={str(path)!r} with {found}"
            )
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
