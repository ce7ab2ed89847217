"""Classifiers of images that ship with the package, whose features evaluations compare.

`"lenet"` knows MNIST digits and `"convnet"` CIFAR-10 photographs. `wae_tf.features.extractor`
takes their features; `load_classifier` returns the whole network.
"""

from wae_tf.classifiers.head import Head
from wae_tf.classifiers.kinds import CLASSIFIERS, ClassifierKind
from wae_tf.classifiers.loading import load_classifier
from wae_tf.classifiers.networks import build_convnet, build_lenet
from wae_tf.classifiers.training import train_classifier

__all__ = [
    "CLASSIFIERS",
    "ClassifierKind",
    "Head",
    "build_convnet",
    "build_lenet",
    "load_classifier",
    "train_classifier",
]
