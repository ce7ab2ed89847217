"""Which value a field of a config gets, for given images and a given machine.

Each rule takes a `Case` and returns `(value, reason)`, or None where the field has no
use. Rules run in the order of `RULES`; those further down see what was settled before.
"""

import dataclasses
import math

import numpy as np

from wae_tf.divergences.adversarial import ADVERSARIAL
from wae_tf.own_images.facts import ImageFacts
from wae_tf.own_images.machine import Machine, images_per_second

__all__ = ["RULES", "SIZES", "SMALLEST", "Case", "precision_of"]

SIZES = (32, 64, 128)
SMALLEST = 8
_FEW_IMAGES, _VERY_FEW_IMAGES = 2000, 200
_STEPS = {"CPU": 5_000, "GPU": 50_000}
_EPOCHS = (10, 300)
_FACES, _DIGITS = 64 * 64 * 3, 28 * 28  # Values of an image, in the paper.


@dataclasses.dataclass
class Case:
    """What rules look at: images, machine, the size asked for, and values settled so far."""

    facts: ImageFacts
    machine: Machine
    image_size: int | None
    values: dict

    @property
    def device(self):
        return "GPU" if self.machine.gpu else "CPU"

    @property
    def grey(self):
        return self.values["image_shape"][2] == 1

    @property
    def pixels(self):
        return math.prod(self.values["image_shape"][:2])


def _image_shape(case):
    channels = case.facts.channels
    colour = "all images are grey" if channels == 1 else "colour"
    size, reason = case.image_size, "size given"
    if size is None:
        size, reason = _size(case)
    return (size, size, channels), f"{reason}; {colour}"


def _size(case):
    """Returns the largest size for which most images need not be enlarged."""
    crop = case.values["crop"]
    sides = np.min(case.facts.sizes if crop is None else [crop], axis=1)
    fitting = [size for size in SIZES if np.mean(sides >= size) > 0.5]
    if fitting:
        sizes = ", ".join(map(str, SIZES))
        return max(fitting), f"the largest of {sizes} that most images have"
    size = int(np.sort(sides)[::-1][len(sides) // 2]) // 4 * 4
    if size < SMALLEST:
        raise ValueError(
            f"Images must have at least {SMALLEST} x {SMALLEST} pixels: take larger ones. "
            f"Received: median size {' x '.join(map(str, case.facts.median_size))}"
        )
    return size, "as large as most images are, a multiple of 4"


def _crop(case):
    height, width, _ = case.values["image_shape"]
    sizes = case.facts.sizes.astype(float)
    kept = np.minimum(sizes[:, 0] * width / height, sizes[:, 1])
    share = np.median(1 - kept**2 * height / width / sizes.prod(axis=1))
    cut = "cuts off nothing" if share < 0.005 else f"cuts off {share:.0%} of the median image"
    part = "square" if height == width else "part of that shape"
    return None, f"the largest {part} about the centre: {cut}"


def _pixel_range(case):
    values = case.values
    if values["cost"] == "binary_cross_entropy" or values["likelihood"] == "cross_entropy":
        return (0.0, 1.0), "the cost takes pixels as probabilities"
    if case.grey:
        return (0.0, 1.0), "grey: as for the paper's digits"
    return (-1.0, 1.0), "colour: as for the paper's faces"


def _horizontal_flip(case):
    return False, (
        "text or digits must not be mirrored; --horizontal_flip doubles the data where left and "
        "right do not matter"
    )


def precision_of(machine):
    """Returns the `precision` that suits a `Machine`."""
    return "mixed_bfloat16" if machine.bfloat16 else "float32"


def _precision(case):
    device = "GPU" if case.machine.gpu else "processor"
    reason = f"the {device} is not faster in bfloat16"
    if case.machine.bfloat16:
        faster = "" if case.machine.gpu else ": 1.4 times"
        reason = f"the {device} is faster in bfloat16{faster}"
    return precision_of(case.machine), reason


def _encoder_width(case):
    if case.machine.gpu:
        return 1024, "a GPU: the paper's width"
    width = 256 if case.pixels <= 64 * 64 else 128
    rates = [
        images_per_second(case.machine, {**case.values, "encoder_width": w, "decoder_width": w})
        for w in (width, 1024)
    ]
    if None in rates:
        return width, f"no GPU, {_cores(case)}"
    here, there = map(_rounded, rates)
    return width, (
        f"no GPU, {_cores(case)}: about {here} images/s; the paper's 1,024 would do {there}"
    )


def _decoder_width(case):
    return case.values["encoder_width"], "as encoder_width"


def _encoder_layers(case):
    side = min(case.values["image_shape"][:2])
    layers = max(round(math.log2(side / 4)), 1)
    factor = 2 ** (layers - 1)
    while layers > 3 and any(s % factor for s in case.values["image_shape"][:2]):
        layers, factor = layers - 1, factor // 2
    start = side // factor
    paper = ", as in the paper" if start == 8 else "; 8 x 8 in the paper"
    return layers, f"the decoder starts from {start} x {start}{paper}"


def _decoder_layers(case):
    return case.values["encoder_layers"], "as encoder_layers"


def _latent_dim(case):
    if case.grey and case.pixels <= 32 * 32:
        return 8, "small and grey: as for the paper's digits"
    return 64, "as for the paper's faces"


def _reg_weight(case):
    """lambda is for a sum over pixels, so it grows with their number and range."""
    values = case.values
    if values["model"] != "wae" or values["cost"] != "squared_error":
        return None
    if values["divergence"] in ADVERSARIAL:
        return 1.0, "the paper's for faces and a discriminator"
    if values["divergence"] != "mmd":
        return None
    share, source = math.prod(values["image_shape"]) / _FACES, "20 for the zoo's faces"
    weight = 20.0 * share
    if values["pixel_range"][0] == 0:
        share, source = math.prod(values["image_shape"]) / _DIGITS, "the paper's 10 for digits"
        weight = 10.0 * share
    weight *= values["cost_scale"] / 0.05
    return float(f"{weight:.3g}"), f"{source}, in proportion to the values of an image"


def _batch_size(case):
    count = case.facts.train_images
    if count >= _FEW_IMAGES:
        return 100, "as in the paper"
    size = 32 if count >= _VERY_FEW_IMAGES else 16
    few = _FEW_IMAGES if count >= _VERY_FEW_IMAGES else _VERY_FEW_IMAGES
    if count < 2 * size:
        return max(count // 2, 2), f"only {count} images: two steps in an epoch"
    return size, f"fewer than {few:,} images: more steps in an epoch"


def _epochs(case):
    steps = max(case.facts.train_images // case.values["batch_size"], 1)
    wanted, (lowest, highest) = _STEPS[case.device], _EPOCHS
    epochs = math.ceil(wanted / steps)
    chosen = min(max(epochs, lowest), highest)
    bound = {lowest: f"at least {lowest}: ", highest: f"at most {highest}: "}.get(chosen, "")
    total = chosen * steps
    return chosen, (
        f"{bound if chosen != epochs else ''}{total:,} steps; about {wanted:,} are usual on a "
        f"{case.device}"
    )


def _num_images(case):
    if case.values["divergence"] not in ("mmdpp", "mmdpp_1d"):
        return None
    return case.facts.train_images, "which MMD++ must know"


def _cores(case):
    return f"{case.machine.cores} core{'s' if case.machine.cores > 1 else ''}"


def _rounded(rate):
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


RULES = {
    "image_shape": _image_shape,
    "crop": _crop,
    "pixel_range": _pixel_range,
    "horizontal_flip": _horizontal_flip,
    "precision": _precision,
    "encoder_layers": _encoder_layers,
    "decoder_layers": _decoder_layers,
    "encoder_width": _encoder_width,
    "decoder_width": _decoder_width,
    "latent_dim": _latent_dim,
    "reg_weight": _reg_weight,
    "batch_size": _batch_size,
    "epochs": _epochs,
    "num_images": _num_images,
}
