"""Command lines that repeat, on any machine, what was done here."""

import os
import pathlib
import shlex

__all__ = ["command_line", "data_argument", "last_name"]


def command_line(program, flags):
    """Returns a command as one would type it: quoted where a shell needs it.

    Args:
        program: Its name, which may have several words.
        flags: Dict from flag to value.

    Example:
        >>> command_line("wae-train", {"config": "mnist_ae", "split": "train[:10]"})
        "wae-train --config=mnist_ae '--split=train[:10]'"
    """
    return f"{program} {shlex.join(f'--{name}={value}' for name, value in flags.items())}"


def data_argument(source):
    """Returns what `--data` would be beside the images: no path of this machine.

    A folder gets `./`, since a bare name is that of a data set of TensorFlow Datasets.
    """
    if hasattr(source, "__array__"):
        return "ARRAY"
    name, is_folder = last_name(source)
    return f"./{name}" if is_folder else name


def last_name(source):
    """Returns what a source is called beside it, and if it is a folder."""
    path = pathlib.Path(source).expanduser()
    # Not `resolve`, which would follow a link to what nobody calls it.
    name = os.path.basename(os.path.abspath(path)) if path.exists() else str(source)
    return name, path.is_dir()
