"""Halves the size of an entry's weights on disk, if its reconstructions stay as good.

python -m wae_tf.bin.compress --model=runs/mnist --data=mnist.npz

stores kernels in float16, and says how far that moves the squared error of held-out images and
the pixels of samples.
"""

from wae_tf import zoo
from wae_tf.bin import common
from wae_tf.zoo import compression

_FLAGS = common.Flags()
_MODEL = common.define_model_flag(_FLAGS)
_IMAGES = common.define_image_flags(_FLAGS)
_SPLIT = _FLAGS.string("split", "test", "Held-out images, such as train[8000:].")


def main():
    images = _IMAGES.load(zoo.load_config(_MODEL.value), _SPLIT.value)
    rounding = compression.compress(_MODEL.value, images, verbose="auto")
    before, after = rounding["squared_error"]
    print(
        f"Squared error of {len(images):,} images: {before:g} in float32, {after:g} in float16. "
        f"Pixels of samples moved by {rounding['largest_change']:g} of 255 at most, "
        f"{rounding['mean_change']:g} in the mean."
    )


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
