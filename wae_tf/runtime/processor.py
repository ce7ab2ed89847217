"""What a processor says that it can do."""

import pathlib
import platform

__all__ = ["cpu_flags", "cpu_vendor", "is_x86", "read_cpuinfo"]

_X86 = {"x86_64", "amd64", "i386", "i686"}


def is_x86(machine=None):
    """Returns whether the architecture, that of this machine by default, is Intel's."""
    return (platform.machine() if machine is None else machine).lower() in _X86


def cpu_flags(cpuinfo):
    """Returns the set of flags in the text of Linux's `/proc/cpuinfo`; empty where it has none."""
    lines = [values for name, values in _fields(cpuinfo) if name in ("flags", "Features")]
    return {flag for values in lines for flag in values.split()}


def cpu_vendor(cpuinfo):
    """Returns who made an x86 processor, by the text of `/proc/cpuinfo`; "" where it is unsaid."""
    return dict(_fields(cpuinfo)).get("vendor_id", "")


def _fields(cpuinfo):
    """Returns name and value of each line, of all processors in turn."""
    lines = (line.partition(":") for line in cpuinfo.splitlines())
    return [(name.strip(), value.strip()) for name, _, value in lines]


def read_cpuinfo(path="/proc/cpuinfo"):
    """Returns the text of `/proc/cpuinfo`; "" on a machine without one."""
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
