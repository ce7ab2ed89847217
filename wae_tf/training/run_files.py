"""What a directory remembers of its run, so that no other run goes on there."""

import dataclasses
import json

from wae_tf import data, files
from wae_tf.config import WAEConfig
from wae_tf.files.checksums import check_sum, read_sums, record_sums
from wae_tf.runtime.precision import resolve_precision

__all__ = [
    "cache_file",
    "check_config",
    "check_images",
    "check_initial_weights",
    "describe_images",
    "devices_note",
    "precision_note",
    "stored_config",
    "stored_reasons",
    "with_precision",
    "write",
    "write_reasons",
]

_CONFIG = "config.json"
_IMAGES = "training_data.json"
_INITIAL = "initial_weights.json"
_REASONS = "reasons.json"
_DEVICES = "devices.json"  # Where a run is one of several replicas.
_SAME = "`workdir` must be new, or hold a run {} to resume: choose another directory, or take {}."
_SAME_CONFIG = _SAME.format("of this very config", "the changes back")
_SAME_IMAGES = _SAME.format("on these very training images", "the former images and split")
_SAME_WEIGHTS = _SAME.format("that began with these very weights", "the former `init_from`")


def cache_file(directory, part):
    """Returns where a run's decoded images go, if to a file; `part` is "train" or "test"."""
    return directory / "cache" / f"{part}.npy"


def describe_images(images):
    """Returns what tells training images from others, wherever they lie; a part of an entry."""
    return {"training_images": len(images), "training_data_sha256": data.fingerprint(images)}


def check_config(directory, config, requirement=_SAME_CONFIG):
    """Raises a ValueError if the config that a directory holds, if any, is another one.

    Args:
        directory: Path of the directory.
        config: `WAEConfig` of the run that is to go there.
        requirement: What the error asks for.
    """
    path = directory / _CONFIG
    before = _read(path, requirement, WAEConfig.from_json)
    if before is not None:
        _compare(path, before.to_dict(), config.to_dict(), requirement, "values")


def check_images(directory, described):
    """Raises a ValueError if the images that a directory knows of, if any, are others.

    Args:
        directory: Path of the directory.
        described: What `describe_images` returned.
    """
    path = directory / _IMAGES
    before = _read(path, _SAME_IMAGES)
    if before is not None:
        _compare(path, before, described, _SAME_IMAGES, "images")


def check_initial_weights(directory, described):
    """Raises a ValueError if the run of a directory, if any, began with other weights.

    Args:
        directory: Path of the directory.
        described: What `initial_weights.describe_weights` returned; None for random weights.
    """
    if not (directory / _CONFIG).exists():
        return
    path = directory / _INITIAL
    before = _read(path, _SAME_WEIGHTS) or {}
    now = described or dict.fromkeys(before)
    if before.get("init_from_sha256") != now.get("init_from_sha256"):
        _compare(path, before, now, _SAME_WEIGHTS, "weights")


def stored_config(directory):
    """Returns the `WAEConfig` of the run that a directory holds, None where it holds none."""
    return _read(directory / _CONFIG, _SAME_CONFIG, WAEConfig.from_json)


def stored_reasons(directory):
    """Returns the reasons for a config that a directory holds, {} where it holds none."""
    return _read(directory / _REASONS, _SAME_CONFIG) or {}


def with_precision(directory, config):
    """Settles `precision="auto"`: as the run of a directory began, or as this machine does it.

    Args:
        directory: Path of the directory; None for no run.
        config: `WAEConfig` of the run that is to go there.

    Returns:
        Tuple of the config with a precision that no machine changes, and a text where the run
        goes on in another one than this machine would have begun with, None elsewhere.
    """
    here = resolve_precision(config.precision)
    begun = None if directory is None else stored_config(directory)
    if config.precision != "auto" or begun is None:
        return dataclasses.replace(config, precision=here), None
    kept = resolve_precision(begun.precision)
    return dataclasses.replace(config, precision=kept), precision_note(kept, here)


def precision_note(begun, here):
    """Returns what to say where a run goes on in another precision than this machine's; or None."""
    if begun == here:
        return None
    return (
        f"This run began in {begun}, on another kind of machine, and goes on in it; a new one "
        f"would train in {here} here"
    )


def devices_note(directory, devices):
    """Returns what to say where a run goes on on other devices than before, None elsewhere.

    Args:
        directory: Path of the directory.
        devices: What `Devices.record` returned.
    """
    before = _read(directory / _DEVICES, _SAME_CONFIG) or {}
    if before == devices:
        return None
    was, now = (", ".join(f"{k}={v}" for k, v in d.items()) or "one" for d in (before, devices))
    return (
        f"This run was on other devices ({was}) and goes on on these ({now}): sums are rounded "
        "otherwise, and the result is that of an uninterrupted run but for this"
    )


def write(directory, config, described=None, initial=None, devices=None):
    """Writes what the checks look at; None leaves out what is not known."""
    contents = {_CONFIG: config.to_dict()}
    if devices or (directory / _DEVICES).exists():
        contents[_DEVICES] = devices or {}
    contents |= {k: v for k, v in ((_IMAGES, described), (_INITIAL, initial)) if v is not None}
    _write(directory, contents)


def write_reasons(directory, reasons):
    """Writes the reasons for a config, a text for each field."""
    _write(directory, {_REASONS: reasons})


def _write(directory, contents):
    """Writes dicts as JSON files, and then their SHA-256."""
    sums, before = {}, read_sums(directory)
    if before is None:  # A run of a version before, which wrote none: as it is now.
        names = [_CONFIG, _IMAGES, _INITIAL, _REASONS]
        there = [directory / name for name in names]
        there += directory.glob("checkpoint-*.weights.h5")
        sums = {path.name: files.sha256(path) for path in there if path.is_file()}
    texts = {k: (json.dumps(v, indent=2) + "\n").encode() for k, v in contents.items()}
    paths = {name: directory / name for name in texts}
    changed = [k for k, p in paths.items() if not (p.is_file() and p.read_bytes() == texts[k])]
    if before is not None and set(changed) & set(before):
        record_sums(directory, {}, gone=changed)  # Until they are there again.
    for name in changed:
        with files.replacing(paths[name]) as temporary:
            temporary.write_bytes(texts[name])
    record_sums(directory, sums | {name: files.sha256(path) for name, path in paths.items()})


def _read(path, requirement, parse=lambda text: dict(json.loads(text))):
    """Returns what a file says, checked against its SHA-256; None where it is not there."""
    try:
        check_sum(path, read_sums(path.parent))
        return parse(path.read_text(encoding="utf-8")) if path.exists() else None
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{requirement} Received: {path}, which this version cannot read ({error})"
        ) from error


def _compare(path, before, now, requirement, what):
    changed = {k: (before.get(k), v) for k, v in now.items() if before.get(k) != v}
    if changed:
        raise ValueError(
            f"{requirement} Received: {path} with other {what}, (there, now): {changed}"
        )
