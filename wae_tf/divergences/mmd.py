"""The squared maximum mean discrepancy: its unbiased estimator, and the divergence object."""

import keras
import tensorflow as tf

from wae_tf.arguments import check_auto
from wae_tf.divergences.base import Divergence
from wae_tf.divergences.kernels import fit_kernel, imq_kernel
from wae_tf.divergences.xla import compiled, on_cpu

__all__ = ["MMD", "mmd"]

# One block of the Gram matrix holds at most this many float32 numbers (16 MiB).
_BLOCK_SIZE = 1 << 22
# Pairs of codes above which XLA pays: once for repeated calls, and within a single one. It takes
# 0.5 to 1 s to compile, and then a third of the time.
_PAYS, _PAYS_AT_ONCE = 1_000**2, 4_000**2


def mmd(z, z_prior, kernel, *, jit_compile="auto"):
    """Estimates the squared MMD between Q_Z and P_Z ([1], Algorithm 2).

        sum{ k(z_i, z_j) : i != j } / (n * (n - 1))
      + sum{ k(p_i, p_j) : i != j } / (m * (m - 1))
      - 2 * sum{ k(z_i, p_j) : all i, j } / (n * m)

    with codes `z` and prior draws `p`. Unbiased, hence sometimes negative: around zero
    when both samples come from one distribution. Pairs of a point with itself are left
    out of the first two sums only.

    Gram entries are float32, their sums float64: over `n**2` terms a float32 sum drifts
    by more than the estimate itself. Beyond 2,048 rows the Gram matrix is made in
    blocks of 16 MiB, and again for the gradient, so memory grows with `n`, not `n**2`.

    Args:
        z: Codes, shape `(n, latent_dim)`, `n >= 2`.
        z_prior: Draws from the prior, shape `(m, latent_dim)`, `m >= 2`.
        kernel: Callable `(a, b) -> Gram matrix`, such as `imq_kernel`; or one whose width
            the samples give, such as `wae_tf.divergences.MedianRBF`.
        jit_compile: Whether XLA makes one program of it, on a CPU and of NumPy arrays, which
            need no gradient: "auto" does so from two samples of 4,000 codes on, which pay for
            compiling within one call; True from 1,000 on, for many calls with one kernel. Where
            XLA cannot, it is computed without. The two agree to rounding.

    Returns:
        Scalar, float32.

    Raises:
        ValueError: A sample has fewer than two points, or dimensions differ.

    Example:
        >>> from wae_tf import imq_kernel, mmd
        >>> z = tf.random.stateless_normal((100, 8), seed=(0, 0))
        >>> z_prior = tf.random.stateless_normal((100, 8), seed=(0, 1))
        >>> bool(mmd(z + 1.0, z_prior, imq_kernel) > 10.0 * abs(mmd(z, z_prior, imq_kernel)))
        True

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """
    arrays = not (tf.is_tensor(z) or tf.is_tensor(z_prior))
    z = tf.cast(tf.convert_to_tensor(z), tf.float32)
    z_prior = tf.cast(tf.convert_to_tensor(z_prior), tf.float32)
    for name, sample in (("z", z), ("z_prior", z_prior)):
        if sample.shape.rank != 2 or (sample.shape[0] is not None and sample.shape[0] < 2):
            raise ValueError(
                f"`{name}` must have shape `(n, latent_dim)` with n >= 2: the estimator averages "
                f"over pairs of different points. Received: {name}.shape={tuple(sample.shape)}"
            )
    if z.shape[-1] != z_prior.shape[-1]:
        raise ValueError(
            "`z` and `z_prior` must have one latent_dim. "
            f"Received: z.shape={tuple(z.shape)}, z_prior.shape={tuple(z_prior.shape)}"
        )
    if arrays and _compile(jit_compile, z, z_prior):
        return compiled(_estimate, kernel)(z, z_prior)
    return _estimate(z, z_prior, kernel)


def _compile(jit_compile, z, z_prior):
    check_auto("jit_compile", jit_compile)
    # With the gradient TensorFlow's own kernels, in a graph, were faster at all sizes.
    if not jit_compile or not tf.executing_eagerly() or not on_cpu():
        return False
    return z.shape[0] * z_prior.shape[0] >= (_PAYS_AT_ONCE if jit_compile == "auto" else _PAYS)


def _estimate(z, z_prior, kernel):
    kernel = fit_kernel(kernel, z, z_prior)
    within_z = _gram_sum(z, z, kernel, off_diagonal=True) / _pairs(z)
    within_prior = _gram_sum(z_prior, z_prior, kernel, off_diagonal=True) / _pairs(z_prior)
    across = _gram_sum(z, z_prior, kernel, off_diagonal=False) / (_count(z) * _count(z_prior))
    return tf.cast(within_z + within_prior - 2.0 * across, tf.float32)


@keras.saving.register_keras_serializable(package="wae_tf")
class MMD(Divergence):
    """Squared maximum mean discrepancy ([1], Algorithm 2): `wae_tf.mmd` with a kernel.

    Bias: none, so that it is sometimes negative; with `MedianRBF` the width depends on
    the sample, which brings in a little. Cost: `O(n**2 * d)` time; memory for `n**2`
    numbers, above 2,048 codes for 4 million.

    Args:
        kernel: Callable `(a, b) -> Gram matrix`, a `MedianRBF` or a `KernelSum`.

    Example:
        >>> MMD(energy_kernel)(z, z_prior)

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """

    min_batch_size = 2

    def __init__(self, kernel=imq_kernel):
        self.kernel = kernel

    def __call__(self, z, z_prior):
        return mmd(z, z_prior, self.kernel)

    def get_config(self):
        return {"kernel": keras.saving.serialize_keras_object(self.kernel)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["kernel"]))


def _count(sample):
    return tf.cast(tf.shape(sample)[0], tf.float64)


def _pairs(sample):
    return _count(sample) * (_count(sample) - 1.0)


def _gram_sum(a, b, kernel, off_diagonal):
    """Sums a Gram matrix in float64, without its diagonal if asked, in blocks if large."""
    rows, columns = a.shape[0], b.shape[0]
    if rows is not None and columns is not None and rows * columns <= _BLOCK_SIZE:
        return _block_sum(a, b, kernel, 0, tf.shape(a)[0], off_diagonal)

    n, m = tf.shape(a)[0], tf.shape(b)[0]
    height = tf.minimum(tf.maximum(_BLOCK_SIZE // m, 1), n)
    if rows is not None and columns is not None:
        height = min(max(_BLOCK_SIZE // columns, 1), rows)  # XLA wants it static.
    blocks = -(-n // height)
    padded = tf.pad(a, [[0, blocks * height - n], [0, 0]])

    def step(index, total):
        @tf.recompute_grad  # The gradient would keep all blocks otherwise.
        def block_sum(block, b):
            return _block_sum(block, b, kernel, index * height, n, off_diagonal)

        block = tf.slice(padded, [index * height, 0], [height, a.shape[1]])
        return index + 1, total + block_sum(block, b)

    _, total = tf.while_loop(
        lambda index, _: index < blocks,
        step,
        (tf.constant(0), tf.constant(0.0, tf.float64)),
        parallel_iterations=1,
        maximum_iterations=blocks,  # Without it XLA cannot compile the gradient.
    )
    return total


def _block_sum(block, b, kernel, first_row, n, off_diagonal):
    """Sums the Gram matrix of rows `first_row, ...` of the whole; rows from `n` on are padding."""
    row = first_row + tf.range(tf.shape(block)[0])[:, None]
    counted = row < n
    if off_diagonal:
        counted = tf.logical_and(counted, row != tf.range(tf.shape(b)[0])[None, :])
    gram = tf.where(counted, kernel(block, b), 0.0)
    return tf.reduce_sum(tf.cast(gram, tf.float64))
