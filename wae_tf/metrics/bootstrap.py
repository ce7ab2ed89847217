"""Intervals of uncertainty by resampling."""

import numpy as np

from wae_tf.arguments import check_finite, check_integer, check_number

__all__ = ["bootstrap"]


def bootstrap(values, statistic=np.mean, *, resamples=1000, level=0.95, seed=0):
    """Computes a percentile bootstrap interval of a statistic over images ([1]).

    Args:
        values: One number or vector for each image, shape `(n, ...)`, n >= 2.
        statistic: Callable, array `(n, ...)` to a number. Distances between distributions
            are biased upwards on resamples, which hold images twice: use it for means.
        resamples: How many; 1,000 are enough for a level of 0.95.
        level: Share of resamples inside the interval.
        seed: Fixes the resamples.

    Returns:
        Dict of floats: `value` on all images, `low`, `high` and `level`.

    Raises:
        ValueError: There are fewer than two images, or a number is not finite.

    Example:
        >>> bootstrap(reconstruction_per_image(images, reconstructions)["mse"])["high"]

    [1] Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993.
    """
    values = np.asarray(values)
    if values.ndim < 1 or len(values) < 2:
        raise ValueError(
            f"`values` must hold at least 2 images' values. Received: shape={values.shape}"
        )
    check_finite("values", values)
    check_number("level", level, below=1.0)
    check_integer("resamples", resamples, 1)
    rng = np.random.default_rng(seed)
    draws = [
        statistic(values[rng.integers(len(values), size=len(values))]) for _ in range(resamples)
    ]
    low, high = np.quantile(draws, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return {
        "value": float(statistic(values)),
        "low": float(low),
        "high": float(high),
        "level": level,
    }
