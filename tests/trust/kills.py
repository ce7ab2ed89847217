"""Trainings killed at any time; bits compared with those of one that nothing stopped."""

import contextlib
import csv
import functools
import json
import os
import random
import shutil
import signal
import time

import h5py
import numpy as np
import tiny
import write_points
from processes import Clock, finish, start

from wae_tf import own_images, training
from wae_tf.files import sha256
from wae_tf.own_images import completion
from wae_tf.training import pretraining

_PRETRAIN = pretraining.pretrain_encoder
_ENDS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)


def prepare(directory, kinds):
    """Writes images, and the runs of all kinds that nothing has stopped, with what they changed.

    Args:
        directory: Where.
        kinds: Kinds of training.

    Returns:
        Dict from kind to the seconds of its own clock that the run took.
    """
    from PIL import Image

    np.savez(directory / "few.npz", x_train=tiny.images(27), x_test=tiny.images(10, seed=1))
    (directory / "photos").mkdir()
    for i, image in enumerate(tiny.images(60, shape=(32, 32, 3))):
        Image.fromarray(image).save(directory / "photos" / f"{i:02}.png")
    lengths = {}
    for kind in kinds:
        pid = start(_whole, kind, directory)
        clock = Clock(pid)
        status = finish(pid, 600)
        lengths[kind] = clock.seconds()
        if status != 0:
            raise SystemExit(
                f"The run that nothing stops must end well. Received: {kind}, {status}"
            )
    return lengths


def _whole(kind, directory):
    copies = directory / f"copies {kind}"
    copies.mkdir()
    if write_points.watched():
        write_points.begin(directory / f"whole {kind}", "copy", record=copies)
    train(kind, directory, directory / f"whole {kind}")
    write_points.end()


def train(kind, directory, workdir):
    """Trains one kind of model to its end, from where it is."""
    import matplotlib.figure

    # What writes no other files in less time.
    matplotlib.figure.Figure.savefig = _draw_little
    pretraining.pretrain_encoder = functools.partial(_PRETRAIN, steps=20)
    completion._SEEDS = 1
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


def _draw_little(figure, to, **kwargs):
    """Writes a small picture in place of a figure, which no attack looks at, and takes long."""
    from PIL import Image

    Image.new("L", (8, 8)).save(to, "PNG")


def kill(number, directory, lengths, go_on, tally):
    """Stops a training at a random time, once or twice, and has it go on."""
    rng = random.Random(number)
    kind = list(lengths)[number % len(lengths)]
    workdir = directory / f"killed {number}"
    ends = []
    for _ in range(rng.choice((1, 1, 2))):
        pid = start(train, kind, directory, workdir)
        clock, after = Clock(pid), rng.uniform(0.1, lengths[kind])
        while clock.seconds() < after:
            time.sleep(0.01)
        ends.append(rng.choice(_ENDS))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, ends[-1])
        if finish(pid) is None:
            tally.add(f"kill, {kind}", "hang", f"number {number}, {ends}")
    example = f"number {number}, {[signal.Signals(end).name for end in ends]}"
    compare(directory, go_on, f"kill, {kind}", kind, workdir, tally, example)


def compare(directory, go_on, name, kind, workdir, tally, example):
    """Has a run go on to its end, and compares it with the one that nothing stopped.

    Args:
        directory: What `prepare` has filled.
        go_on: `Warm`.
        name: Kind of attack.
        kind: Kind of training.
        workdir: The run.
        tally: `Tally`.
        example: What was done to the run.
    """
    error = go_on(kind, workdir)
    if error:
        tally.add(name, "hang" if error == "hang" else "unclear", f"{example}: {error}")
        return
    wrong = _differences(directory / f"whole {kind}", workdir)
    left = [str(p.relative_to(workdir)) for p in workdir.rglob(".tmp-*")]
    if wrong or left:
        tally.add(name, "different", f"{example}: {wrong} {left}")
    else:
        tally.add(name, "right")
    if not os.environ.get("TRUST_KEEP"):
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
    for part in ("config", "results", "samplers"):
        if entries[0].get(part) != entries[1].get(part):
            wrong.append(f"entry.json {part}")
    weights = entries[1]["weights"]  # Bytes of a file depend on the names of models before it.
    if sha256(workdir / weights["file"]) != weights["sha256"]:
        wrong.append("entry.json weights")
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
