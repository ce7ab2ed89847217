"""What a model's config in Keras's layout may name, as naming it has Keras import or call it.

Keras's own safe mode let through what runs code in versions up to 3.15.0, and reads files in some.
"""

import keras

__all__ = ["check_classes"]

_MODULES = (  # Of Keras, with what a model is made of.
    "activations",
    "constraints",
    "dtype_policies",
    "initializers",
    "layers",
    "optimizers",
    "regularizers",
    "src.models",
)
_MODELS = ("Functional", "Model", "Sequential")
_POLICIES = ("DTypePolicy", "FloatDTypePolicy", "QuantizedDTypePolicy")
_REFUSED = (  # Layers that hold code, or read what is not in the file.
    "FlaxLayer",
    "HashedCrossing",
    "Hashing",
    "IndexLookup",
    "IntegerLookup",
    "JaxLayer",
    "Lambda",
    "StringLookup",
    "TFSMLayer",
    "TextVectorization",
    "TorchModuleWrapper",
)
_VALUES = ("__bytes__", "__ellipsis__", "__keras_tensor__", "__numpy__", "__slice__", "__tensor__")


def check_classes(config):
    """Raises a ValueError if a model's config names what it might run, or what is not known here.

    Allowed are layers of Keras but for those that hold code or read files, its initializers and the
    like, and what this process has registered, as wae_tf does with its own.

    Args:
        config: What `config.json` says: dicts, lists and plain values.
    """
    if isinstance(config, list):
        for part in config:
            check_classes(part)
    elif isinstance(config, dict):
        if "class_name" in config and not _known(config):
            raise ValueError(
                "A model in Keras's layout may have layers of Keras that hold no code and read no "
                "files, those of wae_tf, and those that you have registered: import what registers "
                f"this one first. Received: {config.get('module')}.{config['class_name']}"
            )
        for part in config.values():
            check_classes(part)


def _known(config):
    module, name = config.get("module"), config["class_name"]
    if name == "function":
        return _known_function(config.get("config"))
    if keras.saving.get_registered_object(str(config.get("registered_name"))) is not None:
        return True
    if module is None:
        return name in _VALUES
    if module == "keras":
        return name in _MODELS + _POLICIES
    parts = str(module).split(".", 1)
    ours = parts[0] == "keras" and len(parts) == 2 and parts[1].startswith(_MODULES)
    return ours and name not in _REFUSED


def _known_function(name):
    if not isinstance(name, str):
        return False
    registered = keras.saving.get_registered_object(name) is not None
    return registered or hasattr(keras.activations, name)
