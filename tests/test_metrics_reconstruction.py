"""Checks reconstruction errors against NumPy, and that worse reconstructions measure worse."""

import json

import numpy as np
import pytest
import tensorflow as tf

from wae_tf import metrics


@pytest.fixture
def pair(rng):
    x = rng.uniform(size=(7, 12, 14, 3)).astype("float32")
    return x, np.clip(x + 0.1 * rng.normal(size=x.shape), 0.0, 1.0).astype("float32")


def slow_ssim(x, y, size=11):
    """Wang et al. (2004), Eq. 13, window by window; one channel."""
    taps = np.exp(-0.5 * (np.arange(size) - size // 2) ** 2 / 1.5**2)
    window = np.outer(taps, taps) / taps.sum() ** 2
    values = []
    for i in range(x.shape[0] - size + 1):
        for j in range(x.shape[1] - size + 1):
            a, b = x[i : i + size, j : j + size], y[i : i + size, j : j + size]
            mean_a, mean_b = np.sum(window * a), np.sum(window * b)
            var_a = np.sum(window * a**2) - mean_a**2
            var_b = np.sum(window * b**2) - mean_b**2
            covariance = np.sum(window * a * b) - mean_a * mean_b
            c1, c2 = 0.01**2, 0.03**2
            luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
            values.append(luminance * (2 * covariance + c2) / (var_a + var_b + c2))
    return np.mean(values)


def test_errors_equal_their_formulas(pair):
    x, y = pair
    got = metrics.reconstruction_per_image(x, y)
    squared = [float(((a.astype("float64") - b) ** 2).sum()) for a, b in zip(x, y)]
    mse = np.array(squared) / (12 * 14 * 3)
    ssim = [np.mean([slow_ssim(a[..., c], b[..., c]) for c in range(3)]) for a, b in zip(x, y)]
    np.testing.assert_allclose(got["squared_error"], squared, rtol=1e-5)
    np.testing.assert_allclose(got["mse"], mse, rtol=1e-5)
    np.testing.assert_allclose(got["psnr"], 10 * np.log10(1 / mse), rtol=1e-5)
    np.testing.assert_allclose(got["ssim"], ssim, rtol=1e-4)


def test_result_is_the_mean_over_images_whatever_the_batches(pair):
    x, y = (np.tile(part, (40, 1, 1, 1)) for part in pair)
    expected = {k: v.mean() for k, v in metrics.reconstruction_per_image(*pair).items()}
    got = metrics.reconstruction(tf.data.Dataset.from_tensor_slices(x).batch(33), y)
    assert json.loads(json.dumps(got)) == got
    assert got == pytest.approx(expected, rel=1e-5)


def test_order_of_the_images_does_not_matter(pair, rng):
    x, y = pair
    order = rng.permutation(len(x))
    assert metrics.reconstruction(x[order], y[order]) == pytest.approx(
        metrics.reconstruction(x, y), rel=1e-6
    )


def test_equal_images_are_perfect():
    x = np.arange(2 * 28 * 28).reshape(2, 28, 28, 1).astype("uint8")
    got = metrics.reconstruction(x, (x / 255.0).astype("float32"))
    assert got == pytest.approx(
        {"squared_error": 0.0, "mse": 0.0, "psnr": 100.0, "ssim": 1.0}, abs=1e-6
    )


def test_more_noise_is_worse(rng):
    x = rng.uniform(0.3, 0.7, size=(8, 28, 28, 1))
    noise = rng.uniform(-1.0, 1.0, size=x.shape)
    little, much = (metrics.reconstruction(x, x + scale * noise) for scale in (0.05, 0.2))
    assert much["mse"] == pytest.approx(16 * little["mse"], rel=1e-4)
    assert much["psnr"] == pytest.approx(little["psnr"] - 20 * np.log10(4), rel=1e-4)
    assert much["ssim"] < little["ssim"] < 1.0


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_images_smaller_than_the_window_work(size):
    x = np.full((3, size, size, 1), 0.5)
    assert metrics.reconstruction(x, x)["ssim"] == pytest.approx(1.0)


def test_sets_of_different_number_are_refused(pair):
    x, y = pair
    with pytest.raises(ValueError, match="`images` and `reconstructions` must hold as many"):
        metrics.reconstruction(x, y[:3])
