"""Checks of what users hand to a model, before anything runs."""

import math

import keras
import numpy as np
import tensorflow as tf

from wae_tf.images import check_images, check_spec


def check_number(name, value):
    """Returns a positive, finite number as float, or raises a ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise ValueError(f"`{name}` must be a number. Received: {name}={value!r}")
    if not (math.isfinite(value) and value > 0):
        why = ": at 0 nothing ties Q_Z to the prior" if name == "reg_weight" else ""
        raise ValueError(f"`{name}` must be positive and finite{why}. Received: {name}={value}")
    return float(value)


def check_networks(encoder, decoder, image_shape):
    """Checks that encoder and decoder are each other's ends, building them if need be.

    Returns:
        `(image_shape, latent_dim)`.
    """
    for name, network in (("encoder", encoder), ("decoder", decoder)):
        if not isinstance(network, keras.Layer):
            raise ValueError(
                f"`{name}` must be a Keras model or layer. Received: {name}={network!r}"
            )
    if image_shape is None:
        shape = getattr(encoder, "input_shape", None) if encoder.built else None
        if not isinstance(shape, tuple) or len(shape) != 4 or None in shape[1:]:
            raise ValueError(
                "`image_shape=(height, width, channels)` is needed where the encoder has no fixed "
                f"input shape of that form. Received: encoder {encoder.name!r} with "
                f"input_shape={shape}"
            )
        image_shape = shape[1:]
    image_shape = tuple(image_shape)
    codes = encoder(keras.Input(image_shape))
    if isinstance(codes, (list, tuple)) or len(codes.shape) != 2 or codes.shape[-1] is None:
        raise ValueError(
            "`encoder` must return one tensor of codes, shape (n, latent_dim). "
            f"Received: {[c.shape for c in keras.tree.flatten(codes)]}"
        )
    latent_dim = codes.shape[-1]
    expected = getattr(decoder, "input_shape", None) if decoder.built else None
    if isinstance(expected, tuple) and expected[1:] != (latent_dim,):
        raise ValueError(
            f"`decoder` must take codes of the encoder's length, shape (n, {latent_dim}). "
            f"Received: decoder.input_shape={expected}"
        )
    reconstruction = decoder(keras.Input((latent_dim,)))
    if tuple(reconstruction.shape[1:]) != image_shape:
        raise ValueError(
            f"`decoder` must return images of the encoder's shape {image_shape}. "
            f"Received: {tuple(reconstruction.shape[1:])}"
        )
    return image_shape, latent_dim


def check_fit_data(x, image_shape, batch_size, min_batch_size, kwargs, name="x"):
    """Raises a ValueError unless `fit` or `evaluate` can work with these images.

    Arrays are looked at as a whole; of a `tf.data.Dataset` its spec and first batch; other
    sources, such as generators, not at all.
    """
    if kwargs.get("sample_weight") is not None or kwargs.get("class_weight") is not None:
        raise ValueError(
            "`sample_weight` and `class_weight` are not supported: the divergence compares whole "
            "samples. Received: one of them"
        )
    if batch_size is not None and batch_size < min_batch_size:
        raise ValueError(
            f"`batch_size` must be at least {min_batch_size}: the MMD averages over pairs of "
            f"different codes. Received: batch_size={batch_size}"
        )
    if isinstance(x, tf.data.Dataset):
        _check_dataset(x, image_shape, min_batch_size, name)
        return
    if isinstance(x, (list, tuple)) and len(x) and hasattr(x[0], "shape"):
        x = x[0]
    if isinstance(x, (np.ndarray, tf.Tensor)):
        if len(x) < min_batch_size:
            raise ValueError(
                f"`{name}` must hold at least {min_batch_size} images. Received: {len(x)}"
            )
        check_images(x, image_shape, name)


def _check_dataset(dataset, image_shape, min_batch_size, name):
    spec = dataset.element_spec
    spec = spec[0] if isinstance(spec, (list, tuple)) else spec
    if not isinstance(spec, tf.TensorSpec):
        raise ValueError(
            f"`{name}` must be a data set of image batches, or of pairs that begin with one; "
            f"`.map(lambda d: d['image'])` picks them from dicts. Received: element_spec={spec}"
        )
    if spec.shape.rank == 3:
        raise ValueError(
            f"`{name}` must be batched: append `.batch(100, drop_remainder=True)`. "
            f"Received: elements of shape {tuple(spec.shape)}"
        )
    if spec.shape.rank is not None:
        check_spec(spec.shape, spec.dtype, image_shape, name)
    for batch in dataset.take(1):
        batch = batch[0] if isinstance(batch, (list, tuple)) else batch
        if len(batch) < min_batch_size:
            raise ValueError(
                f"Batches of `{name}` must hold at least {min_batch_size} images: the MMD averages "
                f"over pairs of different codes. Received: a batch of {len(batch)}"
            )
        check_images(batch, image_shape, name)
        return
    raise ValueError(f"`{name}` must hold at least one batch. Received: an empty data set")
