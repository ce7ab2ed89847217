"""From images to the features that metrics compare, cached by data and network."""

import hashlib
import zipfile

import keras
import numpy as np
import tensorflow as tf

from wae_tf import data, files
from wae_tf.arguments import check_integer
from wae_tf.features.classifier_head import Head
from wae_tf.features.classifier_kinds import CLASSIFIERS
from wae_tf.features.classifier_loading import load_classifier
from wae_tf.features.inception import build_inception, inception_input
from wae_tf.metrics.frechet import FeatureStatistics, feature_statistics
from wae_tf.metrics.inputs import image_batches
from wae_tf.runtime.progress_bar import ProgressBar

__all__ = ["Extractor", "extractor"]


def extractor(which, *, weights_path=None, name=None, batch_size=None, cache_dir=None):
    """Makes a feature extractor.

    Args:
        which: One of
            - `"lenet"`: the classifier of MNIST digits that ships, 128 features of images
              28x28x1, with which `frechet_distance` is `lenet_fd`;
            - `"convnet"`: the classifier of CIFAR-10 photographs that ships, 128 features of
              images 32x32x3, with which it is `convnet_fd`;
            - `"inception"`: Inception-v3, 2,048 features of images of any size, with which it
              is the FID; see `wae_tf.features.inception` for resize and range;
            - a Keras model, images as float32 in [0, 1] to `(n, dim)`;
            - a callable of NumPy arrays that does the same.
        weights_path: File of weights, for `"inception"` only.
        name: What to call it in reports. By default the name of network or function.
        batch_size: Images at a time; by default 32 for Inception, 256 for others.
        cache_dir: Directory in which features and statistics are kept. By default nothing is.

    Returns:
        `Extractor`.

    Raises:
        ValueError: `which` is none of these, or weights do not fit.
        FileNotFoundError: Inception's weights are neither there nor to be had.

    Example:
        >>> features = extractor("lenet")(test_images)  # Shape (10000, 128).
    """
    if weights_path is not None and which != "inception":
        raise ValueError(
            "`weights_path` goes with 'inception': load other models' weights before. "
            f"Received: weights_path={str(weights_path)!r}"
        )
    arguments = {"batch_size": batch_size or 256, "cache_dir": cache_dir}
    if isinstance(which, str) and which in CLASSIFIERS:
        model = load_classifier(which)
        network = keras.Model(model.inputs, model.get_layer("features").output)
        head = Head(*model.get_layer("logits").get_weights(), CLASSIFIERS[which].class_names)
        return Extractor(network, name=name or which, head=head, **arguments)
    if isinstance(which, str) and which == "inception":
        arguments["batch_size"] = batch_size or 32
        network = build_inception(weights_path)
        return Extractor(network, inception_input, name=name or "inception", **arguments)
    if not callable(which):
        raise ValueError(
            f"`which` must be one of {[*CLASSIFIERS, 'inception']}, a Keras model or a callable. "
            f"Received: {which!r}"
        )
    name = name or getattr(which, "name", None) or getattr(which, "__name__", "features")
    return Extractor(which, name=name, **arguments)


class Extractor:
    """A network, or any callable, that turns images into features.

    Use `extractor` to make one.

    Args:
        network: Keras model or layer, or callable of NumPy arrays; prepared images to
            features `(n, dim)`.
        prepare: Callable on images, float32 in [0, 1], that comes before a Keras network.
        name: What to call it in reports.
        batch_size: Images at a time; changes memory and speed, not the result.
        cache_dir: Directory of the cache, or None. Only uint8 arrays are looked up there, and
            only features of Keras networks, whose weights have a hash.
        head: `wae_tf.features.Head` that turns the features into logits of classes, or None.

    Attributes:
        name: As given.
        class_names: What the head's classes are called. None without a head.
        hash: SHA-256 of the network's weights, 64 hex digits. None for a callable.
        dim: Number of features. None for a callable that has not been called.
    """

    def __init__(self, network, prepare=None, *, name, batch_size=256, cache_dir=None, head=None):
        self.name = name
        self.batch_size = check_integer("batch_size", batch_size, 1)
        self.class_names = head and head.class_names
        self._head = head
        self.hash = self.dim = self._image_shape = None
        self._network, self._traces = network, {}
        self._prepare = prepare or tf.identity
        self._cache_dir = cache_dir and files.writable_directory(cache_dir, "cache_dir")
        if not isinstance(network, keras.Layer):
            return
        self.hash = _hash(network)
        shape = getattr(network, "output_shape", None) if network.built else None
        if isinstance(shape, tuple):
            self._check_output(shape)
            self.dim = shape[1]
        shape = getattr(network, "input_shape", None) if network.built else None
        if prepare is None and isinstance(shape, tuple):
            self._image_shape = shape[1:]

    def __call__(self, images, verbose=False):
        """Returns features, shape `(n, dim)`, float32.

        Args:
            images: Array, shape `(n, height, width, channels)`, uint8 or floats in [0, 1], or
                a `tf.data.Dataset` of such batches.
            verbose: Whether to show a progress bar; "auto" where it takes over two seconds.

        Raises:
            ValueError: The images are none, have NaN or a shape that the network does not
                take, or the features are no finite array `(n, dim)`.
        """

        def compute():
            return {"features": np.concatenate(list(self.batches(images, verbose)))}

        return self._cached(images, "features", compute)["features"]

    def logits(self, features):
        """Returns logits of classes, shape `(n, classes)`, of features that a call returned.

        Raises:
            ValueError: The features have another dimension, or the network is no classifier.
        """
        if self._head is None:
            raise ValueError(
                f"Logits are those of a classifier: choose one of {list(CLASSIFIERS)}. "
                f"Received: an extractor {self.name!r} without a head"
            )
        return self._head(features)

    def statistics(self, images, verbose=False):
        """Returns the features' `FeatureStatistics`, holding one batch of them in memory.

        Arguments and errors as for a call.
        """

        def compute():
            statistics = feature_statistics(self.batches(images, verbose))
            return {"n": statistics.n, "mean": statistics.mean, "covariance": statistics.covariance}

        found = self._cached(images, "statistics", compute)
        return FeatureStatistics(int(found["n"]), found["mean"], found["covariance"])

    def batches(self, images, verbose=False):
        """Yields features, shape `(batch, dim)`; arguments and errors as for a call."""
        total = len(images) if hasattr(images, "__array__") else None
        bar = ProgressBar(total, "image", verbose, title=f"Features of {self.name}")
        done = 0
        for batch in image_batches(images, self.batch_size):
            if self._image_shape is not None and any(
                want not in (None, got)
                for got, want in zip(batch.shape[1:], self._image_shape, strict=True)
            ):
                raise ValueError(
                    f"`images` must have the shape that {self.name!r} takes, {self._image_shape}: "
                    "choose another extractor, or resize them. "
                    f"Received: {batch.shape[1:]}"
                )
            features = np.asarray(self._apply(batch), "float32")
            self._check_output(features.shape)
            if len(features) != len(batch) or not np.all(np.isfinite(features)):
                raise ValueError(
                    f"{self.name!r} must return one row of finite features for each image. "
                    f"Received: {len(features)} rows for {len(batch)} images, "
                    f"{np.sum(~np.isfinite(features))} NaN or infinite"
                )
            self.dim = features.shape[1]
            yield features
            done += len(batch)
            bar.update(done)
        bar.close()

    def _apply(self, batch):
        if not isinstance(self._network, keras.Layer):
            return self._network(batch)
        shape = batch.shape[1:]
        if shape not in self._traces:
            signature = tf.TensorSpec((None, *shape), tf.float32)
            traced = tf.function(lambda x: self._network(self._prepare(x), training=False))
            self._traces[shape] = traced.get_concrete_function(signature)
        return self._traces[shape](tf.constant(batch))

    def _check_output(self, shape):
        if len(shape) != 2:
            raise ValueError(
                f"{self.name!r} must return features of shape (n, dim): end it with a pooling "
                f"layer, or flatten. Received: shape={tuple(shape)}"
            )

    def _cached(self, images, kind, compute):
        """Returns the arrays that `compute` returns, from the cache where they are in it."""
        dtype = getattr(images, "dtype", None)
        if self._cache_dir is None or self.hash is None or dtype != np.uint8:
            return compute()
        key = f"{self.name}/{self.hash}/{data.fingerprint(images)}"
        digest = hashlib.sha256(key.encode()).hexdigest()
        path = self._cache_dir / f"{kind}-{digest[:32]}.npz"
        try:
            with np.load(path, allow_pickle=False) as found:
                return {name: found[name] for name in found.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            pass  # Not there, or cut off: made anew.
        arrays = compute()
        with files.replacing(path) as temporary:
            np.savez(temporary, **arrays)
        return arrays


def _hash(network):
    """Returns the SHA-256 of a network's weights: their shapes and bytes, in order."""
    digest = hashlib.sha256()
    for weight in network.get_weights():
        digest.update(f"{weight.dtype} {weight.shape}".encode())
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()
