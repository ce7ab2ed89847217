"""What the checks of a diagnosis look at, each thing made once, when it is first asked for."""

import functools
import warnings

import numpy as np

from wae_tf import metrics
from wae_tf.data.arrays import as_uint8
from wae_tf.diagnosis.limits import LIMITS
from wae_tf.divergences.kernels import imq_kernel
from wae_tf.metrics.inputs import image_array
from wae_tf.pixels import check_images
from wae_tf.samplers import draw_codes

__all__ = ["FEWEST", "Evidence", "RealImages"]

FEWEST = 4  # Images of which anything can be said.
_PERMUTATIONS = 99
_QUERIES = 200  # Samples, and reconstructions, whose nearest training image is looked for.


class RealImages:
    """Real images, and what only depends on them: it stays the same while a model trains.

    Args:
        images: Images that training did not see: array or `tf.data.Dataset` of batches.
        train: Training images, likewise, or None.
        image_shape: `(height, width, channels)` that both must have.
        n: How many to look at, at most; chosen at random from an array, the first of a data set.
        seed: Fixes the choice.

    Attributes:
        images: uint8, at most n.
        train: What was given.
        train_images: How many those are; None where that is not known.

    Raises:
        ValueError: Images do not have that shape, or there are fewer than four.
    """

    def __init__(self, images, train, image_shape, *, n, seed):
        self.images = _chosen(images, image_shape, n, seed, "images")
        if len(self.images) < FEWEST:
            raise ValueError(
                f"`images` must hold at least {FEWEST} for a diagnosis, and should hold hundreds. "
                f"Received: {len(self.images)}"
            )
        self.train, self._shape, self._n, self._seed = train, image_shape, n, seed
        self.train_images = len(train) if hasattr(train, "__len__") else None

    @functools.cached_property
    def train_sample(self):
        """Up to 2 n of the training images, uint8."""
        return _chosen(self.train, self._shape, 2 * self._n, self._seed, "train")

    @functools.cached_property
    def mean_image_error(self):
        return metrics.principal_components_error(self.images, self.images, dim=0)

    def components(self, dim):
        """Returns the error of `dim` principal components, and the images that it is of.

        They are fitted to training images, or without any to one half of the images, and the
        error is that of the other half. None where those are fewer than `2 * dim`.
        """
        if self.train is not None:
            fitted, rows = self.train_sample, slice(None)
        else:
            half = len(self.images) // 2
            fitted, rows = self.images[:half], slice(half, None)
        if len(fitted) < 2 * dim:
            return None
        if dim not in self._components:
            error = metrics.principal_components_error(self.images[rows], fitted, dim)
            self._components[dim] = error, rows
        return self._components[dim]

    @functools.cached_property
    def _components(self):
        return {}

    @functools.cached_property
    def ms_ssim(self):
        return metrics.diversity(self.images)["ms_ssim"]


class Evidence:
    """A model beside real images: reconstructions, codes, draws from the prior, samples.

    Args:
        model: A model of `wae_tf`.
        real: `RealImages`.
        rows: A dict of numbers for each epoch, [] for no history.
        rates: Learning rate of the first step of each epoch, as far as they are known.
        initial_rate: The rate that the schedule began with, or None.
        sampler: As in `model.sample`.
        seed: Fixes the draws.
    """

    def __init__(
        self, model, real, *, rows=(), rates=(), initial_rate=None, sampler="prior", seed=0
    ):
        self.model, self.real, self.rows = model, real, list(rows)
        self.rates, self.initial_rate = list(rates), initial_rate
        self.sampler, self.seed = sampler, seed

    @property
    def dim(self):
        """Dimensions in which codes can lie: one less on the sphere."""
        return self.model.latent_dim - (1 if self.model.prior.spherical else 0)

    @property
    def promises_prior(self):
        """Whether the model's loss ties its codes to the prior, as that of an `AE` does not."""
        return hasattr(self.model, "reg_weight") or hasattr(self.model, "beta")

    @functools.cached_property
    def reconstructions(self):
        return self.model.decode(self.means)  # As `reconstruct`, without encoding again.

    @functools.cached_property
    def errors(self):
        """Squared error of each image, summed over pixels in [0, 1]."""
        differences = self.real.images / np.float32(255.0) - self.reconstructions
        return np.sum(np.square(differences), axis=(1, 2, 3))

    @property
    def grey(self):
        """Whether reconstructions are hardly better than the mean image."""
        limit = LIMITS["mean_image"].threshold
        return float(np.mean(self.errors)) > limit * self.real.mean_image_error

    @functools.cached_property
    def train_error(self):
        """Mean squared error of as many training images; None without any."""
        if self.real.train is None:
            return None
        images = self.real.train_sample[: len(self.real.images)]
        differences = images / np.float32(255.0) - self.model.reconstruct(images)
        return float(np.mean(np.sum(np.square(differences), axis=(1, 2, 3))))

    @functools.cached_property
    def means(self):
        return self.model.encode(self.real.images)

    @functools.cached_property
    def random(self):
        return getattr(self.model, "code_kind", "deterministic") != "deterministic"

    @functools.cached_property
    def codes(self):
        """One code for each image: draws, where the encoder is random."""
        if not self.random:
            return self.means
        return draw_codes(self.model, self.real.images, seed=self.seed)

    @functools.cached_property
    def draws(self):
        """Two sets of prior draws, as many as there are codes."""
        n = len(self.real.images)
        return [np.asarray(self.model.prior.sample(n, seed=(self.seed, i))) for i in range(2)]

    @functools.cached_property
    def dead(self):
        return metrics.dead_share(self.means, self.draws[0])

    @functools.cached_property
    def mmd(self):
        """The squared MMD between codes and prior over the prior's mean kernel, and its p-value.

        `||mu_Q - mu_P||**2 / ||mu_P||**2` between mean embeddings; 0 where chance alone gives
        as much in more than 5 of 100 assignments. The kernel is `imq_kernel`, whatever the
        model trains with, so that models compare.
        """
        kernel = functools.partial(imq_kernel, base=self._squared_distance)
        test = metrics.mmd_test(
            self.codes, self.draws[0], kernel, permutations=_PERMUTATIONS, seed=self.seed
        )
        own = float(np.mean(kernel(*self.draws)))
        relative = max(test["mmd"], 0.0) / own if test["p_value"] <= 0.05 else 0.0
        return relative, test["p_value"]

    @property
    def _squared_distance(self):
        """The prior's, or where it has no finite variance that of the draws."""
        try:
            return self.model.prior.squared_distance
        except ValueError:
            return 2.0 * float(np.sum(np.var(self.draws[0], axis=0)))

    @functools.cached_property
    def moments(self):
        return metrics.relative_moment_distance(self.codes, *self.draws)

    @functools.cached_property
    def logits(self):
        """The discriminator's, of prior draws and of codes."""
        return [self.model.logits(z).numpy() for z in (self.draws[0], self.codes)]

    @functools.cached_property
    def samples(self):
        """uint8, as many as there are images."""
        n = len(self.real.images)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Of a stale sampler others have warned.
            return as_uint8(self.model.sample(n, seed=self.seed, sampler=self.sampler))

    @functools.cached_property
    def memorisation(self):
        """Ratios of `metrics.memorisation`: of samples, and of held-out reconstructions."""
        real, smooth = self.real.images[:_QUERIES], as_uint8(self.reconstructions[:_QUERIES])
        samples = self.samples[:_QUERIES]
        distances, _ = metrics.nearest_images((samples, smooth, real), self.real.train)
        ends = np.cumsum([len(samples), len(smooth)])
        of_samples, of_smooth, of_real = map(np.median, np.split(distances, ends))
        return (of_samples / of_real, of_smooth / of_real) if of_real > 0.0 else None


def _chosen(images, image_shape, n, seed, name):
    if not hasattr(images, "__array__"):
        images = image_array(images, name, limit=n)
    order = np.random.default_rng(seed).permutation(len(images))[:n]
    return as_uint8(check_images(images[order], image_shape, name), name)
