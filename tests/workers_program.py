"""Trains a WAE-MMD by `fit`, as one of the workers of TF_CONFIG.

Usage: TF_CONFIG=... python workers_program.py OUT.npz; writes losses, weights, and what an
evaluation finds. Without TF_CONFIG it trains alone.
"""

import pathlib
import sys

import keras
import numpy as np
import replicas_program as tiny_models
import tensorflow as tf

import wae_tf
from wae_tf.training import open_devices

devices = open_devices()  # First of all, as TensorFlow asks for.
images = devices.load_images(
    np.random.default_rng(5).integers(256, size=(64, *tiny_models.SHAPE), dtype="uint8"),
    cache=pathlib.Path(sys.argv[1]).with_name("images.npy"),
)
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


distributed = devices.batches(batches)
if devices.workers > 1:  # Or workers would ask each other in each step whether there is more.
    assert distributed.cardinality == tf.data.INFINITE_CARDINALITY, distributed.cardinality
history = model.fit(distributed, epochs=2, steps_per_epoch=4, verbose=0)
few = images[:37]  # The last batch is not full.


def few_batches(parts=None):
    return wae_tf.data.batches(few, tiny_models.BATCH, training=False, parts=parts)


found = model.evaluate(devices.batches(few_batches), steps=3, verbose=0, return_dict=True)
predicted = model.predict(np.asarray(few), batch_size=tiny_models.BATCH, verbose=0)
weights = {f"weight_{i}": np.asarray(v.numpy()) for i, v in enumerate(model.variables)}
np.savez(
    sys.argv[1],
    loss=history.history["loss"],
    predicted=predicted,
    **{f"evaluated_{k}": v for k, v in found.items()},
    **weights,
)
devices.compare()
