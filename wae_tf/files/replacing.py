"""Writing files so that a crash, a power cut or a full disk never leaves half of one."""

import contextlib
import errno
import hashlib
import os
import pathlib
import re
import shutil

__all__ = [
    "full",
    "is_alive",
    "recover",
    "remove_leftovers",
    "replacing",
    "replacing_directory",
    "sha256",
]

_LEFTOVER = re.compile(r"\.tmp-(\d+)-(.+)")
_NOT_TO_BE_SYNCED = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def replacing(path):
    """Yields a temporary path beside `path`, which takes its place when the block ends well.

    The contents are on the disk before the name is: after a power cut the file is the old one or
    the new one. The temporary name keeps the suffixes, which Keras looks at; what a killed
    process leaves of it, `remove_leftovers` finds.

    Raises:
        OSError: It cannot be written, as the disk is full or else. What was there stays.

    Example:
        >>> with replacing("model.weights.h5") as temporary:
        ...     model.save_weights(temporary)
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
        _to_disk(path.parent)
    except Exception as error:
        number = _number_of_full(error)
        if number is None or _says_more(error, os.strerror(number)):
            raise
        raise OSError(number, os.strerror(number), str(path)) from error  # HDF5's has six lines.
    finally:
        with contextlib.suppress(OSError):  # A disk that is gone has its own error, not this.
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_directory(path):
    """Yields a temporary directory beside `path`, which takes its place when the block ends well.

    A directory that is there is moved aside until then. What a killed process leaves, `recover`
    puts right.

    Raises:
        OSError: It cannot be written, as the disk is full or else. What was there stays.
    """
    temporary, old = (path.with_name(f".tmp-{os.getpid()}-{k}-{path.name}") for k in ("new", "old"))
    try:
        temporary.mkdir()
        yield temporary
        if path.exists():
            os.replace(path, old)
        os.replace(temporary, path)
    finally:
        if old.exists() and not path.exists():
            os.replace(old, path)
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def remove_leftovers(directory):
    """Removes the temporary files that killed processes have left in a directory.

    Args:
        directory: Path of the directory; those in it are not looked into.

    Returns:
        Names of the files that are gone.
    """
    removed = []
    for path, _ in _leftovers(directory):
        if path.is_file():
            path.unlink(missing_ok=True)
            removed.append(path.name)
    return removed


def recover(path):
    """Undoes what killed processes have left half done beside one file or directory.

    Their temporary files and directories for it go. A directory that was moved aside to be
    replaced, as `.tmp-PROCESS-old-NAME`, comes back if nothing has taken its place.

    Args:
        path: The file or directory, whether it is there or not.
    """
    path = pathlib.Path(path)
    for leftover, name in _leftovers(path.parent):
        if name == f"old-{path.name}" and not path.exists():
            os.replace(leftover, path)
        elif name in (path.name, f"new-{path.name}", f"old-{path.name}"):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)


def full(error):
    """Returns whether an error says that there is no room left: the disk's, a quota's, a limit's.

    HDF5 keeps the number of the error in its text alone.
    """
    return _number_of_full(error) is not None


def _number_of_full(error):
    """Returns the number of the error that says so, or None."""
    if getattr(error, "errno", None) in _FULL:
        return error.errno
    text = str(error)
    said = (n for n in _FULL if f"errno = {n}," in text or os.strerror(n) in text)
    return next(said, None)


def _says_more(error, reason):
    """Returns whether an error says in one line more than the reason: what file, for instance."""
    plain = isinstance(error, OSError) and "\n" not in str(error)
    return plain and (error.filename is not None or error.strerror != reason)


def sha256(path):
    """Returns the SHA-256 of the file at `path`, 64 hex digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_alive(process):
    """Returns whether this machine has a process of a number; True where that cannot be asked."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except PermissionError:  # Somebody else's.
        return True
    except (OSError, OverflowError):
        return False
    return True


def _leftovers(directory):
    """Returns paths `.tmp-PROCESS-NAME` of processes that are no more, each with its NAME."""
    found = []
    for path in sorted(pathlib.Path(directory).glob(".tmp-*")):
        match = _LEFTOVER.fullmatch(path.name)
        process = int(match.group(1)) if match else 0
        # A number comes again, but this process has only just begun.
        if match and (process == os.getpid() or not is_alive(process)):
            found.append((path, match.group(2)))
    return found


def _to_disk(path):
    """Has the system write a file, or the names in a directory, to the disk now."""
    if os.name != "posix":  # Elsewhere directories cannot be opened.
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NOT_TO_BE_SYNCED:
            raise
