"""Random changes of training images, each a function of a batch and a key."""

import tensorflow as tf

from wae_tf.arguments import is_integer

__all__ = ["check_max_shift", "mirrored", "shifted"]


def check_max_shift(max_shift, image_shape):
    """Raises a ValueError unless images can be moved that far, whatever else they are.

    Args:
        max_shift: As in `shifted`.
        image_shape: `(height, width, channels)`.
    """
    height, width = image_shape[:2]
    if not is_integer(max_shift) or not 0 <= max_shift < min(height, width):
        raise ValueError(
            "`max_shift` must be an integer from 0 to below the height and width of the images. "
            f"Received: max_shift={max_shift!r}, images of {height} x {width}"
        )


def mirrored(images, key, place=None):
    """Mirrors each image of a batch with probability 1/2.

    Args:
        images: Tensor, shape `(n, height, width, channels)`.
        key: Two integers that decide.
        place: Where these images begin in a batch that decides as a whole, and its size; None
            where they are all of it.

    Returns:
        Tensor of the same shape and type.
    """
    n = tf.shape(images)[0]
    start, total = (0, n) if place is None else place
    draws = tf.random.stateless_uniform([total], key, alg="philox")[start : start + n]
    chosen = tf.cast(draws < 0.5, "int32")
    # Whole images are gathered: a broadcast `tf.where` over pixels takes three times as long.
    return tf.gather(tf.concat([images, tf.reverse(images, [2])], 0), tf.range(n) + n * chosen)


def shifted(images, key, max_shift, place=None):
    """Moves each image of a batch by whole pixels; what comes in at an edge mirrors the image.

    Args:
        images: Tensor, shape `(n, height, width, channels)`.
        key: Two integers that decide how far.
        max_shift: Largest move along either axis, smaller than height and width.
        place: As in `mirrored`.

    Returns:
        Tensor of the same shape and type.
    """
    height, width = images.shape[1:3]
    edge = (max_shift, max_shift)
    padded = tf.pad(images, ((0, 0), edge, edge, (0, 0)), "REFLECT")
    n = tf.shape(images)[0]
    start, total = (0, n) if place is None else place
    shape, options = (2, total, 1), {"dtype": "int32", "alg": "philox"}
    starts = tf.random.stateless_uniform(shape, key, 0, 2 * max_shift + 1, **options)
    starts = starts[:, start : start + n]
    rows = tf.gather(padded, starts[0] + tf.range(height), axis=1, batch_dims=1)
    return tf.gather(rows, starts[1] + tf.range(width), axis=2, batch_dims=1)
