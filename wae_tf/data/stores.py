"""Files in a folder or in a zip file: their names, contents and stamps."""

import os
import pathlib
import stat
import sys
import threading
import zipfile

__all__ = ["LARGEST", "open_store"]

LARGEST = 256 * 2**20  # Bytes of one image file, unpacked: a photograph has 20 million.

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_RATIO = 250  # Bytes unpacked for one of the zip file, all together: drawings as BMP reach 100.
_HARMLESS = 2**30  # Bytes unpacked, all together, of which the ratio does not matter.
_WAYS = 16  # To one folder, over links.
_SAID_EVERY = 100_000  # Files.


def open_store(path):
    """Returns the `Folder` or `Zip` that a path stands for.

    Raises:
        ValueError: if it is no folder and no zip file that can be read.
    """
    path = pathlib.Path(path)
    return Folder(path) if path.is_dir() else Zip(path)


class Folder:
    """All files below a folder. Names are paths relative to it, with forward slashes.

    Links are followed, but not back to a folder that they lie in. What is no regular file, such as
    a pipe or a device, is passed over.
    """

    def __init__(self, path):
        self.path = path

    def names(self):
        """Yields the names of all files, in any order; says every 100,000 how many it has found.

        Raises:
            ValueError: Links lead to one folder on more than 16 ways.
        """
        found, ways, waiting = 0, {}, [("", ())]
        while waiting:
            below, above = waiting.pop()
            here = _identity(self.path / below)
            if here is None or here in above:
                continue
            ways[here] = ways.get(here, 0) + 1
            if ways[here] > _WAYS:
                raise ValueError(
                    f"Links must lead to a folder on at most {_WAYS} ways: remove some. "
                    f"Received: source={str(self.path)!r} with {below!r}"
                )
            for entry in _entries(self.path / below):
                name = f"{below}{entry.name}"
                kind = _kind(entry)
                if kind is stat.S_ISDIR:
                    waiting.append((f"{name}/", (*above, here)))
                elif kind is stat.S_ISREG:
                    found += 1
                    if found % _SAID_EVERY == 0:
                        print(f"{self.path}: {found:,} files so far", file=sys.stderr, flush=True)
                    yield name

    def read(self, name):
        """Returns the bytes of a file; for several threads at once.

        Raises:
            OSError: It cannot be read.
            ValueError: It is no regular file, or has more than `LARGEST` bytes.
        """
        # Without waiting, should it have become a pipe by now.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(self.path / name, flags), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise ValueError("no regular file")
            _check_size(found.st_size)
            return file.read(LARGEST + 1)

    def stamp(self, name):
        """Returns a text that changes when the file does: size and modification time."""
        try:
            found = os.stat(self.path / name)
        except OSError as error:  # It cannot be read either, and counts as broken there.
            return error.strerror
        return f"{found.st_size} {found.st_mtime_ns}"

    def close(self):
        """Nothing is held open."""


class Zip:
    """All files in a zip file; the same methods as `Folder`.

    Raises:
        ValueError: It is no whole zip file, has a password or an unknown compression, or unfolds
            to more than 1 GiB and 250 times its size.
    """

    def __init__(self, path):
        if not os.path.isfile(path):
            raise ValueError(f"`source` must be a regular file. Received: source={str(path)!r}")
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
            raise ValueError(
                f"`source` must be a whole zip file. Copy or download it again ({error}). "
                f"Received: source={str(path)!r}"
            ) from error
        self._lock = threading.Lock()  # zipfile counts its open entries without one.
        for entry in self._archive.infolist():
            if entry.flag_bits & 1 or entry.compress_type not in _COMPRESSIONS:
                self.close()
                raise ValueError(
                    "`source` must be a zip file without a password, stored or compressed by "
                    "deflate, bzip2 or LZMA. Unpack it, and pass the folder. "
                    f"Received: source={str(path)!r} with {entry.filename!r}"
                )
        unpacked, size = sum(e.file_size for e in self._archive.infolist()), os.stat(path).st_size
        if unpacked > max(_HARMLESS, _RATIO * size):
            self.close()
            raise ValueError(
                f"`source` must be a zip file of images, which unfolds to at most {_RATIO} times "
                "its size. Unpack it with care, and pass the folder. Received: "
                f"source={str(path)!r} of {size:,} bytes, {unpacked:,} unpacked"
            )

    def names(self):
        return (entry.filename for entry in self._archive.infolist() if not entry.is_dir())

    def read(self, name):
        _check_size(self._archive.getinfo(name).file_size)
        with self._lock:
            return self._archive.read(name)

    def stamp(self, name):
        """Returns size and checksum, which stay when the zip file is moved."""
        entry = self._archive.getinfo(name)
        return f"{entry.file_size} {entry.CRC:08x}"

    def close(self):
        self._archive.close()


def _identity(folder):
    """Returns what tells a folder from others, whatever its path; None if it cannot be read."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _entries(folder):
    """Returns what a folder holds; nothing of one that cannot be read, as `os.walk` does."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _kind(entry):
    """Returns what an entry leads to: `stat.S_ISDIR`, `stat.S_ISREG`, None for what is neither.

    A link that leads nowhere, or to itself, counts as a file, which cannot be read.
    """
    try:
        if entry.is_dir():
            return stat.S_ISDIR
        if not entry.is_file() and os.path.exists(entry.path):
            return None
    except OSError:
        pass
    return stat.S_ISREG


def _check_size(size):
    if size > LARGEST:
        raise ValueError(f"{size:,} bytes, of at most {LARGEST:,}")
