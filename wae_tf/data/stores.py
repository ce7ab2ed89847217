"""Files in a folder or in a zip file: their names, contents and stamps."""

import os
import pathlib
import threading
import zipfile

__all__ = ["open_store"]

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def open_store(path):
    """Returns the `Folder` or `Zip` that a path stands for.

    Raises:
        ValueError: if it is no folder and no zip file that can be read.
    """
    path = pathlib.Path(path)
    return Folder(path) if path.is_dir() else Zip(path)


class Folder:
    """All files below a folder. Names are paths relative to it, with forward slashes."""

    def __init__(self, path):
        self.path = path

    def names(self):
        """Yields the names of all files, in any order."""
        for folder, _, files in os.walk(self.path, followlinks=True):
            below = os.path.relpath(folder, self.path).replace(os.sep, "/")
            for file in files:
                yield file if below == "." else f"{below}/{file}"

    def read(self, name):
        """Returns the bytes of a file; for several threads at once."""
        return (self.path / name).read_bytes()

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
    """All files in a zip file; the same methods as `Folder`."""

    def __init__(self, path):
        try:
            self._archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
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

    def names(self):
        return (entry.filename for entry in self._archive.infolist() if not entry.is_dir())

    def read(self, name):
        with self._lock:
            return self._archive.read(name)

    def stamp(self, name):
        """Returns size and checksum, which stay when the zip file is moved."""
        entry = self._archive.getinfo(name)
        return f"{entry.file_size} {entry.CRC:08x}"

    def close(self):
        self._archive.close()
