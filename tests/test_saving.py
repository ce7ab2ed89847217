"""Checks that what is saved comes back: outputs, compilation, both optimizers, the next steps."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
import tiny

import wae_tf

DIVERGENCES = ["mmd", "gan"]


@keras.saving.register_keras_serializable(package="tests")
def largest_error(x, y):
    return tf.reduce_max(tf.abs(x - y), axis=(1, 2, 3))


@keras.saving.register_keras_serializable(package="tests")
def dot_kernel(a, b):
    return tf.matmul(a, b, transpose_b=True)


@keras.saving.register_keras_serializable(package="tests")
class Codes(keras.Model):
    """An encoder of one's own, without an input shape."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flat = keras.layers.Flatten()
        self.dense = keras.layers.Dense(3)

    def call(self, x, training=False):
        return self.dense(self.flat(x))


def trained(divergence, **changes):
    """Returns a compiled model, a few steps into its training."""
    model = wae_tf.build_model(tiny.config(divergence=divergence, **changes))
    compile_model(model, steps_per_execution=2)
    train(model)
    return model


def compile_model(model, **arguments):
    if isinstance(model, wae_tf.WAEGAN):
        arguments["discriminator_optimizer"] = keras.optimizers.RMSprop(2e-3)
    model.compile(keras.optimizers.Adam(1e-2, beta_1=0.5), **arguments)


def train(model):
    model.fit(tiny.images(), batch_size=4, epochs=2, shuffle=False, verbose=0)


def optimizer_state(model):
    optimizers = [model.optimizer]
    if isinstance(model, wae_tf.WAEGAN):
        optimizers.append(model.discriminator_optimizer)
    return [np.array(v) for optimizer in optimizers for v in optimizer.variables]


def assert_same(a, b):
    """Compares weights and optimizers bit for bit."""
    tiny.assert_identical(a.get_weights(), b.get_weights())
    tiny.assert_identical(optimizer_state(a), optimizer_state(b))


@pytest.fixture(scope="module", params=DIVERGENCES)
def model(request):
    return trained(request.param)


FRESH = """
import sys
import keras, numpy as np, tiny, wae_tf

for name in sys.argv[1:]:
    model = keras.models.load_model(f"{name}.keras")
    assert model.compiled
    x = tiny.images()
    before = {"samples": model.sample(4, seed=1), "reconstructions": model.reconstruct(x)}
    losses = model.evaluate(x, verbose=0)
    model.fit(x, batch_size=4, epochs=2, shuffle=False, verbose=0)
    after = {f"weight_{i}": w for i, w in enumerate(model.get_weights())}
    np.savez(f"{name}.npz", losses=losses, **before, **after)
"""


@pytest.mark.slow
def test_a_fresh_process_goes_on_where_this_one_stopped(tmp_path):
    models = {name: trained(name) for name in DIVERGENCES}
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
    subprocess.run(
        [sys.executable, "-c", FRESH, *(str(tmp_path / name) for name in models)],
        check=True,
        cwd=tiny.__file__.rpartition("/")[0],
    )
    x = tiny.images()
    for name, model in models.items():
        there = np.load(tmp_path / f"{name}.npz")
        np.testing.assert_array_equal(there["samples"], model.sample(4, seed=1))
        np.testing.assert_array_equal(there["reconstructions"], model.reconstruct(x))
        np.testing.assert_array_equal(there["losses"], model.evaluate(x, verbose=0))
        train(model)
        tiny.assert_identical(
            [there[f"weight_{i}"] for i in range(len(model.weights))], model.get_weights()
        )


def test_keras_file_keeps_weights_optimizers_and_arguments(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert_same(loaded, model)
    assert int(loaded.optimizer.iterations) == int(model.optimizer.iterations) > 0
    assert max(np.abs(v).max() for v in optimizer_state(loaded)[2:]) > 0.0  # Moments.
    assert loaded.steps_per_execution == 2 and loaded.jit_compile is False
    assert float(loaded.optimizer.learning_rate) == pytest.approx(1e-2)
    config, kept = model.get_config(), loaded.get_config()
    for name in ("prior", "cost", "cost_scale", "reg_weight", "pixel_range", "seed"):
        assert config[name] == kept[name]


def test_weights_file_keeps_the_optimizers_too(model, tmp_path):
    model.save_weights(tmp_path / "model.weights.h5")
    config = tiny.config(divergence="gan" if isinstance(model, wae_tf.WAEGAN) else "mmd", seed=9)
    fresh = wae_tf.build_model(config)
    compile_model(fresh)
    assert not np.array_equal(fresh.get_weights()[0], model.get_weights()[0])
    fresh.load_weights(tmp_path / "model.weights.h5")
    assert_same(fresh, model)


def test_tensorflow_checkpoints_keep_the_optimizers_too(model, tmp_path):
    path = tf.train.Checkpoint(model=model).save(str(tmp_path / "checkpoint"))
    config = tiny.config(divergence="gan" if isinstance(model, wae_tf.WAEGAN) else "mmd", seed=9)
    fresh = wae_tf.build_model(config)
    compile_model(fresh)
    tf.train.Checkpoint(model=fresh).restore(path).assert_consumed()
    assert_same(fresh, model)


@pytest.mark.slow
def test_keras_model_checkpoint_writes_whole_models(tmp_path):
    model = wae_tf.build_model(tiny.config())
    model.compile()
    callback = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras", "val_loss", save_best_only=True
    )
    x = tiny.images()
    model.fit(x, validation_data=x, callbacks=[callback], verbose=0)
    assert_same(keras.models.load_model(tmp_path / "best.keras"), model)


@pytest.mark.parametrize("pixel_range", [(0, 1), (-1, 1)])
def test_an_uncompiled_model_comes_back_uncompiled(tmp_path, pixel_range):
    model = wae_tf.build_model(tiny.config(prior="sphere", pixel_range=pixel_range))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    np.testing.assert_array_equal(loaded.sample(3, seed=0), model.sample(3, seed=0))


def test_parts_of_ones_own_survive(tmp_path):
    mixture = tfp.distributions.MixtureSameFamily(
        tfp.distributions.Categorical(probs=[0.3, 0.7]),
        tfp.distributions.MultivariateNormalDiag([[0.0] * 3, [4.0] * 3], [[0.5] * 3, [1.0] * 3]),
    )
    model = wae_tf.WAEMMD(
        Codes(),
        tiny.networks()[1],
        image_shape=(8, 8, 1),
        prior=mixture,
        cost=largest_error,
        kernel=dot_kernel,
    )
    model.compile(keras.optimizers.Adam(1e-3))
    train(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_same(loaded, model)
    x = tiny.images()
    np.testing.assert_array_equal(loaded.sample(5, seed=0), model.sample(5, seed=0))
    for name, value in model.objective(x).items():
        np.testing.assert_array_equal(loaded.objective(x)[name], value)


def test_a_prior_that_cannot_be_saved_says_so(tmp_path):
    prior = tfp.distributions.TransformedDistribution(
        tfp.distributions.MultivariateNormalDiag([0.0] * 3), tfp.bijectors.Shift([1.0] * 3)
    )
    model = wae_tf.WAEMMD(*tiny.networks(), prior=prior, kernel=dot_kernel)
    with pytest.raises(ValueError, match="`save_weights` works with any"):
        model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_survives(tmp_path, precision):
    model = trained("gan", precision=precision)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.encoder.layers[-2].compute_dtype == precision.removeprefix("mixed_")
    assert type(loaded.optimizer) is type(model.optimizer)
    assert type(loaded.discriminator_optimizer) is type(model.discriminator_optimizer)
    assert_same(loaded, model)
