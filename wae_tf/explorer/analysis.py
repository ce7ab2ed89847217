"""What a model makes of one image: its reconstruction, its error, and where its code lies."""

import dataclasses

import numpy as np

from wae_tf.metrics.reconstruction import reconstruction_per_image
from wae_tf.plots.pictures import to_float
from wae_tf.samplers.support import support_of

__all__ = ["Analysis", "Typicality", "analyse", "explained_share", "nearest", "typicality"]

_DRAWS = 10_000


@dataclasses.dataclass(frozen=True)
class Typicality:
    """Where a code lies among draws from the prior.

    Args:
        length: Distance of the code from the prior's mean.
        usual: Median of that distance, over draws from the prior.
        less_likely_share: Share of draws that are less likely than the code (lower density under
            the prior), or None where the density is the same everywhere.
    """

    length: float
    usual: float
    less_likely_share: float | None

    def words(self):
        """Says it in one sentence."""
        if self.less_likely_share is None:
            return "The prior's density is the same all over its support: no code is unlikely."
        share = self.less_likely_share
        if share < 0.01:
            verdict = "outside of where the prior puts its draws"
        elif share < 0.05:
            verdict = "at the edge of where the prior puts its draws"
        elif share > 0.99:
            verdict = "nearer to the middle than draws from the prior come"
        else:
            verdict = "where draws from the prior lie"
        return f"The code lies {verdict}: {share:.0%} of them are less likely than it."


@dataclasses.dataclass(frozen=True)
class Analysis:
    """What `analyse` found; `code` and `reconstruction` are of shapes `(d,)` and image."""

    code: np.ndarray
    reconstruction: np.ndarray
    squared_error: float
    psnr: float
    ssim: float
    explained: float
    typicality: Typicality


def analyse(model, image):
    """Reconstructs an image and measures how well.

    Args:
        model: A trained model.
        image: Shape `(height, width, channels)`, uint8 or floats in [0, 1].

    Returns:
        `Analysis`: numbers as in `wae_tf.metrics.reconstruction`, `explained` as in
        `explained_share`.

    Raises:
        ValueError: The image has the wrong shape, type or range.

    Example:
        >>> analyse(wae_tf.load("mnist_wae_mmd"), digits[0]).squared_error
    """
    code = model.encode(np.asarray(image)[None])
    y = model.decode(code)
    values = reconstruction_per_image(np.asarray(image)[None], y)
    return Analysis(
        code[0],
        y[0],
        *(float(values[name][0]) for name in ("squared_error", "psnr", "ssim")),
        explained_share(image, y[0]),
        typicality(model, code[0]),
    )


def explained_share(image, reconstruction):
    """Returns how much of an image's variance over its pixels the reconstruction explains.

    `1 - sum{(x - y)**2} / sum{(x - m)**2}`, with `m` the image's mean in each channel: 1 for a
    perfect one, 0 for one no better than an even colour, below 0 for a worse one. Of an image
    of one colour, which has nothing to explain: 1 where the reconstruction is it, else 0.

    Args:
        image: Shape `(height, width, channels)`, uint8 or floats in [0, 1].
        reconstruction: Likewise.
    """
    x, y = to_float(image), to_float(reconstruction)
    error = np.sum((x - y) ** 2)
    total = np.sum((x - x.mean(axis=(0, 1))) ** 2)
    if total == 0.0:
        return float(error == 0.0)
    return float(1.0 - error / total)


def typicality(model, code):
    """Compares a code with draws from the prior.

    Args:
        model: A trained model.
        code: Shape `(latent_dim,)`.

    Returns:
        `Typicality`. For a normal prior `less_likely_share` is the upper tail of chi squared with
        `latent_dim` degrees of freedom at `|z|**2 / sigma**2`, here over 10,000 draws.
    """
    draws = np.asarray(model.prior.sample(_DRAWS, (0, 4)), "float64")
    mean = np.zeros(model.latent_dim) if support_of(model.prior) != "space" else draws.mean(axis=0)
    usual = float(np.median(np.linalg.norm(draws - mean, axis=1)))
    length = float(np.linalg.norm(np.asarray(code) - mean))
    if model.prior.constant_density:
        return Typicality(length, usual, None)
    density = np.asarray(model.prior.log_prob(np.float32(code)[None]))[0]
    others = np.asarray(model.prior.log_prob(draws.astype("float32")))
    return Typicality(length, usual, float(np.mean(others < density)))


def nearest(image, others):
    """Finds the nearest of some images, by squared error.

    Args:
        image: Shape `(height, width, channels)`, uint8 or floats in [0, 1].
        others: Shape `(n, height, width, channels)`, likewise.

    Returns:
        Its index, and `sum{(x - y)**2}` over pixels and channels in [0, 1].
    """
    errors = np.sum((to_float(others) - to_float(image)) ** 2, axis=(1, 2, 3))
    index = int(np.argmin(errors))
    return index, float(errors[index])
