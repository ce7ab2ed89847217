"""Draws images from a model of the zoo and writes them as a picture, a folder or an array.

wae-sample --model=mnist_wae_mmd --num=64 --seed=0 --output=digits.png

One grid as .png; `images`, uint8, as .npz; or with no suffix a folder of numbered PNG files.
"""

import pathlib

from absl import flags

from wae_tf import files, zoo
from wae_tf.bin import common
from wae_tf.plots import outputs, pictures

_FLAGS = flags.FlagValues()
_MODEL = common.define_model_flag(_FLAGS)
_NUM = flags.DEFINE_integer("num", 64, "How many images.", lower_bound=1, flag_values=_FLAGS)
_SEED = flags.DEFINE_integer(
    "seed", 0, "The same seed gives the same images.", lower_bound=0, flag_values=_FLAGS
)
_SAMPLER = flags.DEFINE_string(
    "sampler",
    "prior",
    "prior, or a sampler that the entry has, such as gmm.",
    flag_values=_FLAGS,
)
_COLUMNS = flags.DEFINE_integer(
    "columns", None, "Images in a row; a square by default.", flag_values=_FLAGS
)
_SCALE = flags.DEFINE_integer(
    "scale", 2, "Screen pixels to a pixel.", lower_bound=1, flag_values=_FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output",
    "samples.png",
    "PNG or NPZ file, or folder, to write, in a directory that is there.",
    flag_values=_FLAGS,
)
_OVERWRITE = flags.DEFINE_bool(
    "overwrite",
    False,
    "Write into a folder that is not empty: files of the new names are replaced, others stay.",
    flag_values=_FLAGS,
)


def main():
    output = pathlib.Path(_OUTPUT.value).expanduser()
    kind = output.suffix.lower()
    if kind not in ("", ".png", ".npz"):
        raise ValueError(
            "--output must end in .png for a grid, in .npz for an array, or have no suffix for a "
            f"folder. Received: --output={_OUTPUT.value}"
        )
    if not output.parent.is_dir():
        raise ValueError(
            f"--output must lie in a directory that is there: make {str(output.parent)!r}, or "
            f"choose another one. Received: --output={_OUTPUT.value}"
        )
    files.writable_directory(output.parent, "output")
    if not kind:
        outputs.check_folder(output, _OVERWRITE.value)  # Before the work.
    model = zoo.load(_MODEL.value)
    images = model.sample(_NUM.value, seed=_SEED.value, sampler=_SAMPLER.value, verbose="auto")
    if kind == ".png":
        pictures.save(output, pictures.grid(images, _COLUMNS.value), scale=_SCALE.value)
    elif kind == ".npz":
        outputs.save_arrays(output, images=pictures.to_uint8(images))
    else:
        outputs.save_folder(output, images, _SCALE.value, _OVERWRITE.value)
    print(f"Wrote {_NUM.value} samples of {_MODEL.value} to {_OUTPUT.value}")


def run():
    common.run(main, __doc__, _FLAGS)


if __name__ == "__main__":
    run()
