"""The zoo's models: from an entry, and to one."""

import importlib.resources
import re

from wae_tf import files
from wae_tf.config import WAEConfig
from wae_tf.files.hdf5_writing import save_weights
from wae_tf.models.build import build_model, build_trained
from wae_tf.models.stored_weights import load_weights
from wae_tf.samplers import storage
from wae_tf.zoo import entry_checks, keras_layout
from wae_tf.zoo.entry_files import (
    entry_directory,
    list_models,
    own_directory,
    read_entry,
    update_entry,
    write_entry,
)

__all__ = ["check_weights", "load", "load_config", "save_entry", "save_samplers"]

_WEIGHTS = "model.weights.h5"
_CRITIC = "critic.weights.h5"


def load(name_or_directory, precision="float32", critic=False):
    """Returns a pretrained model, its weights checked against their SHA-256.

    The model is not compiled: `sample`, `reconstruct` and the like work at once;
    `wae_tf.training.compile_model` or its own `compile` prepare it for `fit`.

    Args:
        name_or_directory: A name of `list_models()`, a directory that `wae-train` or
            `save_entry` wrote, a `.keras` file, or `"hf://user/name"`, also with `@revision`,
            on the hub.
        precision: Keras dtype policy of the networks' layers. Weights are float32. What Keras
            alone wrote, without an entry, keeps its own.
        critic: Whether the model gets the critic of images that it was trained with, to train
            on; `save_entry(critic=True)` keeps it.

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
    if not (directory / entry_checks.ENTRY).is_file():
        return keras_layout.load_directory(directory, name_or_directory)
    entry = read_entry(directory)
    check_weights(entry, "name_or_directory", name_or_directory)
    model = _model(directory, entry, precision)
    if critic:
        model = _with_critic(model, directory, entry, precision)
    model.samplers.update(storage.read_all(directory, entry.get("samplers", {}), model))
    return model


def check_weights(entry, name, value):
    """Raises a ValueError if an entry, which `value` of the argument `name` names, has no weights.

    Args:
        entry: What `read_entry` returned.
        name: Name of the argument, for the error.
        value: What was given.
    """
    if "weights" not in entry:
        raise ValueError(
            f"`{name}` must have weights; this is a config only, which `wae-train "
            f"--config={value}` trains. With weights: {list_models()}, and what `wae-train` has "
            f"written. Received: {name}={str(value)!r}"
        )


def _model(directory, entry, precision="float32"):
    """Returns the model of an entry that has weights, without samplers."""
    config = WAEConfig.from_dict({**entry["config"], "precision": precision})
    model = build_model(config, critic=False, name=_name(directory))
    _load_weights(model, directory, entry["weights"])
    return model


def _with_critic(model, directory, entry, precision):
    """Returns a model that has the critic that an entry keeps, beside the weights of another."""
    if "critic" not in entry:
        raise ValueError(
            "An entry must have kept its critic, which `wae-train --keep_critic` and "
            f"`save_entry(critic=True)` do: load it without. Received: {directory}, critic=True"
        )
    config = WAEConfig.from_dict({**entry["config"], "precision": precision})
    judged = build_model(config, name=_name(directory))
    judged.set_weights_without_critic(model.weights)
    _load_weights(judged.critic, directory, entry["critic"])
    return judged


def _name(directory):
    return re.sub(r"\W", "_", directory.name)


def _load_weights(network, directory, recorded):
    """Loads a file of an entry, of which `recorded` has name and SHA-256."""
    weights = directory / recorded["file"]
    way_out = "install the package again, or restore it"
    files.check_sha256(weights, recorded["sha256"], "The weights", entry_checks.ENTRY, way_out)
    try:
        with importlib.resources.as_file(weights) as path:
            load_weights(network, path)
    except (OSError, ValueError) as error:
        raise ValueError(
            "The weights must fit the entry's config: was `entry.json` edited? "
            f"Received: {weights} ({error})"
        ) from error


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
    return WAEConfig.from_dict(read_entry(directory)["config"])


def save_entry(directory, model, config, *, results=None, provenance=None, critic=False, **extra):
    """Writes a model, with its fitted samplers, as a zoo entry that `load` reads.

    Args:
        directory: Where `entry.json`, `model.weights.h5` and a file for each sampler go; made
            if it is not there.
        model: Model that `build_model(config)` made, trained.
        config: Its `WAEConfig`.
        results: Dict of JSON's types: measured numbers, and how to measure them again.
        provenance: Dict of JSON's types: data, command, versions, licence.
        critic: Whether to keep the model's critic of images, too, to train on.
        **extra: Other JSON values to keep in the entry.

    Raises:
        ValueError: The model does not have the config's weights, or no critic to keep, `extra` has
            `directions` that are no names to show, or `directory` cannot be written to.

    Example:
        >>> save_entry("my_model", model, config)
        >>> model = wae_tf.load("my_model")
    """
    entry_checks.check_directions(extra)
    directory = files.writable_directory(directory)
    # A fresh build has the names that `load` will look for, and no optimizer state.
    clone = build_trained(config, model)
    weights = _save_weights(directory / _WEIGHTS, clone)
    entry = {
        "config": config.to_dict(),
        "input": {
            "shape": list(config.image_shape),
            "dtype": "uint8 in [0, 255] or float32 in [0, 1]",
            "crop": config.to_dict()["crop"],
        },
        "weights": {
            **weights,
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
    if critic:
        if model.critic is None:
            raise ValueError(
                "A model must have a critic to keep. Received: critic=True, without one"
            )
        entry["critic"] = _save_weights(directory / _CRITIC, model.critic)
    if model.samplers:
        entry["samplers"] = storage.write_all(directory, model.samplers)
    write_entry(directory, entry)


def _save_weights(path, network):
    """Writes the weights of a network, and returns what an entry records of the file."""
    save_weights(path, network)
    return {"file": path.name, "sha256": files.sha256(path)}


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
