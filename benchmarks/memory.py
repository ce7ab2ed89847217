"""Peak memory of reading a folder and one pass of its batches, at several numbers of files.

python benchmarks/memory.py --data=img_align_celeba.zip --files 1000 100000

For each number of files, a folder of hard links is written and read in a process of its
own, into memory and into a cache on disk. What counts is anonymous memory (RssAnon of
Linux, looked at every 20 ms): pages of the cache are the file's, and the system takes them
back when it needs to. "before" is what the process has once TensorFlow runs.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from many_files import write_folder

SHAPE = (64, 64, 3)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="Folder or zip file of images; random ones without.")
    parser.add_argument("--files", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--directory", help="Where the files go; removed at the end.")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)  # Folder, cache or "".
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return

    print("   files  decoded to  images, MB   before, MB  peak, MB  difference, MB  seconds")
    for count in options.files:
        with tempfile.TemporaryDirectory(dir=options.directory) as directory:
            folder = write_folder(pathlib.Path(directory) / "images", count, options.data)
            for place in ("memory", "disk"):
                cache = f"{directory}/cache.npy" if place == "disk" else ""
                command = [sys.executable, __file__, "--measure", str(folder), cache]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                found = json.loads(output.splitlines()[-1])
                before, peak = found["before"] / 1e6, found["peak"] / 1e6
                size = count * SHAPE[0] * SHAPE[1] * SHAPE[2] / 1e6
                print(
                    f"{count:8d}  {place:10s}  {size:10.0f}  {before:11.0f} {peak:9.0f}"
                    f"  {peak - before:14.0f}  {found['seconds']:7.1f}",
                    flush=True,
                )


def measure(folder, cache):
    """Reads a folder and its batches in this process."""
    import numpy as np

    from wae_tf import data

    list(data.batches(np.zeros((4, *SHAPE), "uint8"), 2, training=True, horizontal_flip=True))
    before, peak, over = anonymous_memory(), 0, threading.Event()

    def watch():
        nonlocal peak
        while not over.wait(0.02):
            peak = max(peak, anonymous_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    images = data.load_images(folder, image_shape=SHAPE, cache=cache or None, verbose=False)
    for _ in data.batches(images, 100, training=True, horizontal_flip=True):
        pass
    seconds = time.monotonic() - start
    over.set()
    watcher.join()
    return {"before": before, "peak": peak, "seconds": seconds}


def anonymous_memory():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon:"))


if __name__ == "__main__":
    main()
