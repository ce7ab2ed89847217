"""What all fitted samplers share: plain arrays in, codes out."""

import random

import numpy as np

from wae_tf.arguments import check_choice, check_integer
from wae_tf.files import hdf5
from wae_tf.samplers.support import SUPPORTS, fold, fold_tensor

__all__ = ["Sampler", "check_enough", "check_settings"]

_LARGEST = 1e6  # Of an array's values: codes of the zoo are below 10.
_MOST = 2**20  # Of each integer in the settings.


class Sampler:
    """A density of codes, made of arrays that a file can hold.

    `fit` of a subclass turns codes into an instance; the constructor alone turns saved
    arrays into the same instance again.

    Args:
        arrays: Dict of arrays, kept as float32.
        settings: Dict of JSON's types: `latent_dim`, `support` (one of
            `wae_tf.samplers.support.SUPPORTS`), and what else the arrays need; `stale` once
            the codes that it was fitted to are no longer the model's.

    Raises:
        ValueError: Arrays or settings are missing, or do not fit each other.
    """

    kind = None
    takes_uniform = False  # Whether `points` needs a uniform number with each row of noise.

    def __init__(self, arrays, settings):
        self.arrays = {name: np.asarray(values, "float32") for name, values in arrays.items()}
        self.settings = dict(settings)
        check_choice("support", self.settings.get("support"), SUPPORTS)
        self.latent_dim = int(self.settings["latent_dim"])
        hdf5.check_shapes(self.arrays, self.shapes(self.settings, self.arrays))
        for name, values in self.arrays.items():
            if values.size and not -_LARGEST <= values.min() <= values.max() <= _LARGEST:
                raise ValueError(
                    f"A sampler's numbers must be finite, and at most {_LARGEST:g}. "
                    f"Received: {name} from {values.min()} to {values.max()}"
                )

    @classmethod
    def shapes(cls, settings, found):
        """Returns the shapes of the arrays that settings ask for, by name.

        Args:
            settings: As in the constructor.
            found: Dict of what has a `shape`, by name, for what settings of before do not say.
        """
        raise NotImplementedError

    @property
    def stale(self):
        """Whether the model was trained after this was fitted; saved with the settings."""
        return bool(self.settings.get("stale", False))

    @stale.setter
    def stale(self, stale):
        self.settings["stale"] = bool(stale)

    @classmethod
    def fit(cls, points, settings, *, seed=0, verbose=0):
        """Fits to points `(n, latent_dim)` of plain space; subclasses add options."""
        raise NotImplementedError

    def draw(self, n, seed):
        """Draws points of plain space, shape `(n, latent_dim)`."""
        raise NotImplementedError

    def sample(self, n, seed=None):
        """Draws codes.

        Args:
            n: How many, at least 1.
            seed: Integer: the same one gives the same codes. None draws a new one from
                Python's `random`.

        Returns:
            Shape `(n, latent_dim)`, float32, on the prior's support.

        Raises:
            ValueError: `n` is less than 1.
        """
        n = check_integer("n", n, 1)
        seed = random.randrange(2**31) if seed is None else seed
        return fold(self.draw(n, seed), self.settings["support"])

    def points(self, normal, uniform=None):
        """Maps noise to points of plain space, `(n, latent_dim)`, by TensorFlow's operations."""
        raise NotImplementedError

    def from_noise(self, normal, uniform=None):
        """Maps noise to codes: a draw that a graph can hold, whose noise comes from outside.

        Args:
            normal: Standard normal noise, shape `(n, latent_dim)`, float32.
            uniform: Uniform noise in [0, 1), shape `(n,)`; only of samplers with
                `takes_uniform`.

        Returns:
            Codes, shape `(n, latent_dim)`, float32, on the prior's support.
        """
        return fold_tensor(self.points(normal, uniform), self.settings["support"])

    def __repr__(self):
        return f"<{type(self).__name__}: {self.settings}>"


def check_enough(points, least, what, way="pass more images"):
    """Raises a ValueError if points to fit `what` to are too few."""
    if len(points) < least:
        raise ValueError(
            f"{what} needs at least {least} codes: {way}. Received: {len(points)} codes"
        )


def check_settings(settings):
    """Returns the settings of a file, if they are a dict whose sizes can be.

    Raises:
        ValueError: They are none, or a number of dimensions, units and the like is no integer from
            1 to 2**20.
    """
    if not isinstance(settings, dict) or not isinstance(settings.get("kind"), str):
        raise ValueError(f"settings must be an object with a kind: {settings!r}"[:300])
    for name in ("latent_dim", "components", "layers", "units"):
        value = settings.get(name, None if name == "latent_dim" else 1)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
            raise ValueError(f"{name} must be an integer from 1 to {_MOST}: {value!r}"[:300])
    return settings


def normal_draws(n, latent_dim, seed):
    """Standard normal draws, shape `(n, latent_dim)`: fewer are the first of more."""
    return generator(seed, 0).standard_normal((n, latent_dim))


def generator(seed, stream):
    """NumPy generator of one of several independent streams of a seed."""
    return np.random.default_rng([stream, seed % 2**64])
