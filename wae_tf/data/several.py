"""Several sources of one training."""

import numpy as np

from wae_tf.data.arrays import fingerprint
from wae_tf.data.loading import load_images

__all__ = ["describe_sources", "is_several", "load_sources", "pair_up"]


def is_several(source):
    """Returns whether a source of images is a list of sources."""
    return isinstance(source, (list, tuple))


def pair_up(source, split):
    """Returns a list of `(source, split)`.

    Args:
        source: As for `wae_tf.data.load_images`, or a list of such.
        split: A split for each of them: a list, or a text with commas between; or one for all.

    Raises:
        ValueError: There is no source, or not a split for each.

    Example:
        >>> pair_up(["a.zip", "b.zip"], "train[:8000],train")
        [('a.zip', 'train[:8000]'), ('b.zip', 'train')]
    """
    sources = list(source) if is_several(source) else [source]
    splits = split.split(",") if isinstance(split, str) else list(split)
    if len(splits) == 1:
        splits *= len(sources)
    if not sources or len(splits) != len(sources):
        raise ValueError(
            "`split` must be one split for all sources, or one for each in their order, such as "
            f"'train[:8000],train' for two. Received: split={split!r} for {len(sources)} sources"
        )
    return list(zip(sources, splits, strict=True))


def load_sources(source, split="train", **options):
    """Reads the images of one or several sources, one after the other.

    Args:
        source: As for `pair_up`, like `split`.
        **options: Other arguments of `wae_tf.data.load_images`. Several sources go to memory:
            `cache` is for one.

    Returns:
        Tuple of the images, a uint8 array `(n, height, width, channels)`, and a list of how
        many are of each source.

    Raises:
        ValueError: As `pair_up` and `load_images`, or the sources have images of several shapes.

    Example:
        >>> images, counts = load_sources(
        ...     ["faces.zip", "more_faces.zip"], "train[:8000],train", image_shape=(64, 64, 3)
        ... )
    """
    pairs = pair_up(source, split)
    if len(pairs) == 1:
        images = load_images(*pairs[0], **options)
        return images, [len(images)]
    options = {name: value for name, value in options.items() if not name.startswith("cache")}
    parts = [load_images(*pair, **options) for pair in pairs]
    if len({part.shape[1:] for part in parts}) > 1:
        raise ValueError(
            "Images of several sources must have one shape: give `image_shape`. "
            f"Received: {[part.shape[1:] for part in parts]}"
        )
    return np.concatenate(parts), [len(part) for part in parts]


def describe_sources(images, counts, split):
    """Returns what tells the images of each source from others, wherever they lie.

    Args:
        images: Images that `load_sources` returned, and with them `counts`.
        split: The splits, as given there.

    Returns:
        List of a dict for each source: `split`, `images` and `sha256`.
    """
    splits = pair_up([None] * len(counts), split)
    parts = np.split(images, np.cumsum(counts)[:-1])
    return [
        {"split": part_split, "images": len(part), "sha256": fingerprint(part)}
        for part, (_, part_split) in zip(parts, splits, strict=True)
    ]
