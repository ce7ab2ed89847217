"""Checks the moments of codes after training: numbers, what stays, runs, what is refused."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
import tiny

import wae_tf
from wae_tf import training
from wae_tf.training import match_moments

tfd = tfp.distributions

MEAN = np.array([1.0, -2.0, 0.5], "float32")
FACTOR = np.array([[2.0, 0.0, 0.0], [0.5, 1.0, 0.0], [-1.0, 0.3, 0.7]], "float32")


def own_prior():
    return tfd.MultivariateNormalTriL(MEAN, FACTOR)


@pytest.mark.parametrize(
    ("arguments", "mean", "covariance"),
    [
        ({}, np.zeros(3), np.eye(3)),
        ({"prior_stddev": 2.0}, np.zeros(3), 4.0 * np.eye(3)),
        ({"prior": own_prior()}, MEAN, FACTOR @ FACTOR.T),
    ],
)
def test_codes_have_the_priors_moments_and_reconstructions_stay(arguments, mean, covariance):
    model = wae_tf.WAEMMD(*tiny.networks(), **arguments)
    images = tiny.images(200)
    before = model.reconstruct(images)
    match_moments(model, images)
    codes = model.encode(images)
    np.testing.assert_allclose(codes.mean(axis=0), mean, atol=1e-4)
    np.testing.assert_allclose(np.cov(codes.T), covariance, atol=1e-3)
    np.testing.assert_allclose(model.reconstruct(images), before, atol=1e-5)


def test_it_is_zca_whitening_the_slow_way():
    model = wae_tf.WAEMMD(*tiny.networks(), prior_stddev=2.0)
    images = tiny.images(50)
    codes = model.encode(images).astype("float64")
    left, _, right = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)
    expected = 2.0 * np.sqrt(len(images) - 1) * left @ right
    match_moments(model, images)
    np.testing.assert_allclose(model.encode(images), expected, atol=1e-4)
    match_moments(model, images)  # Which finds nothing left to do.
    np.testing.assert_allclose(model.encode(images), expected, atol=1e-4)


@pytest.mark.parametrize("precision", tiny.slow_but(["float32"], ["float32", "mixed_bfloat16"]))
@pytest.mark.parametrize(
    "names", [("mlp", "mlp"), ("dcgan", "dcgan_mod"), ("began", "began"), ("resnet", "resnet")]
)
def test_built_in_networks(names, precision):
    config = tiny.config(
        encoder=names[0],
        decoder=names[1],
        image_shape=(16, 16, 1),
        precision=precision,
        encoder_layers=2,
        decoder_layers=2,
    )
    model = wae_tf.build_model(config)
    images = tiny.images(100, shape=config.image_shape)
    before = model.reconstruct(images)
    match_moments(model, images)
    atol = 1e-3 if precision == "float32" else 0.05
    np.testing.assert_allclose(np.cov(model.encode(images).T), np.eye(3), atol=atol)
    np.testing.assert_allclose(model.reconstruct(images), before, atol=0.1 * atol)


def test_a_run_ends_with_matched_codes_and_comes_back(tmp_path):
    images = tiny.images(40)

    def train(name, **changes):
        config = tiny.config(**changes)
        return training.train(config, images, tmp_path / name, test_split=None, verbose=0)

    plain, model = train("plain"), train("run", match_moments=True)
    loaded = wae_tf.load(tmp_path / "run")
    np.testing.assert_allclose(np.cov(loaded.encode(images).T), np.eye(3), atol=1e-3)
    np.testing.assert_allclose(loaded.reconstruct(images), plain.reconstruct(images), atol=1e-5)
    tiny.assert_identical(tiny.weights(loaded), tiny.weights(model))
    again = train("run", match_moments=True)  # Complete already.
    tiny.assert_identical(tiny.weights(again), tiny.weights(model))
    assert json.loads((tmp_path / "run" / "entry.json").read_text())["config"]["match_moments"]


def test_codes_in_fewer_dimensions_are_refused_and_weights_stay():
    model = wae_tf.WAEMMD(*tiny.networks())
    before = tiny.weights(model)
    with pytest.raises(ValueError, match="more images than `latent_dim`.*Received: 3 images"):
        match_moments(model, tiny.images(3))
    tiny.assert_identical(tiny.weights(model), before)


@pytest.mark.parametrize(
    "changes",
    [
        {"prior": "sphere"},
        {"prior": "uniform"},
        {"codes": "implicit"},
        {"model": "vae", "codes": "gaussian"},
        {"model": "vae", "codes": "gaussian", "prior": "vamp"},
    ],
)
def test_other_codes_and_priors_are_refused_before_images_are_read(changes, tmp_path):
    config = tiny.config(match_moments=True, **changes)
    with pytest.raises(ValueError, match="needs deterministic codes and a prior over all of space"):
        training.train(config, tmp_path / "absent.npz", tmp_path / "run", verbose=0)
    assert not (tmp_path / "run" / "config.json").exists()


def test_a_prior_without_variance_is_refused():
    location = np.zeros(3, "float32")
    cauchy = tfd.Independent(tfd.Cauchy(location, 1.0), 1)
    model = wae_tf.WAE(*tiny.networks(), prior=cauchy, divergence=wae_tf.divergences.Sinkhorn())
    with pytest.raises(ValueError, match="whose mean and covariance are known"):
        match_moments(model, tiny.images(8))


def test_other_layers_are_refused():
    encoder, decoder = tiny.networks()
    ends = keras.Sequential([*encoder.layers, keras.layers.Activation("tanh")])
    ends.build((None, 8, 8, 1))
    with pytest.raises(ValueError, match=r"whose last layer is dense.*Received: \['Activation'\]"):
        match_moments(wae_tf.AE(ends, decoder), tiny.images(8))


def test_a_decoder_that_sees_codes_elsewhere_too_is_refused_and_weights_stay():
    encoder, _ = tiny.networks()
    codes = keras.Input((3,))
    x = keras.layers.Dense(64, kernel_initializer=keras.initializers.RandomNormal(seed=0))(codes)
    x = keras.layers.Concatenate()([x, codes])
    x = keras.layers.Dense(64, "sigmoid", kernel_initializer=keras.initializers.Ones())(x)
    decoder = keras.Model(codes, keras.layers.Reshape((8, 8, 1))(x))
    model = wae_tf.AE(encoder, decoder)
    before = tiny.weights(model)
    with pytest.raises(ValueError, match="alone see the codes"):
        match_moments(model, tiny.images(50))
    tiny.assert_identical(tiny.weights(model), before)


def test_strategies_see_the_same_weights():
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        model = wae_tf.WAEMMD(*tiny.networks())
    images = tiny.images(50)
    match_moments(model, images)
    np.testing.assert_allclose(np.cov(model.encode(images).T), np.eye(3), atol=1e-3)
