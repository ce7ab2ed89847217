"""Images that several workers decode together, each a share of them, into one cache."""

import glob

from wae_tf.data import splits
from wae_tf.data.broken import SHOWN, Broken
from wae_tf.data.cache import ImageCache, key_of
from wae_tf.data.decoding import decoded
from wae_tf.data.loading import open_source
from wae_tf.data.preparation import Preparation

__all__ = ["Shares", "cut"]

_AT_ONCE = 2**24  # Bytes that are copied at once.


class Shares:
    """Images of a source in `count` shares, to be decoded into files beside a cache, then joined.

    A share is one stretch of the source's order. Of folders, zip files and TFDS a worker reads and
    decodes nothing else; npz files and arrays it must read whole, and keeps its share of them.
    The joined cache is the one that `load_images` writes and reads, byte for byte.

    Args:
        source, split, cache, image_shape, crop, data_dir, download, max_broken, verbose: As for
            `wae_tf.data.load_images`.
        count: Number of shares.

    Attributes:
        key: Text that is the same for the same images, prepared alike: names, sizes and times.

    Raises:
        ValueError, FileNotFoundError, ImportError: As `load_images`.

    Example:
        >>> shares = Shares("faces.zip", "train", cache="faces.npy", count=2)
        >>> for index in range(2):  # Each on a worker of its own.
        ...     shares.decode(index)
        >>> shares.join()  # On one of them, when all are done.
        >>> shares.close()
        >>> images = wae_tf.data.load_images("faces.zip", "train", cache="faces.npy")
    """

    def __init__(
        self,
        source,
        split="train",
        *,
        cache,
        count,
        image_shape=None,
        crop=None,
        data_dir=None,
        download=False,
        max_broken=0.01,
        verbose="auto",
    ):
        self._preparation, self._cache = Preparation(image_shape, crop), ImageCache(cache)
        self._max_broken, self._verbose = max_broken, verbose
        self._source = open_source(source, splits.parse(split)[0], data_dir, download)
        self._segments = splits.segments(split, self._source.counts, self._source.more_splits)
        self._cuts = cut(self._segments, count)
        stamps = self._source.stamps(self._segments)
        self.key = key_of(stamps, self._preparation, self._source.channels)

    def decode(self, index):
        """Decodes the share with this number, unless it is there, or the cache has all.

        Raises:
            ValueError: None of its images can be decoded, or one has another shape.
            OSError: Its file cannot be written.
        """
        own = self._cuts[index]
        if not own or self._joined() or self._decoded(index) is not None:
            return
        # Whether too many are broken shows when all are there.
        broken = Broken(
            1.0 if self._max_broken else 0, _total(own), self._source.name, self._source.may_skip
        )
        array = self._source.array(own, self._preparation)
        blocks = [array]
        if array is None:
            items, channels = self._source.items(own), self._source.channels
            blocks = decoded(
                items, self._preparation, broken, channels=channels, verbose=self._verbose
            )
        ImageCache(self._path(index)).write(blocks, self._key(index), broken)

    def join(self):
        """Writes the cache from all shares, unless it is there, and removes their files.

        Raises:
            ValueError: More images are broken than `max_broken` allows, or a share is not there.
            OSError: The cache cannot be written.
        """
        if not self._joined():
            shares, indices, shown, before = [], [], [], 0
            for index, own in enumerate(self._cuts):
                if own:
                    images, broken = self._decoded(index) or self._missing(index)
                    indices += [before + place for place in broken.indices]
                    shown += broken.shown
                    shares.append(images)
                    before += broken.total
            source, may_skip = self._source.name, self._source.may_skip
            broken = Broken(self._max_broken, before, source, may_skip, indices, shown[:SHOWN])
            broken.check()
            self._cache.write(_blocks(shares), self.key, broken)
        path = self._cache.path  # Also those of a run that was killed, of another number.
        for share in path.parent.glob(f"{glob.escape(path.stem)}.*-of-*.npy"):
            share.unlink()

    def check_joined(self):
        """Raises a ValueError unless the cache is there, as others see it who have joined it."""
        if not self._joined():
            raise ValueError(
                "The cache must be on a disk that all workers share, as their `workdir` is. "
                f"Received: cache={str(self._cache.path)!r}, which another worker has written and "
                "this one does not see"
            )

    def close(self):
        """Closes the source."""
        self._source.close()

    def _joined(self):
        return self._found(self._cache.path, self.key) is not None

    def _decoded(self, index):
        return self._found(self._path(index), self._key(index))

    def _found(self, path, key):
        return ImageCache(path).open(key, 1.0, self._source.name)

    def _missing(self, index):
        raise ValueError(
            "All workers must see the disk of the cache, and decode their shares before they are "
            f"joined. Received: no {str(self._path(index))!r} of these images"
        )

    def _path(self, index):
        path = self._cache.path
        return path.with_name(f"{path.stem}.{index}-of-{len(self._cuts)}.npy")

    def _key(self, index):
        return f"{self.key} {index} of {len(self._cuts)}"


def cut(segments, count):
    """Cuts segments into `count` shares of nearly as many images.

    Args:
        segments: List of `(split, start, stop)`, half-open ranges.
        count: Number of shares.

    Returns:
        List of `count` such lists, which follow each other; one is empty where there are fewer
        images than shares.

    Example:
        >>> cut([("train", 0, 4), ("test", 0, 2)], 2)
        [[('train', 0, 3)], [('train', 3, 4), ('test', 0, 2)]]
    """
    total = _total(segments)
    return [
        splits.stretch(segments, index * total // count, (index + 1) * total // count)
        for index in range(count)
    ]


def _total(segments):
    return sum(stop - start for _, start, stop in segments)


def _blocks(shares):
    for images in shares:
        size = max(_AT_ONCE // images[0].nbytes, 1)
        for first in range(0, len(images), size):
            yield images[first : first + size]
