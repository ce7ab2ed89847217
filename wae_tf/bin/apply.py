"""Applies a model to your own images: reconstructs, encodes or interpolates them.

wae-apply --model=celeba_wae_mmd --data=photos --task=reconstruct --output=pairs.png
wae-apply --model=celeba_wae_mmd --data=photos --task=encode --output=codes.csv
wae-apply --model=celeba_wae_mmd --data=photos --task=interpolate --output=ways.webp

reconstruct: one picture as .png, a picture for each image in a folder, or arrays as .npz.
encode: codes with the names of their files as .csv or .npz.
interpolate: from each image to the next, in the order of their names: strips in one .png or in a
folder, an animation as .webp, arrays as .npz.
"""

import numpy as np

from wae_tf import zoo
from wae_tf.bin import common
from wae_tf.plots import own_pictures

_KINDS = {
    "reconstruct": {".png": "one picture", ".npz": "arrays", "": "a folder of pictures"},
    "encode": {".csv": "a table", ".npz": "arrays"},
    "interpolate": {
        ".png": "one picture",
        ".webp": "an animation",
        ".npz": "arrays",
        "": "a folder of strips",
    },
}
_SHOWN = 64  # Images in one picture or animation, unless --num says more.

_FLAGS = common.Flags()
_MODEL = common.define_model_flag(_FLAGS)
_IMAGES = common.define_image_flags(_FLAGS)
_SPLIT = _FLAGS.string("split", "all", "Which of the images, such as test or train[:100].")
_TASK = _FLAGS.enum("task", None, [*_KINDS], "What to do.", required=True)
_OUTPUT = _FLAGS.string(
    "output",
    None,
    "PNG, WebP, NPZ or CSV file, or folder, to write, in a directory that is there.",
    required=True,
)
_NUM = _FLAGS.integer(
    "num",
    None,
    f"How many images, the first ones; by default {_SHOWN} in one picture, else all.",
    lower_bound=1,
)
_STEPS = _FLAGS.integer("steps", 8, "Images of a way, both ends included.", lower_bound=2)
_FPS, _SCALE, _OVERWRITE = common.define_picture_flags(_FLAGS)


def main():
    task = _TASK.value
    output, kind = common.output_path(_OUTPUT.value, _KINDS[task], _OVERWRITE.value)
    model, config = zoo.load(_MODEL.value), zoo.load_config(_MODEL.value)
    images, names = _IMAGES.load(config, _SPLIT.value, names=True)
    found = len(images)
    shown = _NUM.value or (_SHOWN if kind in (".png", ".webp") else found)
    images, names = images[:shown], names[:shown]
    if task == "reconstruct":
        own_pictures.save_reconstructions(
            output,
            images,
            model.reconstruct(images),
            names,
            scale=_SCALE.value,
            overwrite=_OVERWRITE.value,
        )
    elif task == "encode":
        own_pictures.save_codes(output, model.encode(images), names)
    else:
        own_pictures.save_interpolations(
            output,
            images,
            _ways(model, images, closed=kind == ".webp"),
            names,
            scale=_SCALE.value,
            fps=_FPS.value,
            overwrite=_OVERWRITE.value,
        )
    of = f" of {found:,}; --num=N takes more" if len(images) < found and _NUM.value is None else ""
    print(f"Wrote {output}: {task}, {len(images):,} images{of}")


def _ways(model, images, closed):
    """Returns the ways from each image to the next; `closed` adds the last to the first."""
    if len(images) < 2:
        raise ValueError(
            "--task=interpolate must have at least two images: look at --data, --split and --num. "
            f"Received: {len(images)} image"
        )
    following = np.roll(images, -1, axis=0)
    count = len(images) if closed else len(images) - 1
    return model.interpolate(images[:count], following[:count], _STEPS.value)


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
