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
from wae_tf.training import match_moments, matched_moments

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
        (
            {"prior": tfd.Independent(tfd.Normal(MEAN, [1.0, 2.0, 3.0]), 1)},
            MEAN,
            np.diag([1.0, 4.0, 9.0]),
        ),
        ({"pixel_range": (-1.0, 1.0)}, np.zeros(3), np.eye(3)),
    ],
)
def test_codes_have_the_priors_moments_and_reconstructions_stay(arguments, mean, covariance):
    last = "tanh" if "pixel_range" in arguments else "sigmoid"
    model = wae_tf.WAEMMD(*tiny.networks(last=last), **arguments)
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


def test_no_other_map_with_these_moments_moves_codes_less(rng):
    """All of them are `S**(-1/2) Q C**(1/2)` with a rotation `Q`."""
    model = wae_tf.WAEMMD(*tiny.networks(), prior=own_prior())
    images = tiny.images(100)
    codes = model.encode(images).astype("float64")
    match_moments(model, images)
    least = np.mean((model.encode(images) - codes) ** 2)
    left, _, right = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)
    white = np.sqrt(len(images) - 1) * left @ right
    for _ in range(50):
        rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        other = white @ rotation @ FACTOR.T + MEAN
        np.testing.assert_allclose(np.cov(other.T), FACTOR @ FACTOR.T, atol=1e-5)
        assert np.mean((other - codes) ** 2) > least


def test_one_dimension():
    model = wae_tf.WAEMMD(*tiny.networks(latent_dim=1), prior_stddev=3.0)
    images = tiny.images(20)
    match_moments(model, images)
    assert np.std(model.encode(images), ddof=1) == pytest.approx(3.0, rel=1e-5)


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


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_run_in_bfloat16_is_matched_as_its_entry_is_loaded(tmp_path, ema):
    images = tiny.images(40)
    config = tiny.config(match_moments=True, precision="mixed_bfloat16", ema=ema)
    model = training.train(config, images, tmp_path, test_split=None, verbose=0)
    loaded = wae_tf.load(tmp_path)
    np.testing.assert_allclose(np.cov(loaded.encode(images).T), np.eye(3), atol=1e-3)
    tiny.assert_identical(tiny.weights(loaded), tiny.weights(model))


@pytest.mark.slow
def test_a_run_that_ended_before_its_entry_gets_the_same_one(tmp_path):
    images, config = tiny.images(40), tiny.config(match_moments=True)

    def train():
        return training.train(config, images, tmp_path, test_split=None, verbose=0)

    first = tiny.weights(train())
    (tmp_path / "entry.json").unlink()
    tiny.assert_identical(tiny.weights(train()), first)


def test_a_run_with_dead_codes_keeps_them_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(matched_moments, "_LEAST", 2.0)
    images, config = tiny.images(40), tiny.config(match_moments=True)
    with pytest.warns(UserWarning, match=r"codes stay as they are: .*take a smaller `latent_dim`"):
        model = training.train(config, images, tmp_path, test_split=None, verbose=0)
    tiny.assert_identical(tiny.weights(wae_tf.load(tmp_path)), tiny.weights(model))


def test_samplers_are_stale_after_it():
    model = wae_tf.WAEMMD(*tiny.networks())
    images = tiny.images(50)
    wae_tf.samplers.fit(model, images, kind="gmm", components=1)
    with pytest.warns(UserWarning, match=r"`match_moments` changes the codes that the samplers"):
        match_moments(model, images)
    assert model.samplers["gmm"].stale


def test_codes_in_fewer_dimensions_are_refused_and_weights_stay():
    model = wae_tf.WAEMMD(*tiny.networks())
    before = tiny.weights(model)
    with pytest.raises(
        ValueError, match="vary along all their dimensions.*latent_dim=3, variances"
    ):
        match_moments(model, np.repeat(tiny.images(2), 5, axis=0))
    tiny.assert_identical(tiny.weights(model), before)


def test_too_few_images_are_refused_before_training(tmp_path):
    with pytest.raises(ValueError, match="more images than `latent_dim`.*Received: 3 images"):
        match_moments(wae_tf.WAEMMD(*tiny.networks()), tiny.images(3))
    config = tiny.config(match_moments=True, latent_dim=40)
    with pytest.raises(ValueError, match="Received: 40 images, latent_dim=40"):
        training.train(config, tiny.images(40), tmp_path, test_split=None, verbose=0)
    assert not (tmp_path / "config.json").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"prior": "sphere"},
        {"prior": "uniform"},
        {"codes": "implicit"},
        {"divergence": "gan"},
        {"model": "vae", "codes": "gaussian"},
        {"model": "vae", "codes": "gaussian", "prior": "vamp"},
    ],
)
def test_other_models_are_refused_before_images_are_read(changes, tmp_path):
    config = tiny.config(match_moments=True, **changes)
    needs = "takes codes as they are" if "prior" in changes and len(changes) == 1 else "determin"
    with pytest.raises(ValueError, match=f"`match_moments` needs .*{needs}"):
        training.train(config, tmp_path / "absent.npz", tmp_path / "run", verbose=0)
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.parametrize(
    "prior",
    [
        tfd.Independent(tfd.Cauchy(MEAN, 1.0), 1),
        tfd.MultivariateStudentTLinearOperator(
            1.5, MEAN, tf.linalg.LinearOperatorLowerTriangular(FACTOR)
        ),
        tfd.MultivariateNormalDiag(MEAN, [1.0, 1.0, 0.0]),
    ],
)
def test_a_prior_without_a_covariance_is_refused(prior):
    model = wae_tf.WAE(*tiny.networks(), prior=prior, divergence=wae_tf.divergences.Sinkhorn())
    with pytest.raises(ValueError, match="known, finite and positive"):
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
    x = [
        keras.layers.Dense(64, kernel_initializer=keras.initializers.RandomNormal(0.0, 0.05, seed))
        for seed in range(2)
    ]
    x = keras.layers.Add()([layer(codes) for layer in x])
    x = keras.layers.Activation("sigmoid")(x)
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
