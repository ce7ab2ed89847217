"""Checks the noise on an encoder's input: distribution, counter, training only."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from wae_tf.networks import InputNoise, mlp_encoder


def noise_of(layer, shape=(200, 10, 10)):
    return layer(np.zeros(shape, "float32"), training=True).numpy()


def test_noise_is_truncated_normal():
    noise = noise_of(InputNoise(0.5, seed=1))
    assert 0.99 < np.abs(noise).max() <= 1.0
    assert abs(np.mean(noise)) < 0.01
    assert np.std(noise) == pytest.approx(0.5 * scipy.stats.truncnorm(-2, 2).std(), rel=0.02)


@pytest.mark.parametrize("options", [{}, {"training": False}])
def test_noise_is_only_added_in_training(options):
    layer, x = InputNoise(0.5), np.ones((2, 3), "float32")
    np.testing.assert_array_equal(layer(x, **options), x)
    assert int(layer.calls) == 0
    assert np.all(layer(x, training=True) != x)
    assert int(layer.calls) == 1


def test_noise_differs_from_step_to_step_and_follows_its_counter():
    layer = InputNoise(0.5, seed=7)
    steps = [noise_of(layer) for _ in range(3)]
    assert np.mean(steps[0] == steps[1]) < 0.01
    resumed = InputNoise(0.5, seed=7)
    resumed.build(None)
    resumed.calls.assign(2)
    np.testing.assert_array_equal(noise_of(resumed), steps[2])
    assert np.mean(noise_of(InputNoise(0.5, seed=8)) == steps[0]) < 0.01


def graph_of(layer, jit_compile):
    layer.build(None)
    return tf.function(lambda x: layer(x, training=True), jit_compile=jit_compile)


def test_noise_in_graphs_is_that_of_eager_steps():
    eager, layer = InputNoise(0.5, seed=7), InputNoise(0.5, seed=7)
    step = graph_of(layer, jit_compile=False)
    for _ in range(2):
        np.testing.assert_allclose(step(tf.zeros((4, 5))), noise_of(eager, (4, 5)), rtol=1e-5)
    assert int(layer.calls) == 2


def test_noise_compiled_by_xla_counts_and_stays_within_two_standard_deviations():
    layer, twin = InputNoise(0.5, seed=7), InputNoise(0.5, seed=7)
    step, again = graph_of(layer, jit_compile=True), graph_of(twin, jit_compile=True)
    zeros = tf.zeros((100, 100))
    first, second = step(zeros).numpy(), step(zeros).numpy()
    assert int(layer.calls) == 2
    assert np.mean(first == second) < 0.01
    assert 0.99 < np.abs(first).max() <= 1.0
    assert np.std(first) == pytest.approx(0.5 * scipy.stats.truncnorm(-2, 2).std(), rel=0.02)
    np.testing.assert_array_equal(again(zeros), first)


def test_noise_of_an_encoder_is_seen_in_training_only():
    encoder = mlp_encoder((4, 4, 1), 3, width=8, num_layers=1, noise_stddev=0.5, seed=0)
    x = np.full((2, 4, 4, 1), 0.5, "float32")
    np.testing.assert_array_equal(encoder(x), encoder(x))
    assert int(encoder.get_layer("noise").calls) == 0
    encoder(x, training=True)
    assert int(encoder.get_layer("noise").calls) == 1


def test_noise_survives_its_config():
    again = InputNoise.from_config(InputNoise(0.25, seed=9, name="noise").get_config())
    assert (again.stddev, again.seed, again.name) == (0.25, 9, "noise")


def test_negative_noise_is_refused():
    with pytest.raises(ValueError, match="must be at least 0 and finite. Received: stddev=-0.1"):
        InputNoise(-0.1)
