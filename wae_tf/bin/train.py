"""Trains a model of the zoo, or a changed one, on images.

wae-train --config=mnist_wae_mmd --data=mnist.npz --workdir=runs/mnist --epochs=5

Run again with the same flags, it resumes. At the end `wae_tf.load("runs/mnist")` returns
the model.
"""

import pathlib

from absl import flags

from wae_tf import callbacks, training, zoo
from wae_tf.bin import common

_FLAGS = flags.FlagValues()
_CONFIG = flags.DEFINE_string(
    "config",
    None,
    "Zoo entry, trained or not, whose config to start from.",
    required=True,
    flag_values=_FLAGS,
)
_IMAGES = common.define_image_flags(_FLAGS)
_WORKDIR = flags.DEFINE_string(
    "workdir",
    None,
    "Directory of this run: checkpoints, logs, pictures, result.",
    required=True,
    flag_values=_FLAGS,
)
_SPLIT = flags.DEFINE_string(
    "split", "train", "Training images, such as train[:8000].", flag_values=_FLAGS
)
_TEST_SPLIT = flags.DEFINE_string(
    "test_split", "test", "Held-out images; '' does without.", flag_values=_FLAGS
)
_JIT_COMPILE = flags.DEFINE_enum(
    "jit_compile",
    "auto",
    ["auto", "true", "false"],
    "XLA; auto: where a GPU or TPU is.",
    flag_values=_FLAGS,
)
_VERBOSE = flags.DEFINE_integer(
    "verbose", 1, "1 shows a progress bar, 2 a line an epoch, 0 none.", flag_values=_FLAGS
)
_OVERRIDES = common.define_config_flags(_FLAGS)


def main():
    config = common.changed_config(zoo.load_config(_CONFIG.value), _OVERRIDES)
    command = [
        "wae-train",
        f"--config={_CONFIG.value}",
        f"--data={pathlib.Path(_IMAGES.data.value).name}",
        *(f"--{f.name}={f.value}" for f in (_SPLIT, _TEST_SPLIT) if f.present),
        *common.given(_OVERRIDES),
        "--workdir=DIR",
    ]
    try:
        training.train(
            config,
            _IMAGES.data.value,
            _WORKDIR.value,
            split=_SPLIT.value,
            test_split=_TEST_SPLIT.value or None,
            data_dir=_IMAGES.data_dir.value,
            download=_IMAGES.download.value,
            jit_compile={"auto": "auto", "true": True, "false": False}[_JIT_COMPILE.value],
            verbose=_VERBOSE.value,
            provenance={"command": " ".join(command)},
        )
    except KeyboardInterrupt as error:
        done = callbacks.Checkpoint(_WORKDIR.value).done
        how = f"resumes after epoch {done}" if done else "starts anew"
        raise KeyboardInterrupt(f"the same command {how}") from error


def run():
    common.run(main, __doc__, _FLAGS)


if __name__ == "__main__":
    run()
