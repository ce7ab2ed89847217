"""The kernel distance between two sets of features; with Inception features, the KID."""

import numpy as np
import tensorflow as tf

from wae_tf.arguments import check_integer
from wae_tf.divergences.mmd import mmd
from wae_tf.metrics.inputs import feature_arrays

__all__ = ["kernel_distance", "polynomial_kernel"]

_REPEATED = 25  # Subsets that pay for compiling.


def polynomial_kernel(a, b):
    """Kernel `k(a, b) = (<a, b> / dim + 1)**3` of the KID ([1]), shape `(n, m)`.

    [1] Binkowski et al., *Demystifying MMD GANs*, ICLR 2018, arXiv:1801.01401.
    """
    inner = tf.matmul(a, b, transpose_b=True) / float(a.shape[-1]) + 1.0
    return inner * inner * inner


def kernel_distance(features_a, features_b, *, subset_size=1000, subsets=100, seed=0):
    """Estimates the squared MMD between two sets of features, under a cubic kernel ([1]).

    Unbiased, hence around zero, sometimes below, for sets of one distribution, whatever
    their size. The estimate is a mean over random subsets, drawn without replacement.

    Args:
        features_a: Array, shape `(n, dim)`, data set or iterator of such batches, n >= 2.
        features_b: The same, with as many dimensions; its n may differ.
        subset_size: Rows in a subset; at most as many as the smaller set has.
        subsets: How many subsets.
        seed: Fixes the subsets.

    Returns:
        Dict: `kernel_distance`, the mean over subsets; `stddev` over subsets; `subset_size`
        and `subsets` as used.

    Raises:
        ValueError: A set has fewer than two rows, or one that is not finite, or their
            dimensions differ.

    Example:
        >>> kernel_distance(extract(real), extract(samples))["kernel_distance"]

    [1] Binkowski et al., *Demystifying MMD GANs*, ICLR 2018, arXiv:1801.01401.
    """
    names = ("features_a", "features_b")
    a, b = feature_arrays(features_a, features_b, names, purpose="the kernel distance")
    a, b = (x.astype("float32", copy=False) for x in (a, b))
    check_integer("subset_size", subset_size, 2)
    check_integer("subsets", subsets, 1)
    size = min(subset_size, len(a), len(b))
    rng = np.random.default_rng(seed)
    jit_compile = True if subsets >= _REPEATED else "auto"

    def subset(x):
        return x[rng.choice(len(x), size, replace=False)]

    values = [
        float(mmd(subset(a), subset(b), polynomial_kernel, jit_compile=jit_compile))
        for _ in range(subsets)
    ]
    return {
        "kernel_distance": float(np.mean(values)),
        "stddev": float(np.std(values)),
        "subset_size": size,
        "subsets": subsets,
    }
