"""Which coordinates of the codes say anything of their images."""

import numpy as np

from wae_tf.metrics.inputs import feature_arrays

__all__ = ["dead_share", "informed_share"]


def dead_share(means, z_prior, least=0.01):
    """Returns the share of coordinates that hardly vary from image to image ([1]).

    A coordinate is dead where its variance over images is below `least` times that of prior
    draws.

    Args:
        means: Codes of images, of a random encoder their means, shape `(n, dim)`, n >= 2.
        z_prior: Draws from the prior, shape `(m, dim)`, m >= 2.
        least: Share of the prior's variance; 0.01 is that of [1], where the prior's is 1.

    Returns:
        Float in [0, 1].

    Raises:
        ValueError: There are fewer than two of either, they are not finite, or differ in
            dimension.

    Example:
        >>> z = np.stack([np.arange(4.0), np.zeros(4)], axis=1)
        >>> dead_share(z, z_prior=np.random.default_rng(0).normal(size=(100, 2)))
        0.5

    [1] Burda et al., *Importance Weighted Autoencoders*, ICLR 2016, arXiv:1509.00519: the
        opposite of its active units.
    """
    means, z_prior = feature_arrays(means, z_prior, ("means", "z_prior"))
    variance = np.var(means.astype("float64"), axis=0)
    return float(np.mean(variance < least * np.var(z_prior.astype("float64"), axis=0)))


def informed_share(means, z):
    """Returns the share of a random encoder's code variance that its images account for.

    `sum_j Var(E[z_j | x]) / sum_j Var(z_j)`, by the law of total variance: 1 for codes
    without noise, 0 where the posterior has collapsed and is the same for all images.

    Args:
        means: Means of the codes' distributions, shape `(n, dim)`, n >= 2.
        z: One draw from each of them, shape `(n, dim)`.

    Returns:
        Float; 0 where codes do not vary.

    Raises:
        ValueError: There are fewer than two codes, they are not finite, or shapes differ.

    Example:
        >>> informed_share(model.encode(images), wae_tf.samplers.draw_codes(model, images))
    """
    means, z = feature_arrays(means, z, ("means", "z"))
    whole = np.sum(np.var(z.astype("float64"), axis=0))
    return float(np.sum(np.var(means.astype("float64"), axis=0)) / whole) if whole > 0.0 else 0.0
