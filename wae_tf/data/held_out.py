"""A lasting division of a user's images into two parts, by a hash of their names."""

import hashlib

__all__ = ["PARTS", "divide"]

PARTS = ("kept", "held_out")
_TENTH = 2**256 // 10


def divide(names, paths):
    """Divides images: a tenth of them is held out, the rest is kept.

    An image is held out if the SHA-256 of its path, a number below 2**256, is in the
    lowest tenth. This depends on its own path alone, so that images which are added or
    removed move no other from part to part. Where no path falls there, which is likely for
    fewer than twenty, the one with the lowest hash is held out.

    Args:
        names: Images, in order.
        paths: What to hash of each, with forward slashes.

    Returns:
        Names by part, `"kept"` and `"held_out"`, each in order and not empty; None where
        there are fewer than two images.
    """
    if len(names) < 2:
        return None
    hashes = [_hash(path) for path in paths]
    limit = max(_TENTH, min(hashes) + 1)
    parts = {part: [] for part in PARTS}
    for name, value in zip(names, hashes):
        parts["held_out" if value < limit else "kept"].append(name)
    if not parts["kept"]:  # All fell into the tenth: the mirror image of the case above.
        highest = hashes.index(max(hashes))
        parts["kept"].append(parts["held_out"].pop(highest))
    return parts


def _hash(path):
    # Names that are no Unicode, which a file system may hold, are hashed byte by byte.
    return int.from_bytes(hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest(), "big")
