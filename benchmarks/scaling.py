"""Speed of a training over several processes, each on one core, against that of one.

python benchmarks/scaling.py --width=64 --batch_size=50 --rounds=3

Trains the MNIST model on random images, on one process, on `--workers` together, and on as many
apart, each for itself, in turn in one run, so that all see the same machine; each process has one
core of its own and `--batch_size` images of each batch. Prints images a second, their ratios to one
process, what replicas exchange in a step by count, and how long the MMD of the global batch takes,
with its gradient, on each of N replicas. Processes apart are what the cores can do: less than
`--workers` times one where cores share their parts. The cores must be free, or the ratio says
nothing: the load beside it is printed. Images a second of processor time leave out what processes
wait for, each other too: their ratio is the most that free cores can give.
"""

import argparse
import dataclasses
import json
import os
import socket
import statistics
import subprocess
import sys
import time

STEPS = 20


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch_size", type=int, default=50, help="Images of each process.")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--process", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.process:
        work(options)
        return
    count = options.workers
    ways = {"1": (1, True), f"{count} together": (count, True), f"{count} apart": (count, False)}
    speeds = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way, found in speeds.items():
            found.append(images_per_second(*ways[way], options))
            print(f"load {os.getloadavg()[0]:.1f} at the end of {way}", flush=True)
    for i, clock in enumerate(("second", "second of processor time")):
        print(
            f"{'processes':>12} {'median':>10} {'ratio':>6}  "
            f"images a {clock}, of {options.rounds} rounds"
        )
        one = statistics.median(each[i] for each in speeds["1"])
        for way, found in speeds.items():
            values = [each[i] for each in found]
            median = statistics.median(values)
            listed = [round(v, 1) for v in values]
            print(f"{way:>12} {median:>10.1f} {median / one:>6.2f}  {listed}")
    print(exchanged(options))
    gathered_mmd(options)


def images_per_second(count, together, options):
    """Starts processes, each on its own core; returns the images a second of all, by two clocks."""
    cores = sorted(os.sched_getaffinity(0))
    if count > len(cores):
        sys.exit(f"Each process needs a core of its own. Received: {len(cores)} cores")
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(count)]
    started = []
    for i in range(count):
        workers, index = (addresses, i) if together else (addresses[i : i + 1], 0)
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(task), "TF_CPP_MIN_LOG_LEVEL": "3"}
        arguments = [f"--width={options.width}", f"--batch_size={options.batch_size}"]
        command = [sys.executable, __file__, f"--process={cores[i]}", *arguments]
        started.append(
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        )
    said = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        sys.exit("A process failed: run it by hand with --process=0 to see why")
    seconds = [map(float, text.split()[-2:]) for text in said]
    return [count * options.batch_size * STEPS / max(each) for each in zip(*seconds, strict=True)]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def work(options):
    """Trains as one process; prints the seconds of the second epoch, by the clock and its own."""
    os.sched_setaffinity(0, {int(options.process)})
    import wae_tf  # isort: skip  # Before keras: see `wae_tf.runtime.onednn`.
    import keras
    import numpy as np

    from wae_tf.training import compile_model, open_devices

    devices = open_devices()
    config = benchmark_config(options, devices.replicas)
    images = np.random.default_rng(0).integers(
        256, size=(STEPS * config.batch_size, *config.image_shape), dtype="uint8"
    )
    with devices.strategy.scope():
        model = compile_model(wae_tf.build_model(config), config, STEPS)

    def batches(parts=None):
        return wae_tf.data.batches(images, config.batch_size, training=True, epochs=2, parts=parts)

    clocks = []

    def look(*_):
        clocks.append((time.perf_counter(), time.process_time()))

    log = keras.callbacks.LambdaCallback(on_epoch_begin=look, on_epoch_end=look)
    model.fit(devices.batches(batches), epochs=2, steps_per_epoch=STEPS, verbose=0, callbacks=[log])
    devices.compare()
    print(*(end - begin for begin, end in zip(*clocks[-2:], strict=True)))


def benchmark_config(options, count):
    import wae_tf

    return dataclasses.replace(
        wae_tf.load_config("mnist_wae_mmd"),
        encoder_width=options.width,
        decoder_width=options.width,
        batch_size=options.batch_size * count,
        precision="float32",
        pretrain_encoder=False,
    )


def exchanged(options):
    """Returns in words what a replica of N sends in a step, by ring algorithms."""
    import keras

    import wae_tf

    count = options.workers
    config = benchmark_config(options, count)
    model = wae_tf.build_model(config)
    gradients = 4 * sum(v.shape.num_elements() for v in model.autoencoder_variables)
    codes = 4 * config.batch_size * config.latent_dim
    norms = [x for x in model._flatten_layers() if isinstance(x, keras.layers.BatchNormalization)]
    # Sums, squares and counts forward, and two gradients back: `wae_tf.networks.batch_norm`.
    statistics_ = 4 * sum(5 * layer.gamma.shape[0] for layer in norms)
    reduced = 2 * (count - 1) / count * (gradients + statistics_)
    sent = reduced + (count - 1) / count * codes
    return (
        f"each of {count} replicas sends {sent:,.0f} bytes a step: gradients of {gradients:,} "
        f"bytes, batch norm of {statistics_:,}, codes of {codes:,}"
    )


def gathered_mmd(options):
    """Prints the least time of the MMD of N replicas' codes and its gradient, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import tensorflow as tf

    import wae_tf

    @tf.function(reduce_retracing=True)
    def step(z, z_prior):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = wae_tf.mmd(z, z_prior, wae_tf.imq_kernel)
        return value, tape.gradient(value, z)

    print(f"{'replicas':>10} {'codes':>8} {'ms of the MMD and its gradient':>32}")
    for count in (1, 2, 4, 8):
        n = count * options.batch_size
        z, z_prior = (tf.random.stateless_normal((n, 64), (0, i)) for i in range(2))
        times = []
        for _ in range(30):
            start = time.perf_counter()
            step(z, z_prior)[0].numpy()
            times.append(time.perf_counter() - start)
        print(f"{count:>10} {n:>8} {1000 * min(times):>32.2f}")


if __name__ == "__main__":
    main()
