"""What one argument must be: a number in a range, a name on a list, or finite."""

import math
import re
import reprlib

import numpy as np

__all__ = [
    "check_auto",
    "check_choice",
    "check_finite",
    "check_integer",
    "check_integers",
    "check_labels",
    "check_number",
    "check_short",
    "is_integer",
    "is_type_of_numbers",
]

_CHARACTERS = 200
_NUMBERS = re.compile(r"bool|u?int\d{1,3}|b?float\d{1,3}")


def check_integer(name, value, lowest, highest=None):
    """Returns an integer in `[lowest, highest]`, also one of NumPy, as int.

    Args:
        name: What an error calls it.
        value: What was given.
        lowest: Least integer that may be.
        highest: Greatest one; None for no bound.

    Raises:
        ValueError: It is no integer, as True and 1.0 are none, or out of range.

    Example:
        >>> check_integer("n", np.int64(3), lowest=1)
        3
    """
    ok = is_integer(value) and value >= lowest
    if not ok or (highest is not None and value > highest):
        bounds = f", at least {lowest}" if highest is None else f" from {lowest} to {highest}"
        raise ValueError(f"`{name}` must be an integer{bounds}. Received: {name}={value!r}")
    return int(value)


def check_integers(name, value, form, parts):
    """Returns a list or tuple of integers, each of which is in one of `parts`, as a tuple.

    Args:
        name: What an error calls it.
        value: What was given; JSON has lists.
        form: What an error says that it must be.
        parts: Ranges, or tuples of integers.

    Raises:
        ValueError: It is none such.
    """
    whole = isinstance(value, (list, tuple)) and len(value) == len(parts)
    if not (whole and all(is_integer(v) and int(v) in part for v, part in zip(value, parts))):
        raise ValueError(f"`{name}` must be {form}. Received: {name}={value!r}")
    return tuple(int(v) for v in value)


def check_number(name, value, *, lowest=None, below=math.inf, why=""):
    """Returns a finite number, also one of NumPy, as float.

    Args:
        name: What an error calls it.
        value: What was given.
        lowest: Least number that may be; by default any positive one may.
        below: What it must stay below.
        why: Reason for the bounds, which an error gives; "" for none.

    Raises:
        ValueError: It is no number, as True is none, or NaN, infinite or out of range.

    Example:
        >>> check_number("stddev", 0, lowest=0.0)
        0.0
    """
    ok = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not ok:
        raise ValueError(f"`{name}` must be a number. Received: {name}={value!r}")
    if not (value > 0 if lowest is None else value >= lowest) or not value < below:
        bounds = "positive" if lowest is None else f"at least {lowest:g}"
        end = "finite" if below == math.inf else f"below {below:g}"
        why = f": {why}" if why else ""
        raise ValueError(f"`{name}` must be {bounds} and {end}{why}. Received: {name}={value}")
    return float(value)


def check_choice(name, value, choices, others=""):
    """Returns a name that is on a list.

    Args:
        name: What an error calls it.
        value: What was given.
        choices: Names that may be.
        others: What else may be, which an error adds.

    Raises:
        ValueError: It is on no such list.

    Example:
        >>> check_choice("codes", "gaussian", ("deterministic", "gaussian"))
        'gaussian'
    """
    if not isinstance(value, str) or value not in choices:
        others = f", {others}" if others else ""
        raise ValueError(
            f"`{name}` must be one of {list(choices)}{others}. Received: {name}={value!r}"
        )
    return value


def check_auto(name, value):
    """Returns `"auto"`, True or False.

    Raises:
        ValueError: It is none of them.

    Example:
        >>> check_auto("cache", "auto")
        'auto'
    """
    if value != "auto" and not isinstance(value, bool):
        raise ValueError(f"`{name}` must be 'auto', True or False. Received: {name}={value!r}")
    return value


def check_finite(name, values):
    """Raises a ValueError if an array of numbers has NaN or infinity.

    Example:
        >>> check_finite("z", np.zeros((2, 8)))
    """
    if not np.isfinite(values).all():
        raise ValueError(f"`{name}` must be finite. Received: NaN or infinity in `{name}`")


def check_labels(labels, count, of):
    """Raises a ValueError unless there is one class for each of `count` images or codes, or None.

    Args:
        labels: Shape `(count,)`, or None.
        count: How many there are.
        of: What they are, for the error.

    Example:
        >>> check_labels(np.zeros(8, int), 8, "image")
    """
    if labels is not None and np.shape(labels) != (count,):
        raise ValueError(
            f"`labels` must hold one class for each {of}, shape ({count},). "
            f"Received: shape={np.shape(labels)}"
        )


def check_short(name, value):
    """Raises a ValueError if a value takes over 200 characters, which errors would repeat.

    Args:
        name: What an error calls it.
        value: What was given, of JSON's types.

    Example:
        >>> check_short("cost", "squared_error")
    """
    length = len(repr(value))
    if length > _CHARACTERS:
        raise ValueError(
            f"`{name}` must have at most {_CHARACTERS} characters. "
            f"Received: {name}={reprlib.repr(value)}, {length:,} characters"
        )


def is_integer(value):
    """Returns whether a value is an integer, also one of NumPy; True and 1.0 are none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_type_of_numbers(name):
    """Returns whether a name, which may come from a file, is that of a NumPy type of numbers.

    Example:
        >>> is_type_of_numbers("float32"), is_type_of_numbers("S300000000")
        (True, False)
    """
    return _NUMBERS.fullmatch(str(name)) is not None
