"""Trainings killed at any time, and before and after each change of a file; bits compared."""

import contextlib
import csv
import errno
import json
import os
import pathlib
import random
import shutil
import signal
import time

import h5py
import numpy as np
import tiny
from processes import LIMIT, finish, start

from wae_tf import own_images, training

KINDS = ("mmd", "gan", "vae", "own images")
_ENDS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)


def prepare(directory):
    """Writes images, and the runs of all kinds that nothing has stopped."""
    from PIL import Image

    directory = pathlib.Path(directory)
    np.savez(directory / "few.npz", x_train=tiny.images(27), x_test=tiny.images(10, seed=1))
    (directory / "photos").mkdir()
    for i, image in enumerate(tiny.images(60, shape=(32, 32, 3))):
        Image.fromarray(image).save(directory / "photos" / f"{i:02}.png")
    lengths = {}
    for kind in KINDS:
        began = time.monotonic()
        status = finish(start(train, kind, directory, directory / f"whole {kind}"), 600)
        if status != 0:
            raise SystemExit(
                f"The run that nothing stops must end well. Received: {kind}, {status}"
            )
        lengths[kind] = time.monotonic() - began
    return lengths


def train(kind, directory, workdir):
    """Trains one kind of model to its end, from where it is."""
    if kind == "own images":
        own_images.train(
            directory / "photos",
            workdir,
            image_size=32,
            verbose=0,
            **{"encoder": "mlp", "decoder": "mlp", "encoder_width": 8, "decoder_width": 8},
            **{"encoder_layers": 1, "decoder_layers": 1, "latent_dim": 2, "batch_size": 8},
            **{"epochs": 2, "precision": "float32"},
        )
        return
    changes = {"model": "vae", "codes": "gaussian"} if kind == "vae" else {"divergence": kind}
    config = tiny.config(epochs=3, lr_schedule="plateau", **changes)
    training.train(config, directory / "few.npz", workdir, verbose=0)


def kill(number, directory, lengths, tally):
    """Stops a training at a random time, once or twice, and has it go on."""
    rng = random.Random(number)
    kind = KINDS[number % len(KINDS)]
    workdir = directory / f"killed {number}"
    ends = []
    for _ in range(rng.choice((1, 1, 2))):
        pid = start(train, kind, directory, workdir)
        time.sleep(rng.uniform(0.1, lengths[kind]))
        ends.append(rng.choice(_ENDS))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, ends[-1])
        if finish(pid, 4 * LIMIT) is None:
            tally.add(f"kill, {kind}", "hang", f"number {number}, {ends}")
    _compare(f"kill, {kind}", kind, directory, workdir, tally, f"number {number}, {ends}")


def fault(number, directory, tally):
    """Ends a training, or fills its disk, before or after one change of a file."""
    rng = random.Random(number)
    way = ("crash", "full disk")[number % 2]
    workdir = directory / f"faulty {number}"
    kind = KINDS[(number // 2) % len(KINDS)]
    record = directory / f"fault {number}.json"
    place = rng.randrange(1, {"own images": 170}.get(kind, 110))
    status = finish(start(_train_with_fault, kind, directory, workdir, place, way, record), 240)
    met = json.loads(record.read_text()) if record.exists() else None
    example = f"number {number}, point {place}: {met}"
    name = f"{way} at a change of a file"
    if status is None:
        tally.add(name, "hang", example)
        return
    if met is None:  # There are fewer.
        example += ", not reached"
    elif way == "full disk" and met.get("error") is not None and not met["clear"]:
        tally.add(name, "unclear", f"{example}")
    _compare(name, kind, directory, workdir, tally, example)


def _train_with_fault(kind, directory, workdir, place, way, record):
    """Trains, counts changes of files, and lets one fail."""
    state = {"count": 0}

    def met(what):
        state["count"] += 1
        if state["count"] != place:
            return
        record.write_text(json.dumps({"at": what}))
        if way == "crash":
            os._exit(137)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def watched(owner, name):
        before = getattr(owner, name)

        def call(*args, **kwargs):
            mine = any(str(workdir) in str(argument) for argument in args) or name == "fsync"
            if mine:
                met(f"before {name}")
            result = before(*args, **kwargs)
            if mine:
                met(f"after {name}")
            return result

        setattr(owner, name, call)

    for name in ("replace", "fsync", "unlink", "mkdir"):
        watched(os, name)
    watched(h5py, "File")
    watched(pathlib.Path, "write_text")
    watched(pathlib.Path, "write_bytes")
    try:
        train(kind, directory, workdir)
    except Exception as error:
        text = str(error)
        said = isinstance(error, (OSError, ValueError)) and len(text) < 2500
        record.write_text(
            json.dumps({**json.loads(record.read_text()), "error": text[:300], "clear": said})
        )


def _compare(name, kind, directory, workdir, tally, example):
    """Has a run go on to its end, and compares it with the one that nothing stopped."""
    status = finish(start(train, kind, directory, workdir), max(4 * LIMIT, 240))
    if status is None or status != 0:
        tally.add(name, "hang" if status is None else "unclear", f"{example}, status {status}")
        return
    wrong = _differences(directory / f"whole {kind}", workdir)
    left = [str(p.relative_to(workdir)) for p in workdir.rglob(".tmp-*")]
    if wrong or left:
        tally.add(name, "different", f"{example}: {wrong} {left}")
    else:
        tally.add(name, "right")
        shutil.rmtree(workdir, ignore_errors=True)


def _differences(whole, workdir):
    """Names the files that differ in what they say, other than times."""
    wrong = []
    for path in sorted(whole.glob("*.h5")):
        if path.name.startswith("checkpoint") and not (workdir / path.name).exists():
            continue
        if not (workdir / path.name).exists() or _arrays(path) != _arrays(workdir / path.name):
            wrong.append(path.name)
    histories = [
        list(csv.DictReader((d / "history.csv").read_text().split("\n"))) for d in (whole, workdir)
    ]
    if len({json.dumps([{**r, "seconds": 0} for r in rows]) for rows in histories}) != 1:
        wrong.append("history.csv")
    entries = [json.loads((d / "entry.json").read_text()) for d in (whole, workdir)]
    for part in ("config", "weights", "results", "samplers"):
        if entries[0].get(part) != entries[1].get(part):
            wrong.append(f"entry.json {part}")
    metrics = [
        {k: p["metrics"] for k, p in entry.get("evaluation", {}).items()} for entry in entries
    ]
    return wrong + (["metrics"] if metrics[0] != metrics[1] else [])


def _arrays(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()].tobytes()})
                if isinstance(item, h5py.Dataset) and name != "history"
                else None
            )
        )
    return found
