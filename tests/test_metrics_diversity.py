"""Checks MS-SSIM between pairs: against tf.image, and that collapse raises it."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from wae_tf import metrics
from wae_tf.metrics.diversity import ms_ssim_settings


@pytest.mark.parametrize(
    ("size", "filter_size", "scales"),
    [(28, 11, 2), (32, 11, 2), (64, 11, 3), (128, 11, 4), (176, 11, 5), (512, 11, 5), (8, 7, 1)],
)
def test_settings_fit_the_size(size, filter_size, scales):
    got = ms_ssim_settings(size, 2 * size)
    assert got["filter_size"] == filter_size
    assert len(got["power_factors"]) == scales
    assert sum(got["power_factors"]) == pytest.approx(1.0)


def test_large_images_have_the_standard_ms_ssim(rng):
    x, y = rng.integers(256, size=(2, 1, 176, 176, 1), dtype="uint8")
    expected = float(tf.image.ssim_multiscale(x, y, max_val=255)[0])
    got = metrics.diversity(np.concatenate([x, y]))["ms_ssim"]
    assert got == pytest.approx(expected, rel=1e-3)


def test_two_scales_have_the_formula(rng):
    """With one scale of SSIM and one of contrast, each of tf.image.ssim's own parts."""
    x, y = ndimage.gaussian_filter(rng.uniform(size=(2, 28, 28)), (0, 1, 1))[..., None]
    x, y = tf.constant(x[None], tf.float32), tf.constant(y[None], tf.float32)
    small = [tf.nn.avg_pool2d(image, 2, 2, "VALID") for image in (x, y)]
    fine, coarse = ms_ssim_settings(28, 28)["power_factors"]
    ssim = float(tf.image.ssim(*small, max_val=1.0)[0])
    # Both means in the luminance of the first scale are so near that it is 1 but for 1e-2.
    contrast = float(tf.image.ssim(x, y, max_val=1.0)[0])
    got = metrics.diversity(np.concatenate([x, y]))["ms_ssim"]
    assert got == pytest.approx(max(contrast, 0) ** fine * max(ssim, 0) ** coarse, abs=0.02)


def test_no_image_is_in_two_pairs():
    """Of ten images only the fourth is white: one pair of five differs."""
    x = np.zeros((10, 16, 16, 1), "uint8")
    x[3] = 255
    values = metrics.diversity_per_pair(x)
    assert len(values) == 5
    assert np.sum(values < 0.5) == 1
    assert np.sum(values > 0.999) == 4


def test_collapse_raises_it(rng):
    x = rng.uniform(size=(60, 28, 28, 1))
    few = np.tile(x[:3], (20, 1, 1, 1))
    one = np.tile(x[:1], (60, 1, 1, 1))
    values = [metrics.diversity(images)["ms_ssim"] for images in (x, few, one)]
    assert values[0] < values[1] < values[2]
    assert values[2] == pytest.approx(1.0, abs=1e-4)


def test_seed_source_and_number_of_pairs(rng):
    x = rng.integers(256, size=(40, 16, 16, 3), dtype="uint8")
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(9)
    assert metrics.diversity(dataset) == metrics.diversity(x)
    assert metrics.diversity(x, seed=1) != metrics.diversity(x)
    assert metrics.diversity(x, max_pairs=3)["pairs"] == 3
    assert metrics.diversity(x[:7])["pairs"] == 3


def test_one_image_is_no_pair():
    with pytest.raises(ValueError, match="at least 2 images for pairs. Received: 1"):
        metrics.diversity(np.zeros((1, 16, 16, 1)))
