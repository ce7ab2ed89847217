"""Damage to entries, weights, samplers, checkpoints, run files and configs."""

import hashlib
import json
import pathlib
import random
import shutil
import sys

import numpy as np
import tiny
from outcomes import clear

import wae_tf
from wae_tf import training, zoo
from wae_tf.training import run_files

KINDS = (
    *("entry.json", "weights", "weights, restated", "sampler", "sampler, restated"),
    *("checkpoint", "run files", "config"),
)
_VALUES = (
    *(None, True, -1, 0, 1e308, 10**30, float("nan"), float("inf"), "", "x" * 500, [], {}),
    *([[[]]], "../../etc/passwd", "<script>", "\ud800", -0.0, 3.5, "nan", [1] * 1000),
)


def config():
    return tiny.config(epochs=3, lr_schedule="plateau", divergence="mmd")


def prepare(directory):
    """Writes what is to be damaged: a finished run, whose directory is an entry with a sampler."""
    directory = pathlib.Path(directory)
    np.savez(directory / "images.npz", x_train=tiny.images(27), x_test=tiny.images(10, seed=1))
    run = directory / "run"
    model = training.train(config(), directory / "images.npz", run, verbose=0)
    wae_tf.samplers.fit(model, tiny.images(40), kind="gmm", components=2)
    zoo.save_samplers(run, model)


class Mutations:
    """One attack for each number; the same number is the same attack.

    Args:
        directory: What `prepare` has filled.
    """

    def __init__(self, directory):
        self.original = pathlib.Path(directory) / "run"
        self.scratch = None
        self.states = {}

    @staticmethod
    def kind(number):
        return KINDS[number % len(KINDS)]

    def __call__(self, number):
        rng = random.Random(number)
        kind = self.kind(number)
        if self.scratch is None:
            self._look()
        copy = self.scratch / f"{number}"
        shutil.copytree(self.original, copy, ignore=shutil.ignore_patterns("pictures", "tensorb*"))
        try:
            what, allowed = self._damage(kind, copy, rng)
            outcome, example = self._try(kind, copy)
        finally:
            shutil.rmtree(copy, ignore_errors=True)
        if outcome == "different" and allowed:
            outcome = "other file"  # As its own checksum says: nobody can tell.
        return kind, outcome, f"number {number}, {what}: {example}"

    def _look(self):
        """Remembers what is right."""
        import tempfile

        self.scratch = pathlib.Path(tempfile.mkdtemp(dir=self.original.parent))
        _keep_model()
        self.model = training.compile_model(wae_tf.build_model(config()), config(), 3)
        self.loaded = _contents(self.original)
        checkpoint = training.callbacks.Checkpoint(self.original)
        for path in self.original.glob("checkpoint-*.h5"):
            epoch = int(path.name.split("-")[1][:4])
            self.model.load_weights(path)
            self.states[epoch] = _state(self.model)
        self.history = checkpoint.history()

    def _damage(self, kind, copy, rng):
        """Damages a file, and returns what was done, and whether its checksum was made to fit."""
        if kind == "config":
            path = copy / "entry.json"
            values = json.loads(path.read_text())
            values.pop("model_sha256", None)
            what = _change_value(values["config"], rng)
            path.write_text(json.dumps(values))
            return what, True
        if kind == "run files":
            names = ("config.json", "training_data.json", "history.csv", "SHA256SUMS")
            names = [name for name in names if (copy / name).exists()]
            path = copy / rng.choice(names)
            return f"{path.name} {_damage_bytes(path, rng)}", False
        names = {"entry": "entry.json", "weigh": "model.weights.h5", "sampl": "sampler_gmm.h5"}
        name = names.get(kind[:5], "checkpoint-0003.weights.h5")
        if kind == "entry.json" and rng.random() < 0.5:
            values = json.loads((copy / name).read_text())
            what = _change_value(values, rng)
            (copy / name).write_text(json.dumps(values))
            return what, False
        what = _damage_bytes(copy / name, rng)
        if kind.endswith("restated"):
            _restate(copy, name)
        return what, kind.endswith("restated")

    def _try(self, kind, copy):
        try:
            if kind in ("checkpoint", "run files"):
                return self._resume(copy)
            found = _contents(copy)
        except Exception as error:
            return ("refused" if clear(error) else "unclear"), f"{type(error).__name__}: {error}"
        same = found.keys() == self.loaded.keys() and all(
            np.array_equal(found[name], self.loaded[name]) for name in found
        )
        return ("right" if same else "different"), "loaded"

    def _resume(self, copy):
        """Does what a training does first: its config, images, state and history."""
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _spoil(self.model)
            found = run_files.stored_config(copy)
            run_files.check_images(copy, run_files.describe_images(tiny.images(27)))
            checkpoint = training.callbacks.Checkpoint(copy)
            done = checkpoint.restore(self.model)
            rows = [row for row in checkpoint.history() if row["epoch"] <= done]
        if found is not None and found != config():
            return "different", "another config"
        if done == 0:
            return "right", "begins anew"
        if not all(map(np.array_equal, _state(self.model), self.states[done])):
            return "different", f"another state after epoch {done}"
        if rows != [row for row in self.history if row["epoch"] <= done]:
            return "different", "another history"
        return "right", f"goes on after epoch {done}"


def _keep_model():
    """Has `wae_tf.load` take the same model each time that the config is the right one.

    All its values are spoilt before: what a load leaves out shows.
    """
    module = sys.modules["wae_tf.zoo.entries"]
    build, kept = module.build_model, {}

    def build_once(asked, **options):
        if asked != config():
            return build(asked, **options)
        if not kept:
            kept[0] = build(asked, **options)
        _spoil(kept[0])
        kept[0].samplers.clear()
        return kept[0]

    module.build_model = build_once


def _spoil(model):
    for variable in model.variables:
        if variable.dtype.startswith("float"):
            variable.assign(np.full(variable.shape, np.nan))


def _contents(directory):
    """Returns all that `wae_tf.load` makes of a directory, by name."""
    model = wae_tf.load(directory)
    found = {f"weight {i}": w for i, w in enumerate(model.get_weights())}
    for kind, sampler in model.samplers.items():
        found |= {f"{kind} {name}": values for name, values in sampler.arrays.items()}
        found[f"{kind} drawn"] = sampler.sample(2, seed=0)
    found["config"] = np.array(wae_tf.load_config(directory).to_json())
    return found


def _state(model):
    variables = [*model.variables, *model.optimizer.variables]
    return [np.array(v) for v in variables if v.path.split("/")[0] not in ("loss", "mean")]


def _change_value(values, rng):
    """Changes, adds or removes one value of JSON, at any depth."""
    place = values
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return "nothing"
        key = rng.choice(keys)
        inner = place[key]
        if isinstance(inner, (dict, list)) and inner and rng.random() < 0.8:
            place = inner
            continue
        way = rng.random()
        if way < 0.15:
            del place[key]
            return f"without {key}"
        if way < 0.25 and isinstance(place, dict):
            place[f"{key}_"] = inner
            return f"with {key}_"
        value = rng.choice(_VALUES)
        if isinstance(inner, (int, float)) and not isinstance(inner, bool) and rng.random() < 0.5:
            value = inner * rng.choice((-1, 2, 10, 1000, 0.5, 10**12))
        place[key] = value
        return f"{key}={str(value)[:40]}"


def _damage_bytes(path, rng):
    content = bytearray(path.read_bytes())
    n = len(content)
    place, length = rng.randrange(n), rng.choice((1, 2, 4, 8, 64, 512))
    way = rng.choice(
        ("bit", "bit", "bit", "bytes", "zeros", "ones", "cut", "move", "insert", "out")
    )
    if way == "bit":
        content[place] ^= 1 << rng.randrange(8)
    elif way == "bytes":
        content[place : place + length] = rng.randbytes(length)
    elif way in ("zeros", "ones"):
        content[place : place + length] = bytes([255 * (way == "ones")]) * length
    elif way == "cut":
        del content[place:]
    elif way == "move":
        other = rng.randrange(n)
        content[place : place + length] = content[other : other + length]
    elif way == "insert":
        content[place:place] = rng.randbytes(length)
    else:
        del content[place : place + length]
    path.write_bytes(content)
    return f"{way} at {place} of {n}"


def _restate(copy, name):
    """Writes the checksum of a damaged file into the entry, as a stranger would."""
    path = copy / "entry.json"
    entry = json.loads(path.read_text())
    record = entry["weights"] if name.startswith("model") else entry["samplers"]["gmm"]
    record["sha256"] = hashlib.sha256((copy / name).read_bytes()).hexdigest()
    entry.pop("model_sha256", None)
    path.write_text(json.dumps(entry))
