"""Checks the power spectrum against closed forms, and what an evaluation says of it."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from wae_tf import metrics, plots
from wae_tf.cards.sharper_but_worse import compared_with, sharper_but_worse


def wave(cycles, height=16, width=16, amplitude=0.2):
    columns = np.sin(2 * np.pi * cycles * (np.arange(width) + 0.25) / width)
    return (0.5 + amplitude * np.tile(columns, (height, 1)))[None, ..., None]


def test_a_wave_has_its_power_at_its_frequency():
    spectrum = metrics.power_spectrum(wave(3))
    assert spectrum.shape == (8,)
    assert np.flatnonzero(spectrum > 1e-9) == 2
    distances = np.hypot(*np.meshgrid(np.fft.fftfreq(16) * 16, np.fft.fftfreq(16) * 16))
    ring = np.sum(np.rint(distances) == 3)
    # Parseval: variance a**2 / 2 over 256 pixels, in two coefficients of the ring.
    assert spectrum[2] == pytest.approx(256 * 0.02 / ring, rel=1e-5)


def test_a_wave_along_the_longer_side_counts_cycles_of_the_shorter_one():
    spectrum = metrics.power_spectrum(wave(8, height=16, width=32))
    assert np.flatnonzero(spectrum > 1e-9) == 3


def test_white_noise_is_flat_with_its_variance(rng):
    x = 0.5 + 0.1 * rng.uniform(-1.0, 1.0, size=(500, 16, 16, 3))
    np.testing.assert_allclose(metrics.power_spectrum(x), 0.01 / 3, rtol=0.05)


def test_source_and_batches_do_not_matter(rng):
    x = rng.integers(256, size=(30, 8, 6, 3), dtype="uint8")
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(7)
    np.testing.assert_allclose(metrics.power_spectrum(dataset), metrics.power_spectrum(x))


def test_half_the_contrast_is_a_quarter_of_the_power(rng):
    real = rng.uniform(size=(50, 16, 16, 1))
    ratio = metrics.power_spectrum_ratio(0.25 + 0.5 * real, real)
    np.testing.assert_allclose(ratio, 0.25, rtol=1e-3)
    error = metrics.power_spectrum_error(0.25 + 0.5 * real, real)
    assert error == pytest.approx(math.log(4), rel=1e-3)
    assert metrics.power_spectrum_error(real, real) == 0


def test_blur_lowers_the_right_end_and_a_checkerboard_raises_it(rng):
    real = rng.uniform(size=(50, 32, 32, 1))
    blurred = ndimage.gaussian_filter(real, (0, 0.7, 0.7, 0), mode="wrap")
    ratio = metrics.power_spectrum_ratio(blurred, real)
    frequency = 2 * np.pi * np.arange(1, 17) / 32
    np.testing.assert_allclose(ratio[:8], np.exp(-((0.7 * frequency[:8]) ** 2)), rtol=0.05)
    assert np.all(np.diff(ratio) < 0)
    stripes = np.clip(blurred + 0.1 * (-1.0) ** np.arange(32)[:, None], 0, 1)
    ratio = metrics.power_spectrum_ratio(stripes, blurred)
    assert ratio.argmax() == 15 and ratio[15] > 10
    np.testing.assert_allclose(ratio[:10], 1.0, rtol=0.05)


def test_empty_images_have_a_finite_error(rng):
    flat = np.full((4, 8, 8, 1), 0.5)
    assert metrics.power_spectrum_error(flat, flat) == 0
    assert math.isfinite(metrics.power_spectrum_error(flat, rng.uniform(size=(4, 8, 8, 1))))


def test_what_does_not_fit_is_refused(rng):
    with pytest.raises(ValueError, match="2x2.*Received: 1 x 5"):
        metrics.power_spectrum(rng.uniform(size=(2, 1, 5, 1)))
    with pytest.raises(ValueError, match="same height.*8 and 4"):
        metrics.power_spectrum_error(wave(1), wave(1, 8, 8))


def test_the_picture_has_a_line_for_each_set_and_for_real_images():
    figure = plots.power_spectra({"samples": np.full(8, 0.5), "reconstructions": np.ones(8)})
    axes = figure.axes[0]
    assert [line.get_label() for line in axes.get_lines()] == [
        "real images",
        "samples",
        "reconstructions",
    ]
    np.testing.assert_array_equal(axes.get_lines()[1].get_ydata(), np.full(8, 0.5))
    with pytest.raises(ValueError, match="at least one set"):
        plots.power_spectra({})


def records(sharpness, spectrum, distance, stddev=0.0):
    values = {
        "sharpness_samples": sharpness,
        "power_spectrum_samples": spectrum,
        "sliced_wasserstein": distance,
    }
    return {name: {"value": value, "stddev": stddev} for name, value in values.items()}


def test_a_gain_in_sharpness_with_a_loss_elsewhere_is_told():
    before = records(0.003, 1.0, 36.0)
    assert sharper_but_worse(records(0.01, 0.5, 24.0), before, "it") is None  # Better in all.
    assert sharper_but_worse(records(0.002, 1.5, 50.0), before, "it") is None  # Not sharper.
    text = sharper_but_worse(records(0.01, 1.2, 24.0), before, "it")
    assert text.startswith("Samples are sharper than those of it, but the power spectrum")
    assert "Wasserstein distance is larger" not in text and "0.01 where it has 0.003" in text
    text = sharper_but_worse(records(0.01, 0.5, 40.0), before, "it")
    assert "but the sliced Wasserstein distance is larger: " in text
    noisy = records(0.01, 0.5, 40.0, stddev=5.0)
    assert sharper_but_worse(noisy, before, "it") is None  # Within chance, sharpness too.
    without = {"sharpness_samples": {"value": 0.002}}
    assert sharper_but_worse(records(0.01, 2.0, 40.0), without, "it") is None


def test_a_shipped_entry_is_compared_with_what_it_began_with_or_its_own_record():
    name, found = compared_with("mnist_wae_mmd", "prior")
    assert name == "mnist_wae_mmd" and found["sharpness_samples"]["value"] > 0
    assert compared_with("celeba_wae_mmd", "gmm")[0] == "celeba_wae_mmd_squared_soft"
    assert compared_with("mnist_wae_mmd", "no such sampler") is None
