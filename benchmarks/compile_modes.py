"""Training speed with and without XLA, in float32 and bfloat16, side by side.

python benchmarks/compile_modes.py --width=256

Times `train_on_batch` of the MNIST model on random images, in turn, so that all modes
see the same machine, and prints images a second and the ratio to the first mode.
"""

import argparse
import dataclasses
import statistics
import time

import numpy as np
import tensorflow as tf

import wae_tf
from wae_tf.training import compile_model

MODES = (
    ("float32", False),
    ("float32", True),
    ("mixed_bfloat16", False),
    ("mixed_bfloat16", True),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=4, help="Steps of a mode in one round.")
    arguments = parser.parse_args()

    images = np.random.default_rng(0).integers(0, 256, (100, 28, 28, 1), "uint8")
    batch = tf.constant(images)
    steps = {}
    for precision, jit_compile in MODES:
        config = dataclasses.replace(
            wae_tf.load_config("mnist_wae_mmd"),
            precision=precision,
            encoder_width=arguments.width,
            decoder_width=arguments.width,
        )
        model = compile_model(wae_tf.build_model(config), config, 600, jit_compile=jit_compile)
        steps[precision, jit_compile] = model
        model.train_on_batch(batch)

    times = {mode: [] for mode in MODES}
    for _ in range(arguments.rounds):
        for mode, model in steps.items():
            start = time.perf_counter()
            for _ in range(arguments.steps):
                model.train_on_batch(batch)
            times[mode].append((time.perf_counter() - start) / arguments.steps)

    baseline = statistics.median(times[MODES[0]])
    for mode in MODES:
        median = statistics.median(times[mode])
        print(
            f"{mode[0]:15s} {'XLA' if mode[1] else 'TensorFlow':10s} "
            f"{len(images) / median:7.0f} images/s, {baseline / median:.2f} x the first"
        )


if __name__ == "__main__":
    main()
