"""Codes to look at: draws from the prior or a fitted sampler, nearer or farther than usual."""

import numpy as np

from wae_tf.arguments import check_choice, check_integer
from wae_tf.samplers.mixture import GaussianMixtureSampler
from wae_tf.samplers.support import fold, support_of, unfold

__all__ = ["draw_codes", "moments", "sampler_names", "to_support"]

_COLDEST = 1e-12
_DRAWS = 4000  # Behind the moments of a distribution that has none in closed form.


def sampler_names(model):
    """Returns what a model can draw from: its fitted samplers, best known first, and "prior"."""
    return [*model.samplers, "prior"]


def draw_codes(model, n, *, seed=0, sampler="prior", temperature=1.0):
    """Draws codes, with the width of the distribution scaled.

    At temperature 1 these are the codes behind `model.sample(n, seed, sampler=sampler)`. At
    `t`, a normal draw `m + s * noise` becomes `m + t * s * noise`; in a Gaussian mixture each
    component shrinks about its own mean, all else about the mean of the distribution, in the
    plain space of `wae_tf.samplers.support`. On a sphere the prior has no width to scale.

    Args:
        model: A trained model.
        n: How many, at least 1.
        seed: Integer in [0, 2**31).
        sampler: `"prior"`, or a name in `model.samplers`.
        temperature: In [0, 2]; at 0 all draws are the mean, or a component's.

    Returns:
        Shape `(n, latent_dim)`, float32, on the prior's support.

    Raises:
        ValueError: A number is out of its range, or there is no such sampler.

    Example:
        >>> model.decode(draw_codes(model, 16, sampler="gmm", temperature=0.7))
    """
    n, seed = check_integer("n", n, 1), check_integer("seed", seed, 0, 2**31 - 1)
    if not 0.0 <= temperature <= 2.0:
        raise ValueError(f"`temperature` must lie in [0, 2]. Received: temperature={temperature}")
    check_choice("sampler", sampler, sampler_names(model))
    fitted = model.samplers.get(sampler)
    if isinstance(fitted, GaussianMixtureSampler):
        # A mixture has positive widths: at temperature 0, such as no draw can show.
        factors = np.float32(max(temperature, _COLDEST)) * fitted.arrays["factors"]
        cooled = GaussianMixtureSampler({**fitted.arrays, "factors": factors}, fitted.settings)
        return cooled.sample(n, seed)
    codes = fitted.sample(n, seed) if fitted else np.asarray(model.prior.sample(n, (seed, 0)))
    if temperature == 1.0 or (fitted is None and model.prior.spherical):
        return codes
    support = support_of(model.prior)
    mean, _ = moments(model, sampler)
    return fold(mean + temperature * (unfold(codes, support) - mean), support)


def moments(model, sampler):
    """Returns mean and covariance of a distribution of codes, in plain space.

    In closed form for a Gaussian mixture, `m = sum{w m_k}` and
    `C = sum{w (C_k + m_k m_k^T)} - m m^T`; else of 4,000 draws.

    Args:
        model: A trained model.
        sampler: As in `draw_codes`.

    Returns:
        Two float64 arrays, shapes `(latent_dim,)` and `(latent_dim, latent_dim)`.
    """
    fitted = model.samplers.get(sampler)
    if isinstance(fitted, GaussianMixtureSampler):
        weights, means, factors = (
            fitted.arrays[name].astype("float64") for name in ("weights", "means", "factors")
        )
        weights /= weights.sum()
        mean = weights @ means
        spread = means - mean
        within = np.einsum("k,kij,klj->il", weights, factors, factors)
        return mean, within + np.einsum("k,ki,kj->ij", weights, spread, spread)
    if fitted is not None:
        points = fitted.draw(_DRAWS, seed=0)
    else:
        points = unfold(np.asarray(model.prior.sample(_DRAWS, (0, 2))), support_of(model.prior))
    points = np.asarray(points, "float64")
    return points.mean(axis=0), np.cov(points, rowvar=False).reshape(2 * points.shape[1:])


def to_support(model, points):
    """Returns the codes that lie nearest to points of code space, float32.

    On the sphere those of length 1, in the cube cut off at its walls, else the points.

    Args:
        model: A trained model.
        points: Shape `(n, latent_dim)`.
    """
    support = support_of(model.prior)
    if support == "sphere":
        return fold(points, support)
    if support == "cube":
        points = np.clip(points, -1.0, 1.0)
    return np.asarray(points, "float32")
