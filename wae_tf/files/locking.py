"""One process at a time in a directory."""

import contextlib
import errno
import json
import os
import pathlib
import socket
import threading
import time

from wae_tf.files.replacing import is_alive

try:
    import fcntl
except ImportError:  # Not on Windows.
    fcntl = None

__all__ = ["LOCK", "locked"]

LOCK = ".lock"

_UNKNOWN = {errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS}  # To some network drives.
_held = {}  # From the directory to the thread that has it.


@contextlib.contextmanager
def locked(directory, name="workdir"):
    """Keeps other processes out of a directory while the block runs.

    The system takes the lock back when a process ends, however it ends, so that none is left to
    be removed by hand. A thread that has the lock may take it again.

    Args:
        directory: Path of a directory that can be written to.
        name: What errors call it.

    Raises:
        ValueError: Another process has it; says which, on which machine, since when.

    Example:
        >>> with locked("runs/mnist"):
        ...     train()
    """
    directory = pathlib.Path(directory).resolve()
    if _held.get(directory) == threading.get_ident():
        yield
        return
    descriptor = _taken(directory, name)
    _held[directory] = threading.get_ident()
    try:
        yield
    finally:
        _held.pop(directory, None)
        with contextlib.suppress(OSError):  # The disk may be gone.
            (directory / LOCK).unlink()
        os.close(descriptor)


def _taken(directory, name):
    """Returns the descriptor of the lock's file, which this process has now."""
    path = directory / LOCK
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _lock(descriptor, path):
                raise ValueError(
                    f"`{name}` must be of one process at a time: wait for the other, end it, or "
                    f"choose another directory. Received: {name}={str(directory)!r}, "
                    f"{_holder(path)}"
                )
            if _is_there(descriptor, path):  # Else another has just removed it: once more.
                here = {"host": socket.gethostname(), "process": os.getpid()}
                here["since"] = time.strftime("%Y-%m-%d %H:%M:%S")
                os.ftruncate(descriptor, 0)
                os.write(descriptor, json.dumps(here).encode())
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor, path):
    """Returns whether this process has the lock now."""
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise
    other = _read(path)  # Without the system's help: as the file says.
    if not other or other.get("host") != socket.gethostname():
        return not other
    try:
        process = int(other["process"])
    except (KeyError, TypeError, ValueError):
        return True
    if process == os.getpid():
        return path.parent not in _held
    return not is_alive(process)


def _is_there(descriptor, path):
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _holder(path):
    other = _read(path)
    if not other:
        return "where another process runs"
    return (
        f"where process {other.get('process')} of {other.get('host')} runs since "
        f"{other.get('since')}"
    )


def _read(path):
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
