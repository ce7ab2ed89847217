"""Small images, configs and networks that many tests share."""

import os
import pathlib

import keras
import numpy as np
import pytest

import wae_tf

DATA = pathlib.Path(
    os.environ.get("WAE_TF_TEST_DATA", pathlib.Path(__file__).parents[2] / "shared" / "data")
)


def real(name=""):
    """Returns the path of real data, of their folder without a name, or skips the test."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is absent; set WAE_TF_TEST_DATA to the folder that holds it")
    return path


def mnist(key, n):
    """Returns the first `n` real digits, or skips the test."""
    return np.load(real("mnist.npz"))[key][:n, ..., None]


def slow(*values):
    """Returns values for `pytest.mark.parametrize` that make a slow test."""
    return pytest.param(*values, marks=pytest.mark.slow)


def slow_but(quick, values):
    """Returns `values` for `pytest.mark.parametrize`: all but those in `quick` make slow tests."""
    return [v if v in quick else slow(v) for v in values]


def images(n=16, seed=0, shape=(8, 8, 1)):
    """Returns uint8 noise, shape `(n, *shape)`."""
    return np.random.default_rng(seed).integers(256, size=(n, *shape), dtype="uint8")


def config(**changes):
    """Returns a config of a network that trains in a moment."""
    small = {
        "image_shape": (8, 8, 1),
        "encoder": "mlp",
        "encoder_width": 16,
        "encoder_layers": 1,
        "decoder": "mlp",
        "decoder_width": 16,
        "decoder_layers": 1,
        "discriminator_width": 16,
        "discriminator_layers": 1,
        "latent_dim": 3,
        "cost_scale": 0.5,
        "batch_size": 8,
        "epochs": 2,
        "precision": "float32",  # The same numbers on all machines.
    }
    return wae_tf.WAEConfig(**{**small, **changes})


def networks(latent_dim=3, shape=(8, 8, 1), seed=0, last="sigmoid"):
    """Returns an encoder and a decoder of one's own: linear, but for the last activation."""
    size = int(np.prod(shape))

    def dense(units, seed, **options):
        init = keras.initializers.RandomNormal(stddev=0.3, seed=seed)
        return keras.layers.Dense(units, kernel_initializer=init, **options)

    encoder = keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), dense(latent_dim, seed)]
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            dense(size, seed + 1, activation=last),
            keras.layers.Reshape(shape),
        ]
    )
    return encoder, decoder


def weights(model):
    """Returns a copy of a model's weights."""
    return [np.array(w) for w in model.get_weights()]


def assert_identical(a, b):
    """Compares two lists of arrays bit for bit."""
    assert len(a) == len(b)
    for left, right in zip(a, b, strict=True):
        np.testing.assert_array_equal(left, right)


def saved_model(directory):
    """Writes an entry of images 8x8x1 with a fitted sampler; returns its directory."""
    small = config()
    model = wae_tf.build_model(small)
    wae_tf.samplers.fit(model, images(40), kind="gmm", components=1)
    wae_tf.save_entry(directory, model, small)
    return directory
