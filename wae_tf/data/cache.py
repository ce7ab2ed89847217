"""Decoded images in a `.npy` file, which knows what they were made from."""

import errno
import hashlib
import json
import os
import pathlib
import shutil
import struct

import numpy as np

from wae_tf import files
from wae_tf.data.broken import Broken

__all__ = ["ImageCache", "key_of"]

_VERSION = 1  # Of what is decoded from the same files; part of each key.
_HEADER = 128  # Bytes before the first image: as much for any number of them.


def key_of(stamps, preparation, channels):
    """Returns the SHA-256, hexadecimal, of what decoded images depend on."""
    digest = hashlib.sha256(f"{_VERSION} {preparation} {channels}".encode())
    for stamp in stamps:
        digest.update(f"\n{stamp}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


class ImageCache:
    """One file of decoded images.

    It is a `.npy` file, which `np.load` reads. After the array follows one line of JSON:
    the key of what was decoded, and which images were broken. Array and key thus always
    belong together, whatever is interrupted or copied.

    Args:
        path: Where the file is or goes.

    Raises:
        ValueError: if the name does not end in `.npy`, or a file is there which is not
            such a cache, and would be lost.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path).expanduser()
        if self.path.suffix != ".npy":
            raise ValueError(
                "`cache` must be the path of a file whose name ends in .npy, or None. "
                f"Received: cache={str(path)!r}"
            )
        self._shape, self._made_from = None, {}
        if self.path.exists():
            self._read()

    def open(self, key, limit, source):
        """Returns the images with this key, `(np.memmap, Broken)`, or None if there are others.

        Args:
            key: What `key_of` returned.
            limit, source: As for `Broken`.

        Raises:
            ValueError: if more images were broken than the limit allows.
        """
        if self._made_from.get("key") != key:
            return None
        recorded = {name: self._made_from[name] for name in ("total", "indices", "shown")}
        broken = Broken(limit, source=source, **recorded)
        broken.check()
        return self._map(), broken

    def write(self, blocks, key, broken):
        """Writes images as they come, in place of what was there, and opens them.

        Args:
            blocks: Iterable of uint8 arrays, shape `(n, height, width, channels)`, n of
                any size.
            key: What `key_of` returned.
            broken: `Broken` of these images, complete after the last of them.

        Returns:
            Read-only `np.memmap`.

        Raises:
            OSError: if the file cannot be written, because the disk is full or else.
        """
        done = 0
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with files.replacing(self.path) as temporary, open(temporary, "wb") as file:
                for block in blocks:
                    if done == 0:
                        shape = block.shape[1:]
                        self._check_space(broken.total * int(np.prod(shape)))
                        file.seek(_HEADER)
                    file.write(np.ascontiguousarray(block).data)
                    done += len(block)
                made_from = {"key": key, "total": broken.total}
                made_from |= {"indices": broken.indices, "shown": broken.shown}
                file.write(f"\n{json.dumps({'wae_tf_images': made_from})}\n".encode())
                file.seek(0)
                file.write(_header((done, *shape)))
        except OSError as error:
            raise OSError(
                error.errno,
                "`cache` must be a file that can be written, with as much space on its disk as the "
                "images take. Free space, choose another disk, or smaller images. Received: "
                f"cache={str(self.path)!r} after {done} of {broken.total} images, "
                f"{error.strerror or error}",
            ) from error
        self._shape, self._made_from = (done, *shape), made_from
        return self._map()

    def _map(self):
        return np.memmap(self.path, "uint8", "r", _HEADER, self._shape)

    def _read(self):
        """Reads the shape of the images and what they were made from."""
        try:
            with open(self.path, "rb") as file:
                np.lib.format.read_magic(file)
                self._shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                if dtype != np.uint8:
                    raise ValueError(dtype)
                file.seek(_HEADER + int(np.prod(self._shape)))
                self._made_from = json.loads(file.read())["wae_tf_images"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(
                "`cache` must be a new file, or one that `load_images` wrote, as another would be "
                "overwritten. Choose another name, or remove the file. "
                f"Received: cache={str(self.path)!r}"
            ) from error

    def _check_space(self, size):
        free = shutil.disk_usage(self.path.parent).free
        if size > free:
            why = f"{os.strerror(errno.ENOSPC)}: {size:,} bytes needed, {free:,} free"
            raise OSError(errno.ENOSPC, why)


def _header(shape):
    """Returns the first 128 bytes of a `.npy` file, version 1.0, of uint8 in C order."""
    text = repr({"descr": "|u1", "fortran_order": False, "shape": tuple(map(int, shape))})
    size = _HEADER - 10
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", size) + text.ljust(size - 1).encode() + b"\n"
