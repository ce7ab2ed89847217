"""The record of one metric: value, floor, uncertainty, and details of that metric only."""

import numpy as np

from wae_tf import metrics

__all__ = ["record"]


def record(values, floor=None, *, n, better, per_image=None, **details):
    """Makes the record of one metric.

    Args:
        values: The metric for each seed of the samples, or one number where none are used.
        floor: The same metric between (or of) real images; for codes, of prior draws.
        n: Images in the metric.
        better: `"lower"`, `"higher"`, or `"floor"` where it should be near the floor.
        per_image: Values whose mean the metric is, shape `(m,)`, for a bootstrap interval.
        **details: JSON's types, kept as they are.

    Returns:
        Dict with `value`, the mean over seeds; with several seeds `stddev` and `values`
        of each; with `per_image`, `low` and `high` of a 95% interval.

    Raises:
        ValueError: The value is not finite.
    """
    values = np.atleast_1d(np.asarray(values, "float64"))
    if not np.all(np.isfinite(values)):
        raise ValueError(f"The metric must be finite. Received: {values.tolist()}")
    result = {"value": float(values.mean()), "floor": None if floor is None else float(floor)}
    if len(values) > 1:
        result |= {"stddev": float(values.std(ddof=1)), "values": values.tolist()}
    if per_image is not None and len(per_image) > 1:
        interval = metrics.bootstrap(per_image)
        result |= {"low": interval["low"], "high": interval["high"]}
    return {**result, "n": int(n), "better": better, **details}
