"""Checks encoding, decoding, sampling and interpolation."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf


class CountingDecoder(keras.Layer):
    """Makes 1x2 images of the codes themselves, and notes how many come at a time."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def call(self, z):
        if tf.inside_function():
            tf.py_function(lambda n: self.batches.append(int(n)), [tf.shape(z)[0]], [])
        return tf.reshape(z, (-1, 1, 2, 1))


def mirror(prior="uniform"):
    """Returns a model whose decoder shows its codes, in [-1, 1], as pixels."""
    encoder = keras.Sequential([keras.Input((1, 2, 1)), keras.layers.Reshape((2,))])
    return wae_tf.WAEMMD(encoder, CountingDecoder(), prior=prior, pixel_range=(-1, 1))


@pytest.fixture(scope="module", params=["normal", "uniform", "sphere"])
def model(request):
    return wae_tf.WAEMMD(*tiny.networks(last="tanh"), prior=request.param, pixel_range=(-1, 1))


def test_encode_and_decode_are_the_networks_between_the_ranges(model):
    x = tiny.images(5)
    z = model.encode(x)
    inside = 2.0 * x.astype("float32") / 255.0 - 1.0
    linear = model.encoder(inside).numpy()
    support = {
        (False, False): lambda z: z,
        (False, True): np.tanh,
        (True, True): lambda z: z / np.linalg.norm(z, axis=1, keepdims=True),
    }[model.prior.spherical, model.prior.constant_density]
    np.testing.assert_allclose(z, support(linear), rtol=1e-5, atol=1e-6)
    y = model.decode(z)
    np.testing.assert_allclose(y, (model.decoder(z).numpy() + 1.0) / 2.0, atol=1e-6)
    assert (z.dtype, y.dtype) == ("float32", "float32")
    assert y.min() >= 0.0 and y.max() <= 1.0
    np.testing.assert_allclose(model.reconstruct(x), y, atol=1e-6)
    np.testing.assert_allclose(model(x), y, atol=1e-6)
    np.testing.assert_allclose(model.predict(x, verbose=0), y, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_uint8_and_floats_are_the_same_images(model, dtype):
    x = tiny.images(5)
    tolerance = 2e-3 if dtype == "float16" else 1e-6
    floats = (x / 255.0).astype(dtype)
    np.testing.assert_allclose(model.encode(x), model.encode(floats), atol=20 * tolerance)
    np.testing.assert_allclose(model.reconstruct(x), model.reconstruct(floats), atol=tolerance)


def test_the_batch_size_changes_nothing_but_the_batches():
    model = mirror()
    whole = model.sample(10, seed=3, batch_size=10)
    parts = model.sample(10, seed=3, batch_size=4)
    np.testing.assert_array_equal(whole, parts)
    assert model.decoder.batches == [10, 4, 4, 2]
    np.testing.assert_array_equal(model.decode(model.encode(whole), 3), model.reconstruct(whole))


def test_a_hundred_thousand_samples_are_decoded_256_at_a_time():
    model = mirror()
    y = model.sample(100_000, seed=0)
    assert y.shape == (100_000, 1, 2, 1)
    assert set(model.decoder.batches[:-1]) == {256} and sum(model.decoder.batches) == 100_000
    # Uniform on [-1, 1], shown in [0, 1]: mean 1/2, variance 1/12.
    assert abs(y.mean() - 0.5) < 5.0 / np.sqrt(12 * 200_000)
    assert abs(y.var() - 1.0 / 12.0) < 1e-3


def test_samples_depend_on_the_seed_alone(model):
    first = model.sample(4, seed=1)
    np.testing.assert_array_equal(first, model.sample(4, seed=1))
    assert np.abs(first - model.sample(4, seed=2)).max() > 1e-3
    assert np.abs(first[0] - first[1]).max() > 1e-3


def test_without_a_seed_keras_decides(model):
    keras.utils.set_random_seed(7)
    first, second = model.sample(2), model.sample(2)
    keras.utils.set_random_seed(7)
    np.testing.assert_array_equal(first, model.sample(2))
    assert np.abs(first - second).max() > 1e-3


def test_interpolations_begin_and_end_with_the_reconstructions(model):
    x_a, x_b = tiny.images(3, seed=1), tiny.images(3, seed=2)
    y = model.interpolate(x_a, x_b, steps=5)
    assert y.shape == (3, 5, 8, 8, 1)
    np.testing.assert_allclose(y[:, 0], model.reconstruct(x_a), atol=1e-5)
    np.testing.assert_allclose(y[:, -1], model.reconstruct(x_b), atol=1e-5)
    middle = (model.encode(x_a) + model.encode(x_b)) / 2.0
    if model.prior.spherical:
        middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    np.testing.assert_allclose(y[:, 2], model.decode(middle), atol=1e-5)


def test_interpolations_stay_on_the_sphere_at_even_angles():
    model = mirror("sphere")
    x_a, x_b = np.float32([[1.0, 0.5], [1.0, 0.5]]), np.float32([[0.5, 1.0], [1.0, 0.5]])
    y = model.interpolate(x_a.reshape(2, 1, 2, 1), x_b.reshape(2, 1, 2, 1), steps=4)
    z = 2.0 * y.reshape(2, 4, 2) - 1.0
    np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1.0, atol=1e-6)
    angles = np.degrees(np.arctan2(z[..., 1], z[..., 0]))
    np.testing.assert_allclose(angles, [[0, 30, 60, 90], [0, 0, 0, 0]], atol=1e-3)


def test_new_weights_show_at_once(model):
    z = np.ones((1, 3), "float32")
    before = model.decode(z)
    old = model.get_weights()
    model.set_weights([w + 0.1 for w in old])
    assert np.abs(model.decode(z) - before).max() > 1e-3
    model.set_weights(old)
    np.testing.assert_array_equal(model.decode(z), before)
