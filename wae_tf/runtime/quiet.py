"""TensorFlow's first import, without the lines that it writes before it can be told not to."""

import contextlib
import os
import pathlib
import re
import sys
import tempfile

__all__ = ["import_tensorflow", "is_program", "verbosity"]

_LEVELS = {-1: "2", 0: "1", 1: "0"}  # Of absl's --verbosity, as TF_CPP_MIN_LOG_LEVEL has them.


def is_program():
    """Returns whether this process is one of our programs: `wae-...` or `-m wae_tf.bin....`."""
    called = pathlib.PurePath(sys.argv[0] if sys.argv else "").name
    return called.startswith("wae-") or any(
        module.startswith("wae_tf.bin.") for module in getattr(sys, "orig_argv", [])[1:4]
    )


def verbosity(arguments):
    """Returns the integer of `--verbosity` among a program's arguments, None without it."""
    given = re.search(r"(?:^|\n)--?verbosity[=\n](-?\d+)(?:\n|$)", "\n".join(arguments))
    return int(given.group(1)) if given else None


def import_tensorflow():
    """Imports TensorFlow; in our programs, what it says of the machine only with `--verbosity`.

    TensorFlow writes to standard error while it loads, whatever its log level is. In a program
    that goes to a file for so long, and is shown if the import fails. As a library, wae_tf
    leaves standard error and log levels as they are.
    """
    if "tensorflow" in sys.modules or not is_program():
        import tensorflow

        return
    asked = verbosity(sys.argv[1:])
    level = "3" if asked is None else _LEVELS[min(max(asked, -1), 1)]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", level)
    with contextlib.nullcontext() if asked is not None else _stderr_aside():
        import tensorflow
    if asked is None:
        tensorflow.get_logger().setLevel("ERROR")


@contextlib.contextmanager
def _stderr_aside():
    """Sends the process's standard error to a file, whose contents an exception brings back."""
    try:
        kept = os.dup(2)
        file = tempfile.TemporaryFile()  # noqa: SIM115
    except OSError:  # There is no standard error to begin with, or no room for a file.
        yield
        return
    with file:
        sys.stderr.flush()
        os.dup2(file.fileno(), 2)
        try:
            yield
        except BaseException:
            sys.stderr.flush()
            file.seek(0)
            os.write(kept, file.read())
            raise
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
