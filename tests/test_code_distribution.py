"""Checks draws from random encoders, and the terms of a VAE's bound."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from wae_tf.models.elbo import gaussian_kl, gaussian_negative_log_likelihood
from wae_tf.priors.code_distribution import CodeDistribution

RNG = np.random.default_rng(0)
MEAN = RNG.normal(size=(3, 2)).astype("float32")
LOG_VARIANCE = RNG.normal(size=(3, 2)).astype("float32")
MATRIX = RNG.normal(size=(3, 2, 2)).astype("float32")


def test_deterministic_codes_are_the_encoders():
    np.testing.assert_array_equal(CodeDistribution.of(MEAN).sample((0, 0)), MEAN)


def test_gaussian_draws_have_the_encoders_moments():
    draws = CodeDistribution.of([MEAN, LOG_VARIANCE]).sample_many(20_000, (0, 0)).numpy()
    np.testing.assert_allclose(draws.mean(1), MEAN, atol=0.05)
    np.testing.assert_allclose(draws.var(1), np.exp(LOG_VARIANCE), rtol=0.05)


def test_implicit_draws_have_the_covariance_of_the_noise_matrix():
    draws = CodeDistribution.of([MEAN, MATRIX]).sample_many(20_000, (0, 0)).numpy()
    np.testing.assert_allclose(draws.mean(1), MEAN, atol=0.06)
    for image in range(3):
        expected = MATRIX[image].T @ MATRIX[image]
        np.testing.assert_allclose(np.cov(draws[image].T), expected, atol=0.15)


def test_seeds_fix_draws():
    distribution = CodeDistribution.of([MEAN, LOG_VARIANCE])
    first, again, other = (distribution.sample(seed).numpy() for seed in ((0, 1), (0, 1), (0, 2)))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).min() > 1e-4


def test_log_variances_are_cut_off():
    distribution = CodeDistribution.of([MEAN, 1000.0 * np.sign(LOG_VARIANCE)])
    assert np.abs(distribution.log_variance).max() == 50.0
    assert np.all(np.isfinite(distribution.sample((0, 0))))


def test_log_prob_is_scipys():
    z = RNG.normal(size=(3, 2)).astype("float32")
    expected = stats.norm.logpdf(z, MEAN, np.exp(LOG_VARIANCE / 2)).sum(1)
    got = CodeDistribution.of([MEAN, LOG_VARIANCE]).log_prob(z)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_log_variance_penalty_pulls_variances_to_one():
    log_variance = tf.constant([[2.0, -3.0], [0.5, 0.5]])
    with tf.GradientTape() as tape:
        tape.watch(log_variance)
        value = CodeDistribution(tf.zeros((2, 2)), log_variance).log_variance_l1()
    assert float(value) == 3.0  # (5 + 1) / 2.
    np.testing.assert_array_equal(tape.gradient(value, log_variance), [[0.5, -0.5], [0.5, 0.5]])


def test_kl_equals_an_average_over_draws():
    draws = CodeDistribution.of([MEAN, LOG_VARIANCE]).sample_many(50_000, (0, 0)).numpy()
    of_code = stats.norm.logpdf(draws, MEAN[:, None], np.exp(LOG_VARIANCE / 2)[:, None])
    of_prior = stats.norm.logpdf(draws, 0.5, 2.0)
    expected = (of_code - of_prior).sum(2).mean(1)
    got = gaussian_kl(MEAN, LOG_VARIANCE, 0.5, 2.0)
    np.testing.assert_allclose(got, expected, atol=0.03)
    assert float(gaussian_kl(tf.zeros((1, 2)), tf.zeros((1, 2)))[0]) == 0.0


def test_likelihood_is_scipys():
    x, y = RNG.normal(size=(2, 7))
    got = gaussian_negative_log_likelihood(float(np.sum((x - y) ** 2)), 7, 2 * np.log(0.3))
    assert float(got) == pytest.approx(-stats.norm.logpdf(x, y, 0.3).sum(), rel=1e-5)
