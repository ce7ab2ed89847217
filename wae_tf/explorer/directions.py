"""The directions in which codes vary most, from what is stored with a model."""

import dataclasses

import numpy as np

from wae_tf.explorer.drawing import moments, sampler_names
from wae_tf.samplers.support import fold, support_of, unfold

__all__ = ["Directions", "names_of", "principal_directions"]


@dataclasses.dataclass(frozen=True)
class Directions:
    """Orthonormal directions of code space, the widest first.

    Args:
        axes: Shape `(latent_dim, latent_dim)`, one direction in each row.
        stddevs: Standard deviations of the codes along them, shape `(latent_dim,)`.
        mean: Mean of the codes, shape `(latent_dim,)`.
        support: One of `wae_tf.samplers.support.SUPPORTS`; all of the above are in its plain
            space.
        source: What they were taken from: a sampler's name, or "prior".
        names: What changes along some of them, by their number from 1, as the entry says.
    """

    axes: np.ndarray
    stddevs: np.ndarray
    mean: np.ndarray
    support: str
    source: str
    names: dict = dataclasses.field(default_factory=dict)

    def __len__(self):
        return len(self.axes)

    def label(self, i):
        """Returns the name of direction `i`, with the share of the codes' variance on it.

        As `"1: light to dark (4.6% of the variance)"`; one without a name is `"Direction 1 (...)"`.
        """
        share = self.stddevs[i] ** 2 / np.sum(self.stddevs**2)
        number = i + 1
        name = f"{number}: {self.names[number]}" if number in self.names else f"Direction {number}"
        return f"{name} ({share:.1%} of the variance)"

    def center(self):
        """Returns the code in the middle, shape `(latent_dim,)`, float32."""
        return fold(self.mean[None], self.support)[0]

    def move(self, code, amounts):
        """Moves a code along the directions.

        Args:
            code: Shape `(latent_dim,)`.
            amounts: Standard deviations along the first directions, shape `(k,)` or
                `(n, k)`, `k <= latent_dim`.

        Returns:
            Shape `(latent_dim,)` or `(n, latent_dim)`, float32, on the prior's support.
        """
        amounts = np.asarray(amounts, "float64")
        k = amounts.shape[-1]
        steps = (amounts * self.stddevs[:k]) @ self.axes[:k]
        points = unfold(np.asarray(code)[None], self.support) + np.atleast_2d(steps)
        return fold(points, self.support).reshape(steps.shape)


def names_of(entry, sampler):
    """Returns what an entry calls the directions of one of its samplers.

    Names belong to one fit. Of a sampler that was fitted again, whose file has another SHA-256,
    there are none: its directions are others.

    Args:
        entry: What `zoo.read_entry` returns, with `directions` as `zoo.entry_checks` describes
            them, or without.
        sampler: Name of the sampler, such as "gmm".

    Returns:
        Dict from the number of a direction, from 1, to its name.

    Example:
        >>> names_of(zoo.read_entry("celeba_wae_mmd"), "gmm")[1]
        'light to dark'
    """
    named, record = entry.get("directions"), entry.get("samplers", {}).get(sampler, {})
    if named is None or named["sampler_sha256"] != record.get("sha256"):
        return {}
    return {int(number): name for number, name in named["names"].items()}


def principal_directions(model, names=None):
    """Finds the principal axes of a model's codes, without any images.

    Eigenvectors of the covariance that the model's fitted sampler describes, signs such that
    the largest component is positive. Without a sampler nothing is known of the codes, and the
    prior has no direction that stands out: then they are the coordinate axes.

    Args:
        model: A trained model; its first fitted sampler is taken.
        names: What changes along some of them, as `names_of` returns it.

    Returns:
        `Directions`.

    Example:
        >>> directions = principal_directions(model)
        >>> model.decode(directions.move(directions.center(), [[-2.0], [0.0], [2.0]]))
    """
    source = sampler_names(model)[0]
    mean, covariance = moments(model, source)
    if source == "prior":
        axes, variances = np.eye(model.latent_dim), np.diag(covariance)
    else:
        variances, vectors = np.linalg.eigh(covariance)
        axes, variances = vectors.T[::-1], variances[::-1]
        axes = axes * np.sign(axes[np.arange(len(axes)), np.argmax(np.abs(axes), axis=1)])[:, None]
    stddevs = np.sqrt(np.maximum(variances, 0.0))
    return Directions(axes, stddevs, mean, support_of(model.prior), source, names or {})
