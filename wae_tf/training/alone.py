"""A run has its directory to itself."""

import functools
import inspect

from wae_tf import files
from wae_tf.files.locking import locked
from wae_tf.training.cluster import find_cluster

__all__ = ["alone_in_workdir"]

_PARTS = ("", "pictures", "cache", "report")


def alone_in_workdir(function):
    """Makes a function with an argument `workdir` refuse to run beside another process there.

    The directory is made if it is not there, and handed on as a path; temporary files that killed
    processes have left in it are removed.

    Raises:
        ValueError: From the function, if the directory cannot be written to, or another process
            runs there: says which, on which machine, since when.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def alone(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        workdir = files.writable_directory(bound.arguments["workdir"], "workdir")
        bound.arguments["workdir"] = workdir
        cluster = find_cluster() if bound.arguments.get("distribute") != "none" else None
        if cluster is not None and cluster.index > 0:  # The first worker has the directory.
            return function(*bound.args, **bound.kwargs)
        with locked(workdir):
            for part in _PARTS:
                files.remove_leftovers(workdir / part)
            return function(*bound.args, **bound.kwargs)

    return alone
