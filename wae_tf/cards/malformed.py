"""Entries whose parts are not what wae_tf writes, told in one sentence."""

import functools

__all__ = ["of_a_whole_entry"]


def of_a_whole_entry(function):
    """Makes a function of an entry's name say which part is missing, or of another kind.

    Raises:
        ValueError: From the function: its own, or that of a part which it could not use.
    """

    @functools.wraps(function)
    def told(name_or_directory, *args, **kwargs):
        try:
            return function(name_or_directory, *args, **kwargs)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            if "Received: " in str(error):
                raise
            raise ValueError(
                "The parts of an entry must be as wae_tf writes them: restore `entry.json`, or "
                f"measure again. Received: {str(name_or_directory)!r} ({type(error).__name__}: "
                f"{error})"
            ) from error

    return told
