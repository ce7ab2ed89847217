"""Models in Keras's own layout, in a directory or a `.keras` file, with an entry or without."""

import atexit
import json
import pathlib
import shutil
import tempfile
import zipfile

import keras
from keras.src.saving import saving_lib

from wae_tf import files
from wae_tf.files import hdf5
from wae_tf.models.generation import Generation
from wae_tf.models.stored_weights import check_values
from wae_tf.zoo import entry_checks
from wae_tf.zoo.entry_checks import ENTRY
from wae_tf.zoo.keras_classes import check_classes

__all__ = [
    "KERAS_FILES",
    "is_keras_directory",
    "is_keras_file",
    "load_directory",
    "unpacked",
    "write_directory",
    "write_file",
]

WEIGHTS = "model.weights.h5"
CONFIG = "config.json"
_METADATA = "metadata.json"
KERAS_FILES = (CONFIG, _METADATA, WEIGHTS)
_LIMIT = 2 * 2**30  # Bytes of one file, unpacked.
_MOST_UNFOLDED = 4  # Bytes for one of the file: weights hardly get smaller when packed.
_UNPACKED = {}  # From a file, as it was, to where it lies unpacked while this process runs.


def write_directory(directory, source, entry, model):
    """Writes an entry so that both `wae_tf.load` and `keras.saving.load_model` read it.

    Args:
        directory: Empty directory that is there. It gets `config.json`, `metadata.json`,
            `model.weights.h5` and, with samplers, `assets/`, which is what Keras reads; and
            `entry.json` and what it lists, which is what wae_tf reads.
        source: Directory of the entry. Its weights are copied as they are, float16 ones too.
        entry: What its `entry.json` says.
        model: What `wae_tf.load` made of it.
    """
    # As `keras.saving.save_model` does, but for the weights, which HDF5 would write to the disk.
    texts = saving_lib._serialize_model_as_json(model)
    for name, text in zip((CONFIG, _METADATA), texts, strict=True):
        (directory / name).write_text(text, encoding="utf-8")
    for name in entry_checks.listed_files(entry):
        target = WEIGHTS if name == entry["weights"]["file"] else name
        shutil.copyfile(source / name, directory / target)
    if model.samplers:
        (directory / "assets").mkdir()
        model.save_assets(directory / "assets")
    entry = {**entry, "weights": {**entry["weights"], "file": WEIGHTS}}
    text = json.dumps(entry, indent=2) + "\n"
    (directory / ENTRY).write_text(text, encoding="utf-8")


def write_file(path, directory):
    """Packs what `write_directory` wrote into a `.keras` file, whole or not at all."""
    found = sorted(p for p in pathlib.Path(directory).rglob("*") if p.is_file())
    with files.replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for source in found:
            archive.write(source, source.relative_to(directory).as_posix())


def is_keras_file(name):
    """Returns whether a name is that of a `.keras` file."""
    return not str(name).startswith("hf://") and pathlib.Path(name).suffix == ".keras"


def is_keras_directory(directory):
    """Returns whether Keras wrote a directory. `wae-train` writes a `config.json`, too."""
    return all((pathlib.Path(directory) / name).is_file() for name in KERAS_FILES)


def unpacked(path, needs_entry=False):
    """Unpacks a `.keras` file to where it can be read while this process runs.

    Args:
        path: The file.
        needs_entry: Whether a model alone is not enough.

    Returns:
        Path of a directory: that of an entry if the file holds one, else in Keras's layout.

    Raises:
        ValueError: There is no such file, it is no model's, or it has no entry that is needed.
    """
    path = pathlib.Path(path).expanduser()
    if not path.is_file():
        raise ValueError(f"A .keras file must be there. Received: no {str(path)!r}")
    found = path.stat()
    key = (str(path.resolve()), found.st_size, found.st_mtime_ns)
    if key not in _UNPACKED:
        parent = tempfile.mkdtemp(prefix="wae_tf-")
        atexit.register(shutil.rmtree, parent, ignore_errors=True)
        # Its name is the model's. Keras takes one that ends in .keras for a file.
        directory = pathlib.Path(parent, path.name.replace(".keras", "") or "model")
        directory.mkdir()
        _unpack(path, directory)
        _UNPACKED[key] = directory
    if needs_entry and not (_UNPACKED[key] / ENTRY).is_file():
        raise ValueError(
            "Of a .keras file that `model.save` wrote there is only the model, as `wae_tf.load` "
            "returns it; with its config and results it comes from `wae-export --format=keras`. "
            f"Received: {str(path)!r}"
        )
    return _UNPACKED[key]


def _unpack(path, directory):
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            unfolded = sum(info.file_size for info in archive.infolist())
            if unfolded > max(_LIMIT, _MOST_UNFOLDED * path.stat().st_size):
                raise ValueError(f"it unfolds to {unfolded:,} bytes")
            for name in names.intersection((ENTRY, CONFIG, _METADATA)):
                if archive.getinfo(name).file_size > files.JSON_LIMIT:
                    raise ValueError(f"{name} has more than {files.JSON_LIMIT:,} bytes")
            if ENTRY in names:
                entry = json.loads(archive.read(ENTRY))
                entry_checks.check_entry(entry)
                wanted = [ENTRY, *entry_checks.listed_files(entry)]
            else:
                wanted = [*KERAS_FILES, *(n for n in sorted(names) if n.startswith("assets/"))]
            for name in wanted:
                if archive.getinfo(name).file_size > _LIMIT:
                    raise ValueError(f"{name} has more than {_LIMIT:,} bytes")
                archive.extract(name, directory)
    except Exception as error:  # Each way of packing has errors of its own.
        raise ValueError(
            "A .keras file must hold a whole model that `model.save` or `wae-export "
            f"--format=keras` wrote. Received: {str(path)!r} ({type(error).__name__}: {error})"
        ) from error


def load_directory(directory, name):
    """Loads a model from Keras's layout, without code of the file's; `name` is for errors.

    Layers compute in the precision that they were saved with.

    Raises:
        ValueError: It is no whole model of wae_tf, or has layers that nothing here is
            registered for.
    """
    try:
        check_classes(files.read_object(pathlib.Path(directory, CONFIG)))
        with hdf5.open_file(pathlib.Path(directory, WEIGHTS)) as file:
            hdf5.list_arrays(file)
        model = keras.saving.load_model(str(directory), compile=False)
        check_values(model)
    except Exception as error:  # Keras raises many kinds on what is no model.
        text = " ".join(str(error).split())[:300]
        raise ValueError(
            "A .keras file must hold a whole model that `model.save` wrote; layers of your own "
            "must be registered before. "
            f"Received: {str(name)!r} ({type(error).__name__}: {text})"
        ) from error
    if not isinstance(model, Generation):
        raise ValueError(
            "A .keras file must hold a model of wae_tf: AE, VAE, WAE, WAEMMD or WAEGAN. "
            f"Received: {type(model).__name__} in {str(name)!r}"
        )
    return model
