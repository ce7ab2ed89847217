"""Typesets `$$...$$` and `$...$` of a page as MathML when the site is built.

Browsers draw MathML themselves: the pages need no script, no fonts and no network for it.
"""

import re

from latex2mathml.converter import convert

_BLOCK = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<![\\$\w])\$([^$\n]+)\$(?![\w$])")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def on_page_markdown(markdown, **kwargs):
    """Replaces formulas outside code."""
    parts = _CODE.split(markdown)
    return "".join(part if i % 2 else _typeset(part) for i, part in enumerate(parts))


def _typeset(text):
    text = _BLOCK.sub(
        lambda match: f'<div class="formula">{convert(match[1], display="block")}</div>', text
    )
    return _INLINE.sub(lambda match: convert(match[1]), text)
