"""The zoo: folders with a config, weights and their provenance."""

import difflib
import fnmatch
import importlib.resources
import json
import pathlib
import re

from wae_tf import files
from wae_tf.config import WAEConfig
from wae_tf.models.build import build_model, build_trained
from wae_tf.models.stored_weights import load_weights
from wae_tf.samplers import storage
from wae_tf.zoo import entry_checks, hub, keras_layout

__all__ = [
    "entry_directory",
    "is_entry",
    "list_configs",
    "list_models",
    "load",
    "load_config",
    "own_directory",
    "read_entry",
    "save_entry",
    "save_samplers",
    "update_entry",
]

_ENTRY = "entry.json"
_WEIGHTS = "model.weights.h5"


def list_models(pattern="*"):
    """Returns the names of the zoo's pretrained models, in natural order.

    Args:
        pattern: Shell-style pattern, such as `"mnist_*"`.

    Example:
        >>> wae_tf.list_models("celeba_wae_*")
        ['celeba_wae_gan', 'celeba_wae_mmd']
    """
    return [name for name in list_configs(pattern) if "weights" in read_entry(name)]


def list_configs(pattern="*"):
    """Returns the names of the zoo's configs, whether or not weights come with them.

    Args:
        pattern: Pattern of names, such as `"mnist_*"`.

    Example:
        >>> wae_tf.list_configs("celeba_*_paper")
        ['celeba_vae_paper', 'celeba_wae_gan_paper', 'celeba_wae_mmd_paper']
    """
    names = [path.name for path in _zoo().iterdir() if (path / _ENTRY).is_file()]
    return sorted(fnmatch.filter(names, pattern), key=_natural)


def load(name_or_directory, precision="float32"):
    """Returns a pretrained model, its weights checked against their SHA-256.

    The model is not compiled: `sample`, `reconstruct` and the like work at once;
    `wae_tf.training.compile_model` or its own `compile` prepare it for `fit`.

    Args:
        name_or_directory: A name of `list_models()`, a directory that `wae-train` or
            `save_entry` wrote, a `.keras` file, or `"hf://user/name"`, also with `@revision`,
            on the hub.
        precision: Keras dtype policy of the networks' layers. Weights are float32. What Keras
            alone wrote, without an entry, keeps its own.

    Returns:
        The model that its config describes: `WAEMMD`, `WAEGAN`, `WAE`, `VAE` or `AE`.

    Raises:
        ValueError: There is no such model, or its files are damaged. Never returns
            random weights.
        ConnectionError: The hub did not answer, and its cache has no copy.

    Example:
        >>> wae_tf.load("mnist_wae_mmd").sample(16, seed=0).shape
        (16, 28, 28, 1)
    """
    directory = entry_directory(name_or_directory, "model")
    if not (directory / _ENTRY).is_file():
        return keras_layout.load_directory(directory, name_or_directory)
    entry = _read(directory)
    if "weights" not in entry:
        raise ValueError(
            f"`name_or_directory` must have weights; this is a config only, which `wae-train "
            f"--config={name_or_directory}` trains. With weights: {list_models()}. "
            f"Received: {name_or_directory!r}"
        )
    model = _model(directory, entry, precision)
    model.samplers.update(storage.read_all(directory, entry.get("samplers", {}), model))
    return model


def _model(directory, entry, precision="float32"):
    """Returns the model of an entry that has weights, without samplers."""
    config = WAEConfig.from_dict({**entry["config"], "precision": precision})
    weights = directory / entry["weights"]["file"]
    entry_checks.verify(weights, entry["weights"]["sha256"])
    model = build_model(config, critic=False, name=re.sub(r"\W", "_", directory.name))
    try:
        with importlib.resources.as_file(weights) as path:
            load_weights(model, path)
    except (OSError, ValueError) as error:
        raise ValueError(
            "The weights must fit the entry's config: was `entry.json` edited? "
            f"Received: {weights} ({error})"
        ) from error
    return model


def load_config(name_or_directory):
    """Returns the `WAEConfig` of a zoo entry, trained or not.

    Args:
        name_or_directory: As in `load`.

    Raises:
        ValueError: There is no such entry.

    Example:
        >>> wae_tf.load_config("mnist_wae_mmd").latent_dim
        8
    """
    directory = entry_directory(name_or_directory, "config")
    return WAEConfig.from_dict(_read(directory)["config"])


def read_entry(name_or_directory):
    """Returns what an entry's JSON file says: config, input, weights, results, provenance.

    Args:
        name_or_directory: As in `load`.

    Raises:
        ValueError: There is no such entry.

    Example:
        >>> read_entry("mnist_wae_mmd")["input"]["shape"]
        [28, 28, 1]
    """
    return _read(entry_directory(name_or_directory))


def _read(directory):
    path = directory / _ENTRY
    try:
        entry = files.read_object(path)
        entry_checks.check_entry(entry)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "A zoo entry must be a directory whose `entry.json` has a `config`, and for its "
            "weights a file name and SHA-256: install the package again, or restore the file. "
            f"Received: {path} ({type(error).__name__}: {error})"
        ) from error
    return entry


def is_entry(directory):
    """Returns whether `save_entry` has written a directory, to the end."""
    directory = pathlib.Path(directory)
    if not (directory / _ENTRY).is_file():
        return False
    weights = _read(directory).get("weights")
    return weights is not None and (directory / weights["file"]).is_file()


def save_entry(directory, model, config, *, results=None, provenance=None, **extra):
    """Writes a model, with its fitted samplers, as a zoo entry that `load` reads.

    Args:
        directory: Where `entry.json`, `model.weights.h5` and a file for each sampler go; made
            if it is not there.
        model: Model that `build_model(config)` made, trained.
        config: Its `WAEConfig`.
        results: Dict of JSON's types: measured numbers, and how to measure them again.
        provenance: Dict of JSON's types: data, command, versions, licence.
        **extra: Other JSON values to keep in the entry.

    Raises:
        ValueError: The model does not have the config's weights, or `directory` cannot
            be written to.

    Example:
        >>> save_entry("my_model", model, config)
        >>> model = wae_tf.load("my_model")
    """
    directory = files.writable_directory(directory)
    # A fresh build has the names that `load` will look for, and no optimizer state.
    clone = build_trained(config, model)
    with files.replacing(directory / _WEIGHTS) as temporary:
        clone.save_weights(temporary)
    entry = {
        "config": config.to_dict(),
        "input": {
            "shape": list(config.image_shape),
            "dtype": "uint8 in [0, 255] or float32 in [0, 1]",
            "crop": config.to_dict()["crop"],
        },
        "weights": {
            "file": _WEIGHTS,
            "sha256": files.sha256(directory / _WEIGHTS),
            "params": {
                name: int(sum(v.shape.num_elements() or 1 for v in network.trainable_variables))
                for name in ("encoder", "decoder", "discriminator")
                if (network := getattr(clone, name, None)) is not None
            },
        },
        "results": results or {},
        "provenance": provenance or {},
        **extra,
    }
    if model.samplers:
        entry["samplers"] = storage.write_all(directory, model.samplers)
    with files.replacing(directory / _ENTRY) as temporary:
        temporary.write_text(json.dumps(entry, indent=2) + "\n", encoding="utf-8")


def save_samplers(directory, model):
    """Writes a model's fitted samplers into its zoo entry, and leaves the rest as it is.

    Args:
        directory: Directory of an entry that holds the model.
        model: The model, with `model.samplers` from `wae_tf.samplers.fit`.

    Raises:
        ValueError: There is no entry, it has other weights than the model, or `directory`
            cannot be written to.

    Example:
        >>> model = wae_tf.load("runs/mnist")
        >>> wae_tf.samplers.fit(model, images, kind="gmm", components=10)
        >>> wae_tf.zoo.save_samplers("runs/mnist", model)
    """
    path = files.writable_directory(own_directory(directory, "model"))
    entry_checks.check_weights(model, _model(path, read_entry(path)), path)
    update_entry(directory, samplers=storage.write_all(path, model.samplers))


def update_entry(name_or_directory, **parts):
    """Replaces parts of an entry's JSON file, and leaves the rest as it is.

    Args:
        name_or_directory: Name or directory of an entry that is there.
        **parts: JSON values by key, such as `evaluation`.

    Raises:
        ValueError: There is no entry, or its directory cannot be written to.
    """
    directory = files.writable_directory(own_directory(name_or_directory))
    entry = {**_read(directory), **parts}
    with files.replacing(directory / _ENTRY) as temporary:
        temporary.write_text(json.dumps(entry, indent=2) + "\n", encoding="utf-8")


def own_directory(name_or_directory, kind="entry"):
    """Returns `entry_directory` of an entry that may be written to: none of the hub's cache.

    Raises:
        ValueError: There is no such entry, or it is an address on the hub.
    """
    if hub.is_address(name_or_directory) or keras_layout.is_keras_file(name_or_directory):
        raise ValueError(
            "An entry to write to must be on this machine, a directory of its own: copy it by "
            f"`wae_tf.zoo.copy_entry` first. Received: {str(name_or_directory)!r}"
        )
    return entry_directory(name_or_directory, kind)


def _zoo():
    return files.zoo_directory()


def entry_directory(name_or_directory, kind="entry"):
    """Returns an entry's directory, as a path: a zoo name counts first, then a path.

    An address of the hub is fetched: for `kind="model"` with weights, else its JSON file alone.
    A `.keras` file is unpacked. Both are to be read only: see `own_directory`.

    Args:
        name_or_directory: As in `load`.
        kind: "entry", "config" or "model": what an error says that it must be.

    Raises:
        ValueError: There is no such entry.
    """
    if isinstance(name_or_directory, str) and name_or_directory in list_configs():
        return _zoo() / name_or_directory
    if hub.is_address(name_or_directory):
        return hub.download(name_or_directory, weights=kind == "model")
    if keras_layout.is_keras_file(name_or_directory):
        return keras_layout.unpacked(name_or_directory, needs_entry=kind != "model")
    path = pathlib.Path(name_or_directory).expanduser()
    if (path / _ENTRY).is_file():
        return path
    if kind == "model" and keras_layout.is_keras_directory(path):
        return path
    if (path / "config.json").is_file() and not (path / "signature.json").is_file():
        raise ValueError(
            "A run must have finished: the same `wae-train` command resumes it. "
            f"Received: {str(name_or_directory)!r}, with a config.json and no {_ENTRY}"
        )
    names = list_models() if kind == "model" else list_configs()
    near = difflib.get_close_matches(str(name_or_directory), names)
    raise ValueError(
        f"`name_or_directory` must be a zoo {kind}, such as one of "
        f"{[*near, *(name for name in names if name not in near)]}, or a directory with an "
        f"`{_ENTRY}`, which `wae-train` writes when it has finished. "
        f"Received: {str(name_or_directory)!r}"
    )


def _natural(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
