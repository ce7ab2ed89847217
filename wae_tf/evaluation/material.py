"""What metrics compare: real images, samples, reconstructions, features, codes."""

import functools

import numpy as np

from wae_tf import data as data_lib
from wae_tf import samplers
from wae_tf.data.arrays import as_uint8
from wae_tf.metrics.inputs import image_array
from wae_tf.pixels import check_images

__all__ = ["Material"]

_MAX_IMAGES = 10_000  # As in most published distances; codes' metrics cost its square.


class Material:
    """Sets of images of one size, each made when it is first asked for, and then kept.

    All are uint8, as an image file would hold them, so that real and generated images
    have been rounded alike.

    Args:
        model: A trained model.
        data: Images that training did not see: array or `tf.data.Dataset`.
        train: Training images: array or `tf.data.Dataset`, or None.
        n: Images in each set that is compared; None takes as many as there are, at most
            10,000.
        seeds: Seeds of the samples, one set of them for each.
        sampler: As in `model.sample`.
        extractor: `wae_tf.features.Extractor`, or None.

    Attributes:
        held_out: All of `data`, uint8.
        real: n of them in random order, so that the first of them are like the rest;
            `real_rows` are their places in `held_out`.
        other: n more real images, none of them in `real`: the floor of a metric is that
            between `real` and `other`. Training images if there are any (of a data set its
            first), else held-out ones.

    Raises:
        ValueError: Images do not fit the model, or there are fewer than `n` needs.
    """

    def __init__(self, model, data, train, *, n, seeds, sampler, extractor):
        self.model, self.train, self.extractor = model, train, extractor
        self.seeds, self.sampler = list(seeds), sampler
        self.held_out = _images(data, model.image_shape, "data")
        rng = np.random.default_rng(0)
        order = rng.permutation(len(self.held_out))
        if train is None:
            available = len(order) // 2
        else:
            limit = min(len(order), _MAX_IMAGES if n is None else n)
            pool = _images(train, model.image_shape, "train", limit)  # Of a data set, its first.
            if hasattr(train, "__array__"):
                self.train = pool
            available = min(len(order), len(pool))
        self.n = min(available, _MAX_IMAGES) if n is None else n
        if not 2 <= self.n <= available:
            where = "`data`" if train is None else "`data` or `train`"
            raise ValueError(
                f"Comparing sets of {max(self.n, 2)} images needs that many in `data`, and others "
                "in `train`, or twice as many in `data` alone: pass more images, or a smaller "
                f"`n`. Received: n={n}, where {where} allows {available}"
            )
        self.real_rows = order[: self.n]
        self.real = self.held_out[self.real_rows]
        if train is None:
            self.other = self.held_out[order[self.n : 2 * self.n]]
        else:
            self.other = pool[rng.permutation(len(pool))[: self.n]]
        self.data_sha256 = data_lib.fingerprint(self.held_out)

    @functools.cached_property
    def samples(self):
        """One array of n samples for each seed."""
        kind = {} if self.sampler == "prior" else {"sampler": self.sampler}
        return [as_uint8(self.model.sample(self.n, seed=seed, **kind)) for seed in self.seeds]

    def reconstructions(self, batch_size=256):
        """Yields reconstructions of `held_out`, batch by batch, float32."""
        for start in range(0, len(self.held_out), batch_size):
            yield self.model.reconstruct(self.held_out[start : start + batch_size])

    @functools.cached_property
    def codes(self):
        """Codes of `real`, shape `(n, latent_dim)`; of random encoders, draws."""
        return samplers.draw_codes(self.model, self.real)

    @functools.cached_property
    def real_features(self):
        return self.extractor(self.real)

    @functools.cached_property
    def other_features(self):
        return self.extractor(self.other)

    @functools.cached_property
    def sample_features(self):
        """Features of the samples, one array for each seed."""
        return [self.extractor(images) for images in self.samples]


def _images(source, image_shape, name, limit=None):
    if not hasattr(source, "__array__"):
        source = image_array(source, name, limit=limit)
    return as_uint8(check_images(source, image_shape, name), name)
