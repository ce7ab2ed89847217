"""Checks bootstrap intervals and floors."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from wae_tf import metrics


def test_interval_of_a_mean_is_that_of_the_normal_approximation(rng):
    values = rng.exponential(size=2000)
    got = metrics.bootstrap(values)
    half = 1.96 * stats.sem(values)
    assert got["value"] == pytest.approx(values.mean())
    assert got["low"] == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert got["high"] == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_interval_equals_scipys(rng):
    values = rng.normal(size=50)
    got = metrics.bootstrap(values, np.median, level=0.8, resamples=4000)
    expected = stats.bootstrap(
        (values,), np.median, confidence_level=0.8, n_resamples=4000, method="percentile"
    ).confidence_interval
    assert (got["low"], got["high"]) == pytest.approx(tuple(expected), abs=0.05)


def test_intervals_cover_the_truth_as_often_as_they_say():
    draws = np.random.default_rng(2).normal(size=(200, 60))
    intervals = [
        metrics.bootstrap(x, resamples=200, level=0.8, seed=i) for i, x in enumerate(draws)
    ]
    covered = np.mean([interval["low"] <= 0.0 <= interval["high"] for interval in intervals])
    assert covered == pytest.approx(0.8, abs=0.09)  # Three standard errors.


def test_vectors_are_resampled_as_rows(rng):
    pairs = np.repeat(rng.normal(size=(30, 1)), 2, axis=1)
    got = metrics.bootstrap(pairs, lambda x: np.max(np.abs(x[:, 0] - x[:, 1])))
    assert got["high"] == 0.0


def test_seed_fixes_the_interval(rng):
    values = rng.normal(size=20)
    assert metrics.bootstrap(values) == metrics.bootstrap(values)
    assert metrics.bootstrap(values) != metrics.bootstrap(values, seed=1)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([1.0], {}, "at least 2 images"),
        ([1.0, np.nan], {}, "`values` must be finite"),
        ([1.0, 2.0], {"level": 95}, "level=95"),
        ([1.0, 2.0], {"resamples": 0}, "resamples=0"),
    ],
)
def test_bad_values_are_refused(values, options, message):
    with pytest.raises(ValueError, match=message):
        metrics.bootstrap(values, **options)


@pytest.mark.parametrize("size", [None, 3, 5])
def test_halves_are_disjoint(size):
    images = np.arange(10, dtype="uint8")[:, None, None, None]
    a, b = metrics.halves(images, size)
    assert len(a) == len(b) == (size or 5)
    assert len(np.unique(np.concatenate([a, b]))) == 2 * (size or 5)
    other, _ = metrics.halves(images, size, seed=1)
    assert not np.array_equal(a, other)
    from_dataset, _ = metrics.halves(tf.data.Dataset.from_tensors(images), size)
    np.testing.assert_array_equal(from_dataset, a)


def test_floor_is_the_metric_between_halves(rng):
    features = rng.normal(size=(50, 3))
    a, b = metrics.halves(features, 20, seed=4)
    expected = metrics.precision_recall(a, b, k=2)
    assert metrics.floor(metrics.precision_recall, features, 20, seed=4, k=2) == expected


def test_too_few_images_for_two_sets_are_refused():
    with pytest.raises(ValueError, match="at least 12, for two disjoint sets of 6. Received: 10"):
        metrics.halves(np.zeros((10, 3)), 6)
    with pytest.raises(ValueError, match="at least 2, .* Received: 1"):
        metrics.halves(np.zeros((1, 3)))
