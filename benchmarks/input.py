"""Speed of reading images, and what share of a training step it costs.

python benchmarks/input.py --data=img_align_celeba.zip --files=5000 --width=64

Makes a folder of files by repeating some of --data, and prints images a second: decoded to
memory and to a cache on disk, opened from that cache, and in shuffled, mirrored batches
from both. Then a model trains on those batches, and on one constant batch, in turn in one
run, so that all see the same machine: the share of input is the time of a step that the
constant batch does not take, median over rounds. Other programs disturb the share of CPU
time, of all threads, less. Files are in the system's page cache after they are written.
"""

import argparse
import pathlib
import statistics
import tempfile
import time

import tensorflow as tf
from celeba_model import celeba_model
from many_files import write_folder

from wae_tf import data

SIZE = 64


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="Folder or zip file of images; random ones without.")
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--width", type=int, default=64, help="Widest layer; 1024 in the paper.")
    parser.add_argument("--batch_size", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=20, help="Steps of a kind in one round.")
    parser.add_argument("--directory", help="Where the files go; removed at the end.")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        folder = write_folder(pathlib.Path(directory) / "images", options.files, options.data)
        in_memory, on_disk = read(folder, f"{directory}/cache.npy")
        train(in_memory, on_disk, options)


def read(folder, cache):
    """Times reading, and returns the images in memory and on disk."""

    def load(**arguments):
        return data.load_images(folder, image_shape=(SIZE, SIZE, 3), verbose=False, **arguments)

    in_memory = timed("decoded to memory", load)
    on_disk = timed("decoded to a cache", lambda: load(cache=cache))
    timed("opened from the cache", lambda: load(cache=cache))
    drained(in_memory[:200])  # What TensorFlow needs once.
    for name, images in (("memory", in_memory), ("the cache", on_disk)):
        timed(f"batches from {name}", lambda images=images: drained(images))
    return in_memory, on_disk


def drained(images):
    """Takes all batches of an epoch, and returns the images."""
    for _ in data.batches(images, 100, training=True, horizontal_flip=True):
        pass
    return images


def timed(name, function):
    start = time.perf_counter()
    images = function()
    seconds = time.perf_counter() - start
    print(f"{name:22s} {len(images) / seconds:11.0f} images/s")
    return images


def train(in_memory, on_disk, options):
    """Times steps on real batches against steps on a constant one."""
    model, _ = celeba_model(options.width, batch_size=options.batch_size)
    sources = {
        name: data.batches(
            images, options.batch_size, training=True, epochs=None, horizontal_flip=True
        )
        for name, images in (("memory", in_memory), ("the cache", on_disk))
    }
    constant = tf.data.Dataset.from_tensors(in_memory[: options.batch_size])
    sources["a constant batch"] = constant.repeat()
    model.fit(constant, verbose=0)  # Compiles.
    times = {name: [] for name in sources}
    for _ in range(options.rounds):
        for name, source in sources.items():
            start = time.perf_counter(), time.process_time()
            model.fit(source, steps_per_epoch=options.steps, verbose=0)
            end = time.perf_counter(), time.process_time()
            times[name].append([(b - a) / options.steps for a, b in zip(start, end)])
    print(f"steps of width {options.width}, batches of {options.batch_size}:")
    for name, seconds in times.items():
        rate = options.batch_size / statistics.median(wall for wall, _ in seconds)
        shares = [
            100 * (1 - statistics.median(b / a for a, b in zip(seen, least)))
            for seen, least in zip(zip(*seconds), zip(*times["a constant batch"]))
        ]
        print(
            f"from {name:17s} {rate:10.0f} images/s; "
            f"input is {shares[0]:5.1f}% of the time of a step, {shares[1]:5.1f}% of CPU time"
        )


if __name__ == "__main__":
    main()
