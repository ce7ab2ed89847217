"""How long an evaluation still takes, from what it has measured and from sizes."""

import math

__all__ = ["ExpectedTime", "expected_seconds"]

# Seconds on two cores of an x86 server with AVX-512, each for one of what its name says.
_PATCHES = 4.2e-3  # An image, a level of the pyramid and a channel, in the sliced distance.
_NEIGHBOUR = 5.5e-11  # A query, a training image and a value of an image.
_PAIR = 2.5e-8  # Two codes in the permutation test.
_FEATURES = {"inception": 0.15}  # An image.
_OTHER_FEATURES = 2e-4
_SUBSETS = 1.4  # The 100 subsets of a kernel distance.
_QUERIES, _PATCHED = 2000, 2048
_DOUBT = 10.0  # Seconds that a measurement must take to tell much of this machine.
_OF_NETWORKS = ("reconstruction", "sharpness", "power spectrum")


def expected_seconds(material, per_image):
    """Returns about how long each measurement takes, by title.

    Args:
        material: `Material` of the evaluation.
        per_image: Seconds for encoding and decoding an image.
    """
    n, sets, held_out = material.n, len(material.seeds), len(material.held_out)
    height, width, channels = material.model.image_shape
    levels = 1 + max(int(math.log2(min(height, width) / 14)), 0)
    train = material.train
    trained = len(train) if hasattr(train, "__array__") else 0
    extractor = material.extractor
    dim = (extractor and extractor.dim) or 0
    features = _FEATURES.get(extractor and extractor.name, _OTHER_FEATURES)
    values = height * width * channels
    return {
        "reconstruction": held_out * per_image,
        "sharpness": (held_out + sets * n / 2) * per_image,
        "power spectrum": n * per_image,
        "Frechet distance": (sets + 2) * n * features,
        "kernel distance": (sets + 1) * _SUBSETS * max(dim / 256, 1),
        "sliced Wasserstein distance": (sets + 1) * min(n, _PATCHED) * levels * channels * _PATCHES,
        "latent": n * n * _PAIR + n * per_image / 2,
        "sampler": n * n * _PAIR,
        "memorisation": (2 * sets + 2) * min(n, _QUERIES) * trained * values * _NEIGHBOUR,
    }


class ExpectedTime:
    """The time that is left: the networks' as they are timed, the rest as on another machine.

    How much slower or faster this one is, each further measurement tells.

    Args:
        material: `Material`.
        titles: Titles of all measurements, in their order.
    """

    def __init__(self, material, titles):
        self._material, self._left = material, list(titles)
        self._expected, self._done, self._seconds = None, _DOUBT, _DOUBT

    def add(self, title, seconds):
        """Counts a measurement that is done."""
        self._left.remove(title)
        if title == "reconstruction":  # All held-out images go through the networks in it.
            per_image = seconds / len(self._material.held_out)
            self._expected = expected_seconds(self._material, per_image)
        elif title not in _OF_NETWORKS and title in (self._expected or {}):
            self._done += self._expected[title]
            self._seconds += seconds

    def left(self):
        """Returns the seconds that are left, None where nothing is known yet."""
        if self._expected is None:
            return None
        slower = self._seconds / self._done
        return sum(
            self._expected.get(title, 0.0) * (1.0 if title in _OF_NETWORKS else slower)
            for title in self._left
        )
