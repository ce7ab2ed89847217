"""The one look of all pictures."""

import functools
import textwrap

from wae_tf.runtime.requirements import need

__all__ = ["CLASS_COLOURS", "CODES", "GREY", "INK", "PRIOR", "add_texts", "new_figure", "styled"]

INK = "#222222"
GREY = "#767676"
# Okabe and Ito's palette, which all common kinds of colour blindness tell apart.
CODES = "#0072B2"
PRIOR = "#D55E00"
# Ten classes: that palette, with its yellow darkened to show on white, and two of Tol's.
CLASS_COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#8C7A00",
    "#000000",
    "#882255",
    "#332288",
)

_STYLE = {
    "figure.dpi": 110,
    "savefig.dpi": "figure",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": "#888888",
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}
_TITLE = {"fontsize": 13, "fontweight": "bold", "color": INK, "ha": "left"}
_CAPTION = {"fontsize": 9, "color": GREY, "ha": "left", "linespacing": 1.35}
_LETTER = 0.067  # Mean width of a caption's letter, in inches.
_LINE = 0.17  # Height of a caption's line, in inches.


def styled(function):
    """Lets a function draw in the common style, and leaves matplotlib's own as it was."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        style = need("matplotlib.style", f"`plots.{function.__name__}`")
        with style.context(_STYLE, after_reset=True):
            return function(*args, **kwargs)

    return wrapper


def add_texts(figure, title, caption):
    """Writes a title above and a caption below, the figure growing to hold them.

    Returns:
        Heights of caption and title, in inches.
    """
    width, height = figure.get_size_inches()
    lines = textwrap.wrap(caption or "", max(int((width - 0.3) / _LETTER), 20))
    above = 0.42 if title else 0.1
    below = 0.1 + _LINE * len(lines) + (0.08 if lines else 0.0)
    total = height + above + below
    figure.set_size_inches(width, total)
    if title:
        figure.text(0.15 / width, 1.0 - 0.13 / total, title, va="top", **_TITLE)
    if lines:
        figure.text(0.15 / width, 0.1 / total, "\n".join(lines), va="bottom", **_CAPTION)
    return below, above


def new_figure(size, title, caption, **padding):
    """Returns a figure with room for axes of a size in inches, between its texts."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    below, above = add_texts(figure, title, caption)
    total = figure.get_size_inches()[1]
    area = 0.0, below / total, 1.0, (total - below - above) / total
    figure.get_layout_engine().set(rect=area, w_pad=0.1, **padding)
    return figure
