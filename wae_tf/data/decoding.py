"""From many encoded images to arrays, a few at a time."""

import collections
import concurrent.futures
import os

from wae_tf.data import preparation as preparing
from wae_tf.runtime.progress_bar import ProgressBar

__all__ = ["decoded"]

_THREADS = min(8, os.cpu_count() or 1)
_AHEAD = 4 * _THREADS  # Images in flight at once: all that is held beside the result.


def decoded(items, preparation, broken, *, channels=None, verbose="auto"):
    """Reads, decodes and prepares images on a few threads, and yields them in order.

    Args:
        items: Iterable of `(name, read)`, consumed as the images are; `read()` returns what
            `wae_tf.data.preparation.decode` takes.
        preparation: `Preparation` to apply.
        broken: `Broken`, which gets the images that cannot be decoded and, after the last,
            checks that they are not too many.
        channels: 1 or 3, where the preparation has no shape and the source decides.
        verbose: Whether to show a progress bar; "auto" does so where it takes over two seconds.

    Yields:
        uint8 arrays, shape `(1, height, width, channels)`, all of one shape.

    Raises:
        ValueError: naming the first image that is smaller than the crop or of another
            shape than those before it; or too many are broken.
    """

    def prepare(name, read):
        try:
            image = preparing.decode(read())
        except (ImportError, MemoryError):
            raise
        except Exception as error:  # Pillow raises OSError, SyntaxError, struct.error...
            return None, _reason(error)
        try:
            return preparation(image, channels), None
        except ValueError as error:
            raise ValueError(f"{error}, image={name!r}") from error

    preparing.require_pillow()
    bar = ProgressBar(broken.total, "image", verbose, title="Reading images")
    first = None
    done = 0
    for done, (name, (image, why)) in enumerate(_on_threads(prepare, items), start=1):
        if image is None:
            broken.add(done - 1, name, why)
        else:
            first = first or (name, image.shape)
            if image.shape != first[1]:
                raise ValueError(
                    "All images must share a shape (height, width, channels). Pass `image_shape` "
                    f"to crop and resize them. Received: {first[0]!r} with shape {first[1]}, "
                    f"{name!r} with shape {image.shape}"
                )
            yield image[None]
        bar.update(done)
    if done != broken.total:
        raise ValueError(
            "The source must hold as many images as it states. Prepare or copy it again. "
            f"Received: {done} images, stated: {broken.total}"
        )
    broken.check()


def _on_threads(function, items):
    """Yields `(name, function(name, read))` in the order of the items, a few ahead."""
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        waiting = collections.deque()
        for name, read in items:
            waiting.append((name, pool.submit(function, name, read)))
            if len(waiting) > _AHEAD:
                name, future = waiting.popleft()
                yield name, future.result()
        for name, future in waiting:
            yield name, future.result()


def _reason(error):
    """Returns what an error of the decoder says about an image, or ""."""
    from PIL import UnidentifiedImageError

    # Of a file that Pillow does not know it says no more than the buffer's address.
    return "" if isinstance(error, UnidentifiedImageError) else str(error)
