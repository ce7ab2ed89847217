"""HDF5 files of plain arrays: what is in one is known, and bounded, before any of it is read.

HDF5 has means that a file of weights needs not, and that a stranger's file must not have: links to
other files, data that lie in other files, data sets made of those of other files, filters that load
code, chunks that take no room and unfold to gigabytes.
"""

import collections
import itertools
import mmap
import os

import h5py

__all__ = ["Array", "check_shapes", "list_arrays", "open_file", "read_arrays", "read_text"]

Array = collections.namedtuple("Array", "shape dtype")

_DEPTH = 64
_OBJECTS = 100_000
_TEXT = 2**24  # Bytes of a text.
_FILTERS = {
    h5py.h5z.FILTER_DEFLATE: "gzip",
    h5py.h5z.FILTER_SHUFFLE: "shuffle",
    h5py.h5z.FILTER_FLETCHER32: "fletcher32",
}
_HEAP = b"GCOL\x01\0\0\0"
_UNFOLDS = 1100  # Bytes that gzip can make of one.


def open_file(path):
    """Opens an HDF5 file to be read.

    Raises:
        ValueError: It is no regular file, none of HDF5, or damaged so that HDF5 would hang.
        OSError: It is not there, or cannot be read.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError(f"It is no regular file: {path}")
    _check_heaps(path)
    try:
        return h5py.File(path, "r")
    except FileNotFoundError:
        raise
    except (OSError, RuntimeError) as error:
        raise ValueError(f"HDF5 cannot open it: {_first_line(error)}") from error


def list_arrays(file):
    """Returns what arrays a file holds, without reading them.

    Args:
        file: `h5py.File`, open.

    Returns:
        Dict from name, such as `"encoder/layers/dense/vars/0"`, to `Array(shape, dtype)`.

    Raises:
        ValueError: Something in it is no plain array: each must be a numeric data set, contiguous
            or chunked, whose data lie in this file, all of them, and have one name alone.

    Example:
        >>> with open_file("sampler_gmm.h5") as file:
        ...     list_arrays(file)["means"].shape
        (10, 8)
    """
    found, seen, extents, waiting = {}, set(), [], [("", file, 0)]
    try:
        size = file.id.get_filesize()
        while waiting:
            prefix, group, depth = waiting.pop()
            for name in group:
                path = f"{prefix}{name}"
                item = _linked(group, name, path)
                place = h5py.h5o.get_info(item.id).addr
                if place in seen or len(seen) >= _OBJECTS or depth >= _DEPTH:
                    raise ValueError(f"{path!r} is there twice, is one of too many, or too deep")
                seen.add(place)
                if isinstance(item, h5py.Group):
                    waiting.append((f"{path}/", item, depth + 1))
                else:
                    if fault := _fault(item, size):
                        raise ValueError(f"{path!r} {fault}")
                    found[path] = Array(item.shape, item.dtype)
                    if item.chunks is None:
                        extents.append((item.id.get_offset(), item.nbytes, path))
    except (RuntimeError, OSError, KeyError, TypeError, OverflowError, UnicodeError) as error:
        raise ValueError(f"HDF5 cannot read it: {_first_line(error)}") from error
    _check_apart(extents)
    return found


def check_shapes(found, expected, kinds="f"):
    """Raises a ValueError unless a file's arrays have the names, shapes and kinds that they must.

    Args:
        found: What `list_arrays` returned.
        expected: Dict from name to shape, a tuple.
        kinds: NumPy's letters of the types that may be: "f" floats, "iu" integers.
    """
    for name in sorted({*found, *expected}):
        if name not in found:
            raise ValueError(f"the array {name!r} is missing")
        if name not in expected:
            raise ValueError(f"the array {name!r} is none that must be there")
        if found[name].shape != tuple(expected[name]) or found[name].dtype.kind not in kinds:
            raise ValueError(
                f"the array {name!r} is {found[name].dtype}{found[name].shape}, and must have the "
                f"shape {tuple(expected[name])} and a type of {kinds!r}"
            )


def read_arrays(file, names):
    """Returns arrays by name, of a file that `list_arrays` has looked at."""
    try:
        return {name: file[name][()] for name in names}
    except (RuntimeError, OSError) as error:  # A chunk whose checksum or gzip does not hold.
        raise ValueError(f"HDF5 cannot read it: {_first_line(error)}") from error


def read_text(file, name):
    """Returns an attribute of a file that is one text, of at most 16 MiB.

    Raises:
        ValueError: It is no such text.
        KeyError: There is none.
    """
    try:
        if name not in file.attrs:
            raise KeyError(name)
        attribute = file.attrs.get_id(name)
        text = h5py.check_string_dtype(attribute.dtype) is not None and attribute.shape == ()
        small = text and attribute.get_storage_size() <= _TEXT
        value = file.attrs[name] if small else None
    except (RuntimeError, OSError, TypeError, UnicodeError) as error:
        raise ValueError(f"HDF5 cannot read {name!r}: {_first_line(error)}") from error
    if not isinstance(value, str) or len(value) > _TEXT:
        raise ValueError(f"the attribute {name!r} is no text")
    return value


def _check_heaps(path):
    """Raises a ValueError where HDF5 would walk in place through a heap of texts, for ever.

    A heap is "GCOL", a version and its size, then objects one after another, each with a header of
    16 bytes: a number, and a size that for the number 0, which is free space, has the header in it.
    """
    if not os.path.getsize(path):
        return
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        begin = content.find(_HEAP)
        while begin >= 0:
            end = begin + int.from_bytes(content[begin + 8 : begin + 16], "little")
            place = begin + 16
            while place + 16 <= min(end, len(content)):
                number = int.from_bytes(content[place : place + 2], "little")
                size = int.from_bytes(content[place + 8 : place + 16], "little")
                step = 16 + -(-size // 8) * 8 if number else size
                if step < 16:
                    raise ValueError(f"a text in it is damaged: {path}")
                place += step
            begin = content.find(_HEAP, begin + 8)


def _linked(group, name, path):
    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise ValueError(f"{path!r} is a link, {type(link).__name__}, and would be followed")
    item = group[name]
    if not isinstance(item, (h5py.Group, h5py.Dataset)):
        raise ValueError(f"{path!r} is neither a group nor an array")
    return item


def _fault(item, size):
    """Returns what keeps a data set from being a plain array of a file of `size` bytes, or None."""
    plist = item.id.get_create_plist()
    if plist.get_external_count():
        return f"has its data in another file, {item.external[0][0]!r}"
    layout = plist.get_layout()
    if layout == h5py.h5d.VIRTUAL:
        return "is made of other data sets"
    if item.shape is None or item.dtype.kind not in "biuf" or item.dtype.itemsize > 8:
        return f"is no array of numbers, but {item.dtype} {item.shape}"
    if layout not in (h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED):
        return "is neither contiguous nor chunked"
    filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
    if unknown := [number for number in filters if number not in _FILTERS]:
        return f"has filters other than gzip and its like: {unknown}"
    stored, needed = item.id.get_storage_size(), item.nbytes
    if h5py.h5z.FILTER_DEFLATE in filters:
        needed = -(-needed // _UNFOLDS)
    begin = item.id.get_offset() if item.chunks is None else 0
    if stored < needed or begin is None or begin + stored > size:
        return (
            f"must be there whole: it has {stored:,} bytes, in a file of {size:,}, and its shape "
            f"{item.shape} needs {needed:,}"
        )
    return None


def _check_apart(extents):
    """Raises a ValueError where two arrays, `(offset, bytes, name)`, share a part of the file."""
    extents = sorted(extent for extent in extents if extent[1])
    for (begin, size, name), (next_begin, _, other) in itertools.pairwise(extents):
        if begin + size > next_begin:
            raise ValueError(f"{name!r} and {other!r} share the same bytes")


def _first_line(error):
    return f"{type(error).__name__}: {error}".split("\n")[0][:300]
