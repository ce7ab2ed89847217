"""Trains a classifier whose features evaluations compare.

python -m wae_tf.bin.train_classifier --classifier=lenet --data=mnist.npz --output=runs/lenet
python -m wae_tf.bin.train_classifier --classifier=convnet --data=cifar10.zip --output=runs/convnet

Those in the zoo folders `mnist_lenet` and `cifar10_convnet` were made so.
"""

from wae_tf import features
from wae_tf.bin import common
from wae_tf.zoo.commands import command_line, data_argument

_FLAGS = common.Flags()
_CLASSIFIER = _FLAGS.enum(
    "classifier",
    None,
    list(features.CLASSIFIERS),
    "lenet for MNIST digits, convnet for CIFAR-10 photographs.",
    required=True,
)
_DATA = _FLAGS.string(
    "data",
    None,
    "Images with labels: an .npz file, a folder or .zip file with a folder for each class, or the "
    "name of a data set.",
    required=True,
)
_OUTPUT = _FLAGS.string("output", None, "Directory for weights and numbers.", required=True)
_EPOCHS = _FLAGS.integer(
    "epochs",
    None,
    "Passes through the training images; by default as the one that ships.",
    lower_bound=1,
)
_BATCH_SIZE = _FLAGS.integer("batch_size", 128, "Images in a step.", lower_bound=1)
_SEED = _FLAGS.integer(
    "seed", 0, "Fixes initial weights, dropout, order of images and their changes.", lower_bound=0
)
_VERBOSE = _FLAGS.integer("verbose", 1, "1 shows a progress bar, 2 a line an epoch, 0 none.")


def main():
    flags_given = {
        "classifier": _CLASSIFIER.value,
        "data": data_argument(_DATA.value),
        **{f.name: f.value for f in (_EPOCHS, _BATCH_SIZE, _SEED) if f.present},
        "output": "DIR",
    }
    features.train_classifier(
        _CLASSIFIER.value,
        _DATA.value,
        _OUTPUT.value,
        epochs=_EPOCHS.value,
        batch_size=_BATCH_SIZE.value,
        seed=_SEED.value,
        verbose=_VERBOSE.value,
        command=command_line("python -m wae_tf.bin.train_classifier", flags_given),
    )


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
