"""A step of a synchronised batch norm on two logical devices against Keras's on one; prints JSON.

Largest differences of output, gradients and weights, each relative to the largest value.
"""

import json

import numpy as np
import tensorflow as tf

import wae_tf  # noqa: F401  Before keras: see `wae_tf.runtime.onednn`.

# isort: split
import keras
from replicas_program import difference

from wae_tf.networks.batch_norm import BatchNormalization

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
rng = np.random.default_rng(0)
images = rng.normal(2.0, 3.0, size=(8, 5, 4, 3)).astype("float32")
upstream = rng.normal(size=images.shape).astype("float32")
weights = [rng.uniform(0.5, 2.0, 3) for _ in range(4)]


def made(cls, dtype, **options):
    layer = cls(epsilon=1e-5, momentum=0.9, dtype=dtype, **options)
    layer.build(images.shape)
    layer.set_weights(weights)
    return layer


def step(layer, images, upstream):
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = layer(images, training=True)
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32) * upstream)
    return outputs, *tape.gradient(loss, [images, layer.gamma.value, layer.beta.value])


def parts(values):
    dataset = tf.data.Dataset.from_tensor_slices(values).batch(len(values))
    return next(iter(strategy.experimental_distribute_dataset(dataset)))


def compared(dtype):
    one = made(keras.layers.BatchNormalization, dtype)
    whole = tf.cast(images, one.compute_dtype)
    expected = tf.function(step)(one, whole, tf.constant(upstream))
    with strategy.scope():
        many = made(BatchNormalization, dtype, synchronized=True)
    run = tf.function(lambda *values: strategy.run(lambda *v: step(many, *v), args=values))
    found = {}
    names = ("output", "images", "gamma", "beta")
    for name, theirs, ours in zip(names, expected, run(parts(whole), parts(upstream)), strict=True):
        ours = [np.asarray(v, "float32") for v in strategy.experimental_local_results(ours)]
        ours = np.concatenate(ours) if name in names[:2] else sum(ours)
        found[name] = difference(theirs, ours)
    pairs = zip(one.get_weights(), many.get_weights(), strict=True)
    return {**found, "weights": max(difference(*pair) for pair in pairs)}


if __name__ == "__main__":
    print(json.dumps({dtype: compared(dtype) for dtype in ("float32", "mixed_bfloat16")}))
