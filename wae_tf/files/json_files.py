"""JSON files of others: no larger and no deeper than they need be."""

import json
import os

__all__ = ["JSON_LIMIT", "read_object"]

JSON_LIMIT = 16 * 2**20  # Bytes: it is read whole. An entry with all its numbers has 60 kB.


def read_object(path):
    """Reads a JSON file that holds an object.

    Args:
        path: Path of the file.

    Returns:
        Dict.

    Raises:
        ValueError: It holds something else, is nested beyond measure, has more than 16 MiB, or is
            no regular file.
        OSError: It is not there, or cannot be read.
    """
    if path.exists() and not path.is_file():
        raise ValueError("no regular file")
    if path.is_file() and (size := _size(path)) > JSON_LIMIT:
        raise ValueError(f"{size:,} bytes, of at most {JSON_LIMIT:,}")
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(value, dict):
        raise ValueError(f"no object, but {type(value).__name__}")
    return value


def _size(path):
    try:
        return os.stat(path).st_size
    except (OSError, TypeError):  # Inside a zip file, of an installed package.
        return 0
