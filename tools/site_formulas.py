"""Typesets `$$...$$` and `$...$` of a page as MathML when the site is built.

Browsers draw MathML themselves: the pages need no script, no fonts and no network for it.
"""

import re

from latex2mathml.converter import convert

_BLOCK = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<![\\$\w])\$([^$\n]+)\$(?![\w$])")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
_formulas = []


def on_page_markdown(markdown, **kwargs):
    """Puts a word for each formula outside code, which Markdown leaves as it is."""
    _formulas.clear()
    parts = _CODE.split(markdown)
    return "".join(part if i % 2 else _without_formulas(part) for i, part in enumerate(parts))


def on_page_content(html, **kwargs):
    """Puts the formulas where their words are."""
    for i, formula in enumerate(_formulas):
        html = html.replace(f"<p>formula{i}x</p>", formula).replace(f"formula{i}x", formula)
    return html


def _without_formulas(text):
    text = _BLOCK.sub(lambda m: _kept(f'<div class="formula">{convert(m[1], "block")}</div>'), text)
    return _INLINE.sub(lambda m: _kept(convert(m[1])), text)


def _kept(formula):
    _formulas.append(formula)
    return f"formula{len(_formulas) - 1}x"
