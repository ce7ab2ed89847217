"""Networks whose features are compared: classifiers that ship with the package, and Inception.

`extractor` takes features of images. `"lenet"` knows MNIST digits and `"convnet"` CIFAR-10
photographs; `load_classifier` returns such a network as a whole.
"""

from wae_tf.features.classifier_head import Head
from wae_tf.features.classifier_kinds import CLASSIFIERS, ClassifierKind
from wae_tf.features.classifier_loading import load_classifier
from wae_tf.features.classifier_networks import build_convnet, build_lenet
from wae_tf.features.classifier_training import train_classifier
from wae_tf.features.extractor import Extractor, extractor

__all__ = [
    "CLASSIFIERS",
    "ClassifierKind",
    "Extractor",
    "Head",
    "build_convnet",
    "build_lenet",
    "extractor",
    "load_classifier",
    "train_classifier",
]
