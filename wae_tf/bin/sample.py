"""Draws images from a model of the zoo and writes them as a picture, a folder or an array.

wae-sample --model=mnist_wae_mmd --num=64 --seed=0 --output=digits.png
wae-sample --model=mnist_wae_mmd --num=16 --walk --output=digits.webp

One grid as .png; `images`, uint8, as .npz; or with no suffix a folder of numbered PNG files.
With --walk each image turns into others and back: an animation as .webp, all frames of a walk in
a row as .png, frames as .npz or in a folder.
"""

from wae_tf import plots, zoo
from wae_tf.bin import common
from wae_tf.plots import outputs, pictures

_FLAGS = common.Flags()
_MODEL = common.define_model_flag(_FLAGS)
_NUM = _FLAGS.integer("num", 64, "How many images.", lower_bound=1)
_SEED = _FLAGS.integer("seed", 0, "The same seed gives the same images.", lower_bound=0)
_SAMPLER = _FLAGS.string("sampler", "prior", "prior, or a sampler that the entry has, such as gmm.")
_WALK = _FLAGS.bool("walk", False, "Whether images walk from draw to draw and back.")
_STOPS = _FLAGS.integer("stops", 4, "Draws that a walk passes.", lower_bound=2)
_STEPS = _FLAGS.integer("steps", 16, "Frames of a walk from one draw to the next.", lower_bound=1)
_COLUMNS = _FLAGS.integer("columns", None, "Images in a row; a square by default.")
_OUTPUT = _FLAGS.string(
    "output",
    "samples.png",
    "PNG, NPZ or WebP file, or folder, to write, in a directory that is there.",
)
_FPS, _SCALE, _OVERWRITE = common.define_picture_flags(_FLAGS)
_KINDS = {".png": "a grid", ".npz": "an array", "": "a folder"}
_WALKS = {".webp": "an animation", ".png": "a row for each walk", ".npz": "an array", "": "frames"}


def main():
    walk_flags = [flag.name for flag in (_STOPS, _STEPS, _FPS) if flag.present]
    if walk_flags and not _WALK.value:
        raise ValueError(f"--{walk_flags[0]} is a flag of --walk. Received: no --walk")
    kinds = _WALKS if _WALK.value else _KINDS
    output, kind = common.output_path(_OUTPUT.value, kinds, _OVERWRITE.value)
    model = zoo.load(_MODEL.value)
    if _WALK.value:
        frames = plots.closed_walk(
            model,
            _NUM.value,
            stops=_STOPS.value,
            steps=_STEPS.value,
            sampler=_SAMPLER.value,
            seed=_SEED.value,
        )
        _write_walks(output, kind, pictures.to_uint8(frames))
        print(
            f"Wrote {_NUM.value} walks of {len(frames)} frames through {_MODEL.value} to {output}"
        )
        return
    images = model.sample(_NUM.value, seed=_SEED.value, sampler=_SAMPLER.value, verbose="auto")
    if kind == ".png":
        pictures.save(output, pictures.grid(images, _COLUMNS.value), scale=_SCALE.value)
    elif kind == ".npz":
        outputs.save_arrays(output, images=pictures.to_uint8(images))
    else:
        outputs.save_folder(output, images, _SCALE.value, _OVERWRITE.value)
    print(f"Wrote {_NUM.value} samples of {_MODEL.value} to {_OUTPUT.value}")


def _write_walks(output, kind, frames):
    """Writes frames, uint8, `(frames, walks, height, width, channels)`."""
    if kind == ".npz":
        outputs.save_arrays(output, images=frames)
    elif kind == ".png":
        rows = frames.swapaxes(0, 1).reshape(-1, *frames.shape[2:])
        pictures.save(output, pictures.grid(rows, len(frames)), scale=_SCALE.value)
    else:
        grids = [pictures.grid(frame, _COLUMNS.value) for frame in frames]
        if kind == ".webp":
            pictures.save_animation(output, grids, _SCALE.value, _FPS.value)
        else:
            outputs.save_folder(output, grids, _SCALE.value, _OVERWRITE.value)


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
