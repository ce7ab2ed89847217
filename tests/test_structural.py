"""Checks `wae_tf.costs.structural` against TensorFlow and slow NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from wae_tf.costs import structural

COSTS = (structural.ssim, structural.ms_ssim, structural.laplacian_l1)


def pair(side=32, channels=3, noise=0.1, n=2):
    rng = np.random.default_rng(0)
    x = tf.image.resize(rng.uniform(size=(n, 8, 8, channels)), (side, side)).numpy()
    y = np.clip(x + noise * rng.normal(size=x.shape), 0.0, 1.0)
    return x.astype("float32"), y.astype("float32")


def test_ssim_is_tensorflows():
    x, y = pair()
    expected = 32 * 32 * 3 * (1.0 - tf.image.ssim(x, y, max_val=1.0))
    np.testing.assert_allclose(structural.ssim(x, y), expected, rtol=1e-4)


def test_ms_ssim_is_tensorflows():
    x, y = pair(176, 1, n=1)
    # 176 = 11 * 16: the smallest side for which TensorFlow has five scales, too.
    expected = 176 * 176 * (1.0 - tf.image.ssim_multiscale(x, y, max_val=1.0))
    np.testing.assert_allclose(structural.ms_ssim(x, y), expected, rtol=1e-3)


def test_laplacian_l1_equals_numpy():
    x, y = (images[0, ..., 0].astype("float64") for images in pair(8, 1))
    weights = np.array([1, 4, 6, 4, 1]) / 16
    padded = np.pad(x - y, 2, mode="reflect")
    blurred = sum(
        weights[i] * weights[j] * padded[i : i + 8, j : j + 8] for i in range(5) for j in range(5)
    )
    coarse = blurred[::2, ::2]
    at = np.clip((np.arange(8) + 0.5) / 2 - 0.5, 0, 3)  # Where fine pixels lie on the coarse grid.
    low, high = np.floor(at).astype(int), np.ceil(at).astype(int)
    t = at - low
    rows = coarse[low] * (1 - t)[:, None] + coarse[high] * t[:, None]
    fine = rows[:, low] * (1 - t) + rows[:, high] * t
    expected = np.abs(x - y - fine).sum() + 4 * np.abs(coarse).sum()
    got = structural.laplacian_l1(*(images[:1] for images in pair(8, 1)))
    assert float(got[0]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("side", [7, 28, 32])
def test_zero_for_equal_images_and_more_for_more_noise(cost, side):
    x, _ = pair(side, 1)
    values = [float(cost(x, pair(side, 1, noise)[1])[0]) for noise in (0.0, 0.05, 0.3)]
    assert values[0] == pytest.approx(0.0, abs=1e-2)
    assert values[0] < values[1] < values[2]


@pytest.mark.parametrize("cost", COSTS[:2])
def test_pixel_range_does_not_change_similarity(cost):
    x, y = pair()
    np.testing.assert_allclose(cost(2 * x - 1, 2 * y - 1, (-1.0, 1.0)), cost(x, y), rtol=1e-4)


@pytest.mark.parametrize("cost", COSTS)
def test_gradient_is_finite_for_equal_flat_and_opposite_images(cost):
    x, _ = pair()
    for y in (x, np.zeros_like(x), 1.0 - x):
        y = tf.constant(y)
        with tf.GradientTape() as tape:
            tape.watch(y)
            value = cost(x, y)
        assert value.shape == (2,)
        assert np.all(np.isfinite(tape.gradient(value, y)))
