"""Exports a training for machines that have JAX, or takes it back.

wae-export-step --config=celeba_wae_mmd --data=celeba.zip --directory=exported
wae-export-step --back --directory=exported --workdir=runs/celeba

Between the two, where JAX is: `python exported/run_exported.py`. The way back makes
`wae_tf.load("runs/celeba")` return the model, and `wae-train` resume from there.
"""

import dataclasses
import pathlib

from wae_tf import export, zoo
from wae_tf.bin import common
from wae_tf.config import WAEConfig

_FLAGS = common.Flags()
_DIRECTORY = _FLAGS.string("directory", None, "Exported directory: what travels.", required=True)
_CONFIG = _FLAGS.string(
    "config", None, "Zoo entry, trained or not, whose config to export, untrained."
)
_PRETRAINED = _FLAGS.bool("pretrained", False, "Whether to export its weights as well.")
_WORKDIR = _FLAGS.string(
    "workdir",
    None,
    "Directory of wae-train: a run to export in place of --config; or, with "
    "--back, where the trained model goes.",
)
_BACK = _FLAGS.bool("back", False, "Whether to take a trained --directory back.")
_IMAGES = common.define_image_flags(
    _FLAGS,
    required=False,
    use="To train on; with --back for the results, which are else left out.",
)
_SPLIT = _FLAGS.string("split", "train", "Training images, such as train[:8000].")
_TEST_SPLIT = _FLAGS.string("test_split", "test", "Held-out images, for --back.")
_OVERRIDES = common.define_config_flags(_FLAGS)


def main():
    if _BACK.value:
        _take_back()
    else:
        _export()


def _export():
    _need(_IMAGES.data)
    if (_CONFIG.value is None) == (_WORKDIR.value is None):
        raise ValueError(
            "Either --config or --workdir must say what to export. "
            f"Received: --config={_CONFIG.value}, --workdir={_WORKDIR.value}"
        )
    if _WORKDIR.value is None:
        config = zoo.load_config(_CONFIG.value)
        config = dataclasses.replace(config, **common.changes(_OVERRIDES))
    elif common.given(_OVERRIDES) or _PRETRAINED.value:
        raise ValueError(
            "A run must keep its config and weights: leave out --pretrained and flags of the "
            f"config. Received: {common.given(_OVERRIDES)}, --pretrained={_PRETRAINED.value}"
        )
    else:
        config = _config(_WORKDIR.value)
    export.export_run(
        config,
        _DIRECTORY.value,
        lambda: _IMAGES.load(config, _SPLIT.value),
        workdir=_WORKDIR.value,
        pretrained=_CONFIG.value if _PRETRAINED.value else None,
    )
    print(f"Wrote {_DIRECTORY.value}; where JAX is: python {_DIRECTORY.value}/run_exported.py")


def _take_back():
    _need(_WORKDIR)
    test_images = None
    if _IMAGES.data.value is not None:
        test_images = _IMAGES.load(_config(_DIRECTORY.value), _TEST_SPLIT.value)
    export.import_run(_DIRECTORY.value, _WORKDIR.value, test_images)
    print(f"Wrote {_WORKDIR.value}; wae_tf.load({_WORKDIR.value!r}) returns the model")


def _config(directory):
    return WAEConfig.from_json((pathlib.Path(directory) / "config.json").read_text())


def _need(flag):
    if flag.value is None:
        raise ValueError(f"--{flag.name} must be given. Received: none")


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
