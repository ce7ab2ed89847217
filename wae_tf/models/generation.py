"""What a trained model is for: encode, decode, reconstruct, sample, interpolate."""

import functools
import random
import warnings

import numpy as np
import tensorflow as tf

from wae_tf import pixels
from wae_tf.arguments import check_finite, check_integer
from wae_tf.runtime.progress_bar import ProgressBar
from wae_tf.samplers import storage

__all__ = ["Generation", "decode_batch", "encode_batch", "reconstruct_batch"]


class Generation:
    """Methods of all models that work through any number of images, batch after batch.

    All return NumPy arrays; images are float32 in [0, 1]. `verbose` shows a progress bar: True
    at once, "auto" where it takes more than two seconds.
    """

    def encode(self, x, batch_size=256, verbose=False):
        """Returns codes of images, shape `(n, latent_dim)`, float32, on the prior's support.

        Args:
            x: Images, shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
            batch_size: Images at a time; changes memory and speed, not the result.
            verbose: As in all methods here.

        Raises:
            ValueError: `x` has the wrong shape, type or range, or NaN.
        """
        x = pixels.check_images(x, self.image_shape)
        return self._in_batches(encode_batch, x, batch_size, verbose, "Encoding")

    def decode(self, z, batch_size=256, verbose=False):
        """Returns images of codes `(n, latent_dim)`, shape `(n, height, width, channels)`.

        Raises:
            ValueError: `z` has the wrong shape, or is not finite.
        """
        z = np.asarray(z, "float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim or len(z) == 0:
            raise ValueError(
                f"`z` must have shape (n, {self.latent_dim}), n >= 1. Received: z.shape={z.shape}"
            )
        check_finite("z", z)
        return self._in_batches(decode_batch, z, batch_size, verbose, "Decoding")

    def reconstruct(self, x, batch_size=256, verbose=False):
        """Returns `decode(encode(x))`, the images as the model remembers them."""
        x = pixels.check_images(x, self.image_shape)
        return self._in_batches(reconstruct_batch, x, batch_size, verbose, "Reconstructing")

    def sample(self, n, seed=None, batch_size=256, sampler="prior", verbose=False):
        """Draws codes, from the prior or a sampler fitted to codes, and decodes them.

        Args:
            n: How many images, at least 1.
            seed: Integer: the same one gives the same images, and `sample(9, seed=0)`
                holds the same codes whatever `batch_size`. None draws a new one from
                Python's `random`, which `keras.utils.set_random_seed` fixes.
            batch_size: Images at a time.
            sampler: `"prior"`, or a name in `samplers`, such as `"gmm"`.
            verbose: As in all methods here.

        Returns:
            Shape `(n, height, width, channels)`, float32 in [0, 1].

        Raises:
            ValueError: `n` is less than 1, `seed` no integer in [0, 2**31), or the model has
                no such sampler.

        Example:
            >>> wae_tf.load("mnist_wae_mmd").sample(16, seed=0).shape
            (16, 28, 28, 1)
        """
        return self.decode(self.sample_codes(n, seed, sampler), batch_size, verbose)

    def sample_codes(self, n, seed=None, sampler="prior"):
        """Draws the codes that `sample` decodes, `(n, latent_dim)`; arguments as there."""
        n = check_integer("n", n, 1)
        seed = random.randrange(2**31) if seed is None else seed
        seed = check_integer("seed", seed, 0, 2**31 - 1)
        if sampler == "prior":
            return np.asarray(self.prior.sample(n, seed=(seed, 0)))
        if sampler not in self.samplers:
            raise ValueError(
                f"`sampler` must be one of {['prior', *self.samplers]}; those of "
                f"{list(storage.CLASSES)} can be fitted, such as by "
                "`wae_tf.samplers.fit(model, images, kind='gmm')`. "
                f"Received: sampler={sampler!r}"
            )
        if self.samplers[sampler].stale:
            warnings.warn(
                f"The sampler {sampler!r} is stale: it was fitted to codes that the model had "
                "before it was trained further. Fit it again by `wae_tf.samplers.fit`.",
                stacklevel=3,
            )
        return self.samplers[sampler].sample(n, seed)

    def interpolate(self, x_a, x_b, steps=8, batch_size=256):
        """Decodes the way between the codes of two images, for each pair.

        Straight lines between codes; on the sphere prior, great circles.

        Args:
            x_a: Images at the start, shape `(n, height, width, channels)`.
            x_b: Images at the end, same shape.
            steps: Points on the way, both ends included; at least 2.
            batch_size: Images that are encoded or decoded at once.

        Returns:
            Shape `(n, steps, height, width, channels)`, float32 in [0, 1].

        Raises:
            ValueError: `steps` is less than 2, or the images do not pair up.
        """
        steps = check_integer("steps", steps, 2)
        z_a, z_b = self.encode(x_a, batch_size), self.encode(x_b, batch_size)
        if len(z_a) != len(z_b):
            raise ValueError(
                "`x_a` and `x_b` must hold as many images. "
                f"Received: {len(z_a)} and {len(z_b)} images"
            )
        way = _arcs if self.prior.spherical else _lines
        z = way(z_a[:, None], z_b[:, None], np.linspace(0.0, 1.0, steps)[None, :, None])
        y = self.decode(z.reshape(-1, self.latent_dim), batch_size)
        return y.reshape(len(z_a), steps, *self.image_shape)

    def _in_batches(self, function, values, batch_size, verbose, title):
        """Applies `function(self, batch)` to a large array; one trace serves all batches."""
        batch_size = check_integer("batch_size", batch_size, 1)
        key = function, values.dtype
        if key not in self._traces:
            signature = tf.TensorSpec((None, *values.shape[1:]), tf.as_dtype(values.dtype))
            traced = tf.function(functools.partial(function, self))
            self._traces[key] = traced.get_concrete_function(signature)
        result, bar = None, ProgressBar(len(values), "image", verbose, title)
        for start in range(0, len(values), batch_size):
            batch = self._traces[key](tf.constant(values[start : start + batch_size])).numpy()
            if result is None:
                result = np.empty((len(values), *batch.shape[1:]), batch.dtype)
            result[start : start + batch_size] = batch
            bar.update(min(start + batch_size, len(values)))
        return result

    @functools.cached_property
    def samplers(self):
        """Samplers of codes by name, which `wae_tf.samplers.fit` adds and `load` restores."""
        return {}

    def mark_samplers_stale(self, cause="Training"):
        """Notes that `cause` changes the codes, and warns once of what that means."""
        fresh = [name for name, sampler in self.samplers.items() if not sampler.stale]
        for name in fresh:
            self.samplers[name].stale = True
        if fresh:
            warnings.warn(
                f"{cause} changes the codes that the samplers {fresh} were fitted to: fit them "
                "again afterwards by `wae_tf.samplers.fit`.",
                stacklevel=3,
            )

    def save_assets(self, dir_path):
        """Writes the samplers into a `.keras` file, as Keras asks for."""
        storage.write_named(dir_path, self.samplers)

    def load_assets(self, dir_path):
        """Reads the samplers of a `.keras` file, as Keras asks for."""
        self.samplers.update(storage.read_named(dir_path))

    @functools.cached_property
    def _traces(self):
        return {}


def _lines(a, b, t):
    return ((1.0 - t) * a + t * b).astype("float32")


def _arcs(a, b, t):
    """Spherical linear interpolation; nearly equal ends are joined by a line."""
    angle = np.arccos(np.clip(np.sum(a * b, axis=-1, keepdims=True), -1.0, 1.0))
    sine = np.sin(angle)
    far = sine > 1e-6
    sine = np.where(far, sine, 1.0)
    arc = (np.sin((1.0 - t) * angle) * a + np.sin(t * angle) * b) / sine
    return np.where(far, arc, _lines(a, b, t)).astype("float32")


def encode_batch(model, batch):
    """Returns codes of a batch of images; like the two below it can be part of a graph."""
    return model.codes(pixels.to_model_range(batch, model.pixel_range))


def decode_batch(model, batch):
    """Returns images of a batch of codes."""
    return pixels.from_model_range(model.decoder(batch, training=False), model.pixel_range)


def reconstruct_batch(model, batch):
    """Returns the images that a batch of images comes back as."""
    return model.call(batch, training=False)
