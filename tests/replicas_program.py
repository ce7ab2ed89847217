"""Trains tiny models on N logical devices, and on one, in a process of its own.

python replicas_program.py N [NAME...] [--factor F] prints a JSON dict of the largest differences.
The replicas' learning rate is F times that of the one device: 1, unless a test wants a fault.
"""

import argparse
import json
import re
import warnings

import keras
import numpy as np
import tensorflow as tf

import wae_tf
from wae_tf import divergences
from wae_tf.costs import PatchCritic
from wae_tf.models import AE, VAE, WAE, WAEGAN, WAEMMD
from wae_tf.networks import (
    dcgan_decoder,
    dcgan_encoder,
    latent_discriminator,
    mlp_decoder,
    mlp_encoder,
)

SHAPE, LATENT, BATCH, STEPS = (8, 8, 1), 4, 16, 10
# Small: at 0.01 two runs of one device, an ulp apart at the start, are 4e-4 apart after ten steps.
RATE = 0.003


def networks(codes="deterministic", noise=0.0):
    """Networks with a batch norm each; quick to trace."""
    encoder = mlp_encoder(
        SHAPE, LATENT, width=16, num_layers=1, codes=codes, noise_stddev=noise, seed=1
    )
    return encoder, mlp_decoder(SHAPE, LATENT, width=16, num_layers=1, seed=2)


def convolutions():
    encoder = dcgan_encoder(SHAPE, LATENT, width=16, num_layers=2, kernel_size=3, seed=1)
    return encoder, dcgan_decoder(SHAPE, LATENT, width=16, num_layers=2, kernel_size=3, seed=2)


def discriminator():
    return latent_discriminator(LATENT, width=16, num_layers=2, seed=3)


def wae(divergence, codes="deterministic", **options):
    return WAE(*networks(codes), divergence=divergence, reg_weight=2.0, **options)


def gan(name, **options):
    return WAEGAN(
        *networks(), adversarial_loss=name, discriminator=discriminator(), reg_weight=2.0, **options
    )


MODELS = {
    "ae": lambda: AE(*networks()),
    "vae": lambda: VAE(*networks("gaussian"), likelihood="learned"),
    "vae_vamp": lambda: VAE(*networks("gaussian"), prior="vamp", prior_components=3),
    "mmd": lambda: WAEMMD(*convolutions(), reg_weight=2.0),
    "mmd_noise": lambda: WAEMMD(*networks(noise=0.1), reg_weight=2.0),
    "mmd_median": lambda: WAEMMD(*networks(), kernel="rbf_median+energy", reg_weight=2.0),
    "mmd_vamp": lambda: WAEMMD(*networks("gaussian"), prior="vamp", prior_components=3),
    "mmd_gaussian": lambda: WAEMMD(*networks("gaussian"), log_variance_weight=0.5),
    "mmd_implicit": lambda: WAEMMD(*networks("implicit"), prior="sphere"),
    "mmd_adaptive": lambda: WAEMMD(*networks(), reg_weight_schedule="adaptive"),
    "mmdpp": lambda: wae(divergences.MMDPlusPlus(num_images=64, codes_per_image=3), "gaussian"),
    "sinkhorn": lambda: wae("sinkhorn"),
    "sliced_wasserstein": lambda: wae("sliced_wasserstein"),
    "cramer_wold": lambda: wae("cramer_wold"),
    "moment_matching": lambda: wae("moment_matching"),
    "gan": lambda: gan("gan", prior_log_prob=True),
    "gan_hinge": lambda: gan("gan_hinge"),
    "wgan_gp": lambda: gan("wgan_gp"),
    "critic": lambda: WAEMMD(*networks(), critic=PatchCritic(SHAPE, width=4, num_layers=1, seed=4)),
}


BEFORE_NORM = re.compile(r"(dense_0|conv_\d)/bias$")  # Batch norm takes them out: only rounding.
PREDICTED = ("ae", "mmd")  # Others predict alike, and tracing takes long.


def larger(model):
    """Starts from weights of ordinary size: from 0.01 and 0, rounding grows fast."""
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        values = rng.normal(size=variable.shape)
        if len(variable.shape) < 2:
            variable.assign_add(0.1 * values)
        elif variable.shape[0] < 8 * 8 * 64:
            variable.assign(values / np.sqrt(np.prod(variable.shape[:-1])))


def compiled(name, rate=RATE):
    model = MODELS[name]()
    larger(model)
    rates = {key: keras.optimizers.SGD(rate) for key in model.optimized_variables()}
    model.compile(**rates)
    return model


def trained(name, rate=RATE):
    """Returns the losses of each step, those of an evaluation, predictions and weights."""
    model = compiled(name, rate)
    images = np.random.default_rng(5).integers(256, size=(BATCH * 4, *SHAPE), dtype="uint8")
    data = wae_tf.data.batches(
        images, BATCH, training=True, seed=3, epochs=4, horizontal_flip=True, max_shift=1
    ).take(STEPS)
    history = model.fit(data, epochs=STEPS, steps_per_epoch=1, verbose=0)
    evaluated = model.evaluate(images[:37], batch_size=BATCH, return_dict=True, verbose=0)
    predicted = None
    if name in PREDICTED:
        predicted = model.predict(images[:37], batch_size=BATCH, verbose=0)
    weights = [v.numpy() for v in model.variables if not BEFORE_NORM.search(v.path)]
    return history.history, evaluated, predicted, weights


def difference(a, b):
    """Largest difference, relative to the largest value, or to 1e-3 where that is smaller."""
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    return float(np.max(np.abs(a - b)) / max(np.max(np.abs(a)), 1e-3))


def compared(name, strategy, factor):
    one = trained(name)
    with strategy.scope():
        many = trained(name, factor * RATE)
    found = {
        "losses": max(difference(one[0][k], many[0][k]) for k in one[0]),
        "evaluate": max(difference(one[1][k], many[1][k]) for k in one[1]),
    }
    if name in PREDICTED:
        found["predict"] = difference(one[2], many[2])
    pairs = zip(one[3], many[3], strict=True)
    found["weights"] = max(difference(a, b) for a, b in pairs)
    return found


def main(count, names, factor):
    keras.utils.set_random_seed(0)
    warnings.simplefilter("error", UserWarning)
    cpu = tf.config.list_physical_devices("CPU")[0]
    logical = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(cpu, [logical] * count)
    strategy = tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(count)])
    for name in names or MODELS:
        print(json.dumps({name: compared(name, strategy, factor)}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--factor", type=float, default=1.0)
    main(**vars(parser.parse_args()))
