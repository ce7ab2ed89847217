"""Fully connected encoder and decoder."""

import math

import keras

from wae_tf.networks.heads import code_head
from wae_tf.networks.layers import LayerFactory
from wae_tf.networks.noise import image_input

__all__ = ["mlp_decoder", "mlp_encoder"]


def mlp_encoder(
    image_shape,
    latent_dim,
    *,
    width=256,
    num_layers=3,
    noise_stddev=0.0,
    codes="deterministic",
    seed=None,
    dtype=None,
):
    """Builds an encoder of `num_layers` dense layers, each with batch norm and ReLU.

    `mlp` of the authors' code, used in its small experiments. Arguments, result and
    example as in `dcgan_encoder`; `width` is that of every layer.
    """
    make = LayerFactory(seed, dtype)
    inputs, x = image_input(make, image_shape, noise_stddev)
    x = keras.layers.Flatten(dtype=dtype, name="flat")(x)
    for i in range(num_layers):
        x = make.dense(width, name=f"dense_{i}")(x)
        x = make.relu(f"relu_{i}")(make.batch_norm(f"norm_{i}")(x))
    return keras.Model(inputs, code_head(make, x, latent_dim, codes), name="encoder")


def mlp_decoder(
    image_shape,
    latent_dim,
    *,
    width=256,
    num_layers=3,
    pixel_range=(0.0, 1.0),
    seed=None,
    dtype=None,
):
    """Builds a decoder of `num_layers` dense layers, each with ReLU, then batch norm.

    `mlp` of the authors' code, whose decoder normalises after the ReLU. Arguments,
    result and example as in `dcgan_decoder`; `width` is that of every layer.
    """
    make = LayerFactory(seed, dtype)
    inputs = x = keras.Input((latent_dim,), name="codes")
    for i in range(num_layers):
        x = make.relu(f"relu_{i}")(make.dense(width, name=f"dense_{i}")(x))
        x = make.batch_norm(f"norm_{i}")(x)
    x = make.dense(math.prod(image_shape), name="dense")(x)
    x = keras.layers.Reshape(image_shape, dtype=dtype, name="image")(x)
    return keras.Model(inputs, make.pixels(pixel_range)(x), name="decoder")
