"""Spectral normalisation: a convolution whose kernel has the spectral norm 1."""

import keras
import tensorflow as tf

__all__ = ["SpectralConv2D", "power_iteration", "spectral_norm"]

_TINY = 1e-12
_FIRST_ITERATIONS = 30  # On the initial kernel, so that the first step finds its norm known.


def power_iteration(matrix, u):
    """Improves an estimate of the first right singular vector ([1], Algorithm 1, step 2).

    `v = M u / ||M u||`, then `u = M^T v / ||M^T v||`.

    Args:
        matrix: Shape `(m, n)`.
        u: Estimate so far, shape `(n,)`, of length 1.

    Returns:
        The next estimate, shape `(n,)`, of length 1, without gradient.

    [1] Miyato et al., *Spectral Normalization for Generative Adversarial Networks*, ICLR 2018,
    arXiv:1802.05957.
    """
    matrix = tf.stop_gradient(matrix)
    v = _unit(tf.linalg.matvec(matrix, u))
    return _unit(tf.linalg.matvec(matrix, v, transpose_a=True))


def spectral_norm(matrix, u):
    """Estimates the largest singular value: `v^T M u`, `v = M u / ||M u||` ([1], Eq. (19)).

    `u` and `v` count as constants, so that the gradient is `v u^T`.

    Args:
        matrix: Shape `(m, n)`.
        u: Estimate of the first right singular vector, shape `(n,)`, of length 1.

    Returns:
        Scalar, at most the largest singular value, and equal to it at its vector.

    Example:
        >>> matrix = tf.linalg.diag([3.0, 1.0])
        >>> float(spectral_norm(matrix, tf.constant([1.0, 0.0])))
        3.0

    [1] Miyato et al., *Spectral Normalization for Generative Adversarial Networks*, ICLR 2018,
    arXiv:1802.05957.
    """
    u = tf.stop_gradient(u)
    v = tf.stop_gradient(_unit(tf.linalg.matvec(matrix, u)))
    return tf.tensordot(v, tf.linalg.matvec(matrix, u), 1)


@keras.saving.register_keras_serializable(package="wae_tf")
class SpectralConv2D(keras.layers.Layer):
    """Convolution with `W / sigma(W)` in place of the kernel `W`, and a bias ([1]).

    `sigma` is the spectral norm of the kernel as a matrix of a column for each filter. Its
    singular vector is a weight, which each training call moves by one power iteration: a
    resumed training goes on from it. The norm is computed in float32 whatever the policy.

    Args:
        filters: Number of filters.
        kernel_size: Height and width of a filter.
        strides: Step along both axes.
        seed: Integer that fixes the initial weights: normal, standard deviation 0.02 ([2]).

    Input shape: `(n, height, width, channels)`.
    Output shape: `(n, ceil(height / strides), ceil(width / strides), filters)`.

    [1] Miyato et al., *Spectral Normalization for Generative Adversarial Networks*, ICLR 2018,
    arXiv:1802.05957.
    [2] Isola et al., *Image-to-Image Translation with Conditional Adversarial Networks*, CVPR
    2017, arXiv:1611.07004, Sec. 6.2.
    """

    def __init__(self, filters, kernel_size, strides=1, *, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.seed = seed

    def build(self, input_shape):
        size, channels = self.kernel_size, input_shape[-1]
        normal = keras.initializers.RandomNormal
        self.kernel = self.add_weight(
            shape=(size, size, channels, self.filters),
            initializer=normal(stddev=0.02, seed=self.seed),
            autocast=False,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.filters,), initializer="zeros", autocast=False, name="bias"
        )
        self.singular_vector = self.add_weight(
            shape=(self.filters,),
            initializer=normal(seed=self.seed),
            trainable=False,
            autocast=False,
            name="singular_vector",
        )
        u = _unit(tf.convert_to_tensor(self.singular_vector))
        for _ in range(_FIRST_ITERATIONS):
            u = power_iteration(self._matrix(), u)
        self.singular_vector.assign(u)

    def call(self, inputs, training=False):
        matrix, u = self._matrix(), tf.convert_to_tensor(self.singular_vector)
        if training:
            u = power_iteration(matrix, u)
            self.singular_vector.assign(u)
        kernel = tf.convert_to_tensor(self.kernel) / (spectral_norm(matrix, u) + _TINY)
        kernel, bias = (tf.cast(value, inputs.dtype) for value in (kernel, self.bias))
        return tf.nn.bias_add(tf.nn.conv2d(inputs, kernel, self.strides, "SAME"), bias)

    def compute_output_shape(self, input_shape):
        sides = (None if side is None else -(-side // self.strides) for side in input_shape[1:3])
        return (input_shape[0], *sides, self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "seed": self.seed,
        }

    def _matrix(self):
        return tf.reshape(tf.convert_to_tensor(self.kernel), (-1, self.filters))


def _unit(vector):
    return vector / (tf.norm(vector) + _TINY)
