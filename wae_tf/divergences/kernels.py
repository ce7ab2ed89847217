"""Positive definite kernels `k(a, b)` between sets of codes, and their widths by name."""

import math

import keras
import tensorflow as tf

__all__ = [
    "IMQ_SCALES",
    "KERNELS",
    "NamedKernel",
    "energy_kernel",
    "fit_kernel",
    "imq_kernel",
    "laplace_kernel",
    "rbf_kernel",
    "squared_distances",
]

IMQ_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def squared_distances(a, b):
    """Returns `||a_i - b_j||**2` for all pairs, through one matrix product.

    `||a - b||**2 = ||a||**2 + ||b||**2 - 2 <a, b>` needs memory for `(n, m)` numbers,
    not `(n, m, d)`. Both samples are first shifted by the mean of `b`, because large
    norms would drown small distances in rounding; what is left of it below zero is cut
    off.

    Args:
        a: Codes, shape `(n, d)`, float32.
        b: Codes, shape `(m, d)`, float32.

    Returns:
        Shape `(n, m)`, entries in `[0, inf)`.
    """
    center = tf.stop_gradient(tf.reduce_mean(b, axis=0))  # Distances do not depend on it.
    a, b = a - center, b - center
    norms_a = tf.reduce_sum(tf.square(a), axis=1)[:, None]
    norms_b = tf.reduce_sum(tf.square(b), axis=1)[None, :]
    return tf.maximum(norms_a + norms_b - 2.0 * tf.matmul(a, b, transpose_b=True), 0.0)


def imq_kernel(a, b, *, base=None, scales=IMQ_SCALES):
    """Sums inverse multiquadratic kernels of several widths.

    `k(a, b) = sum{ C / (C + ||a - b||**2) : C = s * base, s in scales }`, where `base`
    is a typical squared distance between two draws from the prior ([1], Sec. 4;
    scales and bases as in the authors' code).

    Args:
        a: Codes, shape `(n, latent_dim)`.
        b: Codes, shape `(m, latent_dim)`.
        base: Positive. `2 * latent_dim * s**2` fits a normal prior of standard
            deviation `s`, 2 the unit sphere, `latent_dim` the uniform prior on
            `[-1, 1]`. By default `2 * latent_dim`: the standard normal prior.
        scales: Positive multiples of `base`, one kernel each.

    Returns:
        Gram matrix, shape `(n, m)`, entries in `(0, len(scales)]`.

    Raises:
        ValueError: `base` or a scale is not positive.

    Example:
        >>> float(imq_kernel(tf.zeros((1, 2)), tf.ones((1, 2)), base=1.0, scales=(2.0,))[0, 0])
        0.5

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """
    a, b = _codes(a), _codes(b)
    base = 2.0 * a.shape[-1] if base is None else _positive("base", base)
    if not scales:
        raise ValueError(f"`scales` must hold at least one number. Received: scales={scales}")
    distances = squared_distances(a, b)
    widths = [_positive("scales", scale) * base for scale in scales]
    return tf.add_n([width / (width + distances) for width in widths])


def rbf_kernel(a, b, *, variance=None):
    """Gaussian kernel `k(a, b) = exp(-||a - b||**2 / (2 * variance))`.

    Args:
        a: Codes, shape `(n, latent_dim)`.
        b: Codes, shape `(m, latent_dim)`.
        variance: Positive, the square of the kernel's width. By default
            `2 * latent_dim`, the mean squared distance between two draws from the
            standard normal prior.

    Returns:
        Gram matrix, shape `(n, m)`, entries in `[0, 1]`.

    Example:
        >>> round(float(rbf_kernel(tf.zeros((1, 2)), tf.ones((1, 2)), variance=1.0)[0, 0]), 4)
        0.3679
    """
    a, b = _codes(a), _codes(b)
    variance = 2.0 * a.shape[-1] if variance is None else _positive("variance", variance)
    return tf.exp(squared_distances(a, b) / (-2.0 * variance))


@keras.saving.register_keras_serializable(package="wae_tf")
def energy_kernel(a, b):
    """Energy kernel `k(a, b) = -||a - b||_2`, which has no width to choose.

    The squared MMD with it is the energy distance
    `2 E||Z - P|| - E||Z - Z'|| - E||P - P'||` ([1], Prop. 1). Only conditionally
    positive definite, which is all that an MMD needs. Invariant to rotations, and linear
    in the scale of the codes, so that far-off codes are still pulled.

    Args:
        a: Codes, shape `(n, latent_dim)`, float32.
        b: Codes, shape `(m, latent_dim)`, float32.

    Returns:
        Gram matrix, shape `(n, m)`, entries in `(-inf, 0]`; its gradient is zero, not
        NaN, where two codes coincide.

    Example:
        >>> float(energy_kernel(tf.zeros((1, 2)), tf.constant([[3.0, 4.0]]))[0, 0])
        -5.0

    [1] Szekely and Rizzo, *Energy statistics*, J. Stat. Plan. Inference 2013.
    """
    return -_distances(a, b)


@keras.saving.register_keras_serializable(package="wae_tf")
def laplace_kernel(a, b, *, scale=None):
    """Laplace kernel `k(a, b) = exp(-||a - b||_2 / scale)`.

    Args:
        a: Codes, shape `(n, latent_dim)`, float32.
        b: Codes, shape `(m, latent_dim)`, float32.
        scale: Positive, in units of the codes. By default `sqrt(2 * latent_dim)`, the
            root of the mean squared distance of two draws from the standard normal prior.

    Returns:
        Gram matrix, shape `(n, m)`, entries in `(0, 1]`.

    Example:
        >>> a, b = tf.zeros((1, 2)), tf.constant([[3.0, 4.0]])
        >>> round(float(laplace_kernel(a, b, scale=5.0)[0, 0]), 4)
        0.3679
    """
    scale = (2.0 * a.shape[-1]) ** 0.5 if scale is None else scale
    return tf.exp(_distances(a, b) / -scale)


# Name -> Gram matrix of codes, from the typical squared distance between two prior draws.
KERNELS = {
    "imq": lambda a, b, base: imq_kernel(a, b, base=base),
    "rbf": lambda a, b, base: rbf_kernel(a, b, variance=base),
    "rbf_median": None,  # `named_kernels.MedianRBF`, whose width the samples give.
    "energy": lambda a, b, base: energy_kernel(a, b),
    "laplace": lambda a, b, base: laplace_kernel(a, b, scale=base**0.5),
}


@keras.saving.register_keras_serializable(package="wae_tf")
class NamedKernel:
    """Kernel of a name, with its width for one prior; saved as these two."""

    def __init__(self, name, squared_distance):
        self.name = name
        self.squared_distance = squared_distance

    def __call__(self, a, b):
        return KERNELS[self.name](a, b, self.squared_distance)

    def get_config(self):
        return {"name": self.name, "squared_distance": self.squared_distance}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def fit_kernel(kernel, z, z_prior):
    """Returns `(a, b) -> Gram matrix`, its width taken from the samples if need be."""
    return kernel.fitted(z, z_prior) if hasattr(kernel, "fitted") else kernel


def _distances(a, b):
    squared = squared_distances(a, b)
    # sqrt has an infinite slope at 0, and 0 * inf is NaN even behind one `where`.
    positive = squared > 0.0
    return tf.where(positive, tf.sqrt(tf.where(positive, squared, 1.0)), 0.0)


def _codes(z):
    z = tf.cast(tf.convert_to_tensor(z), tf.float32)
    if z.shape.rank != 2 or z.shape[-1] is None:
        raise ValueError(
            "Codes must have shape `(n, latent_dim)` with a known `latent_dim`. "
            f"Received: shape={tuple(z.shape) if z.shape.rank is not None else None}"
        )
    return z


def _positive(name, value):
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"`{name}` must be positive and finite. Received: {name}={value}")
    return float(value)
