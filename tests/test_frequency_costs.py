"""Checks `wae_tf.costs.frequency` against slow NumPy, and costs that are sums of several."""

import numpy as np
import pytest
import tensorflow as tf
import tiny
from scipy import fft

import wae_tf
from wae_tf.costs import (
    cost_terms,
    focal_frequency,
    frequency,
    get_cost,
    local_deviations,
    squared_error,
    watson,
)

COSTS = (focal_frequency, local_deviations, watson)


def pair(height=12, width=10, channels=3, n=2):
    x, y = np.random.default_rng(0).uniform(size=(2, n, height, width, channels))
    return x.astype("float32"), (0.7 * x + 0.3 * y).astype("float32")


def test_focal_frequency_is_equation_8():
    x, y = pair()
    expected = np.zeros(2)
    for i in range(2):
        for c in range(3):
            difference = x[i, ..., c].astype("float64") - y[i, ..., c]
            size = np.abs(np.fft.fft2(difference, norm="ortho"))
            expected[i] += np.sum(size / size.max() * size**2)
    np.testing.assert_allclose(focal_frequency(x, y), expected, rtol=1e-4)


def test_focal_frequency_without_focus_is_the_squared_error():
    x, y = pair()
    np.testing.assert_allclose(focal_frequency(x, y, alpha=0.0), squared_error(x, y), rtol=1e-4)
    assert np.all(focal_frequency(x, y) < squared_error(x, y))


def test_focal_frequency_of_one_wave_is_the_squared_error():
    wave = np.tile(np.sin(2 * np.pi * np.arange(8) / 4.0), (8, 1))[None, ..., None]
    zero = np.zeros_like(wave)
    np.testing.assert_allclose(focal_frequency(zero, wave), squared_error(zero, wave), rtol=1e-5)


def test_weights_of_focal_frequency_have_no_gradient():
    x, y = pair(4, 4, 1, n=1)
    y = tf.constant(y)
    with tf.GradientTape() as tape:
        tape.watch(y)
        cost = focal_frequency(x, y)
    transform = np.fft.fft2((np.array(y) - x)[0, ..., 0].astype("float64"), norm="ortho")
    weights = np.abs(transform) / np.abs(transform).max()
    expected = 2 * np.fft.ifft2(weights * transform, norm="ortho").real
    np.testing.assert_allclose(tape.gradient(cost, y)[0, ..., 0], expected, atol=1e-5)


def test_local_deviations_are_those_of_each_window():
    x, y = pair(7, 6, 2)
    expected = np.zeros(2)
    for k in (3, 5):
        for i in range(7 - k + 1):
            for j in range(6 - k + 1):
                of_x, of_y = (
                    np.sqrt(images[:, i : i + k, j : j + k].var(axis=(1, 2)) + 1e-6)
                    for images in (x.astype("float64"), y.astype("float64"))
                )
                expected += np.sum((of_x - of_y) ** 2, axis=1) / 2
    np.testing.assert_allclose(local_deviations(x, y), expected, rtol=1e-3)


def test_local_deviations_see_blur_and_no_shift():
    stripes = np.tile(np.arange(12) % 2, (12, 1))[None, ..., None].astype("float32")
    assert float(local_deviations(stripes, 1 - stripes)[0]) == pytest.approx(0.0, abs=1e-6)
    assert float(local_deviations(stripes, 0 * stripes + 0.5)[0]) > 10


def test_cosines_are_scipys():
    x, _ = pair(16, 8, 1)
    got = frequency._block_cosines(tf.constant(x), 0)
    assert got.shape == (2, 2, 1, 1, 8, 8)
    for i in range(2):
        expected = fft.dctn(x[i, 8:16, :8, 0], norm="ortho")
        np.testing.assert_allclose(got[i, 1, 0, 0], expected, atol=1e-5)


def test_watson_of_one_wave_on_grey_is_its_amplitude_in_thresholds():
    """On even grey nothing masks: the cost is the error of a coefficient over its threshold."""
    grey = np.full((1, 8, 8, 1), 0.5, "float32")
    for i, j in ((0, 1), (3, 2), (7, 7)):
        coefficients = np.zeros((8, 8))
        coefficients[i, j] = 3.0 * frequency._THRESHOLDS[i, j]  # In units of 0 to 255.
        wave = fft.idctn(coefficients, norm="ortho")[None, ..., None] / 255.0
        visible = frequency._just_noticeable(frequency._block_cosines(tf.constant(255 * grey), 0))
        np.testing.assert_allclose(visible[0, 0, 0, 0], frequency._THRESHOLDS, rtol=1e-4)
        shifted = frequency._block_cosines(tf.constant(255 * wave, tf.float32), 4)
        on_other_grid = np.sum((shifted / frequency._THRESHOLDS) ** 4)
        expected = ((3.0**4 + on_other_grid) / 2) ** 0.25
        got = float(watson(grey, (grey + wave).astype("float32"))[0])
        assert got == pytest.approx(expected, rel=1e-3)


def test_watson_forgives_in_bright_blocks_and_where_there_is_contrast():
    dark = np.full((1, 16, 16, 1), 0.5, "float32")
    dark[:, :, 8:] = 0.1
    error = np.zeros_like(dark)
    error[:, 2:6, 2:6] = 0.05
    bright_side = float(watson(dark, dark + error)[0])
    dark_side = float(watson(dark, dark + error[:, :, ::-1])[0])
    assert bright_side < 0.7 * dark_side
    noise = 0.2 * np.random.default_rng(0).normal(size=(1, 16, 16, 1)).astype("float32")
    grey = np.full((1, 16, 16, 1), 0.5, "float32")
    in_noise = float(watson(grey + noise, grey + noise + error)[0])
    assert in_noise < 0.7 * float(watson(grey, grey + error)[0])


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 5, 3)])
def test_equal_images_cost_nothing_and_have_a_finite_gradient(cost, shape):
    x, _ = pair(*shape)
    y = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(y)
        value = cost(x, y)
    np.testing.assert_array_equal(value, [0, 0])
    assert np.all(np.isfinite(tape.gradient(value, y)))


@pytest.mark.parametrize("cost", COSTS[1:])
def test_pixel_range_does_not_change_the_cost(cost):
    x, y = pair()
    symmetric = cost(2 * x - 1, 2 * y - 1, pixel_range=(-1.0, 1.0))
    np.testing.assert_allclose(symmetric, cost(x, y), rtol=1e-3)


def test_small_images_have_no_local_deviations():
    with pytest.raises(ValueError, match=r"5x5.*shape=\(2, 4, 9, 1\)"):
        local_deviations(*pair(4, 9, 1))


def test_terms_of_a_cost():
    assert cost_terms("l1") == [(1.0, "l1")]
    assert cost_terms("squared_error+0.5*focal_frequency + 1e-2*ssim+2*l2") == [
        (1.0, "squared_error"),
        (0.5, "focal_frequency"),
        (0.01, "ssim"),
        (2.0, "l2"),
    ]


@pytest.mark.parametrize("cost", ["", "l3", "l1+", "0*l1", "-1*l1", "l1*2", "1.2.3*l1", "l1+l3", 7])
def test_what_is_no_cost_is_refused(cost):
    with pytest.raises(ValueError, match="`cost` must be one of.*Received: cost="):
        get_cost(cost)


def test_a_combined_cost_is_the_sum_and_serves_a_model(tmp_path):
    x, y = pair(8, 8, 1)
    name = "squared_error+0.5*focal_frequency+0.1*local_deviations"
    parts = squared_error(x, y) + 0.5 * focal_frequency(x, y) + 0.1 * local_deviations(x, y)
    np.testing.assert_allclose(get_cost(name)(x, y), parts, rtol=1e-5)
    model = wae_tf.build_model(tiny.config(cost=name))
    model.compile()
    history = model.fit(tiny.images(16), batch_size=8, epochs=3, verbose=0).history
    assert history["reconstruction_loss"][-1] < history["reconstruction_loss"][0]
    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")
    images = tiny.images(4) / np.float32(255)
    assert float(loaded.objective(images)["loss"]) == float(model.objective(images)["loss"])


def test_cross_entropy_in_a_sum_needs_its_range_too():
    config = tiny.config(cost="l1+binary_cross_entropy", pixel_range=(-1.0, 1.0))
    with pytest.raises(ValueError, match="pixel_range"):
        wae_tf.build_model(config)
