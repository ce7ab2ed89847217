"""How well a score tells two samples apart."""

import numpy as np

__all__ = ["separation"]


def separation(above, below):
    """Returns the share of pairs that a score puts in the right order ([1]).

    `P(a > b) + P(a == b) / 2` for a from `above` and b from `below`: the area under the
    ROC curve. No threshold enters it, so that it serves a discriminator whose logits have a
    zero as well as one whose scores have none.

    Args:
        above: Scores of the sample that should have the higher ones, any shape.
        below: Scores of the other, any shape.

    Returns:
        Float in [0, 1]: 1/2 where the scores cannot tell, 1 where they always can.

    Raises:
        ValueError: A sample is empty, or not finite.

    Example:
        >>> separation([1.0, 3.0], [0.0, 2.0])
        0.75

    [1] Hanley and McNeil, *The Meaning and Use of the Area under a ROC Curve*, Radiology
        143(1), 1982.
    """
    above, below = (np.ravel(np.asarray(scores, "float64")) for scores in (above, below))
    if not len(above) or not len(below) or not np.all(np.isfinite([*above, *below])):
        raise ValueError(
            "`above` and `below` must hold scores, all finite. "
            f"Received: {len(above)} and {len(below)}, "
            f"{int(np.sum(~np.isfinite([*above, *below])))} of them NaN or infinite"
        )
    order = np.sort(below)
    lower = np.searchsorted(order, above, side="left")
    not_higher = np.searchsorted(order, above, side="right")
    return float(np.mean(lower + not_higher) / (2.0 * len(below)))
