"""Split strings: `"train"`, `"all"`, `"train[:8000]"`, `"test[90%:]"`."""

import re

__all__ = ["canonical", "in_order", "parse", "segments", "stretch"]

_PATTERN = re.compile(r"([A-Za-z]\w*)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?")
_ALIASES = {"val": "validation", "valid": "validation"}
_ORDER = ("train", "validation", "test")


def canonical(name):
    """Returns the split name, with `"val"` and `"valid"` read as `"validation"`."""
    return _ALIASES.get(name, name)


def in_order(names):
    """Sorts split names: train, validation, test, then any other by name."""
    return sorted(names, key=lambda name: (_ORDER.index(name) if name in _ORDER else 3, name))


def parse(split):
    """Takes a split string apart: `"train[:90%]"` gives `("train", None, "90%")`.

    Raises:
        ValueError: if `split` is not a name, with or without a slice.
    """
    match = _PATTERN.fullmatch(split.strip()) if isinstance(split, str) else None
    if match is None:
        raise ValueError(
            "`split` must be the name of a split, sliced or not, such as 'train', 'test', 'all', "
            f"'train[:8000]', 'train[-1000:]' or 'train[:90%]'. Received: split={split!r}"
        )
    name, start, stop = match.groups()
    return canonical(name), start, stop


def segments(split, counts, more=()):
    """Finds the images that a split string selects.

    `"all"` stands for every split, one after the other: train, validation, test.
    A slice counts images in the order of the source, from the end where negative;
    a percentage is rounded to the nearest whole image.

    Args:
        split: Split string.
        counts: Number of images in each split of the source, by name.
        more: The parts to train and to test on that the source can make, for the error.

    Returns:
        List of `(name, start, stop)`: half-open ranges, none of them empty.

    Raises:
        ValueError: if the source lacks the split, or the slice leaves it or is empty.

    Example:
        `segments("all[5:]", {"train": 6, "test": 2})` is
        `[("train", 5, 6), ("test", 0, 2)]`.
    """
    name, start, stop = parse(split)
    names = in_order(counts) if name == "all" and "all" not in counts else [name]
    if not set(names) <= set(counts):
        has = list(dict.fromkeys([*in_order(counts), "all", *more]))
        held_out = "slices, such as 'train[:90%]' to train and 'train[90%:]' to test"
        if more:
            held_out = f"{more[0]!r} to train and {more[1]!r} to test, or with slices of 'train'"
        raise ValueError(
            f"`split` must name a part of the source, which has {has}. Without a split of its "
            f"own, hold images out with {held_out}. Received: split={split!r}"
        )
    total = sum(counts[name] for name in names)
    start, stop = _bound(start, 0, total, split), _bound(stop, total, total, split)
    if start >= stop:
        raise ValueError(
            f"`split` must select at least one image: of {total} it takes [{start}:{stop}]. "
            f"Widen the slice. Received: split={split!r}"
        )
    return stretch([(name, 0, counts[name]) for name in names], start, stop)


def stretch(segments, start, stop):
    """Returns the segments, `(name, start, stop)`, of places `start` to `stop` in all of them."""
    found, before = [], 0
    for name, first, last in segments:
        low, high = max(start - before, 0), min(stop - before, last - first)
        if low < high:
            found.append((name, first + low, first + high))
        before += last - first
    return found


def _bound(text, default, total, split):
    """Turns one end of a slice into an index in `0..total`."""
    if text is None:
        return default
    value = round(total * int(text[:-1]) / 100) if text.endswith("%") else int(text)
    index = value + total if text.startswith("-") else value
    if not 0 <= index <= total:
        raise ValueError(
            f"`split` must stay inside the {total} images there are. Use a smaller bound, or a "
            f"percentage such as 'train[:90%]'. Received: split={split!r}"
        )
    return index
