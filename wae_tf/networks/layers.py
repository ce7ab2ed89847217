"""Layers with the settings that all networks of the paper share."""

import random

import keras
import numpy as np
import tensorflow as tf

from wae_tf.networks.batch_norm import BatchNormalization
from wae_tf.pixels import check_pixel_range


def check_sides(image_shape, factor, num_layers):
    """Raises a ValueError unless a decoder that enlarges its first grid by `factor` fits a size."""
    sides = image_shape[:2]
    if any(side % factor for side in sides):
        below = {side // factor * factor for side in sides}
        fits = sorted({size for low in below for size in (low, low + factor)} - {0})
        raise ValueError(
            f"A decoder with {num_layers} layers makes images whose height and width are multiples "
            f"of {factor}: crop or resize to such a size, for instance {fits}, or take fewer "
            "`decoder_layers`. "
            f"Received: image_shape={tuple(image_shape)}, decoder_layers={num_layers}"
        )


class LayerFactory:
    """Makes layers for one network: initial weights, batch norm and dtype in one place.

    Initial weights are normal with standard deviation 0.01, biases zero; batch norm has
    epsilon 1e-5 and momentum 0.9 (the authors' configs.py). Each layer gets a seed of
    its own, so that one `seed` fixes the network bit for bit.

    Args:
        seed: Integer; None draws one from Python's `random`, which
            `keras.utils.set_random_seed` fixes.
        dtype: Keras dtype policy, such as `"mixed_bfloat16"`; None takes that of
            `keras.config.set_dtype_policy`.
    """

    def __init__(self, seed=None, dtype=None):
        self._rng = np.random.default_rng(random.randrange(2**31) if seed is None else seed)
        self._dtype = dtype

    def seed(self):
        return int(self._rng.integers(2**31 - 1))

    def _initializer(self):
        return keras.initializers.RandomNormal(stddev=0.01, seed=self.seed())

    def dense(self, units, name):
        return keras.layers.Dense(
            units, kernel_initializer=self._initializer(), dtype=self._dtype, name=name
        )

    def conv(self, filters, kernel_size, strides, name, padding="same", kind=keras.layers.Conv2D):
        return kind(
            filters,
            kernel_size,
            strides,
            padding=padding,
            kernel_initializer=self._initializer(),
            dtype=self._dtype,
            name=name,
        )

    def deconv(self, filters, kernel_size, strides, name, padding="same"):
        kind = keras.layers.Conv2DTranspose
        return self.conv(filters, kernel_size, strides, name, padding, kind)

    def resized_conv(self, filters, kernel_size, strides, name):
        """Repeats each pixel `strides` times along both axes, then convolves."""
        conv = self.conv(filters, kernel_size, 1, name)
        if strides == 1:
            return conv
        double = keras.layers.UpSampling2D(strides, dtype=self._dtype, name=f"{name}_resize")
        return lambda x: conv(double(x))

    def batch_norm(self, name):
        """Made for several replicas, it takes the statistics of the global batch."""
        return BatchNormalization(
            epsilon=1e-5,
            momentum=0.9,
            synchronized=tf.distribute.get_strategy().num_replicas_in_sync > 1,
            dtype=self._dtype,
            name=name,
        )

    def relu(self, name):
        return keras.layers.ReLU(dtype=self._dtype, name=name)

    def leaky_relu(self, name):
        """Slope 0.1 below zero, as `ali` has it."""
        return keras.layers.LeakyReLU(0.1, dtype=self._dtype, name=name)

    def elu(self, name):
        return keras.layers.ELU(dtype=self._dtype, name=name)

    def pixels(self, pixel_range, name="pixels"):
        """Final activation: sigmoid into [0, 1] or tanh into [-1, 1], in float32."""
        activations = {(0.0, 1.0): "sigmoid", (-1.0, 1.0): "tanh"}
        activation = activations[check_pixel_range(pixel_range)]
        return keras.layers.Activation(activation, dtype="float32", name=name)

    def codes(self, name="codes"):
        """Hands codes over in float32, whatever the policy."""
        return keras.layers.Activation("linear", dtype="float32", name=name)
