"""Where files lie."""

import importlib.resources
import os
import pathlib

from wae_tf.files.replacing import recover

__all__ = ["check_new", "directory_contents", "new_file", "writable_directory", "zoo_directory"]


def writable_directory(path, name="directory"):
    """Makes a directory if it is not there, and returns it.

    Args:
        path: Of the directory.
        name: What the error calls it.

    Raises:
        ValueError: It cannot be made, or not be written to.
    """
    path = pathlib.Path(path).expanduser()  # A shell leaves `--workdir=~/runs` as it is.
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".tmp-{os.getpid()}-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"`{name}` must be a directory that can be written to: choose another one, or change "
            f"its permissions. Received: {name}={str(path)!r} ({error.strerror})"
        ) from error
    return path


def new_file(path, suffix=None, overwrite=False):
    """Returns the path of a file that is to be written; what a killed process left of it goes.

    Args:
        path: Of the file; its directory is made if it is not there.
        suffix: What the name must end in; None for anything.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        ValueError: The name ends otherwise, the file is there, or its directory cannot be
            written to.
    """
    path = pathlib.Path(path).expanduser()
    if suffix is not None and (path.suffix != suffix or path.is_dir()):
        raise ValueError(
            f"`path` must be a file ending in {suffix!r}. Received: path={str(path)!r}"
        )
    recover(path)
    check_new(path, overwrite)
    writable_directory(path.parent, "path")
    return path


def check_new(path, overwrite=False):
    """Checks that a file is to be written where nothing is, unless `overwrite` allows it.

    Raises:
        ValueError: Something is at `path`.
    """
    if path.exists() and not overwrite:
        raise ValueError(
            "`path` must be new: choose another one, or pass overwrite=True. "
            f"Received: path={str(path)!r}, which is there"
        )


def directory_contents(path, name="directory", overwrite=False, way_out=""):
    """Returns what a directory that is to be written holds, [] where it is not there yet.

    Args:
        path: Of the directory.
        name: What the error calls it.
        overwrite: Whether it may hold something.
        way_out: What else than another directory an error offers, such as `overwrite=True`.

    Raises:
        ValueError: It is a file, or holds something and is not to be overwritten.
    """
    path = pathlib.Path(path).expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError(f"`{name}` must be a directory. Received: {name}={str(path)!r}, a file")
    found = sorted(path.iterdir()) if path.exists() else []
    if found and not overwrite:
        raise ValueError(
            f"`{name}` must be new or empty: choose another one{way_out}. "
            f"Received: {name}={str(path)!r}, which holds {found[0].name!r}"
        )
    return found


def zoo_directory():
    """Returns the zoo's directory: in a clone `zoo/`, installed `wae_tf/zoo_entries/`."""
    clone = pathlib.Path(__file__).resolve().parents[2]
    if (clone / "setup.cfg").is_file() and (clone / "zoo").is_dir():
        return clone / "zoo"
    return importlib.resources.files("wae_tf.zoo_entries")
