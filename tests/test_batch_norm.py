"""Checks the batch norm of several replicas against Keras's, and that one device has Keras's."""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np

from wae_tf.networks.layers import LayerFactory
from wae_tf.networks.replica_batch_norm import BatchNormalization


def test_one_device_has_the_layer_of_keras():
    assert type(LayerFactory(0).batch_norm("norm")) is keras.layers.BatchNormalization


def test_on_two_replicas_a_step_is_that_of_keras_on_the_whole_batch():
    program = pathlib.Path(__file__).with_name("replicas_batch_norm_program.py")
    process = subprocess.run([sys.executable, program], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr[-2000:]
    found = json.loads(process.stdout)
    assert max(found["float32"].values()) < 1e-5
    rounded = found["mixed_bfloat16"]
    assert max(rounded.pop("output"), rounded.pop("images")) < 2.0**-7
    assert max(rounded.values()) < 1e-5


def test_outside_of_replicas_it_is_the_layer_of_keras(rng, tmp_path):
    x = rng.normal(2.0, 3.0, size=(6, 5, 4, 3)).astype("float32")
    ours = BatchNormalization(synchronized=True, name="norm_0")
    model = keras.Sequential([keras.Input((5, 4, 3)), ours])
    theirs = keras.layers.BatchNormalization(synchronized=True, name="norm_0")
    keras_model = keras.Sequential([keras.Input((5, 4, 3)), theirs])
    np.testing.assert_array_equal(model(x, training=True), keras_model(x, training=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.layers[0]) is BatchNormalization
    np.testing.assert_array_equal(loaded(x), keras_model(x))
    keras_model.save_weights(tmp_path / "keras.weights.h5")
    model.load_weights(tmp_path / "keras.weights.h5")
