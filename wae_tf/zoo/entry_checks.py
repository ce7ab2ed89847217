"""What must hold of a zoo entry's files, and of a model, before one becomes the other."""

import hashlib
import json
import re
import reprlib

import numpy as np

__all__ = [
    "ENTRY",
    "check_directions",
    "check_entry",
    "check_weights",
    "listed_files",
    "sealed",
]

ENTRY = "entry.json"

_SEAL = "model_sha256"
_DIGEST = r"[0-9a-f]{64}"
_MOST_NAMES = 64  # Of directions; the page has sliders for eight.
_LONGEST_NAME = 40


def check_entry(entry):
    """Raises an error unless an entry has what `load` needs, and no more power than that."""
    if not isinstance(entry["config"], dict):
        raise TypeError("`config` is no object")
    samplers = entry.get("samplers", {})
    if not isinstance(samplers, dict) or not all(isinstance(v, dict) for v in samplers.values()):
        raise TypeError("`samplers` is no object of objects")
    check_directions(entry)
    if "weights" not in entry:
        return
    for part in ("weights", "critic"):
        if part not in entry:
            continue
        file, digest = entry[part]["file"], entry[part]["sha256"]
        if not re.fullmatch(r"[\w-]+\.weights\.h5", file):  # Beside the entry, only arrays.
            raise ValueError(f"`{part}.file` is no name that ends in .weights.h5: {file!r}")
        if not re.fullmatch(_DIGEST, digest):
            raise ValueError(f"`{part}.sha256` is not 64 hex digits: {digest!r}")
    if entry.get(_SEAL, found := _seal(entry)) != found:
        raise ValueError(
            f"`{_SEAL}` is that of another config, other weights or samplers: the file is damaged; "
            f"if you have changed them yourself, take `{_SEAL}` out"
        )


def check_directions(entry):
    """Raises a ValueError unless an entry's `directions`, where it has them, are names to show.

    They say what changes along the principal axes of a sampler's codes, by number from 1, the
    widest first: `{"sampler_sha256": "134b31...", "names": {"1": "light to dark"}}`.
    """
    if "directions" not in entry:
        return
    named = entry["directions"]
    parts = isinstance(named, dict) and set(named) == {"sampler_sha256", "names"}
    _check(parts, "`directions` must be an object of `sampler_sha256` and `names`", named)
    digest, names = named["sampler_sha256"], named["names"]
    hexadecimal = isinstance(digest, str) and re.fullmatch(_DIGEST, digest)
    must = "`directions.sampler_sha256` must be 64 hex digits, those of a sampler of the entry"
    _check(hexadecimal, must, digest)
    few = isinstance(names, dict) and len(names) <= _MOST_NAMES
    _check(few, f"`directions.names` must be an object of at most {_MOST_NAMES} names", names)
    for number, name in names.items():
        counted = re.fullmatch(r"[1-9][0-9]{0,3}", number)
        _check(counted, "`directions.names` must name directions by number, from '1'", number)
        text = isinstance(name, str) and name.isprintable() and name == name.strip()
        short = text and 1 <= len(name) <= _LONGEST_NAME
        must = f"must be a line of 1 to {_LONGEST_NAME} printable characters"
        _check(short, f"A name in `directions.names` {must}", name, f"{number}: ")


def _check(ok, must, value, at=""):
    if not ok:
        raise ValueError(f"{must}. Received: {at}{reprlib.repr(value)}")


def sealed(entry):
    """Returns an entry with the SHA-256 of what makes its model, which `check_entry` looks at.

    That is config, and SHA-256 of weights and samplers; all else only tells of the model. An entry
    without weights gets none. It stands first, before the config: a damage that takes it out and
    reaches what it vouches for takes the config apart, too.
    """
    if "weights" not in entry:
        return entry
    rest = {key: value for key, value in entry.items() if key != _SEAL}
    return {_SEAL: _seal(entry), **rest}


def _seal(entry):
    samplers = {kind: record.get("sha256") for kind, record in entry.get("samplers", {}).items()}
    made_of = [entry["config"], entry["weights"]["sha256"], samplers]
    made_of += [entry["critic"]["sha256"]] if "critic" in entry else []
    text = json.dumps(made_of, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def listed_files(entry):
    """Returns what a checked entry lists, each one beside it: a dict from file to SHA-256.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: What it lists are no samplers.
    """
    samplers = {record["file"]: record["sha256"] for record in entry.get("samplers", {}).values()}
    for name in samplers:
        if not re.fullmatch(r"sampler_\w+\.h5", name, re.ASCII):
            raise ValueError(f"a sampler's file must be such as 'sampler_gmm.h5': {name!r}")
    parts = [entry[part] for part in ("weights", "critic") if part in entry]
    return {**{part["file"]: part["sha256"] for part in parts}, **samplers}


def check_weights(model, loaded, directory):
    """Raises a ValueError unless a model has the very weights that an entry holds."""
    ours = [np.array(weight) for weight in model.weights_without_critic()]
    theirs = loaded.get_weights()
    if len(ours) != len(theirs) or not all(map(np.array_equal, ours, theirs)):
        raise ValueError(
            "`model` must have the entry's weights, as samplers describe its codes alone: load the "
            "entry and fit the sampler to that, or save the model by `save_entry`. "
            f"Received: another model than that of {directory}"
        )
