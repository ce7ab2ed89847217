"""Checks the learned cost: its mathematics, its training, what it refuses, what is saved."""

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf
from wae_tf import training
from wae_tf.costs import PatchCritic, critic, spectral
from wae_tf.divergences.adversarial import hinge_discriminator_loss, wasserstein_matching_loss
from wae_tf.models.build import build_model
from wae_tf.training import callbacks

SHAPE = (8, 8, 1)
MODELS = ["AE", "WAEMMD", "WAEGAN", "VAE"]
PRECISIONS = ["auto", "float32", "mixed_bfloat16", "mixed_float16"]


def config(model="WAEMMD", **changes):
    """Returns a small config whose model has a critic."""
    kinds = {
        "AE": {"model": "ae"},
        "WAEMMD": {"divergence": "mmd"},
        "WAEGAN": {"divergence": "gan"},
        "VAE": {"model": "vae", "codes": "gaussian"},
    }
    small = {"critic_weight": 0.5, "critic_width": 4, "critic_layers": 1, **kinds[model]}
    return tiny.config(**{**small, **changes})


def compiled(config):
    return training.compile_model(build_model(config), config, steps_per_epoch=4)


def fit(model, images, **options):
    return model.fit(images, batch_size=8, verbose=0, shuffle=False, **options).history


# Formulas.


def test_hinge_losses_are_their_formulas(rng):
    real, fake = rng.normal(size=(2, 5, 3, 3, 1)).astype("float32")
    expected = np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean()
    np.testing.assert_allclose(hinge_discriminator_loss(real, fake), expected, rtol=1e-6)
    np.testing.assert_allclose(wasserstein_matching_loss(fake), -fake.mean(), rtol=1e-5)


def test_weight_is_the_ratio_of_the_gradients_norms(rng):
    cost, score = rng.normal(size=(2, 4, 6, 6, 3)).astype("float32")
    expected = np.linalg.norm(cost) / np.linalg.norm(score)
    np.testing.assert_allclose(critic.adaptive_weight(cost, score), expected, rtol=1e-5)
    assert float(critic.adaptive_weight(cost, 0 * score)) == 1e4  # Not infinite.
    assert float(critic.adaptive_weight(0 * cost, score)) == 0


def test_judge_gives_the_gradient_of_a_linear_critic(rng):
    weights, images = rng.normal(size=(2, 4, 8, 8, 1)).astype("float32")

    def linear(x, training):
        assert not training
        return tf.reduce_sum(weights * x, axis=(1, 2, 3))

    score, gradient = critic.judge(linear, tf.constant(images))
    np.testing.assert_allclose(score, -(weights * images).sum() / 4, rtol=1e-4)
    np.testing.assert_allclose(gradient, -weights / 4, rtol=1e-6)


def test_with_gradient_has_the_value_and_the_gradient(rng):
    gradient, images = rng.normal(size=(2, 3, 2, 2, 1)).astype("float32")
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        value = critic.with_gradient(7.25, gradient, images)
    assert float(value) == 7.25
    np.testing.assert_array_equal(tape.gradient(value, images), gradient)


def test_power_iteration_finds_the_largest_singular_value(rng):
    matrix = rng.normal(size=(12, 5)).astype("float32")
    left, values, right = np.linalg.svd(matrix)
    u = tf.constant(np.eye(5, dtype="float32")[0])
    for _ in range(100):
        u = spectral.power_iteration(matrix, u)
    matrix = tf.constant(matrix)
    with tf.GradientTape() as tape:
        tape.watch(matrix)
        norm = spectral.spectral_norm(matrix, u)
    np.testing.assert_allclose(norm, values[0], rtol=1e-5)
    np.testing.assert_allclose(
        tape.gradient(norm, matrix), np.outer(left[:, 0], right[0]), atol=1e-3
    )


def test_each_kernel_of_a_fresh_critic_has_spectral_norm_one():
    network = PatchCritic((40, 40, 3), width=8)
    for layer in network.convolutions:
        matrix = np.array(layer.kernel).reshape(-1, layer.filters)
        norm = spectral.spectral_norm(matrix, tf.convert_to_tensor(layer.singular_vector))
        np.testing.assert_allclose(norm, np.linalg.svd(matrix)[1][0], rtol=0.02)


def test_a_convolution_is_that_of_the_divided_kernel(rng):
    layer = spectral.SpectralConv2D(6, 3, 2, seed=1)
    x = rng.normal(size=(2, 7, 7, 4)).astype("float32")
    got = layer(x)
    layer.bias.assign(np.arange(6.0))
    kernel = np.array(layer.kernel)
    top = np.linalg.svd(kernel.reshape(-1, 6))[1][0]
    expected = tf.nn.conv2d(x, kernel / top, 2, "SAME")
    np.testing.assert_allclose(got, expected, rtol=0.02, atol=1e-3)
    np.testing.assert_allclose(layer(x), got + np.arange(6.0), rtol=1e-5, atol=1e-5)
    assert layer.compute_output_shape(x.shape) == tuple(got.shape) == (2, 4, 4, 6)


def test_only_training_calls_move_the_singular_vector(rng):
    network = PatchCritic(SHAPE, width=4, num_layers=1)
    x = rng.normal(size=(2, *SHAPE)).astype("float32")
    network.convolutions[0].kernel.assign(tf.random.stateless_normal((4, 4, 1, 4), (0, 0)))
    before = tiny.weights(network)
    network(x)
    tiny.assert_identical(before, tiny.weights(network))
    network(x, training=True)
    assert not np.array_equal(before[2], network.convolutions[0].singular_vector)


@pytest.mark.parametrize("num_layers", [1, 2, 3])
def test_one_score_sees_the_field_of_view_and_no_more(num_layers):
    side = critic.field_of_view(num_layers)
    middle = 1 + side // 2**num_layers  # Far from the edges.
    size = 2**num_layers * (2 * middle + 1)
    network = PatchCritic((size, size, 1), width=4, num_layers=num_layers)
    x = tf.random.stateless_normal((1, size, size, 1), (0, 0))
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = network(x)[0, middle, middle, 0]
    seen = np.flatnonzero(np.abs(tape.gradient(score, x)).sum((0, 1, 3)))
    assert seen.max() - seen.min() + 1 == side
    assert tuple(network(x).shape) == network.compute_output_shape(x.shape)


# The objective.


@pytest.mark.parametrize("name", MODELS)
def test_critics_gradient_is_critic_weight_as_long_as_the_costs(name):
    model = build_model(config(name, critic_weight=0.7, seed=3))
    x = tf.constant(tiny.images(1) / 255.0, tf.float32)  # Of one image: a bias is its pixels.
    z = tf.constant(np.random.default_rng(0).normal(size=(1, 3)), tf.float32)
    bias = model.decoder.trainable_variables[-1]
    gradients = {}
    for active in (True, False):
        model.critic_active = active
        with tf.GradientTape() as tape:
            losses = model.reconstruction_terms(x, z)
        gradients[active] = np.array(tape.gradient(losses["loss"], bias)).ravel()
    y = np.array(model.decoder(z)).ravel()
    slope = y * (1 - y)  # Of the sigmoid between the bias and the pixels.
    cost, critics = (g / slope for g in (gradients[False], gradients[True] - gradients[False]))
    assert np.linalg.norm(critics) / np.linalg.norm(cost) == pytest.approx(0.7, rel=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_objective_is_its_terms(name):
    model = build_model(config(name))
    x, real = tiny.images(8) / np.float32(255), tiny.images(8, seed=1)
    losses = {k: float(v) for k, v in model.objective(x, real=real).items()}
    y = model(x) if name != "VAE" else model.decoder(model.codes(tf.constant(x), seed=(0, 0)))
    expected = hinge_discriminator_loss(model.critic(real / np.float32(255)), model.critic(y))
    assert losses["critic_loss"] == pytest.approx(float(expected), rel=1e-5)
    model.critic_active = False
    plain = {k: float(v) for k, v in model.objective(x).items()}
    assert losses["reconstruction_loss"] == pytest.approx(plain["reconstruction_loss"], rel=1e-6)
    score = float(wasserstein_matching_loss(model.critic(y)))
    added = losses["critic_weight"] * score
    assert losses["loss"] == pytest.approx(plain["loss"] + added, rel=1e-4)


def test_the_training_images_are_real_by_default():
    model = build_model(config())
    x = tiny.images(8)
    with_x, without = model.objective(x, real=x), model.objective(x)
    assert float(with_x["critic_loss"]) == float(without["critic_loss"])


@pytest.mark.parametrize("name", tiny.slow_but(["AE"], MODELS))
def test_a_step_without_critic_is_the_step_of_a_model_that_has_none(name):
    images = tiny.images(16)
    with_critic, without = compiled(config(name)), compiled(config(name, critic_weight=0.0))
    with_critic.critic_active = False
    before = tiny.weights(with_critic.critic)
    for model in (with_critic, without):
        fit(model, images, epochs=2)
    theirs = [np.array(weight) for weight in with_critic.weights_without_critic()]
    tiny.assert_identical(theirs, tiny.weights(without))
    tiny.assert_identical(before, tiny.weights(with_critic.critic))


@pytest.mark.parametrize("name", tiny.slow_but(["WAEMMD"], MODELS))
@pytest.mark.parametrize("precision", tiny.slow_but(["float32"], PRECISIONS))
def test_all_models_train_and_log_the_critic(name, precision):
    model = compiled(config(name, precision=precision))
    history = fit(model, tiny.images(16), epochs=3, validation_data=tiny.images(8, seed=1))
    for key in ("critic_loss", "critic_weight", "val_critic_loss", "val_critic_weight"):
        assert np.all(np.isfinite(history[key])) and history[key][-1] > 0
    assert int(model.critic_optimizer.iterations) == 6


@pytest.mark.slow
def test_checkerboards_that_the_squared_error_blurs_are_mended():
    """Half the boards are inverted and codes are constant: grey is best, but no board is grey."""
    board = np.indices((16, 16)).sum(0)[..., None] % 2 - 0.5
    images = (0.5 + 0.8 * np.stack([board, -board] * 32)).astype("float32")

    def local_contrast(y):
        """Returns how much of a checkerboard there is in 2 x 2 pixels: 1 in `images`."""
        parts = y[:-1, :-1] - y[:-1, 1:] - y[1:, :-1] + y[1:, 1:]
        return np.abs(parts).mean() / 1.6

    contrast = {}
    for weight in (None, 1.0):
        layers = keras.layers
        dead = layers.Dense(2, kernel_initializer="zeros", trainable=False)
        encoder = keras.Sequential([keras.Input((16, 16, 1)), layers.Flatten(), dead])
        start = keras.initializers.RandomNormal(stddev=0.1, seed=0)
        pixels = layers.Dense(256, activation="sigmoid", bias_initializer=start)
        decoder = keras.Sequential([keras.Input((2,)), pixels, layers.Reshape((16, 16, 1))])
        network, optimizers = {}, {}
        if weight:
            patches = PatchCritic((16, 16, 1), width=8, num_layers=1)
            network = {"critic": patches, "critic_weight": weight}
            optimizers = {"critic_optimizer": keras.optimizers.Adam(1e-2, 0.5)}
        model = wae_tf.AE(encoder, decoder, **network)
        model.compile(keras.optimizers.Adam(0.03, 0.5), **optimizers)
        model.fit(images, batch_size=16, epochs=40, shuffle=False, verbose=0)
        contrast[weight] = local_contrast(model.reconstruct(images[:1])[0])
    assert contrast[None] < 0.05
    assert contrast[1.0] > 0.5


# What is saved.


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_goes_on_bit_for_bit(name, tmp_path):
    images = tiny.images(16)
    model = compiled(config(name))
    fit(model, images)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.critic, PatchCritic) and loaded.critic_weight == 0.5
    for each in (model, loaded):
        fit(each, images)
    tiny.assert_identical(tiny.weights(model), tiny.weights(loaded))
    assert int(loaded.critic_optimizer.iterations) == 4


class Interruption(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize("start", [0, 1, 3])
def test_a_resumed_training_equals_an_uninterrupted_one(start, tmp_path, monkeypatch):
    chosen = config(epochs=4, critic_start=start, horizontal_flip=True)
    sources = [tiny.images(12), tiny.images(9, seed=1)]
    options = {
        "split": ["train[:10]", "train"],
        "test_split": "train[10:]",
        "critic_data": tiny.images(19, seed=2),
        "verbose": 0,
    }
    whole = training.train(chosen, sources, tmp_path / "whole", **options)
    module = __import__("importlib").import_module("wae_tf.training.train")
    usual = module.schedules
    monkeypatch.setattr(module, "schedules", lambda *a: [*usual(*a), Interruption()])
    with pytest.raises(KeyboardInterrupt):
        training.train(chosen, sources, tmp_path / "parts", **options)
    monkeypatch.setattr(module, "schedules", usual)
    parts = training.train(chosen, sources, tmp_path / "parts", **options)
    tiny.assert_identical(tiny.weights(whole), tiny.weights(parts))
    history = callbacks.Checkpoint(tmp_path / "parts").history()
    assert [row["critic_loss"] > 0 for row in history] == [i >= start for i in range(4)]


@pytest.mark.slow
def test_an_entry_leaves_the_critic_out_and_names_each_source(tmp_path):
    sources = [tiny.images(12), tiny.images(9, seed=1)]
    model = training.train(
        config(),
        sources,
        tmp_path,
        split="train[:10],train",
        test_split="train[10:]",
        critic_split="train[:10],train[:5]",
        verbose=0,
    )
    loaded = wae_tf.load(tmp_path)
    assert loaded.critic is None and model.critic is not None
    images = tiny.images(4, seed=5)
    np.testing.assert_array_equal(loaded.reconstruct(images), model.reconstruct(images))
    entry = json.loads((tmp_path / "entry.json").read_text())
    assert entry["config"]["critic_weight"] == 0.5
    assert entry["results"]["test_images"] == 2
    told = entry["provenance"]
    assert told["training_images"] == 19
    hashes = [wae_tf.data.fingerprint(x) for x in (sources[0][:10], sources[1], sources[1][:5])]
    assert told["training_sources"] == [
        {"split": "train[:10]", "images": 10, "sha256": hashes[0]},
        {"split": "train", "images": 9, "sha256": hashes[1]},
    ]
    assert told["critic_sources"] == [
        {"split": "train[:10]", "images": 10, "sha256": hashes[0]},
        {"split": "train[:5]", "images": 5, "sha256": hashes[2]},
    ]
    wae_tf.samplers.fit(model, images, kind="gmm", components=1)
    wae_tf.zoo.save_samplers(tmp_path, model)  # Of the model with its critic still.
    assert "gmm" in wae_tf.load(tmp_path).samplers


@pytest.mark.slow
def test_an_entry_keeps_the_critic_where_asked(tmp_path):
    options = {"test_split": None, "verbose": 0}
    model = training.train(config(), tiny.images(10), tmp_path / "a", keep_critic=True, **options)
    kept = wae_tf.load(tmp_path / "a", critic=True)
    tiny.assert_identical(tiny.weights(model), tiny.weights(kept))
    assert wae_tf.load(tmp_path / "a").critic is None
    other = build_model(config(seed=9))
    assert training.initial_weights.start_from(other, tmp_path / "a")[-1].startswith("critic: 3 of")
    tiny.assert_identical(tiny.weights(model.critic), tiny.weights(other.critic))

    training.train(config(), tiny.images(10), tmp_path / "b", **options)
    with pytest.raises(ValueError, match="must have kept its critic.*critic=True"):
        wae_tf.load(tmp_path / "b", critic=True)
    with pytest.raises(ValueError, match="critic to keep"):
        wae_tf.zoo.save_entry(tmp_path / "c", wae_tf.load(tmp_path / "b"), config(), critic=True)


@pytest.mark.slow
def test_a_run_with_other_critics_images_is_not_resumed(tmp_path):
    images, options = tiny.images(16), {"test_split": None, "verbose": 0}
    training.train(config(epochs=1), images, tmp_path, critic_split="train[:8]", **options)
    with pytest.raises(ValueError, match="critic_sources"):
        training.train(config(epochs=1), images, tmp_path, critic_split="train[8:]", **options)


# What is refused.


def test_images_smaller_than_the_patches_are_refused():
    with pytest.raises(ValueError, match=r"38 x 38.*at most 2.*image_shape=\(32, 32, 3\)"):
        PatchCritic((32, 32, 3))
    with pytest.raises(ValueError, match=r"too small for any critic.*critic_layers=1"):
        PatchCritic((7, 64, 3), num_layers=1)
    with pytest.raises(ValueError, match=r"18 x 18.*image_shape=\(8, 8, 1\)"):
        build_model(config(critic_layers=2))
    assert PatchCritic((38, 38, 1))(np.zeros((1, 38, 38, 1))).shape == (1, 5, 5, 1)


def test_a_learned_likelihood_is_refused():
    with pytest.raises(ValueError, match="likelihood='learned', with a critic"):
        build_model(config("VAE", likelihood="learned"))
    encoder, decoder = (getattr(build_model(config("VAE")), n) for n in ("encoder", "decoder"))
    with pytest.raises(ValueError, match="scale stays.*likelihood='learned'"):
        network = PatchCritic(SHAPE, width=4, num_layers=1)
        wae_tf.VAE(encoder, decoder, likelihood="learned", critic=network)


def test_critics_that_do_not_fit_are_refused():
    encoder, decoder = tiny.networks()
    with pytest.raises(ValueError, match="must map images.*Received: scores of"):
        wae_tf.AE(encoder, decoder, critic=encoder)
    with pytest.raises(ValueError, match="Keras model"):
        wae_tf.AE(encoder, decoder, critic="patch")
    network = PatchCritic(SHAPE, width=4, num_layers=1)
    for weight in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="critic_weight"):
            wae_tf.AE(encoder, decoder, critic=network, critic_weight=weight)
    with pytest.raises(ValueError, match="needs a model with a `critic`"):
        wae_tf.AE(encoder, decoder).compile(critic_optimizer="adam")
    adam = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="must be two objects"):
        wae_tf.AE(encoder, decoder, critic=network).compile(adam, critic_optimizer=adam)


def test_a_critic_that_diverges_is_named():
    model = compiled(config())
    model.critic.convolutions[-1].bias.assign([np.nan])
    with pytest.raises(FloatingPointError, match="critic's loss.*critic_loss=nan"):
        fit(model, tiny.images(16), callbacks=[callbacks.FiniteLoss()])


def test_real_images_of_another_shape_are_refused():
    model = compiled(config())
    batches = wae_tf.data.batches(tiny.images(16), 8, training=True)
    wrong = wae_tf.data.batches(tiny.images(16, shape=(9, 9, 1)), 8, training=True)
    with pytest.raises(ValueError, match="shape"):
        model.fit(wae_tf.data.with_real_images(batches, wrong), verbose=0)


@pytest.mark.parametrize(
    "field, value",
    [
        ("critic_weight", -0.1),
        ("critic_width", 0),
        ("critic_layers", 0),
        ("critic_learning_rate", 0.0),
        ("critic_start", -1),
    ],
)
def test_config_fields_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"Received: {field}={value}"):
        dataclasses.replace(config(), **{field: value})


def test_splits_that_do_not_pair_up_with_sources_are_refused(tmp_path):
    with pytest.raises(ValueError, match="one for each.*for 3 sources"):
        training.train(
            config(), [tiny.images(8)] * 3, tmp_path, split="train,train", test_split=None
        )
