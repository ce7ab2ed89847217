"""Checks the adversarial losses: closed forms, gradients, extreme logits."""

import math

import numpy as np
import pytest
import tensorflow as tf

from wae_tf.divergences.adversarial import discriminator_loss, matching_loss


@pytest.fixture
def logits(rng):
    """Returns logits of 7 prior draws and of 5 codes."""
    return rng.normal(size=(7, 1)).astype("float32"), rng.normal(size=(5, 1)).astype("float32")


def sigmoid(logits):
    return 1.0 / (1.0 + np.exp(-logits.astype("float64")))


def gradient(loss, *logits):
    logits = [tf.constant(values, tf.float32) for values in logits]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(*logits)
    return [slope.numpy() for slope in tape.gradient(value, logits)]


def test_discriminator_loss_is_the_cross_entropy_of_algorithm_1(logits):
    """`-mean(log D(z_prior)) - mean(log(1 - D(z)))`, with D the sigmoid of the logits."""
    prior, code = logits
    expected = -np.mean(np.log(sigmoid(prior))) - np.mean(np.log(1.0 - sigmoid(code)))
    np.testing.assert_allclose(discriminator_loss(prior, code), expected, rtol=1e-5)


def test_matching_loss_is_minus_log_d_of_codes(logits):
    _, code = logits
    np.testing.assert_allclose(matching_loss(code), -np.mean(np.log(sigmoid(code))), rtol=1e-5)


def test_a_discriminator_that_cannot_tell():
    zeros = np.zeros((6, 1), "float32")
    assert float(discriminator_loss(zeros, zeros)) == pytest.approx(2 * math.log(2), rel=1e-6)
    assert float(matching_loss(zeros)) == pytest.approx(math.log(2), rel=1e-6)


@pytest.mark.parametrize(
    "prior, code, expected",
    [(1000.0, -1000.0, 0.0), (-1000.0, 1000.0, 2000.0), (1000.0, 1000.0, 1000.0)],
)
def test_extreme_logits_do_not_overflow(prior, code, expected):
    logits = np.full((3, 1), prior, "float32"), np.full((4, 1), code, "float32")
    assert float(discriminator_loss(*logits)) == expected
    for slope in gradient(discriminator_loss, *logits):
        assert np.all(np.isfinite(slope))


def test_codes_of_extreme_logits_are_matched_without_overflow():
    assert float(matching_loss(np.full((3, 1), -1000.0, "float32"))) == 1000.0
    assert float(matching_loss(np.full((3, 1), 1000.0, "float32"))) == 0.0


def test_matching_loss_does_not_saturate():
    """`log(1 - D(z))` would leave an encoder whose codes are told at once without gradient."""
    np.testing.assert_allclose(
        gradient(matching_loss, np.full((4, 1), -1000.0))[0], -0.25, rtol=1e-6
    )


def test_each_player_pulls_in_its_own_direction(logits):
    prior_slope, code_slope = gradient(discriminator_loss, *logits)
    assert np.all(prior_slope < 0) and np.all(code_slope > 0)
    assert np.all(gradient(matching_loss, logits[1])[0] < 0)


def test_half_precision_logits_are_averaged_in_float32():
    prior, code = tf.fill((70_000, 1), tf.constant(-2.0, "float16")), tf.zeros((3, 1), "bfloat16")
    loss = discriminator_loss(prior, code)
    assert loss.dtype == matching_loss(prior).dtype == tf.float32
    np.testing.assert_allclose(loss, np.log1p(np.exp(2.0)) + np.log(2.0), rtol=1e-5)
    np.testing.assert_allclose(matching_loss(prior), np.log1p(np.exp(2.0)), rtol=1e-5)
