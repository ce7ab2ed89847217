"""A replica's place in the global batch, and what replicas hand to each other in a step.

Inside `tf.distribute.Strategy.run` on several replicas, each has rows `start` to `start + size`
of the global batch. Everywhere else there is one replica, which has all of it: the functions
below then return what they are given, and add no operation to a graph.
"""

import contextlib
import threading
from typing import NamedTuple

import tensorflow as tf

__all__ = ["Place", "add", "count", "draw", "filled", "gather", "norm", "own", "place", "share"]

_of_thread = threading.local()  # Each replica of a process is traced in a thread of its own.


class Place(NamedTuple):
    """Rows `start` to `start + size` of the `total` rows of the global batch."""

    size: object
    total: object
    start: object


def count():
    """Returns how many replicas run this code in step; 1 outside of `Strategy.run`."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def place(rows):
    """Returns the `Place` of a tensor whose first axis is this replica's part of the batch."""
    if count() == 1:
        size = tf.shape(rows)[0]
        return Place(size, size, 0)
    static = rows.shape[0]
    size = tf.shape(rows)[0] if static is None else static
    context = tf.distribute.get_replica_context()
    index = context.replica_id_in_sync_group
    if static is not None:  # All replicas have the same element of a data set, then.
        return Place(size, count() * size, index * size)
    size -= getattr(_of_thread, "filling", 0)
    sizes = context.all_gather(size[None], axis=0)
    return Place(size, tf.reduce_sum(sizes), tf.reduce_sum(sizes[:index]))


@contextlib.contextmanager
def filled(images):
    """Gives a replica without images a black one, which counts for nothing within the context.

    The last batch of a data set may leave it none, and convolutions of TensorFlow fail then.
    Outside of training only: batch norm would see that image.

    Args:
        images: This replica's part of the batch.

    Yields:
        The images, or the black one.
    """
    if count() == 1 or images.shape[0] is not None:
        yield images
        return
    filling = tf.cast(tf.equal(tf.shape(images)[0], 0), tf.int32)
    _of_thread.filling = filling
    try:
        yield tf.pad(images, [[0, filling]] + [[0, 0]] * (images.shape.rank - 1))
    finally:
        _of_thread.filling = 0


def draw(function, rows):
    """Draws as one device would for the global batch; returns the rows of this replica.

    Args:
        function: Callable, number of rows to a tensor of that many.
        rows: Tensor whose first axis is this replica's part of the batch.
    """
    if count() == 1:
        return function(tf.shape(rows)[0])
    where = place(rows)
    return _part(function(where.total), rows, where)


def own(values, rows):
    """Returns this replica's rows of a tensor that holds those of the global batch.

    Args:
        values: Tensor of all rows.
        rows: Tensor whose first axis is this replica's part of the batch.
    """
    return values if count() == 1 else _part(values, rows, place(rows))


def gather(rows):
    """Returns the rows of all replicas, in the order of the global batch.

    Its gradient takes every replica to compute the same function of all rows, and to take its
    `share` of it: then the sum over replicas is the gradient of that function, without further
    communication.
    """
    if count() == 1:
        return rows
    where = place(rows)

    @tf.custom_gradient
    def gathered(values):
        context = tf.distribute.get_replica_context()
        everything = context.all_gather(values, axis=0)[: where.total]

        def gradient(upstream):
            weight = tf.cast(where.total, upstream.dtype) / tf.cast(where.size, upstream.dtype)
            return weight * _part(upstream, values, where)

        return everything, gradient

    everything = gathered(rows)
    total = where.total if isinstance(where.total, int) else None
    return tf.ensure_shape(everything, (total, *rows.shape[1:]))


def share(means, rows):
    """Returns what means over this replica's rows add to those over the global batch.

    What is a mean over the global batch already, the same on all replicas, adds its part too.

    Args:
        means: Dict of scalars.
        rows: Tensor whose first axis is this replica's part of the batch.
    """
    if count() == 1:
        return means
    where = place(rows)
    weight = tf.cast(where.size, tf.float32) / tf.cast(where.total, tf.float32)
    # A replica without rows has NaN for a mean, as the last batch of a data set may leave it.
    return {
        name: tf.math.multiply_no_nan(tf.cast(value, tf.float32), weight)
        for name, value in means.items()
    }


def add(shares):
    """Sums a dict of scalars, or of tensors of one shape, over all replicas."""
    if count() == 1:
        return shares
    context = tf.distribute.get_replica_context()
    total = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.stack(list(shares.values())))
    return dict(zip(shares, tf.unstack(total, len(shares))))


def norm(gradient):
    """Returns the length of the gradient of a mean over the batch at its rows, of all replicas.

    Args:
        gradient: That of the mean over this replica's rows, shape `(rows, ...)`.
    """
    if count() == 1:
        return tf.norm(gradient)
    where = place(gradient)
    weight = tf.cast(where.size, tf.float32) / tf.cast(where.total, tf.float32)
    return tf.sqrt(add({"": tf.reduce_sum(tf.square(weight * gradient))})[""])


def _part(values, rows, where):
    size = where.size if isinstance(where.size, int) else tf.shape(rows)[0]
    if not isinstance(size, int):  # What `filled` adds comes last.
        values = tf.pad(values, [[0, count()]] + [[0, 0]] * (values.shape.rank - 1))
    return tf.ensure_shape(
        values[where.start : where.start + size], (rows.shape[0], *values.shape[1:])
    )
