"""Where an export goes: whole or not at all, and never over what it did not write.

What a killed export has left beside its target, the next one to the same target removes.
"""

import contextlib
import os
import pathlib
import shutil

from wae_tf import files

__all__ = ["replacing_directory", "replacing_file", "replacing_files"]

_NAMES = {"saved_model.pb", "fingerprint.pb", "variables", "assets", "keras_metadata.pb"}
_SUFFIXES = (".onnx", ".tflite", ".keras")


@contextlib.contextmanager
def replacing_directory(path, overwrite=False):
    """Yields a temporary directory beside `path`, which takes its place when the block ends well.

    Raises:
        ValueError: `path` is a file, or not empty; with `overwrite`, it holds files that no
            export has written.
    """
    path = pathlib.Path(path).expanduser()
    files.recover(path)
    found = files.directory_contents(path, "path", overwrite, ", or pass overwrite=True")
    others = [entry.name for entry in found if not _exported(entry)]
    if others:
        raise ValueError(
            "Only an earlier export is overwritten: choose another directory, or move these files "
            f"away. Received: path={str(path)!r}, which holds {others[0]!r}"
        )
    files.writable_directory(path.parent, "path")
    with files.replacing_directory(path) as temporary:
        yield temporary


@contextlib.contextmanager
def replacing_file(path, suffix, overwrite=False):
    """Yields a temporary path beside a file that must end in `suffix`, and that must be new.

    Raises:
        ValueError: It ends otherwise, or is there and `overwrite` is False.
    """
    with files.replacing(files.new_file(path, suffix, overwrite)) as temporary:
        yield temporary


@contextlib.contextmanager
def replacing_files(path, overwrite=False):
    """Yields a path of the same name in a temporary directory, for what writes several files.

    All that is there in the end, such as `model.xml` and `model.bin`, goes beside each other into
    the directory of `path`.

    Raises:
        ValueError: One of them is there already, and `overwrite` is False.
    """
    path = files.new_file(path, overwrite=overwrite)
    temporary = path.with_name(f".tmp-{os.getpid()}-new-{path.name}")
    try:
        temporary.mkdir()
        yield temporary / path.name
        written = sorted(temporary.iterdir())
        for source in written:
            files.check_new(path.with_name(source.name), overwrite)
        for source in written:
            os.replace(source, path.with_name(source.name))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _exported(entry):
    if entry.is_dir():
        return entry.name in _NAMES or (entry / "saved_model.pb").is_file()
    sampler = entry.name.startswith("sampler_") and entry.suffix == ".h5"
    return entry.name in _NAMES or entry.suffix in _SUFFIXES or sampler
