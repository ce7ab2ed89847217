"""A permutation test of whether two samples have one distribution, by their MMD."""

import functools
import math

import numpy as np
import tensorflow as tf

from wae_tf.arguments import check_integer
from wae_tf.divergences.xla import compiled, on_cpu

__all__ = ["mmd_test"]

# One block of the Gram matrix holds at most this many float32 numbers (16 MiB).
_BLOCK_SIZE = 1 << 22
_PAYS = 8_000  # Points from which on compiling takes less time than it saves.


def mmd_test(a, b, kernel, *, permutations=200, seed=0):
    """Estimates the squared MMD, and how often chance alone gives as much ([1]).

    Points of both samples are assigned anew to two samples of n, and the MMD taken again.
    All assignments share one pass over the Gram matrix of the `2 * n` points, which is made
    tile by tile above its diagonal and never held, on a CPU by XLA from 4,000 points of each
    sample on: with `s = +1` for the points of one sample and -1 for the other,
    `within - across = s.T @ K @ s`, and `within + across = sum(K)`, both without the diagonal.

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
    check_integer("permutations", permutations, 1)
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
    tiles = -(-n // math.isqrt(_BLOCK_SIZE))
    side = -(-n // tiles)  # All tiles have one shape, for XLA; the last is filled up with zeros.
    padding = [(0, tiles * side - n), (0, 0)]
    points, columns = np.pad(points, padding), np.pad(columns, padding)
    parts = [slice(i * side, (i + 1) * side) for i in range(tiles)]
    parts = [(tf.constant(points[part]), tf.constant(columns[part])) for part in parts]
    if n >= _PAYS and on_cpu():
        tile_forms = compiled(_tile_forms, kernel)
    else:
        tile_forms = functools.partial(_tile_forms, kernel=kernel)
    forms = np.zeros(columns.shape[1])
    for i, rows in enumerate(parts):
        for j in range(i, tiles):
            corner = tf.constant([i * side, j * side, n])
            forms += tile_forms(*rows, *parts[j], corner).numpy()
    return forms


def _tile_forms(a, w_a, b, w_b, corner, kernel):
    """Returns the share of one tile of the Gram matrix in the forms, shape `(columns,)`.

    Only entries above the diagonal are looked at, and count twice, for their mirror images.

    Args:
        a: Points of its rows, shape `(side, dim)`, and `w_a` of the columns, `(side, columns)`.
        b: Points of its columns, likewise with `w_b`.
        corner: Places of its first row and column, and the number of points in all.
        kernel: As in `mmd_test`.
    """
    row = corner[0] + tf.range(tf.shape(a)[0])[:, None]
    column = corner[1] + tf.range(tf.shape(b)[0])[None, :]
    counted = tf.logical_and(column > row, column < corner[2])
    gram = tf.where(counted, kernel(a, b), 0.0)
    return 2.0 * tf.reduce_sum(tf.cast(tf.matmul(gram, w_b) * w_a, tf.float64), axis=0)
