"""Trains a WAE-MMD by `fit`, as one of the workers of TF_CONFIG.

Usage: TF_CONFIG=... python workers_program.py OUT.npz; writes losses and weights. Without TF_CONFIG
it trains alone.
"""

import sys

import keras
import numpy as np
import replicas_program as tiny_models

import wae_tf
from wae_tf.training import open_devices

devices = open_devices()  # First of all, as TensorFlow asks for.
images = np.random.default_rng(5).integers(256, size=(64, *tiny_models.SHAPE), dtype="uint8")
keras.utils.set_random_seed(0)
with devices.strategy.scope():
    model = tiny_models.compiled("mmd")


def batches(parts=None):
    return wae_tf.data.batches(
        images,
        tiny_models.BATCH,
        training=True,
        seed=3,
        epochs=2,
        horizontal_flip=True,
        parts=parts,
    )


history = model.fit(devices.batches(batches), epochs=2, steps_per_epoch=4, verbose=0)
weights = {f"weight_{i}": np.asarray(v.numpy()) for i, v in enumerate(model.variables)}
np.savez(sys.argv[1], loss=history.history["loss"], **weights)
devices.compare()
