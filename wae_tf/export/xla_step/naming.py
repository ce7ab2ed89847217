"""Names for the variables of a compiled model that hold in every process."""

import keras

__all__ = ["identity", "named_variables"]


def named_variables(model):
    """Names all variables that training reads or changes.

    In `encoder/03/norm_0/gamma`, `encoder` is the model's attribute that holds the
    variable, 03 its place there, and the rest what Keras calls it. The first two parts
    identify it (see `identity`); the rest is for readers, as Keras numbers unnamed
    layers and optimizers by what the process made before.

    Args:
        model: `WAE`, compiled.

    Returns:
        Dict from name to `keras.Variable`: networks and optimizers by attribute, then
        `metrics`, then `model` with what no attribute holds.
    """
    groups = {
        name: value.variables
        for name, value in vars(model).items()
        if not name.startswith("_") and isinstance(value, (keras.Layer, keras.optimizers.Optimizer))
    }
    groups["metrics"] = [v for metric in model.metrics for v in metric.variables]
    groups["model"] = model.variables
    named, seen = {}, set()
    for group, variables in groups.items():
        for place, variable in enumerate(variables):
            if id(variable) not in seen:  # Networks may share layers.
                named[f"{group}/{place:02d}/{variable.path}"] = variable
                seen.add(id(variable))
    return named


def identity(name):
    """Returns the part of a variable's name that is the same in every process.

    Example:
        >>> identity("optimizer/07/adam_1/dense_kernel_momentum")
        'optimizer/07'
    """
    return "/".join(name.split("/")[:2])
