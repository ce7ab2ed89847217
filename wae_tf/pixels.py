"""What an image is at the public API, and the ways between that and the networks."""

import numpy as np
import tensorflow as tf

__all__ = ["check_images", "check_spec", "from_model_range", "to_model_range"]


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
