"""Tables and code in Markdown, as GitHub renders it, of texts that may be anybody's."""

import re

__all__ = ["code", "harmless", "table"]

_COMMANDS = ("command", "retrain")  # They stand in a block of code.


def table(header, rows, right=()):
    """Makes a Markdown table.

    Args:
        header: Texts of the first row.
        rows: Rows of as many texts each. A bar or a line break in one is made harmless.
        right: Columns, counted from 0, whose texts are set to the right.

    Returns:
        Text without a line break at its end.

    Example:
        >>> print(table(["Name", "Images"], [["a", "10"]], right=[1]))
        | Name | Images |
        | --- | ---: |
        | a | 10 |
    """
    rule = ["---:" if i in right else "---" for i in range(len(header))]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in [header, rule, *rows])


def code(text):
    """Returns a text in backquotes, in which it stands as it is."""
    return f"`` {text} ``" if "`" in str(text) else f"`{text}`"


def harmless(entry):
    """Returns an entry whose texts are shown as they are, and make nothing of the page around.

    Tags of HTML become text; pictures and links other than to `https://`, `http://` and places of
    the zoo lose their brackets' meaning; a line stays a line, and a block of code does not end.

    Args:
        entry: JSON values: what an `entry.json` says, or a part of it.

    Returns:
        The same with other strings, keys too.
    """
    if isinstance(entry, dict):
        return {_text(k): _block(v) if k in _COMMANDS else harmless(v) for k, v in entry.items()}
    if isinstance(entry, list):
        return [harmless(value) for value in entry]
    return _text(entry) if isinstance(entry, str) else entry


def _text(text):
    text = " ".join(str(text).split()).replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"&(?!lt;|gt;)(#?\w+;)", r"&amp;\1", text)
    text = text.replace("![", "!\\[").replace("``", "` `")
    return re.sub(r"\]\((?!https?://|\.\./|#)", "]\\(", text)


def _block(value):
    if isinstance(value, dict):
        return {_text(key): _block(part) for key, part in value.items()}
    return " ".join(value.split()).replace("``", "` `") if isinstance(value, str) else value


def _cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")
