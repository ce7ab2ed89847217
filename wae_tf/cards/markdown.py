"""Tables and code in Markdown, as GitHub renders it."""

__all__ = ["code", "table"]


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


def _cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")
