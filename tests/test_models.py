"""Checks what all models share: anyone's networks, Keras's loop, precision, XLA and seeds."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
import tiny

import wae_tf
from wae_tf import training

LOSSES = ["loss", "reconstruction_loss", "divergence"]


@keras.saving.register_keras_serializable(package="tests")
class OwnEncoder(keras.Model):
    """A subclassed model without a `training` argument."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flat = keras.layers.Flatten()
        self.dense = keras.layers.Dense(3)

    def call(self, x):
        return self.dense(self.flat(x))


@pytest.fixture(scope="module")
def mmd():
    model = wae_tf.build_model(tiny.config())
    model.compile(keras.optimizers.Adam(1e-3))
    return model


def steps(model, x, n=3, **compile_arguments):
    """Returns the losses of a few training steps from freshly compiled optimizers."""
    model.compile(keras.optimizers.SGD(0.01), **compile_arguments)
    history = model.fit(x, batch_size=8, epochs=n, shuffle=False, verbose=0).history
    return np.array([history[name] for name in LOSSES])


# Networks, priors and costs.


def functional():
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(inputs)))


@pytest.mark.parametrize(
    "divergence", tiny.slow_but([wae_tf.WAEMMD], [wae_tf.WAEMMD, wae_tf.WAEGAN])
)
@pytest.mark.parametrize(
    "encoder, arguments",
    [
        tiny.slow(lambda: tiny.networks()[0], {}),
        (functional, {}),
        (OwnEncoder, {"image_shape": (8, 8, 1)}),
        (
            lambda: keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)]),
            {"image_shape": [8, 8, 1]},
        ),
    ],
    ids=["sequential", "functional", "subclassed", "unbuilt"],
)
def test_anyones_networks_train(divergence, encoder, arguments):
    keras.utils.set_random_seed(0)
    model = divergence(encoder(), tiny.networks()[1], **arguments)
    model.compile(keras.optimizers.Adam(1e-2))
    assert (model.image_shape, model.latent_dim) == ((8, 8, 1), 3)
    losses = model.fit(tiny.images(), batch_size=8, epochs=4, verbose=0).history
    assert losses["loss"][-1] < losses["loss"][0]
    assert model.sample(2, seed=0).shape == (2, 8, 8, 1)


def test_anyones_prior_and_cost_enter_the_objective():
    prior = tfp.distributions.MultivariateNormalDiag([5.0] * 3, [0.1] * 3)
    model = wae_tf.WAEMMD(
        *tiny.networks(),
        prior=prior,
        cost=lambda x, y: tf.reduce_max(tf.abs(x - y), axis=(1, 2, 3)),
        cost_scale=3.0,
    )
    x = tiny.images()
    losses = model.objective(x)
    cost = np.abs(x / 255.0 - model.reconstruct(x)).max(axis=(1, 2, 3))
    np.testing.assert_allclose(losses["reconstruction_loss"], 3.0 * cost.mean(), rtol=1e-5)
    z = model.prior.sample(1000, (0, 0)).numpy()
    np.testing.assert_allclose(z.mean(axis=0), 5.0, atol=0.02)
    assert float(losses["divergence"]) > 1.0  # Codes are nowhere near 5.


# Keras's loop.


@pytest.mark.parametrize("divergence", tiny.slow_but(["mmd"], ["mmd", "gan"]))
def test_the_logged_names_are_the_documented_ones(divergence):
    model = wae_tf.build_model(tiny.config(divergence=divergence))
    model.compile()
    names = LOSSES + ["discriminator_loss"] * (divergence == "gan")
    x = tiny.images()
    history = model.fit(x, validation_data=x, batch_size=8, verbose=0).history
    assert sorted(history) == sorted(names + [f"val_{name}" for name in names])
    losses = model.evaluate(x, verbose=0, return_dict=True)
    assert sorted(losses) == sorted(names)
    assert model.metrics_names == names
    np.testing.assert_array_equal(model.evaluate(x, verbose=0), [losses[n] for n in names])
    np.testing.assert_allclose(
        losses["loss"], losses["reconstruction_loss"] + 10.0 * losses["divergence"], rtol=1e-5
    )


def test_logged_losses_are_means_over_all_batches():
    model = wae_tf.WAEMMD(*tiny.networks(), seed=4)
    model.compile(keras.optimizers.SGD(0.0))
    x = tiny.images(20)
    batches = [x[:8], x[8:16], x[16:]]
    history = model.fit(x, batch_size=8, shuffle=False, verbose=0).history
    losses = model.evaluate(x, batch_size=8, verbose=0, return_dict=True)
    for name in LOSSES:
        trained = [float(model.objective(b, seed=(4, i))[name]) for i, b in enumerate(batches)]
        tested = [float(model.objective(b, seed=(-5, 8 * i))[name]) for i, b in enumerate(batches)]
        mean = np.average(trained, weights=[8, 8, 4])
        np.testing.assert_allclose(history[name][0], mean, rtol=1e-4, atol=1e-5)
        mean = np.average(tested, weights=[8, 8, 4])
        np.testing.assert_allclose(losses[name], mean, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_fit_takes_what_keras_takes(mmd):
    x, y = tiny.images(), np.zeros(16)
    floats = x / 255.0
    arrays = tf.data.Dataset.from_tensor_slices
    seen = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs))
    for data in (
        {"x": x, "batch_size": 8},
        {"x": tf.constant(x)},
        {"x": floats},
        {"x": floats.astype("float32"), "y": y, "validation_split": 0.5},
        {"x": x, "validation_data": (floats, y)},
        {"x": x, "validation_data": (x,)},
        {"x": x, "validation_data": x, "validation_batch_size": 4},
        {"x": arrays(x).batch(8), "validation_data": arrays(x).batch(8)},
        {"x": arrays((floats, y)).batch(8).repeat(), "steps_per_epoch": 3},
        {
            "x": arrays((x, y)).batch(8, drop_remainder=True),
            "validation_data": arrays((x, y)).batch(8),
        },
    ):
        history = mmd.fit(**data, callbacks=[callback], verbose=0).history
        validated = "validation_data" in data or "validation_split" in data
        assert ("val_loss" in history) == validated
        assert all(np.isfinite(v).all() for v in history.values())
    assert len(seen) == 10 and all("divergence" in logs for logs in seen)


def test_fitting_a_data_set_gives_no_warning(mmd, recwarn):
    mmd.fit(tf.data.Dataset.from_tensor_slices(tiny.images()).batch(8), verbose=0)
    assert not [w for w in recwarn if "shuffle" in str(w.message)]


def test_uint8_and_floats_train_and_evaluate_alike():
    x = tiny.images()
    results = []
    for images in (x, x / 255.0):
        model = wae_tf.WAEMMD(*tiny.networks())
        losses = steps(model, images)
        results.append(np.append(losses, model.evaluate(images, verbose=0)))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5)


def test_evaluate_gives_the_same_numbers_twice(mmd):
    x = tiny.images(20)
    first = mmd.evaluate(x, batch_size=8, verbose=0)
    mmd.sample(3)
    assert mmd.evaluate(x, batch_size=8, verbose=0) == first


def test_predict_reconstructs_without_compile():
    model = wae_tf.WAEMMD(*tiny.networks())
    x = tiny.images(5)
    for data in (x, tf.data.Dataset.from_tensor_slices((x, np.zeros(5))).batch(2)):
        np.testing.assert_allclose(model.predict(data, verbose=0), model.reconstruct(x), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("divergence", ["mmd", "gan"])
def test_steps_per_execution_changes_nothing(divergence):
    one, three = (
        steps(
            wae_tf.build_model(tiny.config(divergence=divergence)),
            tiny.images(41),
            n=2,
            steps_per_execution=number,
        )
        for number in (1, 3)
    )
    np.testing.assert_allclose(one, three, rtol=1e-5)


def test_run_eagerly_changes_nothing():
    graph, eager = (
        steps(wae_tf.WAEMMD(*tiny.networks()), tiny.images(), run_eagerly=eagerly)
        for eagerly in (False, True)
    )
    np.testing.assert_allclose(graph, eager, rtol=1e-4)


# XLA.


def test_auto_compiles_with_xla_only_where_an_accelerator_is(monkeypatch):
    model = wae_tf.WAEMMD(*tiny.networks())
    for visible in ([], ["GPU"], ["TPU"]):
        monkeypatch.setattr(
            tf.config, "list_physical_devices", lambda kind=None, v=visible: v if kind in v else []
        )
        for choice, result in (("auto", bool(visible)), (True, True), (False, False)):
            model.compile(jit_compile=choice)
            assert model.jit_compile is result
        assert wae_tf.WAEMMD(*tiny.networks()).jit_compile is bool(visible)  # For `predict`.


@pytest.mark.parametrize("divergence", ["mmd", "gan"])
def test_xla_gives_the_same_losses(divergence):
    model = wae_tf.build_model(tiny.config(divergence=divergence))
    x = tiny.images(20).astype("float32") / 255.0
    # Given, because XLA's generator draws other numbers than TensorFlow's kernels.
    z_prior = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")

    def terms(x, z_prior):
        distribution = model.code_distribution(x)
        return model._terms(x, distribution.location, z_prior)

    plain, compiled = (tf.function(terms, jit_compile=jit)(x, z_prior) for jit in (False, True))
    assert plain.keys() == compiled.keys()
    for name, value in plain.items():
        assert float(compiled[name]) == pytest.approx(float(value), rel=1e-4, abs=1e-5), name


# Precision.


@pytest.mark.parametrize("divergence", ["mmd", "gan"])
def test_objective_is_float32_under_mixed_precision(divergence):
    exact, mixed = (
        wae_tf.build_model(tiny.config(divergence=divergence, precision=precision))
        for precision in ("float32", "mixed_bfloat16")
    )
    mixed.set_weights([w + 0.1 for w in exact.get_weights()])
    exact.set_weights(mixed.get_weights())
    assert {layer.compute_dtype for layer in mixed.encoder.layers} == {"bfloat16", "float32"}
    assert all(v.dtype == "float32" for v in mixed.trainable_variables)
    x = tiny.images()
    right, losses = exact.objective(x), mixed.objective(x)
    assert all(value.dtype == tf.float32 for value in losses.values())
    np.testing.assert_allclose(
        losses["reconstruction_loss"], right["reconstruction_loss"], rtol=1e-2
    )
    # The same codes give the same divergence, so nothing after them is rounded.
    z, z_prior = mixed.prior.sample(9, (0, 0)), mixed.prior.sample(9, (0, 1))
    np.testing.assert_allclose(
        mixed.divergence(z, z_prior), exact.divergence(z, z_prior), rtol=1e-6
    )


def test_images_are_not_rounded_under_a_global_policy():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        seen = []

        def cost(x, y):
            seen.append((x.dtype, y.dtype))
            return tf.reduce_sum(tf.square(x - tf.cast(y, tf.float32)), axis=(1, 2, 3))

        model = wae_tf.WAEMMD(*tiny.networks(), cost=cost)
        x = tiny.images()
        losses = model.objective(x)
        assert seen[-1] == (tf.float32, tf.bfloat16)
        assert all(value.dtype == tf.float32 for value in losses.values())
        floats = (x / 255.0).astype("float32")
        np.testing.assert_array_equal(model(x), model(floats))
        assert model.encode(x).dtype == model.reconstruct(x).dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("divergence", tiny.slow_but(["gan"], ["mmd", "gan"]))
def test_float16_scales_its_losses(divergence):
    config = tiny.config(divergence=divergence, precision="mixed_float16")
    model = training.compile_model(wae_tf.build_model(config), config, steps_per_epoch=2)
    optimizers = [model.optimizer]
    if divergence == "gan":
        optimizers.append(model.discriminator_optimizer)
    assert all(isinstance(o, keras.optimizers.LossScaleOptimizer) for o in optimizers)
    before = tiny.weights(model)
    history = model.fit(tiny.images(), batch_size=8, epochs=12, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    # Steps that overflow are left out, until the scale is small enough.
    assert all(int(o.iterations) > 0 for o in optimizers)
    assert not np.array_equal(before[0], model.get_weights()[0])


# Seeds.


@pytest.mark.parametrize("divergence", tiny.slow_but(["mmd"], ["mmd", "gan"]))
def test_equal_seeds_train_equal_weights_bit_for_bit(divergence):
    config = wae_tf.WAEConfig(
        divergence=divergence,
        encoder_width=32,
        decoder_width=32,
        discriminator_width=32,
        batch_size=32,
    )
    x = tiny.images(128, shape=(28, 28, 1))
    results = {}
    for attempt in ("first", "second"):
        model = wae_tf.build_model(config)
        initial = tiny.weights(model)
        training.compile_model(model, config, steps_per_epoch=4)
        data = wae_tf.data.batches(x, 32, training=True, seed=config.seed, epochs=2)
        model.fit(data, epochs=2, steps_per_epoch=4, verbose=0)
        results[attempt] = model.get_weights()
    tiny.assert_identical(results["first"], results["second"])
    assert not np.array_equal(initial[0], results["first"][0])


@pytest.mark.slow
def test_keras_seed_fixes_the_order_of_arrays():
    def train(seed):
        keras.utils.set_random_seed(seed)
        model = wae_tf.build_model(tiny.config())
        model.compile()
        model.fit(tiny.images(), batch_size=8, verbose=0)
        return model.get_weights()

    tiny.assert_identical(train(3), train(3))
