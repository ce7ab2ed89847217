"""The classifier of MNIST digits whose features `lenet_fd` compares."""

import importlib.resources
import json
import pathlib
import time

import keras
import tensorflow as tf

from wae_tf import data, files
from wae_tf.images import to_model_range
from wae_tf.models.trainer import resolve_jit_compile

__all__ = ["build_lenet", "load_lenet", "train_lenet"]

IMAGE_SHAPE = (28, 28, 1)
_ENTRY = "classifier.json"
_WEIGHTS = "classifier.weights.h5"


def build_lenet(*, filters=(32, 64), kernel_size=5, features=128, classes=10, dropout=0.4, seed=0):
    """Builds an untrained classifier after LeNet-5 ([1], Fig. 2), wider and with ReLU.

    Convolution and max-pooling for each of `filters`, a dense layer of `features` with
    ReLU, named `"features"`, and a dense layer of logits.

    Returns:
        Keras model, images `(n, 28, 28, 1)`, floats in [0, 1], to logits `(n, classes)`.

    [1] LeCun et al., *Gradient-Based Learning Applied to Document Recognition*, 1998.
    """

    def initializer(layer):
        return keras.initializers.HeUniform(seed=seed * 100 + layer)

    model = keras.Sequential([keras.Input(IMAGE_SHAPE)], name="lenet")
    for i, width in enumerate(filters):
        model.add(
            keras.layers.Conv2D(
                width, kernel_size, activation="relu", kernel_initializer=initializer(i)
            )
        )
        model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.Flatten())
    model.add(
        keras.layers.Dense(
            features,
            activation="relu",
            kernel_initializer=initializer(len(filters)),
            name="features",
        )
    )
    model.add(keras.layers.Dropout(dropout, seed=seed))
    model.add(
        keras.layers.Dense(classes, kernel_initializer=initializer(len(filters) + 1), name="logits")
    )
    return model


def load_lenet(directory=None):
    """Returns the trained classifier, its weights checked against their SHA-256.

    Args:
        directory: Where `train_lenet` wrote it; by default the one that ships.

    Returns:
        Keras model, as `build_lenet` makes it.

    Raises:
        ValueError: The files are missing or damaged.

    Example:
        >>> load_lenet()(tf.zeros((1, 28, 28, 1))).shape
        TensorShape([1, 10])
    """
    if directory is None:
        directory = files.zoo_directory() / "mnist_lenet"
    else:
        directory = pathlib.Path(directory)
    try:
        entry = json.loads((directory / _ENTRY).read_text(encoding="utf-8"))
        weights = directory / entry["weights"]["file"]
        sha256 = files.sha256(weights)
        model = build_lenet(**entry["architecture"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"The classifier must be a directory with `{_ENTRY}` and its weights: install the "
            "package again, or train one with `python -m wae_tf.bin.train_lenet`. "
            f"Received: {directory} ({type(error).__name__}: {error})"
        ) from error
    if sha256 != entry["weights"]["sha256"]:
        raise ValueError(
            f"The classifier's weights must have the SHA-256 that `{_ENTRY}` records: the file is "
            "damaged; install the package again, or restore it. "
            f"Received: {weights} with {sha256}, expected {entry['weights']['sha256']}"
        )
    with importlib.resources.as_file(weights) as path:
        model.load_weights(path)
    return model


def train_lenet(source, directory, *, epochs=5, batch_size=128, seed=0, verbose="auto", command=""):
    """Trains the classifier and writes it to a directory that `load_lenet` reads.

    Adam from 1e-3 down to 0 along a cosine, on cross-entropy.

    Args:
        source: MNIST, as `wae_tf.data.load_images` takes it, with labels.
        directory: Where the two files go; made if it is not there.
        epochs: Passes through the training images.
        batch_size: Images in a step.
        seed: Fixes initial weights, dropout and the order of images.
        verbose: As in `keras.Model.fit`.
        command: What to record as the command that made it.

    Returns:
        The trained model.

    Raises:
        ValueError: The source has no labels, or its images another shape.
        FileNotFoundError: `source` is not there.
    """
    directory = files.writable_directory(directory)
    images, labels = _labelled(source, "train")
    test_images, test_labels = _labelled(source, "test")
    architecture = {"filters": [32, 64], "kernel_size": 5, "features": 128, "classes": 10}
    model = build_lenet(**architecture, seed=seed)
    steps = len(images) // batch_size
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps * epochs)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=resolve_jit_compile("auto"),
    )
    start = time.monotonic()
    model.fit(
        _scaled(images, labels, batch_size, training=True, seed=seed, epochs=epochs),
        epochs=epochs,
        steps_per_epoch=steps,
        shuffle=False,  # The batches are shuffled already.
        verbose=verbose,
    )
    seconds = time.monotonic() - start
    loss, accuracy = model.evaluate(
        _scaled(test_images, test_labels, batch_size, training=False), verbose=0
    )
    clone = build_lenet(**architecture)  # Without the optimizer's state.
    clone.set_weights(model.get_weights())
    with files.replacing(directory / _WEIGHTS) as temporary:
        clone.save_weights(temporary)
    entry = {
        "architecture": architecture,
        "input": {"shape": list(IMAGE_SHAPE), "dtype": "float32 in [0, 1]"},
        "features": {"layer": "features", "dim": architecture["features"]},
        "weights": {
            "file": _WEIGHTS,
            "sha256": files.sha256(directory / _WEIGHTS),
            "params": clone.count_params(),
        },
        "results": {
            "test_images": len(test_images),
            "test_data_sha256": data.fingerprint(test_images),
            "test_accuracy": round(float(accuracy), 6),
            "test_cross_entropy": round(float(loss), 6),
        },
        "provenance": {
            "command": command,
            "training_images": len(images),
            "training_data_sha256": data.fingerprint(images),
            "epochs": epochs,
            "batch_size": batch_size,
            "seed": seed,
            "seconds": round(seconds, 1),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }
    with files.replacing(directory / _ENTRY) as temporary:
        temporary.write_text(json.dumps(entry, indent=2) + "\n", encoding="utf-8")
    return model


def _labelled(source, split):
    images, labels = data.load_images(source, split, image_shape=IMAGE_SHAPE, labels=True)
    if labels is None:
        raise ValueError(
            f"`source` must have labels, as MNIST has. Received: no labels for split {split!r}"
        )
    return images, labels


def _scaled(images, labels, batch_size, **kwargs):
    batches = data.batches(images, batch_size, labels=labels, **kwargs)
    return batches.map(lambda x, y: (to_model_range(x, (0.0, 1.0)), y))
