"""Counting images that cannot be decoded, and saying which they are."""

import warnings

__all__ = ["SHOWN", "Broken"]

SHOWN = 20  # Names in a message; more would hide what it says.


class Broken:
    """The broken images among those that are read.

    Args:
        limit: Largest share of broken images, in [0, 1].
        total: Number of images that are read.
        source: What to call the source in messages.
        may_skip: Whether the limit counts; without, none may be broken.
        indices: Places of the broken ones, from 0.
        shown: Names of the first of them.

    Raises:
        ValueError: if `limit` is not in [0, 1].
    """

    def __init__(self, limit, total, source, may_skip=True, indices=(), shown=()):
        if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not 0 <= limit <= 1:
            raise ValueError(
                "`max_broken` must be a number in [0, 1], the largest share of images that cannot "
                f"be decoded: 0 for none, 0.01 for one in a hundred. Received: max_broken={limit!r}"
            )
        self.limit = limit if may_skip else 0
        self.total, self.source, self.may_skip = total, source, may_skip
        self.indices, self.shown = list(indices), list(shown)

    def add(self, index, name, why):
        """Counts a broken image; `why` is what the decoder says, or ""."""
        self.indices.append(index)
        if len(self.shown) < SHOWN:
            self.shown.append(f"{name} ({why})" if why else name)

    def check(self):
        """Raises a ValueError if there are more broken images than the limit, or no other.

        One may be broken under every limit but 0: of 50 images it is more than 1%, and yet no
        reason to stop.
        """
        allowed = max(self.limit * self.total, 1) if self.limit else 0
        if len(self.indices) > allowed or len(self.indices) == self.total:
            way_out = "Copy or prepare the source again."
            if self.may_skip:
                way_out = (
                    "Repair or remove the others, or have a larger share of them left out by "
                    f"`max_broken`, now {self.limit}."
                )
            raise ValueError(
                "Every image must be a whole JPEG, PNG, BMP, GIF or WebP file, and one at least. "
                f"{way_out} Received: {self}"
            )

    def warn(self, stacklevel=2):
        """Warns of the broken images, if there are any."""
        if self.indices:
            warnings.warn(f"Left out what cannot be decoded: {self}", stacklevel=stacklevel + 1)

    def __str__(self):
        more = len(self.indices) - len(self.shown)
        names = ", ".join(self.shown) + (f" and {more} more" if more else "")
        return f"source={self.source!r} with {len(self.indices)} of {self.total} broken: {names}"
