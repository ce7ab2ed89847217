"""Checks the kernel distance against pair sums, and its expectation against a closed form."""

import itertools

import numpy as np
import pytest

from wae_tf import metrics


def cubic(a, b):
    return (np.dot(a, b) / len(a) + 1.0) ** 3


def test_one_full_subset_equals_the_pair_sums(rng):
    a, b = rng.normal(size=(2, 6, 3)).astype("float32")
    pairs = list(itertools.product(range(6), repeat=2))
    within = sum(cubic(a[i], a[j]) + cubic(b[i], b[j]) for i, j in pairs if i != j)
    across = sum(cubic(a[i], b[j]) for i, j in pairs)
    got = metrics.kernel_distance(a, b, subsets=3)
    assert got["kernel_distance"] == pytest.approx(within / 30 - 2 * across / 36, rel=1e-4)
    assert got["stddev"] == pytest.approx(0.0, abs=1e-5)
    assert (got["subset_size"], got["subsets"]) == (6, 3)


def test_shifted_points_have_the_closed_form():
    """Of point masses at 1 and 3, in one dimension: k(1, 1) + k(3, 3) - 2 k(1, 3)."""
    got = metrics.kernel_distance(np.ones((9, 1)), np.full((8, 1), 3.0), subset_size=4, subsets=2)
    assert got["kernel_distance"] == pytest.approx(2**3 + 10**3 - 2 * 4**3)


def test_equal_distributions_are_around_zero_and_others_are_not(rng):
    a, b = rng.normal(size=(2, 400, 8))
    same = metrics.kernel_distance(a, b, subset_size=200, subsets=20)
    other = metrics.kernel_distance(a, 1.5 * b, subset_size=200, subsets=20)
    assert abs(same["kernel_distance"]) < 3 * same["stddev"]
    assert other["kernel_distance"] > 5 * same["stddev"]


def test_seed_fixes_the_subsets(rng):
    a, b = rng.normal(size=(2, 50, 4))
    one, again, another = (
        metrics.kernel_distance(a, b, subset_size=10, subsets=3, seed=seed) for seed in (0, 0, 1)
    )
    assert one == again != another


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        (np.zeros((1, 3)), np.zeros((9, 3)), {}, "at least 2 images for the kernel distance"),
        (np.zeros((9, 3)), np.zeros((9, 4)), {}, "Received: 3 and 4 dimensions"),
        (np.zeros((9, 3)), np.zeros((9, 3)), {"subset_size": 1}, "subset_size=1"),
    ],
)
def test_bad_features_are_refused(a, b, options, message):
    with pytest.raises(ValueError, match=message):
        metrics.kernel_distance(a, b, **options)
