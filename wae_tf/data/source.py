"""What every source of images offers to `load_images`."""

import itertools

import numpy as np

__all__ = ["Source"]


class Source:
    """Images by split, which can be counted before any is read.

    A segment is `(split, start, stop)`, a half-open range of the images of a split.

    Attributes:
        counts: Number of images by split, which each source sets.
        name: What errors call it.
        more_splits: Names of splits that can be asked for beside those, for errors.
        channels: 1 or 3, where the source decides on the channels, or None.
        may_skip: Whether images that cannot be decoded may be left out.
    """

    name = "source"
    more_splits = ()
    channels = None
    may_skip = False

    def items(self, segments):
        """Yields `(name, read)` of each image; `read()` is run on a thread of its own.

        It returns the encoded bytes, or an array `(height, width, channels)`.
        """
        return itertools.chain.from_iterable(itertools.starmap(self._items, segments))

    def labels(self, segments):
        """Returns an integer for each image, shape `(n,)`, or None without labels."""
        parts = list(itertools.starmap(self._labels, segments))
        return None if any(part is None for part in parts) else np.concatenate(parts)

    def stamps(self, segments):
        """Yields texts that together change whenever the images do."""
        return itertools.chain.from_iterable(itertools.starmap(self._stamps, segments))

    def array(self, segments, preparation):
        """Returns all images as one uint8 array, where nothing is to be done; else None."""
        return None

    def close(self):
        """Frees what the source holds open."""

    def _items(self, split, start, stop):
        raise NotImplementedError

    def _labels(self, split, start, stop):
        raise NotImplementedError

    def _stamps(self, split, start, stop):
        raise NotImplementedError
