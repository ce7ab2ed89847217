"""Trains the same WAE-MMD in wae_tf and in its peers, in turn, and compares their speed.

python benchmarks/peers.py --data=mnist.npz --pythae_python=PYTHON_THAT_HAS_PYTHAE

Contestants: wae_tf in float32 and in what `precision="auto"` is here, a plain Keras loop, one
without the biases that a batch norm takes out again, and pythae's trainer. Each runs in a process
of its own; they take turns round after round, one at a time, so that a busy machine slows all of
them. Rates are those of the median round, and, from the processor's own time, of a second of one
core: that is what to look at on a busy machine. The ratio is to pythae, or else to the Keras loop.
Peak memory is that of the whole process. Then the MMD of as many codes as --codes says.

Without --data the images are noise. Prints Markdown.
"""

import argparse
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import time

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "bf16", "asimd", "sve")


def main():
    options = parse()
    if options.worker:
        serve(options)
        return
    describe_machine()
    workers = {}
    for name in options.only:
        python = options.pythae_python if name == "pythae" else sys.executable
        if python is None:
            print("Without pythae: --pythae_python=... compares with it.")
            continue
        try:
            workers[name] = Worker(name, python, sys.argv[1:])
        except RuntimeError as error:
            print(f"Without {name}: {error}")
    try:
        compare(workers, options)
    finally:
        for worker in workers.values():
            worker.close()
    print(f"\nLoad at the end: {load()}")


def parse():
    names = ["wae_tf_float32", "wae_tf_auto", "keras", "keras_without_biases", "pythae"]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="mnist.npz; noise without.")
    parser.add_argument("--pythae_python", help="Python of an environment with pythae.")
    parser.add_argument("--only", nargs="+", default=names, choices=names)
    parser.add_argument("--width", type=int, default=256, help="Filters of the widest layer.")
    parser.add_argument("--batch_size", type=int, default=100)
    parser.add_argument("--steps", type=int, default=30, help="Steps of a round.")
    parser.add_argument("--rounds", type=int, default=7, help="After a first one that compiles.")
    parser.add_argument("--codes", type=int, nargs="*", default=[100, 1000, 2000, 4000])
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(workers, options):
    trained = {name: [] for name in workers}
    for _ in range(options.rounds):
        for name, worker in workers.items():
            trained[name].append(worker.ask({"train": True}))
    images = options.steps * options.batch_size
    rates = {
        name: [images / statistics.median(r[key] for r in rounds) for key in ("wall", "cpu")]
        for name, rounds in trained.items()
    }
    peer = next((name for name in ("pythae", "keras") if name in rates), next(iter(rates)))
    print(f"\nTraining, width {options.width}, batch {options.batch_size}:\n")
    print("|  | images/s | ratio | images/s of one core | ratio | peak memory, MiB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, rate in rates.items():
        cells = " | ".join(f"{a:.0f} | {a / b:.2f}" for a, b in zip(rate, rates[peer]))
        print(f"| {workers[name].title} | {cells} | {trained[name][-1]['peak']:.0f} |")
    if not options.codes:
        return
    print("\nMMD, eight dimensions, milliseconds (of one core):\n")
    names = [name for name in ("wae_tf_float32", "keras", "pythae") if name in workers]
    print("| codes | " + " | ".join(workers[name].title for name in names) + " | apart |")
    print("| ---: |" + " ---: |" * (len(names) + 1))
    for n in options.codes:
        found = {name: [workers[name].ask({"mmd": n}) for _ in range(3)] for name in names}
        best = [min(rounds, key=lambda r: r["cpu"]) for rounds in found.values()]
        values = [rounds[0]["value"] for rounds in found.values()]
        cells = " | ".join(f"{r['wall'] * 1e3:.1f} ({r['cpu'] * 1e3:.1f})" for r in best)
        print(f"| {n:,} | {cells} | {max(values) - min(values):.1e} |", flush=True)


class Worker:
    """A contestant in a process of its own, which does what it is asked for, and waits."""

    def __init__(self, name, python, arguments):
        self._process = subprocess.Popen(
            [python, __file__, *arguments, f"--worker={name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("PEERS_VERBOSE") else subprocess.DEVNULL,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self.title = self._read()["title"]

    def ask(self, what):
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self):
        self._process.stdin.close()
        self._process.wait()

    def _read(self):
        for line in self._process.stdout:
            if line.startswith('{"'):
                return json.loads(line)
        raise RuntimeError("it ended; PEERS_VERBOSE=1 in the environment shows why")


def serve(options):
    """Answers what `Worker` asks, until there is nothing more."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    import numpy as np
    from peers_models import CONTESTANTS

    title, train, mmd = CONTESTANTS[options.worker](options)
    train()  # Compiles.
    print(json.dumps({"title": title}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "train" in asked:
            answer = timed(train)
        else:
            rng = np.random.default_rng(asked["mmd"])
            codes = rng.normal(size=(2, asked["mmd"], 8)).astype("float32")
            mmd(*codes)
            answer = timed(lambda codes=codes: mmd(*codes))
        print(json.dumps(answer), flush=True)


def timed(function):
    wall, cpu = time.perf_counter(), time.process_time()
    value = function()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "cpu": cpu, "peak": peak, "value": value if type(value) is float else 0.0}


def describe_machine():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        text = ""
    words = set(text.split())
    model = next((x.partition(":")[2].strip() for x in text.splitlines() if "model name" in x), "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{model or platform.processor()}, {cores} cores, Python {platform.python_version()}")
    print("Flags: " + (" ".join(flag for flag in FLAGS if flag in words) or "not known"))
    print(f"Load: {load()}", flush=True)


def load():
    return " ".join(f"{x:.1f}" for x in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"


if __name__ == "__main__":
    main()
