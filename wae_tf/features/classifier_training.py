"""Training a classifier."""

import json
import time

import keras
import numpy as np
import tensorflow as tf

from wae_tf import data, files
from wae_tf.arguments import check_choice
from wae_tf.features.classifier_kinds import CLASSIFIERS
from wae_tf.features.classifier_loading import ENTRY, WEIGHTS
from wae_tf.files.hdf5_writing import save_weights
from wae_tf.models.compiling import resolve_jit_compile
from wae_tf.pixels import to_model_range

__all__ = ["train_classifier"]


def train_classifier(
    name, source, directory, *, epochs=None, batch_size=128, seed=0, verbose="auto", command=""
):
    """Trains a classifier and writes it to a directory that `load_classifier` reads.

    Adam along a cosine, on cross-entropy; `wae_tf.features.CLASSIFIERS` has the numbers.

    Args:
        name: Which one: `"lenet"` or `"convnet"`.
        source: MNIST or CIFAR-10, as `wae_tf.data.load_images` takes it, with labels.
        directory: Where the two files go; made if it is not there.
        epochs: Passes through the training images; by default as the one that ships.
        batch_size: Images in a step.
        seed: Fixes initial weights, dropout, the order of images and their changes.
        verbose: As in `keras.Model.fit`.
        command: What to record as the command that made it.

    Returns:
        The trained model.

    Raises:
        ValueError: There is no such classifier, the source has no labels or other ones, or
            `directory` cannot be written to.
        FileNotFoundError: `source` is not there.

    Example:
        >>> model = train_classifier("lenet", "mnist.npz", "runs/lenet")
    """
    kind = CLASSIFIERS[check_choice("name", name, CLASSIFIERS)]
    epochs = kind.epochs if epochs is None else epochs
    directory = files.writable_directory(directory)
    model = kind.build(**kind.architecture, seed=seed)
    images, labels = _labelled(kind, model.input_shape[1:], source, "train")
    test_images, test_labels = _labelled(kind, model.input_shape[1:], source, "test")
    steps = len(images) // batch_size
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(kind.learning_rate, steps * epochs),
            weight_decay=kind.weight_decay,
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=resolve_jit_compile("auto"),
    )
    start = time.monotonic()
    model.fit(
        _scaled(
            data.batches(
                images,
                batch_size,
                labels=labels,
                training=True,
                seed=seed,
                epochs=epochs,
                horizontal_flip=kind.mirror,
                max_shift=kind.shift,
            )
        ),
        epochs=epochs,
        steps_per_epoch=steps,
        shuffle=False,  # The batches are shuffled already.
        verbose=verbose,
    )
    seconds = time.monotonic() - start
    test = data.batches(test_images, batch_size, labels=test_labels, training=False)
    loss, accuracy = model.evaluate(_scaled(test), verbose=0)
    clone = kind.build(**kind.architecture)  # Without the optimizer's state.
    clone.set_weights(model.get_weights())
    save_weights(directory / WEIGHTS, clone)
    entry = {
        "classifier": name,
        "architecture": kind.architecture,
        "classes": list(kind.class_names),
        "input": {"shape": list(clone.input_shape[1:]), "dtype": "float32 in [0, 1]"},
        "features": {"layer": "features", "dim": clone.get_layer("features").output.shape[1]},
        "weights": {
            "file": WEIGHTS,
            "sha256": files.sha256(directory / WEIGHTS),
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
    with files.replacing(directory / ENTRY) as temporary:
        temporary.write_text(json.dumps(entry, indent=2) + "\n", encoding="utf-8")
    return model


def _labelled(kind, image_shape, source, split):
    images, labels = data.load_images(source, split, image_shape=image_shape, labels=True)
    classes = len(kind.class_names)
    if labels is None or not np.all(np.isin(labels, range(classes))):
        found = "no labels" if labels is None else f"labels from {min(labels)} to {max(labels)}"
        raise ValueError(
            f"`source` must have labels from 0 to {classes - 1}, as {kind.source} has. "
            f"Received: {found} for split {split!r}"
        )
    return images, labels


def _scaled(batches):
    return batches.map(lambda x, y: (to_model_range(x, (0.0, 1.0)), y))
