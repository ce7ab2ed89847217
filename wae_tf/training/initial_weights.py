"""The weights of a zoo entry as the start of another training, layer by layer."""

import pathlib

from wae_tf import zoo
from wae_tf.zoo.entries import check_weights

__all__ = ["describe_weights", "start_from"]

_NETWORKS = ("encoder", "decoder", "discriminator", "critic")


def describe_weights(init_from):
    """Returns what tells an entry's weights from others, wherever they lie.

    Args:
        init_from: Zoo name, or directory of an entry with weights.

    Returns:
        Dict for a run's files and an entry's provenance: `init_from`, the entry's name without
        its path, and `init_from_sha256`, the SHA-256 of its weights.

    Raises:
        ValueError: There is no such entry, or it has no weights.
    """
    directory = zoo.entry_directory(init_from, "model")
    entry = zoo.read_entry(directory)
    check_weights(entry, "init_from", init_from)
    return {
        "init_from": pathlib.Path(directory).resolve().name,
        "init_from_sha256": entry["weights"]["sha256"],
    }


def start_from(model, init_from):
    """Gives a model the weights of an entry, in each layer where name and shapes fit.

    All weights of a layer go together, with the moving averages of batch normalisation. Other
    layers keep what they have, and so do optimizers.

    Args:
        model: Model that `build_model` made.
        init_from: Zoo name, or directory of an entry with weights.

    Returns:
        One line for each network: how many of its layers have the entry's weights now, and the
        names of those that do not.

    Raises:
        ValueError: There is no such entry, its files are damaged, or no layer fits.

    Example:
        >>> model = build_model(WAEConfig(encoder_width=256, decoder_width=256, latent_dim=2))
        >>> start_from(model, "mnist_wae_mmd")
        ['encoder: 8 of 9 layers; not dense', 'decoder: 5 of 6 layers; not dense']
    """
    kept = model.critic is not None and "critic" in zoo.read_entry(init_from)
    source = zoo.load(init_from, critic=kept)
    fits = {
        name: _copy(getattr(source, name, None), network)
        for name in _NETWORKS
        if (network := getattr(model, name, None)) is not None
    }
    if not any(any(layers.values()) for layers in fits.values()):
        raise ValueError(
            "`init_from` must have layers of the config's names and shapes: take its widths, "
            "numbers of layers, kernel size, `latent_dim` and `image_shape`. "
            f"Received: init_from={str(init_from)!r}, of which none fits"
        )
    return [_line(name, layers) for name, layers in fits.items()]


def _copy(source, network):
    """Copies what fits, and returns for each layer with weights whether it did."""
    theirs = {} if source is None else _layers(source)
    fitted = {}
    for name, layer in _layers(network).items():
        shapes = [weight.shape for weight in layer.weights]
        other = theirs.get(name)
        fitted[name] = other is not None and [w.shape for w in other.weights] == shapes
        if fitted[name]:
            layer.set_weights(other.get_weights())
    return fitted


def _layers(network):
    """Returns the layers that learn, by name: not the noise, whose weight counts its draws."""
    return {layer.name: layer for layer in network.layers if layer.trainable_weights}


def _line(network, layers):
    others = [name for name, fitted in layers.items() if not fitted]
    text = f"{network}: {len(layers) - len(others)} of {len(layers)} layers"
    return f"{text}; not {', '.join(others)}" if others else text
