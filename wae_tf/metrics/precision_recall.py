"""Whether fakes look real, and whether all that is real is among them."""

import numpy as np

from wae_tf.arguments import check_integer
from wae_tf.metrics.inputs import feature_arrays
from wae_tf.runtime.requirements import need

__all__ = ["precision_recall"]

_MEBIBYTES = 64  # Memory for one block of distances.


def precision_recall(features_real, features_fake, *, k=5):
    """Estimates precision, recall, density and coverage in a feature space.

    With a ball about each point that reaches to its k-th nearest neighbour in its own set:

    - `precision`: share of fakes inside a ball of a real one ([1]);
    - `recall`: share of reals inside a ball of a fake one ([1]);
    - `density`: real balls that hold a fake, mean over fakes, divided by k; 1 where the
      distributions agree, not bounded by it ([2]);
    - `coverage`: share of real balls that hold a fake ([2]).

    All depend on n: compare with two sets of real images of the same n, for which precision
    and recall are below 1.

    Args:
        features_real: Array, shape `(n, dim)`, data set or iterator of such batches,
            n > k.
        features_fake: The same, with as many dimensions; its n may differ.
        k: Which neighbour a ball reaches.

    Returns:
        Dict of floats: `precision`, `recall`, `density`, `coverage`.

    Raises:
        ValueError: A set has no more than k rows, or one that is not finite, or their
            dimensions differ.

    Example:
        >>> precision_recall(extract(real), extract(samples))["recall"]

    [1] Kynkaanniemi et al., *Improved Precision and Recall Metric for Assessing Generative
        Models*, NeurIPS 2019, arXiv:1904.06991.
    [2] Naeem et al., *Reliable Fidelity and Diversity Metrics for Generative Models*,
        ICML 2020, arXiv:2002.09797.
    """
    pairwise = need("sklearn.metrics", "`precision_recall`")

    check_integer("k", k, 1)
    names, purpose = ("features_real", "features_fake"), f"a ball to the neighbour k={k}"
    real, fake = feature_arrays(
        features_real, features_fake, names, at_least=k + 1, purpose=purpose
    )
    real_radius, fake_radius = _radius(real, k), _radius(fake, k)
    inside = np.zeros(len(fake), "int64")  # Real balls that hold each fake.
    recalled = np.zeros(len(real), bool)
    nearest = np.full(len(real), np.inf)
    start = 0
    for distances in pairwise.pairwise_distances_chunked(fake, real, working_memory=_MEBIBYTES):
        rows = slice(start, start + len(distances))
        inside[rows] = np.sum(distances <= real_radius, axis=1)
        recalled |= np.any(distances <= fake_radius[rows, None], axis=0)
        nearest = np.minimum(nearest, distances.min(axis=0))
        start = rows.stop
    return {
        "precision": float(np.mean(inside > 0)),
        "recall": float(np.mean(recalled)),
        "density": float(np.mean(inside) / k),
        "coverage": float(np.mean(nearest <= real_radius)),
    }


def _radius(features, k):
    """Returns each point's distance to its k-th nearest neighbour, itself left out."""
    neighbors = need("sklearn.neighbors", "`precision_recall`")
    neighbours = neighbors.NearestNeighbors(n_neighbors=k, algorithm="brute").fit(features)
    return neighbours.kneighbors()[0][:, -1]
