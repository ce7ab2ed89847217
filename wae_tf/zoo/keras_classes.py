"""What a model's config in Keras's layout may name, as Keras imports, builds and calls that.

Keras's own safe mode let code through in versions up to 3.15.0, and read files in some. So a name
is resolved here as Keras would resolve it, and what it stands for is looked at.
"""

import re
import sys
import types

import keras

from wae_tf.arguments import is_type_of_numbers

__all__ = ["check_classes"]

_BASES = {  # Modules, as Keras writes them, and what their classes must be.
    "keras.constraints": keras.constraints.Constraint,
    "keras.dtype_policies": keras.dtype_policies.DTypePolicy,
    "keras.initializers": keras.initializers.Initializer,
    "keras.layers": keras.layers.Layer,
    "keras.losses": keras.losses.Loss,
    "keras.metrics": keras.metrics.Metric,
    "keras.optimizers": keras.optimizers.Optimizer,
    "keras.optimizers.schedules": keras.optimizers.schedules.LearningRateSchedule,
    "keras.quantizers": keras.quantizers.Quantizer,
    "keras.random": keras.random.SeedGenerator,
    "keras.regularizers": keras.regularizers.Regularizer,
}
_OTHERS = {
    "keras": ("Functional", "Model", "Sequential", "DTypePolicy", "FloatDTypePolicy"),
    "keras.quantizers": ("Int4QuantizationConfig", "Int8QuantizationConfig"),
    "keras.src.models.functional": ("Functional",),
}
_OPERATIONS = [  # But for `core`, whose loops call what they are given.
    f"keras.src.ops.{name}" for name in ("einops", "image", "linalg", "math", "nn", "numpy")
]
_REFUSED = tuple(  # Layers that hold code, or read what is not in the file.
    getattr(keras.layers, name)
    for name in (
        *("FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper"),
        *("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"),
    )
    if hasattr(keras.layers, name)
)
_FUNCTIONS = (keras.activations, keras.losses, keras.metrics)
_NO_FUNCTIONS = ("deserialize", "get", "serialize")
_VALUES = ("__bytes__", "__ellipsis__", "__keras_tensor__", "__slice__")
_ARRAYS = ("__numpy__", "__tensor__")
_PLAIN = re.compile(r"[\w/.-]*")


def check_classes(config):
    """Raises a ValueError if a model's config names what it might run, or what is not known here.

    Allowed are layers and operations of Keras but for those that hold code or read files, its
    initializers and the like, and what this process has registered, as wae_tf does with its own.

    Args:
        config: What `config.json` says: dicts, lists and plain values. How the model was compiled
            is not looked at: it must be loaded with `compile=False`.
    """
    if isinstance(config, dict):
        config = {key: value for key, value in config.items() if key != "compile_config"}
    _check(config)


def _check(config):
    if isinstance(config, list):
        for part in config:
            _check(part)
    elif isinstance(config, dict):
        if "class_name" in config and not _known(config):
            raise ValueError(
                "A model in Keras's layout may have layers and operations of Keras that hold no "
                "code and read no files, those of wae_tf, and those that you have registered: "
                "import what registers this one first. "
                f"Received: {config.get('module')}.{config['class_name']}"
            )
        for part in config.values():
            _check(part)


def _known(config):
    name, module, inner = config["class_name"], config.get("module"), config.get("config")
    if name in _VALUES:
        return module is None
    if name in _ARRAYS:
        dtype = inner.get("dtype") if isinstance(inner, dict) else None
        return module is None and is_type_of_numbers(dtype)
    if not (isinstance(name, str) and isinstance(module, str)):
        return False  # Without a module Keras goes by the name alone.
    registered_name = config.get("registered_name", name)
    if name == "function":
        return _known_function(module, registered_name, inner)
    registered = keras.saving.get_registered_object(str(registered_name))
    if registered is not None:
        return isinstance(registered, type) and registered.__name__ == name
    if registered_name not in (None, name):
        return False
    if name == "DTypePolicyMap" and not _plain_keys(inner):
        return False
    return name in _OTHERS.get(module, ()) or _known_class(module, name)


def _known_class(module, name):
    """Returns whether a class of Keras is one that a model may have."""
    if module in _OPERATIONS:
        found = getattr(sys.modules.get(module), name, None)
        base, refused = keras.Operation, keras.layers.Layer
    elif module in _BASES:
        found = keras
        for part in [*module.split(".")[1:], name]:
            found = getattr(found, part, None)
        base, refused = _BASES[module], _REFUSED
    else:
        return False
    return isinstance(found, type) and issubclass(found, base) and not issubclass(found, refused)


def _known_function(module, registered_name, name):
    if not isinstance(name, str):
        return False
    if isinstance(keras.saving.get_registered_object(name), types.FunctionType):
        return True
    if module != "builtins" or registered_name not in ("function", name) or name in _NO_FUNCTIONS:
        return False
    return any(isinstance(getattr(m, name, None), types.FunctionType) for m in _FUNCTIONS)


def _plain_keys(config):
    """Returns whether a map of policies names layers: Keras takes each name for a pattern."""
    policies = config.get("policy_map") if isinstance(config, dict) else None
    return isinstance(policies, dict) and all(_PLAIN.fullmatch(key) for key in policies)
