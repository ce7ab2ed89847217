"""How far the first two moments of codes are from the prior's, on the prior's own scale."""

import numpy as np

from wae_tf.metrics.frechet import feature_statistics, frechet_distance
from wae_tf.metrics.inputs import feature_arrays

__all__ = ["norm_ratio", "relative_moment_distance"]


def relative_moment_distance(z, z_prior, other):
    """Compares mean and covariance of codes with those of prior draws.

    The squared Frechet distance between the Gaussians of `z` and `z_prior`, less that between
    the draws `other` and `z_prior`, which chance alone makes at this n, over the prior's
    whole variance `tr(C)`. 0 where both moments agree; 1 where all codes are the prior's
    mean; 1 where they are shifted by its standard deviation in each coordinate; 4 where they
    are three times as wide.

    Args:
        z: Codes, shape `(n, dim)`, n >= 2.
        z_prior: As many draws from the prior.
        other: As many more.

    Returns:
        Float, at least 0.

    Raises:
        ValueError: There are fewer than two of one, they are not finite, or differ in
            dimension.

    Example:
        >>> draws = [model.prior.sample(1000, seed=(0, i)) for i in range(2)]
        >>> relative_moment_distance(model.encode(images[:1000]), *draws)
    """
    codes, prior, chance = (
        feature_statistics(x, name)
        for x, name in ((z, "z"), (z_prior, "z_prior"), (other, "other"))
    )
    found, floor = (frechet_distance(x, prior)["frechet_distance"] for x in (codes, chance))
    return max(found - floor, 0.0) / float(np.trace(prior.covariance))


def norm_ratio(z, z_prior):
    """Returns the median length of codes over that of prior draws.

    Args:
        z: Codes, shape `(n, dim)`.
        z_prior: Draws from the prior, shape `(m, dim)`.

    Returns:
        Float, 1 where they are as long.

    Raises:
        ValueError: There are fewer than two of one, they are not finite, or differ in
            dimension.

    Example:
        >>> norm_ratio(2.0 * np.eye(3), np.eye(3))
        2.0
    """
    z, z_prior = feature_arrays(z, z_prior, ("z", "z_prior"))
    lengths = [np.median(np.linalg.norm(x.astype("float64"), axis=1)) for x in (z, z_prior)]
    return float(lengths[0] / lengths[1])
