"""What all metrics read: images or features, from arrays or data sets, batch after batch."""

import itertools

import numpy as np
import tensorflow as tf

from wae_tf.pixels import check_images, to_model_range

__all__ = ["feature_array", "feature_batches", "image_array", "image_batches", "paired_batches"]

BATCH_SIZE = 256


def image_batches(images, batch_size=BATCH_SIZE, name="images"):
    """Yields images as float32 in [0, 1], `batch_size` at a time, whatever the source's batches.

    Args:
        images: Array, shape `(n, height, width, channels)`, uint8 or floats in [0, 1], or a
            `tf.data.Dataset` of such batches, or of pairs that begin with one.
        batch_size: Images at a time; the last batch may be smaller.
        name: What errors call the images.

    Yields:
        NumPy arrays, shape `(batch, height, width, channels)`.

    Raises:
        ValueError: There are no images, or their shape, type or range is none of these, or
            they have NaN.
    """
    for batch in _rebatched(_checked(images, name), batch_size):
        yield to_model_range(tf.constant(batch), (0.0, 1.0)).numpy()


def paired_batches(first, second, names, batch_size=BATCH_SIZE):
    """Yields batches of two sets side by side, as `image_batches` does.

    Raises:
        ValueError: As there, or the sets differ in number or shape of images.
    """
    done = 0
    sources = [image_batches(x, batch_size, n) for x, n in zip((first, second), names, strict=True)]
    for a, b in itertools.zip_longest(*sources):
        if a is None or b is None or a.shape != b.shape:
            more = ["none" if x is None else f"shape {x.shape}" for x in (a, b)]
            raise ValueError(
                f"`{names[0]}` and `{names[1]}` must hold as many images, of one shape. "
                f"Received: after {done} images, {more[0]} and {more[1]}"
            )
        done += len(a)
        yield a, b


def image_array(images, name="images", *, limit=None, at_least=1, purpose="this metric"):
    """Collects images, in their own type, for metrics that need more than a batch at a time.

    Args:
        images: As in `image_batches`.
        name: What errors call the images.
        limit: How many to take, from the first on. None takes all.
        at_least: How many are needed.
        purpose: What needs them, for the error.

    Returns:
        Shape `(n, height, width, channels)`, uint8 or float32.

    Raises:
        ValueError: As in `image_batches`, or there are fewer than `at_least`.
    """
    batches, count = [], 0
    for batch in _checked(images, name):
        batch = batch if limit is None else batch[: limit - count]
        batches.append(batch if batch.dtype == np.uint8 else batch.astype("float32"))
        count += len(batch)
        if count == limit:
            break
    check_count(name, count, at_least, purpose)
    return np.concatenate(batches)


def feature_batches(features, name="features", batch_size=1024):
    """Yields features, shape `(batch, dim)`, from an array, a data set or an iterator of batches.

    Raises:
        ValueError: There are none, they are not two-dimensional, or not finite.
    """
    dim = None
    for batch in _source_batches(features, batch_size):
        batch = np.asarray(batch)
        if batch.ndim != 2 or not np.issubdtype(batch.dtype, np.number):
            raise ValueError(
                f"`{name}` must have shape (n, dim): flatten or pool each image's features first. "
                f"Received: {batch.dtype} array of shape {batch.shape}"
            )
        dim = batch.shape[1] if dim is None else dim
        if batch.shape[1] != dim:
            raise ValueError(
                f"`{name}` must have one dimension in all batches. "
                f"Received: {dim} and {batch.shape[1]}"
            )
        if not np.all(np.isfinite(batch)):
            bad = int(np.sum(~np.isfinite(batch).all(axis=1)))
            raise ValueError(
                f"`{name}` must be finite: drop those images, or look for what overflows in the "
                f"extractor. Received: NaN or infinity in {bad} of {len(batch)} rows"
            )
        if len(batch):
            yield batch
    if dim is None:
        raise ValueError(f"`{name}` must hold at least one row. Received: none")


def feature_array(features, name="features", *, at_least=2, purpose="this metric"):
    """Collects features into one array, shape `(n, dim)`, and checks that there are enough.

    Raises:
        ValueError: As in `feature_batches`, or there are fewer than `at_least`.
    """
    array = np.concatenate(list(feature_batches(features, name)))
    check_count(name, len(array), at_least, purpose)
    return array


def feature_arrays(a, b, names, **options):
    """Collects two sets as `feature_array` does, and checks that they have one dimension."""
    a, b = (feature_array(x, name, **options) for x, name in zip((a, b), names, strict=True))
    check_same_dim(a, b, names)
    return a, b


def check_count(name, count, at_least, purpose):
    """Raises a ValueError if a set is of fewer images than its metric needs."""
    if count < at_least:
        raise ValueError(
            f"`{name}` must hold at least {at_least} images for {purpose}. Received: {count}"
        )


def check_same_dim(a, b, names, must="come from one extractor"):
    """Raises a ValueError, saying what they must, unless two feature arrays have one dimension."""
    if a.shape[-1] != b.shape[-1]:
        raise ValueError(
            f"`{names[0]}` and `{names[1]}` must {must}. "
            f"Received: {a.shape[-1]} and {b.shape[-1]} dimensions"
        )


def _source_batches(source, batch_size):
    """Yields slices of an array, or the elements of anything that is iterated in batches."""
    if isinstance(source, tf.data.Dataset) or hasattr(source, "__next__"):
        yield from source
        return
    array = np.asarray(source)
    if array.ndim == 0 or len(array) == 0:
        return
    for start in range(0, len(array), batch_size):
        yield array[start : start + batch_size]


def _checked(images, name):
    """Yields batches of images, as they come, each checked."""
    image_shape = None
    for batch in _source_batches(images, BATCH_SIZE):
        if isinstance(batch, dict):
            raise ValueError(
                f"`{name}` must be a data set of image batches, or of pairs that begin with one; "
                f"`.map(lambda d: d['image'])` picks them. Received: dicts with {sorted(batch)}"
            )
        batch = np.asarray(batch[0] if isinstance(batch, (tuple, list)) else batch)
        if batch.ndim != 4 or batch.shape[-1] not in (1, 3):
            raise ValueError(
                f"`{name}` must have shape (n, height, width, channels) with 1 or 3 channels: "
                "`x[..., None]` adds the axis to grey images, `.batch(100)` batches a data set. "
                f"Received: shape={batch.shape}"
            )
        image_shape = batch.shape[1:] if image_shape is None else image_shape
        yield check_images(batch, image_shape, name)
    if image_shape is None:
        raise ValueError(f"`{name}` must hold at least one image. Received: none")


def _rebatched(batches, size):
    """Cuts batches of any sizes anew."""
    waiting, count = [], 0
    for batch in batches:
        waiting.append(batch)
        count += len(batch)
        while count >= size:
            joined = np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
            yield joined[:size]
            waiting, count = [joined[size:]], count - size
    if count:
        yield np.concatenate(waiting)
