"""Where entries are, by name, path or address, and what their JSON files say."""

import difflib
import fnmatch
import json
import pathlib
import re

from wae_tf import files
from wae_tf.zoo import entry_checks, hub, keras_layout
from wae_tf.zoo.entry_checks import ENTRY

__all__ = [
    "entry_directory",
    "is_entry",
    "list_configs",
    "list_models",
    "own_directory",
    "read_entry",
    "update_entry",
    "write_entry",
]


def list_models(pattern="*"):
    """Returns the names of the zoo's pretrained models, in natural order.

    Args:
        pattern: Shell-style pattern, such as `"mnist_*"`.

    Example:
        >>> wae_tf.list_models("celeba_wae_gan*")
        ['celeba_wae_gan', 'celeba_wae_gan_squared']
    """
    return [name for name in list_configs(pattern) if "weights" in read_entry(name)]


def list_configs(pattern="*"):
    """Returns the names of the zoo's configs, whether or not weights come with them.

    Args:
        pattern: Pattern of names, such as `"mnist_*"`.

    Example:
        >>> wae_tf.list_configs("celeba_*_paper")
        ['celeba_vae_paper', 'celeba_wae_gan_paper', 'celeba_wae_mmd_paper']
    """
    names = [path.name for path in files.zoo_directory().iterdir() if (path / ENTRY).is_file()]
    return sorted(fnmatch.filter(names, pattern), key=_natural)


def read_entry(name_or_directory):
    """Returns what an entry's JSON file says: config, input, weights, results, provenance.

    Args:
        name_or_directory: As in `load`.

    Raises:
        ValueError: There is no such entry.

    Example:
        >>> read_entry("mnist_wae_mmd")["input"]["shape"]
        [28, 28, 1]
    """
    return _read(entry_directory(name_or_directory))


def _read(directory):
    path = directory / ENTRY
    try:
        entry = files.read_object(path)
        entry_checks.check_entry(entry)
    except (AttributeError, OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "A zoo entry must be a directory whose `entry.json` has a `config`, and for its "
            "weights a file name and SHA-256: install the package again, or restore the file. "
            f"Received: {path} ({type(error).__name__}: {error})"
        ) from error
    return entry


def is_entry(directory):
    """Returns whether `save_entry` has written a directory, to the end."""
    directory = pathlib.Path(directory)
    if not (directory / ENTRY).is_file():
        return False
    weights = _read(directory).get("weights")
    return weights is not None and (directory / weights["file"]).is_file()


def update_entry(name_or_directory, **parts):
    """Replaces parts of an entry's JSON file, and leaves the rest as it is.

    Args:
        name_or_directory: Name or directory of an entry that is there.
        **parts: JSON values by key, such as `evaluation`.

    Raises:
        ValueError: There is no entry, its directory cannot be written to, or `directions` are no
            names to show.

    Example:
        >>> update_entry("runs/mnist", limits=["Trained for one epoch."])
    """
    directory = files.writable_directory(own_directory(name_or_directory))
    entry_checks.check_directions(parts)
    write_entry(directory, {**_read(directory), **parts})


def write_entry(directory, entry):
    """Writes an entry's JSON file, sealed, whole or not at all."""
    text = json.dumps(entry_checks.sealed(entry), indent=2) + "\n"
    with files.replacing(directory / ENTRY) as temporary:
        temporary.write_text(text, encoding="utf-8")


def own_directory(name_or_directory, kind="entry"):
    """Returns `entry_directory` of an entry that may be written to: none of the hub's cache.

    Args:
        name_or_directory: As in `entry_directory`.
        kind: Likewise.

    Raises:
        ValueError: There is no such entry, or it is an address on the hub.
    """
    if hub.is_address(name_or_directory) or keras_layout.is_keras_file(name_or_directory):
        raise ValueError(
            "An entry to write to must be on this machine, a directory of its own: copy it by "
            f"`wae_tf.zoo.copy_entry` first. Received: {str(name_or_directory)!r}"
        )
    return entry_directory(name_or_directory, kind)


def entry_directory(name_or_directory, kind="entry"):
    """Returns an entry's directory, as a path: a zoo name counts first, then a path.

    An address of the hub is fetched: for `kind="model"` with weights, else its JSON file alone.
    A `.keras` file is unpacked. Both are to be read only: see `own_directory`.

    Args:
        name_or_directory: As in `load`.
        kind: "entry", "config" or "model": what an error says that it must be.

    Raises:
        ValueError: There is no such entry.
    """
    if isinstance(name_or_directory, str) and name_or_directory in list_configs():
        return files.zoo_directory() / name_or_directory
    if hub.is_address(name_or_directory):
        return hub.download(name_or_directory, weights=kind == "model")
    if keras_layout.is_keras_file(name_or_directory):
        return keras_layout.unpacked(name_or_directory, needs_entry=kind != "model")
    path = pathlib.Path(name_or_directory).expanduser()
    if (path / ENTRY).is_file():
        return path
    if kind == "model" and keras_layout.is_keras_directory(path):
        return path
    if (path / "config.json").is_file() and not (path / "signature.json").is_file():
        raise ValueError(
            "A run must have finished: the same `wae-train` command resumes it. "
            f"Received: {str(name_or_directory)!r}, with a config.json and no {ENTRY}"
        )
    names = list_models() if kind == "model" else list_configs()
    near = difflib.get_close_matches(str(name_or_directory), names)
    raise ValueError(
        f"`name_or_directory` must be a zoo {kind}, such as one of "
        f"{[*near, *(name for name in names if name not in near)]}, or a directory with an "
        f"`{ENTRY}`, which `wae-train` writes when it has finished. "
        f"Received: {str(name_or_directory)!r}"
    )


def _natural(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
