"""Images of a user's own data that the page offers beside samples."""

import dataclasses
import threading
import types

import numpy as np

__all__ = ["ExampleSource", "Examples"]

_MOST = 1000


@dataclasses.dataclass(frozen=True)
class Examples:
    """Images as one model takes them, with their codes.

    Args:
        images: uint8, shape `(n, height, width, channels)`.
        labels: Class of each, integers from 0, or None where they are not known.
        codes: Shape `(n, latent_dim)`.
    """

    images: np.ndarray
    labels: np.ndarray | None
    codes: np.ndarray


class ExampleSource:
    """Prepares one source of images for whatever model is shown.

    Args:
        load: Function of an object with `image_shape` and `crop`, and of `labels=True`, that
            returns images and labels, as `wae_tf.data.load_images` does; None where there is no
            source.
    """

    def __init__(self, load=None):
        self._load = load
        self._of = {}
        self._lock = threading.Lock()

    def of(self, opened):
        """Returns the `Examples` of an `Opened` model, or None where there is no source."""
        if self._load is None:
            return None
        with self._lock:
            if opened.name not in self._of:
                crop = opened.entry.get("config", {}).get("crop")
                wanted = types.SimpleNamespace(image_shape=opened.model.image_shape, crop=crop)
                images, labels = self._load(wanted)
                images = images[:_MOST]
                labels = None if labels is None else np.asarray(labels)[:_MOST]
                self._of[opened.name] = Examples(images, labels, opened.model.encode(images))
            return self._of[opened.name]
