"""What fits in memory."""

import os
import pathlib

from wae_tf.arguments import check_auto

__all__ = ["available_memory", "cache_options"]

_LIMITS = (  # Of a container, in cgroup versions 2 and 1.
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)


def available_memory(meminfo="/proc/meminfo", limits=_LIMITS):
    """Returns the bytes of memory that are free or can be freed, and allowed to be taken.

    Args:
        meminfo: File of Linux that says what is free. Elsewhere half of all memory is
            taken to be.
        limits: Files which hold an upper limit, where they are there.

    Returns:
        Integer, or None where the system says nothing.
    """
    found = [_of_meminfo(meminfo), *map(_limit, limits)]
    return min((number for number in found if number is not None), default=None)


def cache_options(cache, path, source):
    """Decides whether decoded images go to a file: the arguments of `load_images` for it.

    Args:
        cache: True, False, or "auto": if they would take more than a quarter of the memory
            that is available, unless the source is an array, which is in memory already.
        path: The file.
        source: As in `load_images`.

    Returns:
        Dict, empty where the images go to memory.

    Raises:
        ValueError: `cache` is none of the three.
    """
    if check_auto("cache", cache) is True:
        return {"cache": path}
    memory = available_memory()
    if cache is False or memory is None or hasattr(source, "__array__"):
        return {}
    return {"cache": path, "cache_above": memory // 4}


def _of_meminfo(path):
    try:
        lines = pathlib.Path(path).read_text().splitlines()
        return next(int(x.split()[1]) * 1024 for x in lines if x.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, OSError, ValueError):  # No such function, or no such number.
        return None


def _limit(path):
    try:
        return int(pathlib.Path(path).read_text())
    except (OSError, ValueError):  # Absent, or "max".
        return None
