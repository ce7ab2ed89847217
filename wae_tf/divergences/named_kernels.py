"""From names such as `"imq+energy"` to kernels: sums, and the width that each batch gives."""

import keras
import tensorflow as tf

from wae_tf.divergences.kernels import KERNELS, NamedKernel, fit_kernel, squared_distances

__all__ = [
    "KERNELS",
    "KernelSum",
    "MedianRBF",
    "NamedKernel",
    "check_kernel_name",
    "fit_kernel",
    "get_kernel",
]


@keras.saving.register_keras_serializable(package="wae_tf")
class MedianRBF:
    """RBF kernel whose variance is the authors' median heuristic, anew in each batch.

    `variance = median{ ||z_i - p_j||**2 } + median{ ||z_i - z_j||**2 }` over all pairs of
    codes `z` and prior draws `p` (`mmd_kernel='RBF'` in the authors' wae.py, which takes
    the entry of rank `n (n - 1) / 2` from above as median). No gradient flows through
    it.
    """

    def fitted(self, z, z_prior):
        """Returns the kernel `(a, b) -> Gram matrix` for these samples."""
        variance = tf.stop_gradient(
            _median(squared_distances(z, z_prior)) + _median(squared_distances(z, z))
        )
        variance = tf.maximum(variance, 1e-12)  # All points in one place.
        return lambda a, b: tf.exp(squared_distances(a, b) / (-2.0 * variance))

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable(package="wae_tf")
class KernelSum:
    """Sum of kernels.

    Args:
        kernels: At least one callable `(a, b) -> Gram matrix` or `MedianRBF`.

    Raises:
        ValueError: There is none.

    Example:
        >>> kernel = KernelSum([imq_kernel, energy_kernel])
    """

    def __init__(self, kernels):
        if not kernels:
            raise ValueError(f"`kernels` must hold at least one kernel. Received: {kernels!r}")
        self.kernels = list(kernels)

    def fitted(self, z, z_prior):
        """Returns the kernel `(a, b) -> Gram matrix` for these samples."""
        kernels = [fit_kernel(kernel, z, z_prior) for kernel in self.kernels]
        return lambda a, b: tf.add_n([kernel(a, b) for kernel in kernels])

    def get_config(self):
        return {"kernels": [keras.saving.serialize_keras_object(k) for k in self.kernels]}

    @classmethod
    def from_config(cls, config):
        return cls([keras.saving.deserialize_keras_object(k) for k in config["kernels"]])


def get_kernel(kernel, squared_distance):
    """Returns the kernel of a name such as `"imq"` or `"imq+energy"`; others as they are.

    Args:
        kernel: Names of `KERNELS`, joined by `+`, or a callable `(a, b) -> Gram matrix`.
        squared_distance: Typical squared distance between two draws from the prior, which
            the widths follow.

    Raises:
        ValueError: There is no such kernel.

    Example:
        >>> get_kernel("energy", 2.0)(tf.zeros((1, 1)), tf.ones((1, 1))).numpy()
        array([[-1.]], dtype=float32)
    """
    if not isinstance(kernel, str):
        return kernel
    check_kernel_name(kernel)
    kernels = [
        MedianRBF() if name == "rbf_median" else NamedKernel(name, squared_distance)
        for name in kernel.split("+")
    ]
    return kernels[0] if len(kernels) == 1 else KernelSum(kernels)


def check_kernel_name(kernel):
    """Raises a ValueError unless all names joined by `+` are kernels."""
    names = kernel.split("+") if isinstance(kernel, str) else [""]
    if not all(name in KERNELS for name in names):
        raise ValueError(
            f"`kernel` must be one of {list(KERNELS)}, several of them joined by '+', or a "
            "callable `(a, b) -> Gram matrix`. "
            f"Received: kernel={kernel!r}"
        )


def _median(values):
    """Entry of rank `n (m - 1) / 2` from above of the `n m`, with `n = m` the authors'."""
    rank = tf.maximum(tf.shape(values)[0] * (tf.shape(values)[1] - 1) // 2, 1)
    return tf.sort(tf.reshape(values, (-1,)), direction="DESCENDING")[rank - 1]
