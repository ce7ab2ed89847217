"""Batches in an order which is a function of (seed, epoch), so that runs can resume."""

import numpy as np
import tensorflow as tf

from wae_tf.arguments import check_integer
from wae_tf.data.augmentation import check_max_shift, mirrored, shifted

__all__ = ["batches"]

_fold_in = tf.random.experimental.stateless_fold_in
_AHEAD = 4  # Batches that are made at once, and wait.


def batches(
    images,
    batch_size,
    *,
    training,
    seed=0,
    first_epoch=0,
    epochs=1,
    reshuffle_each_iteration=False,
    horizontal_flip=False,
    max_shift=0,
    labels=None,
    order=None,
    parts=None,
):
    """Turns an array of images into a dataset of batches.

    For training, each epoch is a permutation of the whole set drawn statelessly from
    `(seed, epoch)`, and its last, incomplete batch is dropped: `n // batch_size` steps.
    Flips and shifts depend on `(seed, epoch, batch)` alone. A run resumed with `first_epoch=k`
    therefore sees epoch k exactly as the run that was never interrupted.

    Otherwise the images come once, in order, all of them.

    Args:
        images: uint8 array, shape `(n, height, width, channels)`. Copied once, into a
            tensor in host memory from which every batch is gathered; but the images of a
            `np.memmap` stay on disk, and each batch is read there.
        batch_size: Images per batch.
        training: Whether to shuffle, drop the incomplete batch, flip and shift.
        seed: Integer, 0 or more, that fixes orders, flips and shifts.
        first_epoch: Number of the first epoch to yield.
        epochs: Number after the last one, as for `fit`: the dataset yields epochs
            `first_epoch` to `epochs - 1`, one after the other. None never ends.
        reshuffle_each_iteration: Whether the dataset is one epoch long, in a new order
            each time it is iterated, as `fit(dataset, epochs=10)` iterates it. Then
            `first_epoch` and `epochs` keep their defaults.
        horizontal_flip: Whether to mirror each image with probability 1/2.
        max_shift: Pixels by which to move each image at most, along both axes; what comes
            in at an edge mirrors the image. Smaller than height and width.
        labels: Array, shape `(n, ...)`, to yield beside the images, or None.
        order: Indices, shape `(m,)`, of the images to yield instead, in this order; only
            without training.
        parts: `(first, stop, count)`: of each batch, cut into `count` parts of `batch_size /
            count` images, yields those numbered `first` to `stop - 1`, one after the other, and
            reads no others. The last parts of a batch that is not full are small or empty.
            Replicas on several machines get theirs so. None yields whole batches.

    Returns:
        `tf.data.Dataset` of uint8 tensors, shape `(batch, height, width, channels)`, or
        of tuples of them and labels. Its cardinality is known. Iterated again, it starts
        again at `first_epoch`, unless it is to reshuffle.

    Raises:
        ValueError: if `images` is not such an array, has fewer images than a training
            batch, or another argument is out of range.

    Example:
        Twenty epochs, of which a first run has done seven:

        ```python
        dataset = batches(images, 100, training=True, first_epoch=7, epochs=20)
        steps = len(images) // 100
        model.fit(dataset, initial_epoch=7, epochs=20, steps_per_epoch=steps)
        ```
    """
    _check(images, batch_size, training, seed, first_epoch, epochs, labels)
    check_max_shift(max_shift, images.shape[1:])
    _check_training(training, first_epoch, epochs, horizontal_flip, max_shift)
    order = _check_order(order, len(images), training)
    if reshuffle_each_iteration and not (training and first_epoch == 0 and epochs == 1):
        raise ValueError(
            "`reshuffle_each_iteration` needs `training=True`, and `first_epoch` and `epochs` at "
            f"their defaults. Received: training={training}, first_epoch={first_epoch}, "
            f"epochs={epochs}"
        )
    first, stop, count = _check_parts(parts, batch_size)
    steps = len(images) // batch_size if training else -(-len(order) // batch_size)
    steps *= stop - first
    with tf.device("CPU:0"):  # tf.data runs there; on a GPU each batch would fetch the set.
        read = _from_disk(images) if isinstance(images, np.memmap) else _from_memory(images)
        classes = None if labels is None else tf.constant(np.asarray(labels))
        if training:
            last = tf.int64.max if epochs is None else epochs
            numbers = tf.data.Dataset.range(first_epoch, last)
            if reshuffle_each_iteration:
                numbers = tf.data.Dataset.random(seed, rerandomize_each_iteration=True).take(1)
            rows = numbers.flat_map(lambda epoch: _epoch(len(images), batch_size, seed, epoch))
            cardinality = tf.data.INFINITE_CARDINALITY
            if epochs is not None:
                cardinality = steps * (epochs - first_epoch)
        else:
            rows = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
            rows = rows.map(lambda indices: (indices, tf.zeros([2], "int64")))
            cardinality = steps

        if parts is not None:
            rows = rows.flat_map(lambda *row: _parts(*row, first, stop, batch_size // count))

        def gather(indices, key, *place):
            batch = read(indices)
            if horizontal_flip:
                batch = mirrored(batch, key, place or None)
            if max_shift:
                shape, key = batch.shape, _fold_in(key, 0, alg="philox")
                batch = tf.ensure_shape(shifted(batch, key, max_shift, place or None), shape)
            return batch if classes is None else (batch, tf.gather(classes, indices))

        dataset = rows.map(gather, num_parallel_calls=_AHEAD, deterministic=True)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(cardinality))
        options = tf.data.Options()
        # Graph rewrites gain nothing here, and would copy the whole set at each iterator.
        options.experimental_optimization.apply_default_optimizations = False
        # TensorFlow's tuning thread can hold the end of an iterator as long as it has lived, up to
        # a minute: `fit` and `evaluate` would return so much later.
        options.autotune.enabled = False
        return dataset.with_options(options).prefetch(_AHEAD)


def _from_memory(images):
    """Returns a function of indices that gathers images from a tensor."""
    pixels = tf.constant(np.asarray(images))
    return lambda indices: tf.gather(pixels, indices)


def _from_disk(images):
    """Returns a function of indices that reads images of a `np.memmap`, in order of place."""

    def read(indices):
        places = np.argsort(indices)
        batch = np.empty((len(indices), *images.shape[1:]), "uint8")
        batch[places] = images[indices[places]]
        return batch

    def gather(indices):
        batch = tf.numpy_function(read, [indices], tf.uint8, stateful=False)
        return tf.ensure_shape(batch, [indices.shape[0], *images.shape[1:]])

    return gather


def _epoch(n, batch_size, seed, epoch):
    """Returns the batches of one epoch: `(indices, key)`, shapes `(batch_size,)` and `(2,)`."""
    key = tf.stack([tf.constant(seed, "int64"), epoch])
    # Named, since the default algorithm differs between kinds of device.
    order = tf.random.experimental.stateless_shuffle(tf.range(n, dtype="int64"), key, alg="philox")
    batched = tf.data.Dataset.from_tensor_slices(order).batch(batch_size, drop_remainder=True)
    return batched.enumerate().map(lambda i, indices: (indices, _fold_in(key, i, alg="philox")))


def _parts(indices, key, first, stop, size):
    """Returns parts of a batch: `(indices, key, start, total)`, with their place in it."""
    numbers = tf.data.Dataset.range(first, stop, output_type="int32")
    static = None if indices.shape[0] is None else size

    def part(number):
        chosen = indices[number * size : (number + 1) * size]
        return tf.ensure_shape(chosen, [static]), key, number * size, tf.shape(indices)[0]

    return numbers.map(part)


def _check_parts(parts, batch_size):
    """Returns `(first, stop, count)` of the parts of batches to yield."""
    if parts is None:
        return 0, 1, 1
    first, stop, count = parts
    if not 0 <= first < stop <= count or batch_size % count:
        raise ValueError(
            "`parts` must be `(first, stop, count)` with 0 <= first < stop <= count, and `count` "
            f"must divide `batch_size`. Received: parts={parts!r}, batch_size={batch_size}"
        )
    return first, stop, count


def _check_order(order, n, training):
    """Returns the indices to yield without training, int64."""
    if order is None:
        return np.arange(n)
    order = np.asarray(order)
    valid = order.ndim == 1 and len(order) and np.issubdtype(order.dtype, np.integer)
    if training or not valid or order.min() < 0 or order.max() >= n:
        raise ValueError(
            "`order` must be a list of places in `images`, from 0, and needs `training=False`. "
            f"Received: training={training}, order of {order.dtype} and shape {order.shape}, "
            f"{n} images"
        )
    return order.astype("int64")


def _check(images, batch_size, training, seed, first_epoch, epochs, labels):
    """Checks the arguments of `batches` but for those that change images."""
    dtype, shape = getattr(images, "dtype", None), getattr(images, "shape", ())
    if dtype != np.uint8 or len(shape) != 4 or 0 in shape:
        raise ValueError(
            "`images` must be a uint8 array of shape (n, height, width, channels), none of them 0. "
            "Pass what `load_images` returns. Received: images of "
            f"type {type(images).__name__}, dtype {dtype}, shape {tuple(shape)}"
        )
    check_integer("batch_size", batch_size, 1)
    check_integer("seed", seed, 0)
    check_integer("first_epoch", first_epoch, 0)
    if epochs is not None and (not isinstance(epochs, (int, np.integer)) or epochs < first_epoch):
        raise ValueError(
            "`epochs` must be an integer of at least `first_epoch`, as it counts the epochs done "
            "before too, or None to never end. "
            f"Received: epochs={epochs!r}, first_epoch={first_epoch}"
        )
    if training and len(images) < batch_size:
        raise ValueError(
            "`batch_size` must not exceed the number of images, or training has no whole batch. "
            "Use a smaller batch or more images. "
            f"Received: batch_size={batch_size}, {len(images)} images"
        )
    if labels is not None and len(labels) != len(images):
        raise ValueError(
            "`labels` must hold one label for each image. Slice both alike. "
            f"Received: {len(labels)} labels, {len(images)} images"
        )


def _check_training(training, first_epoch, epochs, horizontal_flip, max_shift):
    """Raises a ValueError if what only training does is asked for without."""
    if not training and (first_epoch != 0 or epochs != 1 or horizontal_flip or max_shift):
        raise ValueError(
            "`first_epoch`, `epochs`, `horizontal_flip` and `max_shift` must keep their defaults "
            "unless training: images then come once, in order and unchanged. Pass `training=True`, "
            f"or leave them out. Received: training={training}, first_epoch={first_epoch}, "
            f"epochs={epochs}, horizontal_flip={horizontal_flip}, max_shift={max_shift}"
        )
