"""What images are at the public API, and the ways between that and the networks."""

import itertools
import operator
import types

import keras
import numpy as np
import tensorflow as tf

__all__ = [
    "check_data",
    "check_images",
    "check_pixel_range",
    "check_spec",
    "from_model_range",
    "to_model_range",
]


def check_images(x, image_shape, name="x"):
    """Checks a whole array of images and returns it as NumPy array.

    Args:
        x: Shape `(n, height, width, channels)`; uint8 in [0, 255] or floats in [0, 1].
        image_shape: `(height, width, channels)` that is required.
        name: What to call `x` in an error.

    Raises:
        ValueError: `x` is no array or empty, or its shape, type or range is none of these,
            or it has NaN.
    """
    if isinstance(x, tf.data.Dataset):
        raise ValueError(
            f"`{name}` must be an array. Of a data set, `predict` gives the reconstructions and "
            "`wae_tf.samplers.draw_codes(model, data)` the codes. Received: a tf.data.Dataset"
        )
    x = np.asarray(x)
    check_spec(x.shape, x.dtype, image_shape, name)
    if len(x) == 0:
        raise ValueError(f"`{name}` must hold at least one image. Received: shape={x.shape}")
    if x.dtype != np.uint8:
        low, high = float(np.min(x)), float(np.max(x))  # NaN anywhere makes both NaN.
        if np.isnan(low):
            bad = int(np.sum(np.isnan(x).reshape(len(x), -1).any(axis=1)))
            raise ValueError(
                f"`{name}` must have no NaN. Received: NaN in {bad} of {len(x)} images"
            )
        if low < 0.0 or high > 1.0:
            raise ValueError(
                f"Float images must lie in [0, 1]: divide 0..255 by 255, or pass them as uint8; "
                f"map -1..1 by (x + 1) / 2. Received: {name} in [{low:g}, {high:g}]"
            )
    return x


def check_spec(shape, dtype, image_shape, name="x"):
    """Raises a ValueError unless a batch of this shape and type can be images."""
    shape, image_shape = tuple(shape), tuple(image_shape)
    if len(shape) != 4 or any(
        got is not None and got != want for got, want in zip(shape[1:], image_shape, strict=True)
    ):
        hint = ""
        if shape == image_shape:
            hint = "; of one image, make a batch by x[None]"
        elif len(shape) == 3 and image_shape[2] == 1:
            hint = "; add the channel axis by x[..., None]"
        raise ValueError(
            f"`{name}` must have shape (n, {', '.join(map(str, image_shape))}){hint}. "
            f"Received: shape={shape}"
        )
    dtype = tf.as_dtype(dtype)
    if not (dtype.is_floating or dtype == tf.uint8):
        raise ValueError(
            f"`{name}` must be uint8 in [0, 255] or floats in [0, 1]. Received: dtype={dtype.name}"
        )


def check_data(x, image_shape, batch_size=None, min_batch_size=1, name="x"):
    """Checks what `fit`, `evaluate` or `predict` is to take images from, and returns it.

    Arrays are looked at as a whole; of a `tf.data.Dataset`, a `keras.utils.PyDataset` and a
    generator the first batch. A generator comes back as another one, which yields that batch
    too. Other sources, such as distributed data sets, are not looked at.

    Args:
        x: Array of images, or a source of batches, or of pairs that begin with one.
        image_shape: `(height, width, channels)` that is required.
        batch_size: Images in a batch, where `x` is an array; None is Keras's own.
        min_batch_size: Fewest images that the divergence works with.
        name: What to call `x` in an error.

    Raises:
        ValueError: There is no image, a batch is too small, or images have the wrong shape,
            type or range, or NaN.
    """
    if batch_size is not None and batch_size < min_batch_size:
        _too_few(f"`batch_size` must be at least {min_batch_size}", f"batch_size={batch_size}")
    if isinstance(x, tf.data.Dataset) and _has_real_images(x.element_spec):
        for part, least in (("images", min_batch_size), ("real", 1)):
            check_data(x.map(operator.itemgetter(part)), image_shape, None, least, name)
    elif isinstance(x, tf.data.Dataset):
        _check_element_spec(x.element_spec, image_shape, name)
        _check_batch(next(iter(x.take(1)), None), image_shape, min_batch_size, name)
    elif isinstance(x, keras.utils.PyDataset):
        empty = x.num_batches == 0
        _check_batch(None if empty else x[0], image_shape, min_batch_size, name)
    elif isinstance(x, types.GeneratorType):
        first = next(x, None)
        _check_batch(first, image_shape, min_batch_size, name)
        batches = itertools.chain([first], x)  # Keras wants tuples of a generator.
        return (batch if isinstance(batch, (list, tuple)) else (batch,) for batch in batches)
    elif isinstance(x, (list, tuple, dict)):
        raise ValueError(
            f"`{name}` must be one array of images, or a data set: leave labels out, or pass them "
            f"apart, as `y`. Received: a {type(x).__name__} of {len(x)}"
        )
    elif isinstance(x, (np.ndarray, tf.Tensor)):
        check_images(x, image_shape, name)
        if len(x) < min_batch_size:
            _too_few(f"`{name}` must hold at least {min_batch_size} images", len(x))
    return x


def _has_real_images(spec):
    """Whether batches are what `wae_tf.data.with_real_images` makes of them, for a critic."""
    spec = spec[0] if isinstance(spec, (list, tuple)) else spec
    return isinstance(spec, dict) and sorted(spec) == ["images", "real"]


def _check_element_spec(spec, image_shape, name):
    spec = spec[0] if isinstance(spec, (list, tuple)) else spec
    if not isinstance(spec, tf.TensorSpec):
        raise ValueError(
            f"`{name}` must be a data set of image batches, or of pairs that begin with one; "
            f"`.map(lambda d: d['image'])` picks them from dicts. Received: element_spec={spec}"
        )
    if spec.shape.rank == 3 and spec.shape.is_compatible_with(image_shape):
        raise ValueError(
            f"`{name}` must be batched: append `.batch(100, drop_remainder=True)`. "
            f"Received: elements of shape {tuple(spec.shape)}"
        )
    if spec.shape.rank is not None:
        check_spec(spec.shape, spec.dtype, image_shape, name)


def _check_batch(batch, image_shape, min_batch_size, name):
    """Checks the first batch of a source, alone or first of a pair; None where there is none."""
    if batch is None:
        raise ValueError(f"`{name}` must hold at least one batch. Received: an empty data set")
    if isinstance(batch, dict):
        raise ValueError(
            f"Batches of `{name}` must be images, or pairs that begin with them: take them out of "
            f"the dict. Received: a dict of {sorted(batch)}"
        )
    images = batch[0] if isinstance(batch, (list, tuple)) else batch
    check_images(images, image_shape, name)
    if len(images) < min_batch_size:
        must = f"Batches of `{name}` must hold at least {min_batch_size} images"
        _too_few(must, f"a batch of {len(images)}")


def _too_few(must, received):
    raise ValueError(
        f"{must}: the divergence averages over pairs of different codes. Received: {received}"
    )


def check_pixel_range(pixel_range):
    """Returns `(0.0, 1.0)` or `(-1.0, 1.0)`, or raises a ValueError if it is none of them."""
    known = isinstance(pixel_range, (list, tuple)) and tuple(pixel_range) in ((0, 1), (-1, 1))
    if not known:
        raise ValueError(
            f"`pixel_range` must be (0, 1) or (-1, 1). Received: pixel_range={pixel_range}"
        )
    return tuple(float(bound) for bound in pixel_range)


def to_model_range(x, pixel_range):
    """Maps images of the public API to `pixel_range`, in float32."""
    low, high = pixel_range
    if x.dtype == tf.uint8:
        x = tf.cast(x, tf.float32) / 255.0
    return low + tf.cast(x, tf.float32) * (high - low)


def from_model_range(x, pixel_range):
    """Maps `pixel_range` to float32 in [0, 1], cut off at both ends."""
    low, high = pixel_range
    return tf.clip_by_value((tf.cast(x, tf.float32) - low) / (high - low), 0.0, 1.0)
