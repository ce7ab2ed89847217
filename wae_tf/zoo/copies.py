"""An entry in another place: a directory of one's own, or one `.keras` file, and back."""

import pathlib
import shutil
import tempfile

from wae_tf import files
from wae_tf.zoo import entries, entry_checks, entry_files, keras_layout

__all__ = ["copy_entry", "save_keras", "save_layout"]

_SHOWN = (".png", ".jpg")  # What a card shows.


def copy_entry(name_or_directory, directory):
    """Copies an entry, wherever it lies, into a directory that can be written to.

    Config, results, provenance, weights and samplers are those of the original, byte for byte,
    and so are a card and its pictures that lie beside it.

    Args:
        name_or_directory: As in `wae_tf.load`: a zoo name, a directory, a `.keras` file that
            `save_keras` wrote, or an address on the hub.
        directory: Where to; new or empty.

    Returns:
        Path of the directory.

    Raises:
        ValueError: There is no such entry, its files are damaged, or the directory is not empty.

    Example:
        >>> wae_tf.zoo.copy_entry("digits.keras", "runs/digits")
        >>> wae_tf.zoo.copy_entry("hf://ada/digits", "runs/ada")
    """
    directory = pathlib.Path(directory).expanduser()
    files.recover(directory)
    files.directory_contents(directory)
    source, _ = _source(name_or_directory)
    entry = entry_files.read_entry(source)
    shown = [p.name for p in source.iterdir() if p.name.endswith((*_SHOWN, "README.md"))]
    files.writable_directory(directory.parent)
    with files.replacing_directory(directory) as temporary:
        for name in (entry_checks.ENTRY, *entry_checks.listed_files(entry), *shown):
            shutil.copyfile(source / name, temporary / name)
    return directory


def save_keras(name_or_directory, path, *, overwrite=False):
    """Writes a trained entry as one `.keras` file, with samplers, config and results.

    `keras.saving.load_model` reads it where wae_tf is imported, samplers included. `wae_tf.load`
    and the programs take it in place of a zoo name, and check its SHA-256.

    Args:
        name_or_directory: As in `wae_tf.load`.
        path: File whose name ends in `.keras`.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        ValueError: There is no such model, `path` ends otherwise, or is there already.

    Example:
        >>> wae_tf.zoo.save_keras("mnist_wae_mmd", "digits.keras")
        >>> wae_tf.load("digits.keras").sample(4, seed=0, sampler="gmm")
    """
    path = files.new_file(path, ".keras", overwrite)
    with tempfile.TemporaryDirectory() as directory:
        save_layout(name_or_directory, pathlib.Path(directory))
        keras_layout.write_file(path, directory)


def save_layout(name_or_directory, directory):
    """Writes `keras_layout.write_directory` of an entry with weights into an empty directory.

    Returns:
        Path of the directory that it was read from.
    """
    source, model = _source(name_or_directory)
    keras_layout.write_directory(directory, source, entry_files.read_entry(source), model)
    return source


def _source(name_or_directory):
    """Returns the directory of an entry that has weights, and the model, whose files are right."""
    source = entry_files.entry_directory(name_or_directory, "model")
    if not (source / entry_checks.ENTRY).is_file():
        raise ValueError(
            "The model must have an entry, with its config: save it by `wae_tf.save_entry` first. "
            f"Received: {str(name_or_directory)!r}, which Keras alone wrote"
        )
    return source, entries.load(source)
