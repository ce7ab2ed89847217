"""CSV files with a line of names and lines of numbers."""

import csv
import pathlib

from wae_tf.files.replacing import replacing

__all__ = ["read_table", "write_table"]


def read_table(path):
    """Reads a CSV file of numbers, such as the `history.csv` of a training.

    Args:
        path: Path of the file.

    Returns:
        List of dicts, one for each line, with `epoch` as an integer; what a line leaves empty is
        not in its dict.

    Raises:
        ValueError: It is damaged: a number is none, a line too long or without its `epoch`, or the
            bytes are no text.
        OSError: It is not there, or cannot be read.
    """
    path = pathlib.Path(path)
    try:
        with open(path, newline="", encoding="utf-8") as file:
            lines = csv.DictReader(file, strict=True)
            rows = [{k: float(v) for k, v in row.items() if v} for row in lines]
            rows = [{**row, "epoch": int(row["epoch"])} for row in rows]
    except (csv.Error, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(
            "A history must be as the training wrote it, numbers with commas between: remove what "
            f"is damaged, or the file. Received: {path} ({type(error).__name__}: {error})"
        ) from error
    return rows


def write_table(path, rows):
    """Writes dicts of numbers as a CSV file, whole or not at all; `read_table` reads it."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
