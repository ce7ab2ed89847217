"""From any source of images to one array, and on to batches."""

import os
import pathlib

import numpy as np

from wae_tf.data import splits
from wae_tf.data.arrays import ArraySource, NpzSource
from wae_tf.data.batching import batches
from wae_tf.data.folders import FolderSource
from wae_tf.data.images import Preparation
from wae_tf.data.tfds_source import KINDS, TfdsSource

__all__ = ["load", "load_images"]


def load_images(
    source,
    split="train",
    *,
    image_shape=None,
    crop=None,
    data_dir=None,
    download=False,
    labels=False,
    verbose="auto",
):
    """Reads images into one uint8 array.

    Images are cropped about their centre, resized with Pillow's antialiasing LANCZOS
    filter (the one the authors of WAE used) and brought to the channels of `image_shape`:
    see `wae_tf.data.images.Preparation`.

    Args:
        source: One of
            - a TFDS name, such as `"mnist"` or `"celeb_a"`. A word without a slash or
              suffix is always such a name: a folder in the working directory is `"./faces"`.
            - the path of a folder or `.zip` file of JPEG, PNG, BMP, GIF or WebP images,
              taken in sorted order. Its folders train, test and validation, if any, are
              splits; folders of images inside them, or at the top, are classes.
            - the path of an `.npz` file with `x_train` and `x_test` (labels: `y_train`,
              `y_test`), or with one array alone, which is the split "train".
            - a NumPy array, shape `(n, height, width)` or `(n, height, width, channels)`,
              uint8, or float in [0, 1]. It is the split "train".
        split: `"train"`, `"test"`, `"validation"`, whatever the source has, or `"all"`;
            also a slice in the source's order: `"train[:8000]"`, `"train[-10%:]"`. With
            classes as folders that order is class by class.
        image_shape: `(height, width, channels)` of the result, 1 or 3 channels. None
            keeps the images' shape, which all must then share.
        crop: `(height, width)` of the centre to cut out first. None cuts out the largest
            rectangle with the aspect ratio of `image_shape`.
        data_dir: Folder of prepared TFDS data sets; no other source uses it.
        download: Whether TFDS may download what is missing. Nothing else downloads.
        labels: Whether to return labels too.
        verbose: Whether to show progress; "auto" does so from 1,000 decoded images on.

    Returns:
        uint8 array, shape `(n, height, width, channels)`; with `labels=True` a tuple of it
        and the labels: integers, shape `(n,)`, or None where the source has none. It may
        share memory with an array passed as `source`.

    Raises:
        ValueError: for a source, split or shape that does not fit; it says which file.
        FileNotFoundError: if the path, or the prepared TFDS data set, does not exist.
        ImportError: if Pillow or TensorFlow Datasets is needed and not installed.

    Example:
        The faces of the paper, from a folder of aligned CelebA images:
        `load_images("img_align_celeba.zip", image_shape=(64, 64, 3), crop=(140, 140))`
    """
    preparation = Preparation(image_shape, crop)
    splits.parse(split)  # Before anything is opened or downloaded.
    opened = _open(source, data_dir, download)
    parts = [
        opened.read(name, start, stop, preparation, verbose)
        for name, start, stop in splits.segments(split, opened.counts)
    ]
    if len({images.shape[1:] for images, _ in parts}) > 1:
        raise ValueError(
            "All images must share a shape (height, width, channels). Pass `image_shape` to crop "
            f"and resize them. Received: splits of shapes {[images.shape for images, _ in parts]}"
        )
    images = parts[0][0] if len(parts) == 1 else np.concatenate([part[0] for part in parts])
    if not labels:
        return images
    if any(part[1] is None for part in parts):
        return images, None
    return images, np.concatenate([part[1] for part in parts])


def load(
    source,
    split="train",
    *,
    image_shape=None,
    crop=None,
    batch_size=100,
    training=None,
    seed=0,
    horizontal_flip=False,
    data_dir=None,
    download=False,
):
    """Reads images and batches them: `load_images`, then `batches`.

    Args:
        source, split, image_shape, crop, data_dir, download: As for `load_images`.
        batch_size: Images per batch.
        training: Whether to shuffle, anew in each epoch, and drop the incomplete batch;
            None does so for splits whose name starts with "train".
        seed, horizontal_flip: As for `batches`; only for training.

    Returns:
        `tf.data.Dataset` of uint8 batches, shape `(batch, height, width, channels)`.

    Raises:
        ValueError, FileNotFoundError, ImportError: As `load_images` and `batches` do.

    Example:
        `model.fit(load("mnist"), epochs=20)`: each epoch has an order of its own.
    """
    if training is None:
        training = splits.parse(split)[0].startswith("train")
    images = load_images(
        source, split, image_shape=image_shape, crop=crop, data_dir=data_dir, download=download
    )
    return batches(
        images,
        batch_size,
        training=training,
        seed=seed,
        reshuffle_each_iteration=training,
        horizontal_flip=horizontal_flip,
    )


def _open(source, data_dir, download):
    """Returns the source object: `counts` by split, and `read`."""
    if hasattr(source, "__array__"):
        return ArraySource({"train": np.asarray(source)})
    if not isinstance(source, (str, os.PathLike)) or source == "":
        raise ValueError(f"`source` must be {KINDS}. Received: source={source!r:.200}")
    text = os.fspath(source)
    path = pathlib.Path(text).expanduser()
    suffix = path.suffix.lower()
    is_path = isinstance(source, os.PathLike) or text != path.name or suffix or text == ".."
    if is_path and path.exists():
        if path.is_dir() or suffix == ".zip":
            return FolderSource(path)
        if suffix == ".npz":
            return NpzSource(path)
        raise ValueError(
            f"`source` must be {KINDS}. Pack or rename this file. Received: source={text!r}"
        )
    if isinstance(source, os.PathLike) or suffix in (".npz", ".zip") or text[0] in "./~\\":
        raise FileNotFoundError(
            "`source` must be a folder, .zip or .npz file that exists. Check the path, which "
            f"stands for {str(path.absolute())!r}. Received: source={text!r}"
        )
    return TfdsSource(text, data_dir, download)
