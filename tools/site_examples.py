"""Examples of docstrings as code: griffe knows their section by its plural name only."""

import re

import griffe


class Examples(griffe.Extension):
    """Calls each `Example:` of a docstring `Examples:`, before it is parsed."""

    def on_object(self, *, obj, **kwargs):
        if obj.docstring is not None:
            obj.docstring.value = re.sub(
                r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE
            )
