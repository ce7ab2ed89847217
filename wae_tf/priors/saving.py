"""Priors as JSON's types and back."""

import numpy as np
import tensorflow as tf

from wae_tf.arguments import is_type_of_numbers

__all__ = ["deserialize_prior", "serialize_prior"]


def serialize_prior(prior):
    """Turns a prior's name or distribution into JSON's types.

    A TensorFlow Probability distribution becomes its class name and parameters, which
    may be numbers, strings, arrays, types of numbers and distributions again.

    Raises:
        ValueError: A parameter is something else, such as a function.
    """
    import tensorflow_probability as tfp

    if prior is None or isinstance(prior, (str, bool, int, float)):
        return prior
    if isinstance(prior, tfp.distributions.Distribution):
        parameters = {
            name: serialize_prior(value)
            for name, value in prior.parameters.items()
            if value is not None and name not in ("validate_args", "allow_nan_stats", "name")
        }
        return {"distribution": type(prior).__name__.lstrip("_"), "parameters": parameters}
    if isinstance(prior, (np.ndarray, np.generic, tf.Tensor, tf.Variable)):
        values = np.asarray(prior)
        return {"array": values.tolist(), "dtype": values.dtype.name}
    if isinstance(prior, tf.DType):
        return {"dtype": prior.name}
    if isinstance(prior, (list, tuple)):
        return [serialize_prior(value) for value in prior]
    raise ValueError(
        "A model can be saved if its prior is a name, or a tensorflow_probability distribution of "
        "numbers, arrays and distributions; `save_weights` works with any. "
        f"Received: {prior!r} in the prior"
    )


def deserialize_prior(config):
    """Makes a prior from what `serialize_prior` returned; runs no code of the file.

    Args:
        config: What `serialize_prior` returned.

    Raises:
        ValueError: It names no distribution of TensorFlow Probability, or has arrays of no numbers.

    Example:
        >>> laplace = {"distribution": "Laplace", "parameters": {"loc": 0.0, "scale": 1.0}}
        >>> float(deserialize_prior(laplace).prob(0.0))
        0.5
    """
    import tensorflow_probability as tfp

    if isinstance(config, list):
        return [deserialize_prior(value) for value in config]
    if not isinstance(config, dict):
        return config
    if "array" in config:
        dtype = str(config["dtype"])
        if not is_type_of_numbers(dtype):
            raise ValueError(
                f"`prior` must have arrays of numbers. Received: dtype={dtype[:100]!r}"
            )
        return np.asarray(config["array"], dtype)
    if "dtype" in config:
        return tf.as_dtype(config["dtype"])
    cls = getattr(tfp.distributions, config["distribution"], None)
    if not (isinstance(cls, type) and issubclass(cls, tfp.distributions.Distribution)):
        raise ValueError(
            "`prior` must name a class of tensorflow_probability.distributions. "
            f"Received: {config['distribution']!r}"
        )
    parameters = {name: deserialize_prior(value) for name, value in config["parameters"].items()}
    return cls(**parameters)
