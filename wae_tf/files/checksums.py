"""What SHA-256 files must have.

That of a directory's files stands in one file beside them, which `sha256sum -c` reads too.
"""

import pathlib
import re

from wae_tf.files.replacing import replacing, sha256

__all__ = ["SUMS", "check_sha256", "check_sum", "read_sums", "record_sums"]

SUMS = "SHA256SUMS"

_LINE = re.compile(r"([0-9a-f]{64})  ([^/\n]+)")


def check_sha256(path, expected, what, record, way_out):
    """Checks that a file is there and has its SHA-256.

    Args:
        path: Path of the file.
        expected: 64 hex digits.
        what: What the error calls the file.
        record: Name of the file that has `expected`.
        way_out: What to do about it.

    Raises:
        ValueError: It is not there, or has another.
    """
    got = sha256(path) if path.is_file() else "no file"
    if got != expected:
        raise ValueError(
            f"{what} must have the SHA-256 that `{record}` records: the file is missing, damaged "
            f"or incomplete; {way_out}. Received: {path} with {got}, expected {expected}"
        )


def read_sums(directory):
    """Returns the SHA-256 of each file that a directory's list has, by name.

    Returns:
        Dict; None where there is no list. A line that is damaged is left out.
    """
    try:
        text = pathlib.Path(directory, SUMS).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    found = (_LINE.fullmatch(line) for line in text.split("\n"))
    return {match.group(2): match.group(1) for match in found if match}


def record_sums(directory, sums, gone=()):
    """Adds files to a directory's list, after they have been written.

    Args:
        directory: Path of the directory.
        sums: Dict from name to SHA-256.
        gone: Names to leave out from now on.
    """
    before = read_sums(directory)
    now = {name: digest for name, digest in (before or {}).items() if name not in gone} | sums
    if now == before:
        return
    with replacing(pathlib.Path(directory, SUMS)) as temporary:
        lines = [f"{digest}  {name}\n" for name, digest in sorted(now.items())]
        temporary.write_text("".join(lines), encoding="utf-8")


def check_sum(path, sums):
    """Raises a ValueError if a file has another SHA-256 than a list says, or is listed and gone.

    Args:
        path: Path of the file.
        sums: What `read_sums` of its directory returned.
    """
    expected = (sums or {}).get(path.name)
    if expected is None:
        return
    found = sha256(path) if path.is_file() else None
    if found != expected:
        raise ValueError(
            f"the SHA-256 that {SUMS} has of it is another one: the file is damaged"
            if found
            else f"{SUMS} has it, and it is not there"
        )
