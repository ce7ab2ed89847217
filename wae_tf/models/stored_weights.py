"""Weights from a file into a model: plain arrays of its own shapes, of values that weights have."""

import collections

import numpy as np

from wae_tf.files import hdf5
from wae_tf.models.compiling import CompiledModel

__all__ = ["check_values", "load_weights"]

_LARGEST = 1e6  # Of the zoo's weights and moving means the largest is 60, of its variances 186.
_LARGEST_VARIANCE = 1e12
_OPTIMIZERS = ("adam/", "loss_scale_optimizer/")  # How paths of their variables begin.
_COUNTERS = 64  # Such as steps and seeds, of which a file may have more than the model.


def load_weights(model, path, beside=()):
    """Loads a `.weights.h5` file of Keras, after a look at all that is in it.

    Args:
        model: Built Keras model; one that is compiled may take its optimizers from the file, too.
        path: Path of the file.
        beside: Names of arrays at the file's top that are no weights, and left alone.

    Raises:
        ValueError: Something in the file is no plain array (see `wae_tf.files.hdf5`) or has no
            variable of its shape in the model; nothing is read then. Or a weight is missing, or
            has a value that no weight has: see `check_values`. The model then has lost its own.
        OSError: The file is not there, or cannot be read.

    Example:
        >>> load_weights(model, "model.weights.h5")
    """
    with hdf5.open_file(path) as file:
        found = {k: v for k, v in hdf5.list_arrays(file).items() if k not in beside}
    _check_places(found, model)
    try:
        model.load_weights(path)
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(f"Keras cannot load it: {type(error).__name__}: {error}") from error
    check_values(model)


def check_values(model):
    """Raises a ValueError if a model has weights that no training leaves.

    Those are NaN and infinity, sizes above a million, and moving variances below zero or above
    10**12; of optimizers, second moments below zero.
    """
    for variable in _variables(model):
        name = variable.path
        values = np.asarray(variable)
        if values.dtype.kind != "f" or not values.size:
            continue
        low, high = float(values.min()), float(values.max())  # NaN if any value is.
        if name.endswith("moving_variance"):
            ok, must = 0.0 <= low <= high <= _LARGEST_VARIANCE, f"0 to {_LARGEST_VARIANCE:g}"
        elif name.endswith("velocity"):
            ok, must = 0.0 <= low <= high < np.inf, "0 and up, finite"
        elif name.startswith(_OPTIMIZERS):
            ok, must = -np.inf < low <= high < np.inf, "finite"
        else:
            ok, must = -_LARGEST <= low <= high <= _LARGEST, f"{-_LARGEST:g} to {_LARGEST:g}"
        if not ok:
            raise ValueError(
                f"weights must have values that a training leaves, here {must}. "
                f"Received: {name!r} from {low:g} to {high:g}"
            )


def _check_places(found, model):
    """Raises a ValueError unless a file has as many arrays of each shape as a model's variables.

    Names are Keras's own matter, which looks for each. Counters and seeds may differ, of which its
    versions keep more or fewer.
    """
    wanted = collections.Counter(tuple(variable.shape) for variable in _variables(model))
    have = collections.Counter(array.shape for array in found.values())
    for shape in sorted({*wanted, *have} - {(), (1,), (2,)}, key=str):
        if wanted[shape] != have[shape]:
            raise ValueError(
                f"the file has {have[shape]} arrays of shape {shape}, and the model "
                f"{wanted[shape]} variables"
            )
    if len(found) > sum(wanted.values()) + _COUNTERS:
        raise ValueError(f"the file has {len(found)} arrays, for {sum(wanted.values())} variables")


def _variables(model):
    """Returns all variables of a model, those of its optimizers too, each once."""
    found = {id(variable): variable for variable in model.variables}
    ours = isinstance(model, CompiledModel)
    names = model.optimized_variables() if ours else ("optimizer",)
    for optimizer in (getattr(model, name, None) for name in names):
        while optimizer is not None:
            found |= {id(variable): variable for variable in optimizer.variables}
            optimizer = getattr(optimizer, "inner_optimizer", None)
    return list(found.values())
