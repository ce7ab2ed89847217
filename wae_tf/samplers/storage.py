"""Fitted samplers as HDF5 files: arrays with their settings as JSON, nothing to execute."""

import importlib.resources
import json
import pathlib

from wae_tf import files
from wae_tf.files import hdf5
from wae_tf.files.hdf5_writing import replacing_hdf5
from wae_tf.samplers.base import check_settings
from wae_tf.samplers.fitting import CLASSES, KINDS
from wae_tf.samplers.support import support_of

__all__ = ["read", "read_all", "read_named", "read_names", "write", "write_all", "write_named"]

_NAMES = "samplers.json"


def write(path, sampler):
    """Writes a sampler to an HDF5 file; `read` makes an equal one of it.

    Args:
        path: Of the file, complete or not there at all.
        sampler: `Sampler`, fitted.

    Example:
        >>> write("sampler_gmm.h5", fit_codes(codes, "gmm", components=3))
    """
    with replacing_hdf5(path) as file:
        file.attrs["settings"] = json.dumps(sampler.settings)
        for name, values in sampler.arrays.items():
            file.create_dataset(name, data=values)


def read(path):
    """Reads a sampler that `write` wrote.

    Args:
        path: Of the HDF5 file.

    Raises:
        ValueError: The file is not one, is damaged, holds anything but the arrays of its
            settings, or numbers that none of its kind can have. Nothing outside it is read.

    Example:
        >>> write("sampler_gmm.h5", fit_codes(codes, "gmm", components=3))
        >>> codes = read("sampler_gmm.h5").sample(16, seed=0)
    """
    try:
        with hdf5.open_file(path) as file:
            found = hdf5.list_arrays(file)
            settings = json.loads(hdf5.read_text(file, "settings"))
            cls = CLASSES[check_settings(settings)["kind"]]
            hdf5.check_shapes(found, cls.shapes(settings, found))
            arrays = hdf5.read_arrays(file, found)
        return cls(arrays, settings)
    except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"A sampler's file must be one that `wae_tf.samplers.write` wrote, of a kind among "
            f"{list(KINDS)}. Received: {path} ({type(error).__name__}: {error})"
        ) from error


def write_all(directory, samplers):
    """Writes samplers beside the weights of a zoo entry.

    Args:
        directory: The entry's directory.
        samplers: Dict from kind to `Sampler`, such as `model.samplers`.

    Returns:
        What the entry records of them: dict from kind to file, SHA-256 and settings.
    """
    records = {}
    for kind, sampler in samplers.items():
        path = directory / _file(kind)
        write(path, sampler)
        records[kind] = {
            "file": path.name,
            "sha256": files.sha256(path),
            "settings": sampler.settings,
        }
    return records


def read_all(directory, records, model):
    """Reads the samplers that an entry records, each checked against its SHA-256.

    Args:
        directory: The entry's directory.
        records: What `write_all` returned.
        model: The entry's model, whose codes they are to draw.

    Returns:
        Dict from kind to `Sampler`.

    Raises:
        ValueError: A file is missing or damaged, a record is none of `write_all`, or a sampler is
            of other codes than the model's.
    """
    samplers = {}
    for kind, record in records.items():
        if kind not in CLASSES or record.get("file") != _file(kind):
            raise ValueError(
                f"An entry's samplers must be among {list(KINDS)}, in files such as "
                f"{_file('gmm')!r}. Received: {kind!r} in {record}"
            )
        path = directory / _file(kind)
        way_out = "restore it, or fit and save the sampler again"
        files.check_sha256(path, record.get("sha256"), "A sampler", "entry.json", way_out)
        with importlib.resources.as_file(path) as local:
            samplers[kind] = read(local)
        _check_codes(samplers[kind], model, path)
    return samplers


def _check_codes(sampler, model, path):
    of_file = (sampler.latent_dim, sampler.settings["support"])
    of_model = (model.latent_dim, support_of(model.prior))
    if of_file != of_model:
        raise ValueError(
            "A sampler must be of the entry's own codes, by dimension and support: fit and save it "
            f"again. Received: {path} of {of_file}, with a model of {of_model}"
        )


def write_named(directory, samplers):
    """Writes samplers with the names that a model has for them, such as into a `.keras` file."""
    for place, sampler in enumerate(samplers.values()):
        write(pathlib.Path(directory, _file(place)), sampler)
    if samplers:
        pathlib.Path(directory, _NAMES).write_text(json.dumps(list(samplers)), encoding="utf-8")


def read_named(directory):
    """Reads what `write_named` wrote: dict from name to `Sampler`, {} where there is nothing.

    Raises:
        ValueError: A file is missing or damaged.
    """
    path = pathlib.Path(directory, _NAMES)
    names = read_names(path) if path.is_file() else []
    return {name: read(path.with_name(_file(place))) for place, name in enumerate(names)}


def read_names(path):
    """Reads the file of `write_named` that lists the names of samplers, in their files' order.

    Raises:
        ValueError: It is no JSON, or none of names.
    """
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError(f"`{_NAMES}` must be a list of names. Received: many lists") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"`{_NAMES}` must be a list of names. Received: {names!r}"[:300])
    return names


def _file(kind):
    return f"sampler_{kind}.h5"
