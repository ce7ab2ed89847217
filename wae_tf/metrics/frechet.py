"""The Frechet distance between two sets of features, from mean and covariance of each."""

import dataclasses

import numpy as np

from wae_tf.metrics.inputs import check_count, check_same_dim, feature_batches

__all__ = ["FeatureStatistics", "feature_statistics", "frechet_distance"]


@dataclasses.dataclass(frozen=True)
class FeatureStatistics:
    """Mean and covariance of features.

    Args:
        n: Number of images.
        mean: Shape `(dim,)`, float64.
        covariance: Shape `(dim, dim)`, float64, the unbiased estimate.
    """

    n: int
    mean: np.ndarray
    covariance: np.ndarray


def feature_statistics(features, name="features"):
    """Computes mean and covariance in float64, one batch in memory at a time.

    Batches are merged by the pairwise update of Chan et al. (1983), so that large means
    cost no digits.

    Args:
        features: Array, shape `(n, dim)`, or a `tf.data.Dataset` or iterator of such
            batches; n >= 2.
        name: What errors call the features.

    Returns:
        `FeatureStatistics`.

    Raises:
        ValueError: There are fewer than two rows, or one that is not finite.

    Example:
        >>> feature_statistics(np.eye(2)).covariance.tolist()
        [[0.5, -0.5], [-0.5, 0.5]]
    """
    n, mean, scatter = 0, 0.0, 0.0
    for batch in feature_batches(features, name):
        batch = batch.astype("float64")
        batch_mean = batch.mean(axis=0)
        centred = batch - batch_mean
        delta, total = batch_mean - mean, n + len(batch)
        scatter = scatter + centred.T @ centred + np.outer(delta, delta) * n * len(batch) / total
        mean, n = mean + delta * len(batch) / total, total
    check_count(name, n, 2, "a covariance, and should hold thousands")
    return FeatureStatistics(n, mean, scatter / (n - 1))


def frechet_distance(features_a, features_b):
    """Computes the squared Frechet distance between Gaussians fitted to two sets ([1]).

    `||m_a - m_b||**2 + tr(C_a + C_b - 2 * (C_a @ C_b)**0.5)`

    With Inception features this is the FID. It is biased upwards, the more the fewer the
    images: only distances at the same n compare, and the floor is the one between two sets
    of real images of that n.

    The formula holds for singular covariances, too. Where one is singular for want of
    images, n <= dim, it is shrunk towards a multiple of the identity by the oracle
    approximating factor of [2], as scikit-learn has it, and `warning` says so.

    Args:
        features_a: Array, shape `(n, dim)`, data set or iterator of such batches, or
            `FeatureStatistics`.
        features_b: The same, with as many dimensions; its n may differ.

    Returns:
        Dict: `frechet_distance`, not negative; `shrinkage_a` and `shrinkage_b` in [0, 1],
        0 where none was needed; `warning`, a text or None.

    Raises:
        ValueError: A set has fewer than two rows, or one that is not finite, or their
            dimensions differ.

    Example:
        >>> frechet_distance(extract(real), extract(samples))["frechet_distance"]

    [1] Heusel et al., *GANs Trained by a Two Time-Scale Update Rule*, NeurIPS 2017,
        arXiv:1706.08500.
    [2] Chen et al., *Shrinkage Algorithms for MMSE Covariance Estimation*, IEEE TSP 58(10),
        2010, arXiv:0907.4698.
    """
    a, b = (
        x if isinstance(x, FeatureStatistics) else feature_statistics(x, name)
        for x, name in ((features_a, "features_a"), (features_b, "features_b"))
    )
    check_same_dim(a.mean, b.mean, ("features_a", "features_b"))
    covariance_a, shrinkage_a = _regular(a)
    covariance_b, shrinkage_b = _regular(b)
    # tr((C_a C_b)**0.5) through a symmetric matrix of the same eigenvalues.
    values, vectors = np.linalg.eigh(covariance_a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    across = np.linalg.eigvalsh(root @ covariance_b @ root)
    distance = (
        np.sum(np.square(a.mean - b.mean))
        + np.trace(covariance_a)
        + np.trace(covariance_b)
        - 2.0 * np.sum(np.sqrt(np.maximum(across, 0.0)))
    )
    warning = None
    if shrinkage_a or shrinkage_b:
        warning = (
            f"{min(a.n, b.n)} images for {len(a.mean)} features leave the covariance singular; it "
            f"was shrunk by {max(shrinkage_a, shrinkage_b):.2g}. Use more images than features."
        )
    return {
        "frechet_distance": float(max(distance, 0.0)),
        "shrinkage_a": shrinkage_a,
        "shrinkage_b": shrinkage_b,
        "warning": warning,
    }


def _regular(statistics):
    """Returns the covariance, shrunk if n <= dim, and the shrinkage."""
    n, covariance = statistics.n, statistics.covariance
    dim = len(covariance)
    if n > dim:
        return covariance, 0.0
    scale = np.trace(covariance) / dim
    spread = np.mean(np.square(covariance))
    excess = (n + 1.0) * (spread - scale**2 / dim)
    shrinkage = 1.0 if excess <= 0.0 else min((spread + scale**2) / excess, 1.0)
    return (1.0 - shrinkage) * covariance + shrinkage * scale * np.eye(dim), float(shrinkage)
