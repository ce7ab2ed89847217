"""Checks the fused batch norm against Keras's, on replicas too, and where Keras's own is called."""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from wae_tf.networks.batch_norm import BatchNormalization
from wae_tf.networks.layers import LayerFactory


def pair(channels=3, **options):
    """Returns our layer and Keras's, with the same weights, none of them at its start."""
    layers = [
        cls(epsilon=1e-5, momentum=0.9, **options)
        for cls in (BatchNormalization, keras.layers.BatchNormalization)
    ]
    rng = np.random.default_rng(1)
    for layer in layers:
        layer.build((None, 5, 4, channels))
    weights = [rng.uniform(0.5, 2.0, w.shape) for w in layers[0].weights]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def step(layer, x, jit_compile=False):
    """Returns output, gradients and moving averages of a training step."""
    variables = layer.trainable_variables

    @tf.function(jit_compile=jit_compile)
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            loss = tf.reduce_sum(y**3)
        return y, *tape.gradient(loss, [x, *[v.value for v in variables]])

    return [*run(tf.constant(x)), *layer.get_weights()]


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("n", [7, 1])
def test_a_training_step_is_that_of_keras(rng, n, jit_compile):
    ours, theirs = pair()
    x = rng.normal(2.0, 3.0, size=(n, 5, 4, 3)).astype("float32")
    for got, expected in zip(step(ours, x, jit_compile), step(theirs, x), strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-4, atol=2e-4)


def test_moving_averages_are_those_of_numpy(rng):
    layer, _ = pair()
    before = [np.array(w) for w in layer.get_weights()[2:]]
    x = rng.normal(2.0, 3.0, size=(6, 5, 4, 3)).astype("float32")
    layer(x, training=True)
    for got, old, now in zip(
        layer.get_weights()[2:], before, (x.mean((0, 1, 2)), x.var((0, 1, 2))), strict=True
    ):
        np.testing.assert_allclose(got, 0.9 * old + 0.1 * now, rtol=1e-5)


@pytest.mark.slow
def test_on_two_replicas_a_step_is_that_of_keras_on_the_whole_batch():
    program = pathlib.Path(__file__).with_name("replicas_batch_norm_program.py")
    process = subprocess.run([sys.executable, program], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr[-2000:]
    found = json.loads(process.stdout)
    assert max(found["float32"].values()) < 1e-5
    rounded = found["mixed_bfloat16"]
    assert max(rounded.pop("output"), rounded.pop("images")) < 2.0**-7
    assert max(rounded.values()) < 1e-5


def test_in_bfloat16_only_what_leaves_the_layer_is_rounded(rng):
    ours, theirs = pair(dtype="mixed_bfloat16")
    x = tf.cast(rng.normal(2.0, 3.0, size=(7, 5, 4, 3)), tf.bfloat16)
    got, expected = step(ours, x), step(theirs, x)
    assert got[0].dtype == got[1].dtype == tf.bfloat16
    for one, other in zip(got[:2], expected[:2], strict=True):
        one, other = (np.asarray(a, "float32") for a in (one, other))
        np.testing.assert_allclose(one, other, rtol=0, atol=2.0**-7 * np.abs(other).max())
    for ours, theirs in zip(got[2:], expected[2:], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4)


def test_one_kernel_in_training_and_none_of_ours_elsewhere(rng, monkeypatch):
    calls, fused = [], tf.raw_ops.FusedBatchNormV3
    monkeypatch.setattr(
        tf.raw_ops, "FusedBatchNormV3", lambda **k: calls.append(k["x"].dtype) or fused(**k)
    )
    x = rng.normal(size=(6, 5, 4, 3)).astype("float32")
    layer, theirs = pair()
    layer(x, training=True)
    assert len(calls) == 1
    theirs.set_weights(layer.get_weights())
    np.testing.assert_array_equal(layer(x, training=False), theirs(x, training=False))
    LayerFactory(0, "mixed_bfloat16").batch_norm("norm")(x, training=True)
    assert calls == [tf.float32, tf.bfloat16]
    LayerFactory(0, "mixed_float16").batch_norm("norm")(x, training=True)
    layer.trainable = False
    layer(x, training=True)
    LayerFactory(0).batch_norm("norm")(x[:, 0, 0], training=True)
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [kind])
    pair()[0](x, training=True)
    assert len(calls) == 2


def test_it_is_saved_and_called_as_the_layer_of_keras(tmp_path):
    model = keras.Sequential([keras.Input((5, 4, 3)), LayerFactory(0).batch_norm("norm_0")])
    assert isinstance(model.layers[0], keras.layers.BatchNormalization)
    assert BatchNormalization.__name__ == "BatchNormalization"
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.layers[0]) is BatchNormalization
    keras_model = keras.Sequential(
        [keras.Input((5, 4, 3)), keras.layers.BatchNormalization(name="norm_0")]
    )
    keras_model.save_weights(tmp_path / "keras.weights.h5")
    model.load_weights(tmp_path / "keras.weights.h5")
