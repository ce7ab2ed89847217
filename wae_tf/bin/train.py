"""Trains a model of the zoo, or a changed one, on images.

wae-train --config=mnist_wae_mmd --data=mnist.npz --workdir=runs/mnist --epochs=5
wae-train --config=image_folder --data=photos --image_size=64 --workdir=runs/photos

The second chooses what suits the images and the machine, and measures the result. Run again
with the same flags, each resumes. At the end `wae_tf.load("runs/mnist")` returns the model.
"""

import pathlib

from wae_tf import own_images, training, zoo
from wae_tf.bin import common
from wae_tf.training import words
from wae_tf.zoo.commands import command_line, data_argument

_CHOICE = {"auto": "auto", "true": True, "false": False}

_FLAGS = common.Flags()
_CONFIG = _FLAGS.string(
    "config", None, "Zoo entry, trained or not, whose config to start from.", required=True
)
_IMAGES = common.define_image_flags(
    _FLAGS, use="Several with commas between, and as many in --split."
)
_WORKDIR = _FLAGS.string(
    "workdir", None, "Directory of this run: checkpoints, logs, pictures, result.", required=True
)
_SPLIT = _FLAGS.string("split", "train", "Training images, such as train[:8000].")
_TEST_SPLIT = _FLAGS.string("test_split", "test", "Held-out images; '' does without.")
_CRITIC_DATA = _FLAGS.string(
    "critic_data",
    None,
    "Images that the critic takes for real, as --data; by default those of the training.",
)
_CRITIC_SPLIT = _FLAGS.string(
    "critic_split", None, "Which images of --critic_data, or else of --data, those are."
)
_KEEP_CRITIC = _FLAGS.bool(
    "keep_critic", False, "Whether the entry keeps the critic, for --init_from of another training."
)
_IMAGE_SIZE = _FLAGS.integer(
    "image_size", None, "Height and width of an image, in place of --image_shape; channels stay."
)
_INIT_FROM = _FLAGS.string(
    "init_from",
    None,
    "Zoo name, or directory of an entry with weights, to start from; which layers fit is printed.",
)
_CACHE = _FLAGS.enum(
    "cache",
    "auto",
    [*_CHOICE],
    "Whether decoded images go to a file in the workdir; auto: where memory is short.",
)
_JIT_COMPILE = _FLAGS.enum("jit_compile", "auto", [*_CHOICE], "XLA; auto: where a GPU or TPU is.")
_DISTRIBUTE = _FLAGS.enum(
    "distribute",
    "auto",
    list(training.DISTRIBUTE),
    "Devices: all GPUs here, or on all workers of TF_CONFIG or Slurm; auto: what there is.",
)
_VERBOSE = _FLAGS.integer("verbose", 1, "1 shows a progress bar, 2 a line an epoch, 0 none.")
_STOP_ON_FAILURE = _FLAGS.bool(
    "stop_on_failure",
    False,
    "Whether to end where a finding fails the model; without, it is only said.",
)
_OVERRIDES = common.define_config_flags(_FLAGS)


def main():
    choosing = own_images.chooses(_CONFIG.value)
    arguments = {
        "data_dir": _IMAGES.data_dir.value,
        "download": _IMAGES.download.value,
        "cache": _CHOICE[_CACHE.value],
        "jit_compile": _CHOICE[_JIT_COMPILE.value],
        "verbose": _VERBOSE.value,
        "init_from": _INIT_FROM.value,
        "distribute": _DISTRIBUTE.value,
        "stop_on_failure": _STOP_ON_FAILURE.value,
    }
    try:
        if choosing:
            _train_own_images(arguments)
        else:
            _train(arguments)
    except KeyboardInterrupt as error:
        error.args = (f"the same command {words.how_it_resumes(_WORKDIR.value)}",)
        raise


def _train_own_images(arguments):
    own_images.train(
        _IMAGES.data.value,
        _WORKDIR.value,
        config=_CONFIG.value,
        image_size=_IMAGE_SIZE.value,
        split=_SPLIT.value if _SPLIT.present else None,
        test_split=_TEST_SPLIT.value if _TEST_SPLIT.present else None,
        **arguments,
        **common.changes(_OVERRIDES),
    )


def _train(arguments):
    config = own_images.with_given(
        zoo.load_config(_CONFIG.value), _IMAGE_SIZE.value, common.changes(_OVERRIDES)
    )
    start = pathlib.Path(_INIT_FROM.value or "").name
    command = {
        "config": _CONFIG.value,
        "data": _data_arguments(_IMAGES.data.value),
        **({"init_from": start} if start else {}),
        **{f.name: f.value for f in (_SPLIT, _TEST_SPLIT, _IMAGE_SIZE) if f.present},
        **({"critic_data": _data_arguments(_CRITIC_DATA.value)} if _CRITIC_DATA.present else {}),
        **({"critic_split": _CRITIC_SPLIT.value} if _CRITIC_SPLIT.present else {}),
        **({"keep_critic": True} if _KEEP_CRITIC.value else {}),
        **common.given(_OVERRIDES),
        "workdir": "DIR",
    }
    real = _CRITIC_DATA.value
    training.train(
        config,
        common.sources(_IMAGES.data.value),
        _WORKDIR.value,
        split=_SPLIT.value,
        test_split=_TEST_SPLIT.value or None,
        provenance={"command": command_line("wae-train", command)},
        critic_data=None if real is None else common.sources(real),
        critic_split=_CRITIC_SPLIT.value,
        keep_critic=_KEEP_CRITIC.value,
        **arguments,
    )


def _data_arguments(text):
    several = common.sources(text)
    names = several if isinstance(several, list) else [several]
    return ",".join(map(data_argument, names))


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
