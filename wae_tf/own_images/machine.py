"""What this machine can train, and how fast."""

import dataclasses
import math
import os

import numpy as np
import tensorflow as tf

from wae_tf.runtime.precision import computes_in_bfloat16

__all__ = ["Machine", "images_per_second", "this_machine"]

# Images/s in training, by width: networks of celeba_wae_mmd, 64 x 64 x 3, float32, 2 cores of
# an x86 server with AVX-512.
_RATES = {128: 350.0, 256: 119.0, 1024: 10.0}
_BFLOAT16_GAIN = 165.0 / 119.0  # Measured at width 256, on AMD's with avx512_bf16.
_BFLOAT16_LOSS = 23.0 / 200.0  # Measured on MNIST at width 256, where it has AVX2 only.


@dataclasses.dataclass(frozen=True)
class Machine:
    """Whether TensorFlow sees a GPU, the cores it may use, and if it is faster in bfloat16."""

    gpu: bool
    cores: int
    bfloat16: bool


def this_machine():
    """Returns the `Machine` that this process runs on."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return Machine(
        gpu=bool(tf.config.list_physical_devices("GPU")),
        cores=cores,
        bfloat16=computes_in_bfloat16(),
    )


def images_per_second(machine, values):
    """Estimates how fast a CPU trains, from what was measured on two cores.

    Between the widths that were measured, and beyond, the rate is a power of the width; it is
    proportional to the cores, and inversely to the pixels of an image.

    Args:
        machine: `Machine`.
        values: Fields of a config by name.

    Returns:
        Images/s; None on a GPU and for other networks than `dcgan`, which were not measured.
    """
    convolutions = (values["encoder"], values["decoder"]) == ("dcgan", "dcgan_mod")
    if machine.gpu or not convolutions:
        return None
    width = max(values["encoder_width"], values["decoder_width"])
    height, image_width, _ = values["image_shape"]
    rate = _power_law(width) * machine.cores / 2 * 64 * 64 / (height * image_width)
    precision = values["precision"]
    if machine.bfloat16:
        return rate * (_BFLOAT16_GAIN if precision in ("auto", "mixed_bfloat16") else 1.0)
    return rate * (_BFLOAT16_LOSS if precision == "mixed_bfloat16" else 1.0)


def _power_law(width):
    """Returns the rate of a width, on straight lines between logarithms."""
    widths = sorted(_RATES)
    above = int(np.clip(np.searchsorted(widths, width), 1, len(widths) - 1))
    a, b = widths[above - 1], widths[above]
    slope = math.log(_RATES[b] / _RATES[a]) / math.log(b / a)
    return _RATES[a] * (width / a) ** slope
