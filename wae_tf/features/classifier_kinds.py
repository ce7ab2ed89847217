"""The classifiers that ship: what each one is, and how it is trained."""

import dataclasses
from collections.abc import Callable

from wae_tf.features.classifier_networks import build_convnet, build_lenet

__all__ = ["CLASSIFIERS", "ClassifierKind"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassifierKind:
    """A classifier and its training.

    Attributes:
        build: Function of `architecture` and `seed` that returns the network.
        architecture: Arguments of `build`, of JSON's types.
        entry: Folder of the zoo with the trained one.
        source: What its images are, for messages.
        class_names: What each class is called, in order of the labels.
        epochs: Passes through the training images.
        learning_rate: Of Adam at the first step; it goes down to 0 along a cosine.
        weight_decay: Decoupled, relative to the learning rate; None is without.
        mirror: Whether training images are mirrored at random.
        shift: Pixels by which training images are shifted at random, at most.
    """

    build: Callable
    architecture: dict
    entry: str
    source: str
    class_names: tuple[str, ...]
    epochs: int
    learning_rate: float = 1e-3
    weight_decay: float | None = None
    mirror: bool = False
    shift: int = 0


CLASSIFIERS = {
    "lenet": ClassifierKind(
        build=build_lenet,
        architecture={"filters": [32, 64], "kernel_size": 5, "features": 128, "classes": 10},
        entry="mnist_lenet",
        source="MNIST",
        class_names=tuple("0123456789"),
        epochs=5,
    ),
    "convnet": ClassifierKind(
        build=build_convnet,
        architecture={"filters": [[32], [48], [64, 96], [128, 128]], "classes": 10},
        entry="cifar10_convnet",
        source="CIFAR-10",
        class_names=(
            *("airplane", "automobile", "bird", "cat", "deer"),
            *("dog", "frog", "horse", "ship", "truck"),
        ),
        epochs=16,
        learning_rate=3e-3,
        weight_decay=0.05,
        mirror=True,
        shift=2,
    ),
}
