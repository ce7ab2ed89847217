"""What two logical devices refuse and warn of, and `train` on them; prints JSON.

Usage: python replicas_manners_program.py DIRECTORY
"""

import contextlib
import json
import sys
import warnings

import keras
import numpy as np
import replicas_program
import tensorflow as tf
import tiny

import wae_tf
from wae_tf.models import WAEMMD
from wae_tf.training import pretraining

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
images = tiny.images(32)
said = {}


@contextlib.contextmanager
def error_of(name):
    try:
        yield
    except ValueError as error:
        said[name] = str(error)


def sgd():
    return keras.optimizers.SGD(0.01)


with error_of("outside"), strategy.scope():
    outside = tiny.networks()
    model = WAEMMD(*outside)
    model.compile(sgd())
    model.optimizer.build(model.trainable_variables)
    said["inside"] = model.check_scope()
    other = WAEMMD(*tiny.networks())

outsider = WAEMMD(*tiny.networks())
outsider.compile(sgd())
with error_of("outside"), strategy.scope():
    outsider.fit(images, batch_size=8, verbose=0)
with error_of("indivisible"):
    model.fit(images, batch_size=5, verbose=0)
with error_of("rest"):
    model.fit(images[:30], batch_size=8, verbose=0)
with error_of("unknown size"):
    model.fit(tf.data.Dataset.from_tensor_slices(images).batch(8), verbose=0)
endless = tf.data.Dataset.from_tensor_slices(images).batch(8, drop_remainder=True).repeat()
endless = strategy.experimental_distribute_dataset(endless)
with error_of("steps_per_epoch"):
    model.fit(endless, verbose=0)
with error_of("validation_steps"):
    model.fit(images, batch_size=8, validation_data=endless, verbose=0)
with error_of("steps"):
    model.evaluate(endless, verbose=0)
with error_of("steps of predict"):
    model.predict(endless, verbose=0)
with error_of("steps_per_execution"), strategy.scope():
    other.compile(sgd(), steps_per_execution=2)
with warnings.catch_warnings(record=True) as caught, strategy.scope():
    warnings.simplefilter("always")
    other.compile(sgd(), jit_compile=True)
    plain = WAEMMD(*replicas_program.networks())
    for layer in plain.encoder.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = False
    plain.compile(sgd())
    for _ in range(2):
        plain.check_replicas(images, 8)
    said["warnings"] = [str(w.message) for w in caught if w.category is UserWarning]


def pretrained(*arguments, original=pretraining.pretrain_encoder, **options):
    """From 150 steps of Adam on, two runs of one device an ulp apart at first come apart, too."""
    said["pretraining"].append(original(*arguments, **{**options, "steps": 100}))
    return said["pretraining"][-1]


said["pretraining"] = []
pretraining.pretrain_encoder = pretrained
config = tiny.config(batch_size=8, epochs=2, pretrain_encoder=True, horizontal_flip=True)
arrays = (np.concatenate([images, images]), images[:21])
np.savez(f"{sys.argv[1]}/images.npz", x_train=arrays[0], x_test=arrays[1])
rows = {}
for way in ("none", "mirrored"):
    workdir = f"{sys.argv[1]}/{way}"
    source = f"{sys.argv[1]}/images.npz"
    trained = wae_tf.training.train(config, source, workdir, distribute=way, verbose=0)
    rows[way] = wae_tf.callbacks.Checkpoint(workdir).history()
    said[way] = wae_tf.zoo.read_entry(workdir)["results"]["losses"]
said["history"] = rows
wae_tf.training.match_moments(trained, arrays[0])
said["covariance"] = np.cov(trained.encode(arrays[0]).T).tolist()
said["provenance"] = wae_tf.zoo.read_entry(f"{sys.argv[1]}/mirrored")["provenance"]["replicas"]
print(json.dumps(said))
