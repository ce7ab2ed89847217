"""Where files lie."""

import importlib.resources
import os
import pathlib

__all__ = ["writable_directory", "zoo_directory"]


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


def zoo_directory():
    """Returns the zoo's directory: in a clone `zoo/`, installed `wae_tf/zoo_entries/`."""
    clone = pathlib.Path(__file__).resolve().parents[2]
    if (clone / "setup.cfg").is_file() and (clone / "zoo").is_dir():
        return clone / "zoo"
    return importlib.resources.files("wae_tf.zoo_entries")
