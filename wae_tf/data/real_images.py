"""Images that a critic takes for real, beside those that a model trains on."""

import tensorflow as tf

from wae_tf.data.batching import batches

__all__ = ["real_batches", "with_real_images"]


def with_real_images(dataset, real):
    """Joins batches of training images and of images that a critic takes for real.

    Args:
        dataset: `tf.data.Dataset` of batches of images, shape `(n, height, width, channels)`.
        real: The same for the critic; batches may have another size. It must not end first.

    Returns:
        `tf.data.Dataset` of dicts of `images` and `real`, which `fit` of a model with a critic
        takes.

    Example:
        >>> sharp = batches(sharp_faces, 32, training=True, seed=1, epochs=None)
        >>> all_of_them = batches(faces, 32, training=True, epochs=10)
        >>> model.fit(with_real_images(all_of_them, sharp), epochs=10, steps_per_epoch=9)
    """
    pairs = tf.data.Dataset.zip(dataset, real)
    return pairs.map(lambda images, real: {"images": images, "real": real})


def real_batches(images, batch_size, *, seed, skipped, parts=None, **changes):
    """Returns endless batches of real images, from a step of the training on.

    They come in an order of their own, which depends on `seed` and the step alone.

    Args:
        images: uint8 array, shape `(n, height, width, channels)`, `n` at least `batch_size`.
        batch_size: Images per batch.
        seed: Integer, 0 or more.
        skipped: Training steps that are done already.
        parts: As in `wae_tf.data.batches`.
        **changes: `horizontal_flip` and `max_shift` of `wae_tf.data.batches`.
    """
    epoch, rest = divmod(skipped, len(images) // batch_size)
    endless = batches(
        images,
        batch_size,
        training=True,
        seed=seed + 1,  # Else the order were that of the training where the images are too.
        first_epoch=epoch,
        epochs=None,
        parts=parts,
        **changes,
    )
    return endless.skip(rest * (1 if parts is None else parts[1] - parts[0]))
