"""Draws images from a model of the zoo and writes them as one PNG file.

wae-sample --model=mnist_wae_mmd --num=64 --seed=0 --output=digits.png
"""

import pathlib

from absl import flags

from wae_tf import files, zoo
from wae_tf.bin import common
from wae_tf.plots import pictures

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
    "output", "samples.png", "PNG file to write, in a directory that is there.", flag_values=_FLAGS
)


def main():
    output = pathlib.Path(_OUTPUT.value).expanduser()
    if output.suffix.lower() != ".png":
        raise ValueError(
            "--output must end in .png, as a PNG file is what is written. "
            f"Received: --output={_OUTPUT.value}"
        )
    if not output.parent.is_dir():
        raise ValueError(
            f"--output must lie in a directory that is there: make {str(output.parent)!r}, or "
            f"choose another one. Received: --output={_OUTPUT.value}"
        )
    files.writable_directory(output.parent, "output")
    model = zoo.load(_MODEL.value)
    images = model.sample(_NUM.value, seed=_SEED.value, sampler=_SAMPLER.value)
    grid = pictures.grid(images, _COLUMNS.value)
    pictures.save(output, grid, scale=_SCALE.value)
    print(f"Wrote {_NUM.value} samples of {_MODEL.value} to {_OUTPUT.value}")


def run():
    common.run(main, __doc__, _FLAGS)


if __name__ == "__main__":
    run()
