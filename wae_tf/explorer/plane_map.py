"""A plane of code space to point at: a map of what lies where."""

import dataclasses

import numpy as np

from wae_tf.explorer.drawing import draw_codes, sampler_names, to_support
from wae_tf.plots import planes

__all__ = ["CodePlane", "plane_of"]

_DRAWS = 2000
_INSIDE = 99.0  # Per cent of draws that the map shows in each direction, and a margin.


@dataclasses.dataclass(frozen=True)
class CodePlane:
    """Points `origin + u * basis[:, 0] + v * basis[:, 1]`, for `u` and `v` up to `extent`.

    Args:
        basis: Shape `(latent_dim, 2)`, orthonormal columns (one dimension: the second is 0).
        origin: Code in the middle, shape `(latent_dim,)`.
        extent: Largest coordinate that is shown, positive.
        about: What plane it is, in words.
    """

    basis: np.ndarray
    origin: np.ndarray
    extent: float
    about: str

    def codes(self, points):
        """Returns codes of points `(n, 2)` of the plane, before the prior's support."""
        return self.origin + np.asarray(points, "float64") @ self.basis.T

    def points(self, codes):
        """Returns where codes `(n, latent_dim)` fall on the plane, shape `(n, 2)`."""
        return (np.asarray(codes, "float64") - self.origin) @ self.basis

    def grid(self, side):
        """Returns the middles of `side` by `side` tiles of the map, from the top left, by row."""
        middles = (np.arange(side) + 0.5) / side * 2.0 - 1.0
        across, up = np.meshgrid(middles, -middles)
        return self.extent * np.stack([across.ravel(), up.ravel()], axis=1)

    def tiles(self, model, side=11):
        """Decodes the map: images of `grid(side)`, shape `(side**2, height, width, channels)`."""
        return model.decode(to_support(model, self.codes(self.grid(side))))


def plane_of(model, codes=None):
    """Chooses the plane of a model's codes to show.

    With two dimensions it is their own, about zero. With more it is the plane in which the
    codes look least like the prior (`wae_tf.plots.least_gaussian_plane`), through their mean:
    codes of images that differ elsewhere fall on one point of it.

    Args:
        model: A trained model.
        codes: Codes of images, shape `(n, latent_dim)`; by default draws of the model's fitted
            sampler, or of the prior.

    Returns:
        `CodePlane`.

    Example:
        >>> plane = plane_of(model)
        >>> model.decode(to_support(model, plane.codes([[0.0, 0.0]])))
    """
    d = model.latent_dim
    source = sampler_names(model)[0]
    if codes is None:
        codes = draw_codes(model, _DRAWS, sampler=source)
    codes = np.asarray(codes, "float64")
    prior = np.asarray(model.prior.sample(_DRAWS, (0, 3)), "float64")
    if d <= 2:
        basis, origin = np.eye(2)[:d], np.zeros(d)
        about = "The codes' two dimensions" if d == 2 else "The codes' one dimension, across"
        codes = np.concatenate([codes, prior])
    else:
        center, variance = prior.mean(axis=0), float(prior.var(axis=0).mean())
        basis, origin = planes.least_gaussian_plane(codes - center, variance), codes.mean(axis=0)
        about = f"The plane of the {d} dimensions where codes look least like the prior"
    extent = 1.1 * float(np.percentile(np.abs((codes - origin) @ basis), _INSIDE))
    return CodePlane(basis, origin, max(extent, 1e-6), about)
