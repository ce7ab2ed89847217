"""A permutation test of whether two samples have one distribution, by their MMD."""

import numpy as np
import tensorflow as tf

__all__ = ["mmd_test"]

# One block of the Gram matrix holds at most this many float32 numbers (16 MiB).
_BLOCK_SIZE = 1 << 22


def mmd_test(a, b, kernel, *, permutations=200, seed=0):
    """Estimates the squared MMD, and how often chance alone gives as much ([1]).

    Points of both samples are assigned anew to two samples of n, and the MMD taken again.
    All assignments share one pass over the Gram matrix of the `2 * n` points, which is made
    block by block above its diagonal and never held: with `s = +1` for the points of one
    sample and -1 for the other, `within - across = s.T @ K @ s`, and
    `within + across = sum(K)`, both without the diagonal.

    Args:
        a: Codes, shape `(n, dim)`, n >= 2.
        b: Codes, shape `(n, dim)`.
        kernel: Callable `(a, b) -> Gram matrix`.
        permutations: How many assignments; the p-value is a multiple of
            `1 / (1 + permutations)`.
        seed: Fixes the assignments.

    Returns:
        Dict: `mmd`, the value of `wae_tf.mmd(a, b, kernel)`; `p_value` in (0, 1];
        `null_stddev`, the standard deviation over assignments.

    Raises:
        ValueError: The samples differ in shape, or there are fewer than two points.

    [1] Gretton et al., *A Kernel Two-Sample Test*, JMLR 13, 2012.
    """
    a, b = np.asarray(a, "float32"), np.asarray(b, "float32")
    if a.ndim != 2 or a.shape != b.shape or len(a) < 2:
        raise ValueError(
            "`a` and `b` must have one shape (n, dim), n >= 2. "
            f"Received: a.shape={a.shape}, b.shape={b.shape}"
        )
    if permutations < 1:
        raise ValueError(f"`permutations` must be at least 1. Received: {permutations}")
    n = len(a)
    rng = np.random.default_rng(seed)
    signs = np.repeat(np.array([1.0, -1.0], "float32"), n)
    columns = [signs, np.ones_like(signs), *(rng.permutation(signs) for _ in range(permutations))]
    forms = _quadratic_forms(np.concatenate([a, b]), kernel, np.stack(columns, axis=1))
    difference, total = np.delete(forms, 1), forms[1]
    within, across = (total + difference) / 2.0, (total - difference) / 4.0
    values = within / (n * (n - 1)) - 2.0 * across / n**2
    return {
        "mmd": float(values[0]),
        "p_value": float((1 + np.sum(values[1:] >= values[0])) / (1 + permutations)),
        "null_stddev": float(np.std(values[1:])),
    }


def _quadratic_forms(points, kernel, columns):
    """Returns `w.T @ (K - diag(K)) @ w` for each column w, shape `(columns,)`, float64."""
    n = len(points)
    height = max(_BLOCK_SIZE // n, 1)
    points, columns = tf.constant(points), tf.constant(columns)
    forms = np.zeros(columns.shape[1])
    for start in range(0, n, height):
        stop = min(start + height, n)
        gram = kernel(points[start:stop], points[start:])
        # Blocks right of the diagonal count twice, for their mirror images as well.
        square = tf.linalg.set_diag(gram[:, : stop - start], tf.zeros(stop - start))
        rest = 2.0 * gram[:, stop - start :]
        products = tf.matmul(tf.concat([square, rest], axis=1), columns[start:])
        forms += tf.reduce_sum(tf.cast(products * columns[start:stop], tf.float64), axis=0).numpy()
    return forms
