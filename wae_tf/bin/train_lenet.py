"""Trains the MNIST classifier whose features `lenet_fd` compares.

python -m wae_tf.bin.train_lenet --data=mnist.npz --output=runs/lenet

The one in the zoo folder `mnist_lenet` was made so.
"""

import pathlib

from absl import flags

from wae_tf import lenet
from wae_tf.bin import common

_FLAGS = flags.FlagValues()
_DATA = flags.DEFINE_string(
    "data",
    None,
    "MNIST with labels: an .npz file, or the name of a data set.",
    required=True,
    flag_values=_FLAGS,
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Directory for weights and numbers.", required=True, flag_values=_FLAGS
)
_EPOCHS = flags.DEFINE_integer(
    "epochs", 5, "Passes through the training images.", flag_values=_FLAGS
)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 128, "Images in a step.", flag_values=_FLAGS)
_SEED = flags.DEFINE_integer(
    "seed", 0, "Fixes initial weights, dropout and order of images.", flag_values=_FLAGS
)
_VERBOSE = flags.DEFINE_integer(
    "verbose", 1, "1 shows a progress bar, 2 a line an epoch, 0 none.", flag_values=_FLAGS
)


def main():
    command = [
        "python -m wae_tf.bin.train_lenet",
        f"--data={pathlib.Path(_DATA.value).name}",
        *(f"--{f.name}={f.value}" for f in (_EPOCHS, _BATCH_SIZE, _SEED) if f.present),
        "--output=DIR",
    ]
    lenet.train_lenet(
        _DATA.value,
        _OUTPUT.value,
        epochs=_EPOCHS.value,
        batch_size=_BATCH_SIZE.value,
        seed=_SEED.value,
        verbose=_VERBOSE.value,
        command=" ".join(command),
    )


def run():
    common.run(main, __doc__, _FLAGS)


if __name__ == "__main__":
    run()
