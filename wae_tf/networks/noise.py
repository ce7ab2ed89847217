"""Noise that training adds to an encoder's input."""

import keras
import tensorflow as tf

from wae_tf import replicas
from wae_tf.arguments import check_number

__all__ = ["InputNoise", "image_input"]


@keras.saving.register_keras_serializable(package="wae_tf")
class InputNoise(keras.layers.Layer):
    """Adds truncated normal noise while training; passes inputs on otherwise.

    Makes a deterministic encoder slightly random, as the authors' code does
    (`e_noise='add_noise'`). Normal, redrawn beyond two standard deviations.

    The seed of each step comes from a counter among the layer's weights, so that a
    resumed training draws what an uninterrupted one draws (under XLA, which has
    generators of its own, other noise than without).

    Args:
        stddev: Standard deviation before truncation, in units of the input; >= 0.
        seed: Integer.

    Raises:
        ValueError: `stddev` is negative or not finite.

    Input and output shape: any, the same.

    Example:
        >>> noisy = InputNoise(0.01)(images, training=True)
    """

    def __init__(self, stddev=0.01, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.stddev = check_number("stddev", stddev, lowest=0.0)
        self.seed = seed

    def build(self, input_shape):
        self.calls = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="calls"
        )

    def call(self, inputs, training=False):
        if not training:
            return inputs
        calls = tf.convert_to_tensor(self.calls)
        seed = tf.stack([self.seed, calls])

        def noise_of(n):
            shape = tf.concat([[n], tf.shape(inputs)[1:]], 0)
            return tf.random.stateless_truncated_normal(shape, seed=seed, stddev=self.stddev)

        noise = replicas.draw(noise_of, inputs)
        self.calls.assign(calls + 1)
        return inputs + tf.cast(noise, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}


def image_input(make, image_shape, noise_stddev):
    """Begins an encoder: returns its input, and what its first layer gets, noise added if any.

    Args:
        make: `LayerFactory` of the network; it gives the noise its seed.
        image_shape: `(height, width, channels)`.
        noise_stddev: As in `InputNoise`; 0 adds no layer.
    """
    inputs = keras.Input(image_shape, name="image")
    if noise_stddev > 0:
        return inputs, InputNoise(noise_stddev, seed=make.seed(), name="noise")(inputs)
    return inputs, inputs
