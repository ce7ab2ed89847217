"""Codes of images, as a model draws them in training."""

import numpy as np
import tensorflow as tf

from wae_tf import pixels
from wae_tf.runtime.progress_bar import ProgressBar

__all__ = ["draw_codes"]


def draw_codes(model, data, *, seed=0, batch_size=256, verbose=False):
    """Draws one code for each image from Q(Z | X), so that together they are draws from Q_Z.

    `model.encode` is the same for a deterministic encoder, and gives the means of a random
    one, which vary less than its codes.

    Args:
        model: A model of `wae_tf`.
        data: Images, shape `(n, height, width, channels)`, uint8 or floats in [0, 1], or a
            finite `tf.data.Dataset` of batches of such, or of pairs that begin with one.
        seed: Fixes the draws of a random encoder.
        batch_size: Images at a time.
        verbose: Whether to show a progress bar; "auto" where it takes over two seconds.

    Returns:
        Shape `(n, latent_dim)`, float32.

    Raises:
        ValueError: Images have the wrong shape, type or range; the data set is empty, or
            has no end.
    """
    if not isinstance(data, tf.data.Dataset):
        data = pixels.check_images(data, model.image_shape, "data")
        total = len(data)
        batches = (data[i : i + batch_size] for i in range(0, len(data), batch_size))
    elif data.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "`data` must end: cut it off by `.take(batches)`. Received: an endless data set"
        )
    else:
        total = None
        batches = (batch[0] if isinstance(batch, (list, tuple)) else batch for batch in data)
    codes, done = [], 0
    bar = ProgressBar(total, "image", verbose, title="Encoding")
    for i, batch in enumerate(batches):
        codes.append(_draw(model, batch, (seed, i)))
        done += len(codes[-1])
        bar.update(done)
    bar.close()
    if not codes:
        raise ValueError("`data` must hold at least one batch. Received: an empty data set")
    return np.concatenate(codes)


def _draw(model, batch, seed):
    if getattr(model, "code_kind", "deterministic") == "deterministic":
        return model.encode(batch)
    batch = pixels.check_images(batch, model.image_shape, "data")
    batch = pixels.to_model_range(tf.constant(batch), model.pixel_range)
    return model.codes(batch, training=False, seed=seed).numpy()
