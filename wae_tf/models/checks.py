"""Checks of what users hand to a model, before anything runs."""

import keras
import tensorflow as tf

from wae_tf import pixels
from wae_tf.costs.build import cost_terms

__all__ = [
    "check_cost",
    "check_critic",
    "check_discriminator",
    "check_kernel",
    "check_networks",
    "check_no_others",
    "check_pixel_range",
    "check_random_codes",
]


def check_no_others(cls, arguments):
    """Raises a TypeError if a model's class is handed arguments that Keras does not know."""
    unknown = set(arguments) - {"name", "dtype", "trainable", "activity_regularizer"}
    if unknown:
        hints = {
            "latent_dim": "`latent_dim` is the length of what the encoder returns",
            "discriminator": "`WAEGAN` has a `discriminator`",
            "kernel": "`WAEMMD` has a `kernel`",
            "optimizer": "`compile` takes the optimizer",
            "batch_size": "`fit` takes the batch size",
        }
        known = [hints[name] for name in sorted(unknown & set(hints))]
        raise TypeError(
            f"`{cls.__name__}` must have no arguments but those of its documentation: "
            f"{', '.join(known) or 'leave the others out'}. Received: {sorted(unknown)}"
        )


def check_networks(encoder, decoder, image_shape):
    """Checks that encoder and decoder are each other's ends, building them if need be.

    Returns:
        `(image_shape, latent_dim, codes)`, the last one of `wae_tf.networks.heads.CODES`.
    """
    for name, network in (("encoder", encoder), ("decoder", decoder)):
        _check_layer(name, network)
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
    codes, kind = _code_shape(_output_shape(encoder, image_shape))
    latent_dim = codes[1]
    expected = getattr(decoder, "input_shape", None) if decoder.built else None
    if isinstance(expected, tuple) and expected[1:] != (latent_dim,):
        raise ValueError(
            f"`decoder` must take codes of the encoder's length, shape (n, {latent_dim}). "
            f"Received: decoder.input_shape={expected}"
        )
    reconstruction = _output_shape(decoder, (latent_dim,))
    if reconstruction[1:] != image_shape:
        raise ValueError(
            f"`decoder` must return one tensor of images of the encoder's shape {image_shape}. "
            f"Received: {reconstruction}"
        )
    return image_shape, latent_dim, kind


def _code_shape(shape):
    """Returns the shape of an encoder's codes, and what kind of encoder it is."""
    random = len(shape) == 2 and all(isinstance(part, tuple) for part in shape)
    codes = shape[0] if random else shape
    n, latent_dim = codes if len(codes) == 2 else (None, None)
    kinds = {(n, latent_dim): "gaussian", (n, latent_dim, latent_dim): "implicit"}
    kind = kinds.get(shape[1]) if random else "deterministic"
    if latent_dim is None or isinstance(latent_dim, tuple) or kind is None:
        raise ValueError(
            "`encoder` must return one tensor of codes, shape (n, latent_dim): end it in a dense "
            "layer; or, to be random, mean and log-variance, both of that shape, or a code and a "
            f"noise matrix (n, latent_dim, latent_dim). Received: {shape}"
        )
    return codes, kind


def check_random_codes(what, kind, kinds):
    """Raises a ValueError unless an encoder is of one of the kinds that `what` needs."""
    if kind not in kinds:
        raise ValueError(
            f"{what} needs an encoder of random codes, {' or '.join(map(repr, kinds))}: one that "
            f"returns two tensors, such as by `codes={kinds[0]!r}`. Received: an encoder that is "
            f"{kind!r}"
        )


def check_pixel_range(pixel_range, cost):
    """Returns `(0.0, 1.0)` or `(-1.0, 1.0)`, or raises a ValueError if `cost` does not fit."""
    bounds = pixels.check_pixel_range(pixel_range)
    named = isinstance(cost, str) and {name for _, name in cost_terms(cost)}
    if named and "binary_cross_entropy" in named and bounds != (0.0, 1.0):
        raise ValueError(
            "`cost='binary_cross_entropy'`, and so `likelihood='cross_entropy'` of a `VAE`, needs "
            f"`pixel_range=(0, 1)`: it takes pixels as probabilities. "
            f"Received: pixel_range={pixel_range}"
        )
    return bounds


def check_discriminator(discriminator, latent_dim):
    """Raises a ValueError unless a network maps codes to one logit each, building it if need be."""
    _check_layer("discriminator", discriminator)
    shape = _output_shape(discriminator, (latent_dim,))
    if shape != (None, 1):
        raise ValueError(
            f"`discriminator` must map codes (n, {latent_dim}) to logits (n, 1): end it in a dense "
            f"layer of one unit without activation. Received: logits of shape {shape}"
        )


def check_critic(critic, image_shape):
    """Raises a ValueError unless a network maps images to scores, building it if need be."""
    _check_layer("critic", critic)
    shape = _output_shape(critic, image_shape)
    if not (len(shape) > 1 and shape[0] is None and shape[-1] == 1):
        raise ValueError(
            f"`critic` must map images {image_shape} to scores, shape (n, 1) or (n, height, width, "
            f"1): end it in one filter or unit without activation. Received: scores of {shape}"
        )


def check_cost(cost, image_shape):
    """Raises a ValueError unless a callable returns one number an image."""
    shape = tuple(cost(*2 * [tf.fill((3, *image_shape), 0.5)]).shape)
    if shape != (3,):
        raise ValueError(
            "`cost` must return one number an image, shape (n,): sum over all axes but the first. "
            f"Received: shape {shape} for n=3"
        )


def check_kernel(kernel, latent_dim):
    """Raises a ValueError unless a callable returns a Gram matrix."""
    shape = tuple(kernel(tf.ones((3, latent_dim)), tf.ones((2, latent_dim))).shape)
    if shape != (3, 2):
        raise ValueError(
            "`kernel` must map codes (n, latent_dim) and (m, latent_dim) to a Gram matrix, shape "
            f"(n, m). Received: shape {shape} for n=3, m=2"
        )


def _check_layer(name, network):
    if not isinstance(network, keras.Layer):
        raise ValueError(
            f"`{name}` must be a Keras model or layer. Received: {name}={network!r:.200}"
        )


def _output_shape(network, input_shape):
    """Returns the shape of the one tensor that a network returns, or of all that it returns."""
    output = network(keras.Input(input_shape))
    if isinstance(output, keras.KerasTensor):
        return tuple(output.shape)
    return tuple(tensor.shape for tensor in keras.tree.flatten(output))
