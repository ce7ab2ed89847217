"""Reading a trained classifier."""

import importlib.resources
import pathlib

from wae_tf import files
from wae_tf.features.classifier_kinds import CLASSIFIERS
from wae_tf.models.stored_weights import load_weights

__all__ = ["ENTRY", "WEIGHTS", "load_classifier"]

ENTRY = "classifier.json"
WEIGHTS = "classifier.weights.h5"


def load_classifier(name_or_directory):
    """Returns a trained classifier, its weights checked against their SHA-256.

    Args:
        name_or_directory: `"lenet"`, of MNIST digits, or `"convnet"`, of CIFAR-10 photographs,
            which ship; or a directory that `train_classifier` wrote.

    Returns:
        Keras model, images as float32 in [0, 1] to logits `(n, 10)`, with a layer
        `"features"` before the dense layer `"logits"`.

    Raises:
        ValueError: There is no such classifier, or its files are damaged.

    Example:
        >>> load_classifier("lenet")(tf.zeros((1, 28, 28, 1))).shape
        TensorShape([1, 10])
    """
    if name_or_directory in CLASSIFIERS:
        directory = files.zoo_directory() / CLASSIFIERS[name_or_directory].entry
    else:
        directory = pathlib.Path(name_or_directory).expanduser()
    try:
        entry = files.read_object(directory / ENTRY)
        weights = directory / pathlib.PurePath(entry["weights"]["file"]).name
        sha256 = entry["weights"]["sha256"]
        model = CLASSIFIERS[entry["classifier"]].build(**entry["architecture"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"The classifier must be one of {list(CLASSIFIERS)}, or a directory with `{ENTRY}` and "
            "its weights: install the package again, or train one with "
            "`python -m wae_tf.bin.train_classifier`. "
            f"Received: {directory} ({type(error).__name__}: {error})"
        ) from error
    way_out = "install the package again, or train one"
    files.check_sha256(weights, sha256, "The classifier's weights", ENTRY, way_out)
    try:
        with importlib.resources.as_file(weights) as path:
            load_weights(model, path)
    except (OSError, ValueError) as error:
        raise ValueError(
            "The classifier's weights must fit its architecture: install the package again, or "
            f"restore them. Received: {weights} ({error})"
        ) from error
    return model
