"""From any source of images to one array, and on to batches."""

import contextlib
import itertools
import os
import pathlib

import numpy as np

from wae_tf.data import held_out, splits
from wae_tf.data.arrays import ArraySource, NpzSource
from wae_tf.data.batching import batches
from wae_tf.data.broken import Broken
from wae_tf.data.cache import ImageCache, key_of
from wae_tf.data.decoding import decoded
from wae_tf.data.folders import FolderSource
from wae_tf.data.preparation import Preparation
from wae_tf.data.tfds_source import KINDS, TfdsSource

__all__ = ["load", "load_images", "open_source"]


def load_images(
    source,
    split="train",
    *,
    image_shape=None,
    crop=None,
    data_dir=None,
    download=False,
    labels=False,
    names=False,
    max_broken=0.01,
    cache=None,
    cache_above=0,
    verbose="auto",
):
    """Reads images into one uint8 array.

    Images are cropped about their centre, resized with Pillow's antialiasing LANCZOS
    filter (the one the authors of WAE used) and brought to the channels of `image_shape`:
    see `wae_tf.data.preparation.Preparation`.

    Args:
        source: One of
            - a TFDS name, such as `"mnist"` or `"celeb_a"`. A word without a slash or
              suffix is always such a name: a folder in the working directory is `"./faces"`.
            - the path of a folder or `.zip` file of JPEG, PNG, BMP, GIF or WebP images,
              taken in sorted order. Its folders train, test and validation, if any, are
              splits; folders of images inside them, or at the top, are classes. Text files
              and hidden ones are passed over.
            - the path of an `.npz` file with `x_train` and `x_test` (labels: `y_train`,
              `y_test`), or with one array alone, which is the split "train".
            - a NumPy array, shape `(n, height, width)` or `(n, height, width, channels)`,
              uint8, or float in [0, 1]. It is the split "train".
        split: `"train"`, `"test"`, `"validation"`, whatever the source has, or `"all"`;
            also a slice in the source's order: `"train[:8000]"`, `"train[-10%:]"`. With
            classes as folders that order is class by class. A folder or zip file also has
            `"held_out"`, a tenth of all its images whatever their split, and `"kept"`, the
            rest: a hash of its path tells where an image belongs, so that those which are
            added later move none of the others (see `wae_tf.data.held_out.divide`).
        image_shape: `(height, width, channels)` of the result, 1 or 3 channels. None
            keeps the images' shape, which all must then share.
        crop: `(height, width)` of the centre to cut out first. None cuts out the largest
            rectangle with the aspect ratio of `image_shape`.
        data_dir: Folder of prepared TFDS data sets; no other source uses it.
        download: Whether TFDS may download what is missing. Nothing else downloads.
        labels: Whether to return labels too.
        names: Whether to return names too.
        max_broken: Largest share, in [0, 1], of the images asked for that may be broken,
            such as a truncated JPEG; one always may, but for 0. They are left out with a
            warning that names them, and so are their labels. 0 allows none, which always
            holds for data sets of TFDS, npz files and arrays.
        cache: Path of a `.npy` file, for images that may not fit in memory: they are
            decoded into it once, a few at a time, and read from there when they are needed.
            The same call, for images whose names, sizes and times are the same, opens it
            without decoding; another replaces its contents. None decodes into memory.
        cache_above: Bytes of decoded images, at one a value, up to which they are read into
            memory nevertheless, unless the file has them already.
        verbose: Whether to show progress; "auto" does so where decoding takes over two seconds.

    Returns:
        uint8 array, shape `(n, height, width, channels)`; with `labels=True` a tuple of it
        and the labels: integers, shape `(n,)`, or None where the source has none; with
        `names=True` the last of the tuple are the images' names, shape `(n,)`: paths within a
        folder or `.zip` file, else places such as `x_train[0]`. The array may
        share memory with an array passed as `source`. From a cache it is a `np.memmap`,
        which cannot be written to.

    Raises:
        ValueError: for a source, split or shape that does not fit, too many broken images,
            or a `cache` that is another file; it says which file.
        FileNotFoundError: if the path, or the prepared TFDS data set, does not exist.
        OSError: if `cache` cannot be written, because the disk is full or else.
        ImportError: if Pillow or TensorFlow Datasets is needed and not installed.

    Example:
        The faces of the paper, from a folder of aligned CelebA images:
        `load_images("img_align_celeba.zip", image_shape=(64, 64, 3), crop=(140, 140))`

        A folder of any size, a tenth of it held out:
        `load_images("photos/", "kept", image_shape=(64, 64, 3), cache="photos.npy")`
    """
    preparation = Preparation(image_shape, crop)
    part = splits.parse(split)[0]  # Before anything is opened or downloaded.
    cache = None if cache is None else ImageCache(cache)
    with contextlib.closing(open_source(source, part, data_dir, download)) as opened:
        segments = splits.segments(split, opened.counts, opened.more_splits)
        total = sum(stop - start for _, start, stop in segments)
        broken = Broken(max_broken, total, opened.name, opened.may_skip)
        images, broken = _read(opened, segments, preparation, broken, cache, cache_above, verbose)
        more = [opened.labels(segments)] if labels else []
        if names:
            more.append(np.array([name for name, _ in opened.items(segments)]))
    broken.warn(stacklevel=2)
    if not more:
        return images
    kept = (None if part is None else np.delete(part, broken.indices, axis=0) for part in more)
    return images, *kept


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
    max_shift=0,
    data_dir=None,
    download=False,
    max_broken=0.01,
    cache=None,
):
    """Reads images and batches them: `load_images`, then `batches`.

    Args:
        source: As for `load_images`, like `split`, `image_shape`, `crop`, `data_dir`, `download`,
            `max_broken` and `cache`.
        batch_size: Images per batch.
        training: Whether to shuffle, anew in each epoch, and drop the incomplete batch;
            None does so for splits whose name starts with "train", and for "kept".
        seed: As for `batches`, like `horizontal_flip` and `max_shift`; only for training.

    Returns:
        `tf.data.Dataset` of uint8 batches, shape `(batch, height, width, channels)`.

    Raises:
        ValueError, FileNotFoundError, OSError, ImportError: As `load_images` and `batches`
            do.

    Example:
        `model.fit(load("mnist"), epochs=20)`: each epoch has an order of its own.
    """
    if training is None:
        part = splits.parse(split)[0]
        training = part.startswith("train") or part == "kept"
    images = load_images(
        source,
        split,
        image_shape=image_shape,
        crop=crop,
        data_dir=data_dir,
        download=download,
        max_broken=max_broken,
        cache=cache,
    )
    return batches(
        images,
        batch_size,
        training=training,
        seed=seed,
        reshuffle_each_iteration=training,
        horizontal_flip=horizontal_flip,
        max_shift=max_shift,
    )


def _read(source, segments, preparation, broken, cache, cache_above, verbose):
    """Returns the images of some segments, and the `Broken` among them."""
    if cache is not None:
        key = key_of(source.stamps(segments), preparation, source.channels)
        found = cache.open(key, broken.limit, broken.source)
        if found is not None:
            return found
    array = source.array(segments, preparation)
    blocks = iter([array])
    if array is None:
        items = source.items(segments)
        blocks = decoded(items, preparation, broken, channels=source.channels, verbose=verbose)
    first = next(blocks)
    blocks = itertools.chain([first], blocks)
    if cache is not None and broken.total * first[0].nbytes > cache_above:
        return cache.write(blocks, key, broken), broken
    return (_stack(blocks, broken.total) if array is None else array), broken


def _stack(blocks, count):
    """Returns one array of at most `count` images."""
    result, done = None, 0
    for block in blocks:
        if result is None:
            result = np.empty((count, *block.shape[1:]), "uint8")
        result[done : done + len(block)] = block
        done += len(block)
    return result[:done]


def open_source(source, part, data_dir, download):
    """Opens a source of images, of which nothing is decoded yet.

    Args:
        source: As for `load_images`, like `data_dir` and `download`.
        part: Name of the split that will be read; `"kept"` and `"held_out"` divide a folder.

    Returns:
        `wae_tf.data.source.Source`, to be closed.

    Raises:
        ValueError, FileNotFoundError, ImportError: As `load_images`.
    """
    if hasattr(source, "__array__"):
        return ArraySource({"train": source})
    if not isinstance(source, (str, os.PathLike)) or source == "":
        raise ValueError(f"`source` must be {KINDS}. Received: source={source!r:.200}")
    text = os.fspath(source)
    path = pathlib.Path(text).expanduser()
    suffix = path.suffix.lower()
    is_path = isinstance(source, os.PathLike) or text != path.name or suffix or text == ".."
    if is_path and path.exists():
        if path.is_dir() or suffix == ".zip":
            return FolderSource(path, divided=part in held_out.PARTS)
        if suffix == ".npz" and path.is_file():
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
