"""Attacks on entries, runs, images and flags, by chance from a seed; counts what they end in.

python tests/trust/run.py --seconds=120
python tests/trust/run.py --kills=200 --faults=300 --mutations=10000 --images=1000 --flags=500

Prints a table, and what must not be as it comes; the status is then 1. `--only=NUMBER`
with one budget repeats an attack by its number, as an example names it.
"""

import argparse
import functools
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]


TRAININGS = ("mmd", "gan", "vae", "own images")
WAYS = ("crash", "full disk", "failing after")


def _options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mutations", type=int, default=2000, help="Damaged files.")
    parser.add_argument("--images", type=int, default=300, help="Folders and zip files.")
    parser.add_argument("--flags", type=int, default=60, help="Command lines.")
    parser.add_argument("--kills", type=int, default=8, help="Trainings stopped at random times.")
    parser.add_argument("--faults", type=int, default=16, help="Trainings with a failing change.")
    parser.add_argument(
        "--trainings", default=",".join(TRAININGS), help="What kills and faults stop."
    )
    parser.add_argument("--ways", default=",".join(WAYS), help="Faults.")
    parser.add_argument(
        "--seconds", type=float, default=10**6, help="Of attacks, after which none begins."
    )
    parser.add_argument("--seed", type=int, default=0, help="Fixes all that is by chance.")
    parser.add_argument("--only", type=int, help="Number of one attack.")
    return parser.parse_args()


import write_points

OPTIONS = _options()
if OPTIONS.faults:
    write_points.restart()

import faults
import flag_combinations
import kills
import mutations
import odd_images
from outcomes import Tally
from processes import each, finish, start
from warm import Warm

_SHARES = {"mutations": 0.35, "images": 0.1, "flags": 0.15, "faults": 0.2, "kills": 0.2}
_LENGTHS = {}  # Seconds that each kind of training takes.


def main():
    options = OPTIONS
    directory = pathlib.Path(tempfile.mkdtemp(prefix="trust-"))
    tally, began = Tally(), time.monotonic()
    try:
        parts = {name: _numbers(options, name) for name in _SHARES}
        parts = {name: numbers for name, numbers in parts.items() if numbers}
        whole = sum(_SHARES[name] for name in parts)
        for name, numbers in parts.items():
            seconds = options.seconds * _SHARES[name] / whole
            _attack(name, numbers, options, directory, tally, seconds)
            print(f"{name}: done after {time.monotonic() - began:.0f} s", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped: what follows is not all", flush=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"Seed {options.seed}, {time.monotonic() - began:.0f} seconds\n\n{tally.table()}")
    return 1 if tally.bad else 0


def _numbers(options, name):
    budget = getattr(options, name)
    if options.only is not None:
        return [options.only] if budget == 1 else []
    first = random.Random(f"{options.seed} {name}").randrange(10**6) * 1000
    return list(range(first, first + budget))


def _attack(name, numbers, options, directory, tally, seconds):
    if name in ("mutations", "flags"):
        module = {"mutations": mutations, "flags": flag_combinations}[name]
        if finish(start(module.prepare, directory), 600) != 0:  # Here TensorFlow must not begin.
            raise SystemExit(f"What {name} begin with could not be made.")
    until = time.monotonic() + seconds  # What they begin with does not count.
    if name == "mutations":
        each(mutations.Mutations(directory), numbers, tally, until)
    elif name == "flags":
        each(flag_combinations.FlagCombinations(directory), numbers, tally, until)
    elif name == "images":
        each(odd_images.OddImages(), numbers, tally, until)
    else:
        _stop_trainings(name, numbers, options, directory, tally, seconds)


def _stop_trainings(name, numbers, options, directory, tally, seconds):
    kinds = options.trainings.split(",")
    if not _LENGTHS:
        _LENGTHS.update(kills.prepare(directory, kinds))
    go_on, faulty = Warm(kills.train, directory), Warm(kills.train, directory)
    compare = functools.partial(kills.compare, directory, go_on)
    if name == "kills":
        attack = functools.partial(
            kills.kill, directory=directory, lengths=_LENGTHS, go_on=go_on, tally=tally
        )
    else:
        found = faults.Faults(directory, kinds, options.ways.split(","), options.seed)
        if options.only is None:
            numbers = range(len(found.faults))[: options.faults]
        print(f"{found.said()}\n{len(found.faults)} faults in all", flush=True)
        attack = functools.partial(found, faulty=faulty, compare=compare, tally=tally)
    until = time.monotonic() + seconds
    for number in numbers:
        if time.monotonic() > until:
            break
        attack(number)
    for process in (go_on, faulty):
        process.stop()


if __name__ == "__main__":
    sys.exit(main())
