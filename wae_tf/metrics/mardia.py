"""Mardia's multivariate skewness and kurtosis."""

import numpy as np

__all__ = ["mardia"]

_BLOCK_SIZE = 1 << 21
_FLAT = 1e-10  # Of the largest variance: float32 codes that are constant but for rounding.


def mardia(z):
    """Computes multivariate skewness and kurtosis ([1]).

    With `g_ij = (z_i - mean) @ inv(C) @ (z_j - mean)`, C the covariance with divisor n:
    `skewness = mean(g_ij**3)` over all pairs, `kurtosis = mean(g_ii**2)`. Neither changes
    under invertible linear maps of the codes. Directions in which codes do not vary are
    left out, and the expected values are those of the `rank` that remains.

    Args:
        z: Codes, shape `(n, dim)`, n >= 2.

    Returns:
        Dict: `skewness`, `kurtosis`; `skewness_normal` and `kurtosis_normal`, their
        expected values for n draws from any normal distribution ([2]);
        `rank` of the covariance.

    Example:
        >>> mardia(np.random.default_rng(0).normal(size=(1000, 8)))["kurtosis"]  # About 80.

    [1] Mardia, *Measures of Multivariate Skewness and Kurtosis*, Biometrika 57, 1970.
    [2] Mardia, *Applications of Some Measures of Multivariate Skewness and Kurtosis*,
        Sankhya B 36, 1974.
    """
    z = np.asarray(z, "float64")
    n = len(z)
    centred = z - z.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / n)
    varies = values > _FLAT * values.max()
    whitened = centred @ (vectors[:, varies] / np.sqrt(values[varies]))
    rank = int(np.sum(varies))
    height = max(_BLOCK_SIZE // n, 1)
    cubes = 0.0
    for start in range(0, n, height):
        products = whitened[start : start + height] @ whitened.T
        cubes += float(np.sum(products * products * products))
    return {
        "skewness": cubes / n**2,
        "skewness_normal": rank * (rank + 2) * ((n + 1) * (rank + 1) - 6) / ((n + 1) * (n + 3)),
        "kurtosis": float(np.mean(np.sum(whitened**2, axis=1) ** 2)),
        "kurtosis_normal": rank * (rank + 2) * (n - 1) / (n + 1),
        "rank": rank,
    }
