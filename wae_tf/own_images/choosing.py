"""From images, a machine and what was given to a config, with a reason for each value."""

import dataclasses
import pathlib

from wae_tf import zoo
from wae_tf.arguments import check_integer
from wae_tf.config import WAEConfig
from wae_tf.own_images.facts import as_source, look_at
from wae_tf.own_images.machine import this_machine
from wae_tf.own_images.rules import RULES, SMALLEST, Case

__all__ = ["GIVEN", "choose", "chooses", "settle", "with_given"]

GIVEN = "given"
# All others are those of networks and objective, which weights to start from bring along.
_OF_DATA_OR_TRAINING = {
    *("crop", "horizontal_flip", "max_shift", "num_images", "learning_rate"),
    *("discriminator_learning_rate", "adam_beta_1", "lr_schedule", "lr_decay_epochs"),
    *("pretrain_encoder", "pretrain_batch_size", "match_moments"),
    *("batch_size", "epochs", "precision", "seed"),
}


def choose(
    source,
    image_size=None,
    *,
    config="image_folder",
    init_from=None,
    split=None,
    test_split=None,
    data_dir=None,
    download=False,
    **given,
):
    """Chooses what to train on images, without decoding them.

    Args:
        source: Folder or `.zip` file of images, or what else `wae_tf.data.load_images` takes.
        image_size: Height and width of the model's images. By default the largest of 32, 64
            and 128 for which most images need not be enlarged.
        config: Config that says which fields are chosen, by its entry's `automatic`, and has
            the values of the others.
        init_from: Zoo name, or directory of an entry with weights, to start from. Networks
            and objective are then those of the entry, unless given.
        split: Training images. By default those of a folder train where there is one for
            testing too; otherwise nine of ten, by a hash of their names.
        test_split: Held-out images, likewise; "" for none.
        data_dir: As in `load_images`, like `download`.
        **given: Fields of `WAEConfig`, which win over any choice.

    Returns:
        Tuple of a `WAEConfig` and a dict with the reasons: a text for each field that was
        chosen or given.

    Raises:
        ValueError: There are too few images or they are too small, `given` is no field or out
            of its range, or `config` has no fields to choose.
        FileNotFoundError: `source` is not there.

    Example:
        >>> config, reasons = choose("photos", image_size=64, epochs=20)
        >>> reasons["epochs"]
        'given'
    """
    facts = look_at(
        as_source(source), split=split, test_split=test_split, data_dir=data_dir, download=download
    )
    return settle(facts, this_machine(), image_size, given, config=config, init_from=init_from)


def chooses(config):
    """Returns whether a zoo config has fields that are chosen for images and machine."""
    return bool(_automatic(config))


def settle(facts, machine, image_size, given, *, config="image_folder", init_from=None):
    """Does what `choose` does, from `ImageFacts` and a `Machine`; `given` is a dict."""
    automatic = _automatic(config)
    if not automatic:
        raise ValueError(
            "`config` must have fields to choose, as 'image_folder' has; `wae_tf.training.train` "
            f"trains others as they are. Received: config={str(config)!r}"
        )
    values = zoo.load_config(config).to_dict()
    _check(image_size, given, values)
    _check_counts(facts)
    reasons = {}
    if init_from is not None:
        theirs = zoo.load_config(init_from).to_dict()
        brought = {k: v for k, v in theirs.items() if k not in _OF_DATA_OR_TRAINING | set(given)}
        values |= brought
        start = pathlib.Path(init_from).name
        reasons = dict.fromkeys(brought, f"as in {start}, to start from its weights")
        if image_size is not None:
            values["image_shape"] = [image_size, image_size, values["image_shape"][2]]
            reasons["image_shape"] = f"size given; channels as in {start}"
    values |= given
    reasons |= dict.fromkeys(given, GIVEN)
    case = Case(facts, machine, image_size, values)
    for name, rule in RULES.items():
        if name in automatic and name not in reasons:
            chosen = rule(case)
            if chosen is not None:
                values[name], reasons[name] = chosen
    shown = [*(name for name in RULES if name in reasons), *reasons]  # As rules run; then the rest.
    return WAEConfig.from_dict(values), {name: reasons[name] for name in shown}


def _automatic(config):
    return zoo.read_entry(zoo.entry_directory(config, "config")).get("automatic", [])


def with_given(config, image_size, given):
    """Returns a config with what was given in place of its own values.

    Args:
        config: `WAEConfig`.
        image_size: Height and width in pixels, or None for the config's.
        given: Dict from names of fields to values.
    """
    _check(image_size, given, config.to_dict())
    if image_size is not None:
        given = {**given, "image_shape": (image_size, image_size, config.image_shape[2])}
    return dataclasses.replace(config, **given)


def _check(image_size, given, values):
    """Raises a ValueError unless rules can work with what was given."""
    if unknown := sorted(set(given) - set(values)):
        raise ValueError(
            f"What is given must be fields of `WAEConfig`: {sorted(values)}. Received: {unknown}"
        )
    if image_size is not None and "image_shape" in given:
        raise ValueError(
            "Either `image_size` or `image_shape` must say how large images are. Received: "
            f"image_size={image_size}, image_shape={given['image_shape']}"
        )
    if image_size is not None:
        check_integer("image_size", image_size, SMALLEST)
    WAEConfig(**given)


def _check_counts(facts):
    if facts.train_images < 4 or (facts.test_split and facts.test_images < 2):
        raise ValueError(
            "There must be at least 4 images to train on, and 2 held out: add images, a few "
            f"hundred at the least for samples worth looking at. Received: {facts}"
        )
