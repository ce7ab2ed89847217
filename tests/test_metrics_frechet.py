"""Checks the Frechet distance against closed forms and SciPy's matrix root."""

import json

import numpy as np
import pytest
import tensorflow as tf
from scipy import linalg

from wae_tf import metrics


def gaussian(rng, n, dim=4, scale=1.0):
    return rng.normal(size=(n, dim)) * scale


def statistics(mean, covariance, n=10_000):
    return metrics.FeatureStatistics(n, np.asarray(mean, float), np.asarray(covariance, float))


def distance(a, b):
    return metrics.frechet_distance(a, b)["frechet_distance"]


def test_commuting_covariances_have_the_closed_form():
    a = statistics([0.0, 1.0], np.diag([4.0, 9.0]))
    b = statistics([3.0, 5.0], np.diag([1.0, 0.25]))
    assert distance(a, b) == pytest.approx(9 + 16 + (2 - 1) ** 2 + (3 - 0.5) ** 2)


def test_any_covariances_have_the_matrix_root(rng):
    a, b = (gaussian(rng, 50, 6) @ gaussian(rng, 6, 6) + i for i in range(2))
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    root = linalg.sqrtm(cov_a @ cov_b).real
    mean = np.sum((a.mean(0) - b.mean(0)) ** 2)
    expected = mean + np.trace(cov_a + cov_b - 2 * root)
    assert distance(a, b) == pytest.approx(expected, rel=1e-9)
    assert distance(b, a) == pytest.approx(expected, rel=1e-9)


def test_samples_approach_the_distance_of_their_distributions(rng):
    a, b = gaussian(rng, 20_000), gaussian(rng, 20_000, scale=2.0) + 1.0
    assert distance(a, b) == pytest.approx(4 * 1.0 + 4 * (2 - 1) ** 2, rel=0.02)


def test_equal_sets_are_at_zero_and_equal_distributions_near_it(rng):
    a = gaussian(rng, 2000)
    assert distance(a, a) == pytest.approx(0.0, abs=1e-9)
    assert distance(a, a[rng.permutation(2000)]) == pytest.approx(0.0, abs=1e-9)
    assert 0.0 < distance(a, gaussian(rng, 2000)) < 0.02


def test_statistics_equal_numpy_whatever_the_batches(rng):
    x = gaussian(rng, 1000, 5) + 1e4  # Where a sum of squares would lose its digits.
    chunks = np.split(x, [1, 2, 500])
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(77)
    for source in (x, iter(chunks), dataset):
        got = metrics.feature_statistics(source)
        assert got.n == 1000
        np.testing.assert_allclose(got.mean, x.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(got.covariance, np.cov(x.T), rtol=1e-7, atol=1e-9)


def test_constant_features_need_no_shrinkage(rng):
    a, b = gaussian(rng, 100), gaussian(rng, 100) + 1.0
    zeros = np.zeros((100, 1))
    got = metrics.frechet_distance(np.hstack([a, zeros]), np.hstack([b, zeros]))
    assert got["frechet_distance"] == pytest.approx(distance(a, b), rel=1e-6)
    assert got["shrinkage_a"] == got["shrinkage_b"] == 0.0
    assert got["warning"] is None


def test_too_few_images_for_a_covariance_are_shrunk_and_said(rng):
    from sklearn import covariance

    a, b = gaussian(rng, 20, 40), gaussian(rng, 5000, 40)
    got = metrics.frechet_distance(a, b)
    expected, shrinkage = covariance.oas(a)
    assert got["shrinkage_a"] == pytest.approx(shrinkage)
    assert got["shrinkage_b"] == 0.0
    assert "20 images for 40 features" in got["warning"]
    shrunk = statistics(a.mean(0), expected * 20 / 19)
    assert got["frechet_distance"] == pytest.approx(distance(shrunk, b))
    assert json.loads(json.dumps(got)) == got


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.zeros((1, 3)), np.zeros((9, 3)), "`features_a` must hold at least 2 .* Received: 1"),
        (np.zeros((9, 3)), np.zeros((9, 4)), "one extractor. Received: 3 and 4 dimensions"),
        (np.full((9, 3), np.nan), np.zeros((9, 3)), "`features_a` must be finite"),
    ],
)
def test_bad_features_are_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        metrics.frechet_distance(a, b)
