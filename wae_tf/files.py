"""Where files lie, and writing them so that a crash never leaves half of one."""

import contextlib
import hashlib
import importlib.resources
import os
import pathlib

__all__ = ["replacing", "sha256", "writable_directory", "zoo_directory"]


@contextlib.contextmanager
def replacing(path):
    """Yields a temporary path beside `path`, which takes its place when the block ends well.

    The temporary name keeps the suffixes, which Keras looks at.

    Example:
        >>> with replacing("model.weights.h5") as temporary:
        ...     model.save_weights(temporary)
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def sha256(path):
    """Returns the SHA-256 of a file, 64 hex digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def writable_directory(path, name="directory"):
    """Makes a directory if it is not there, and returns it.

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
    clone = pathlib.Path(__file__).resolve().parent.parent
    if (clone / "setup.cfg").is_file() and (clone / "zoo").is_dir():
        return clone / "zoo"
    return importlib.resources.files("wae_tf.zoo_entries")
