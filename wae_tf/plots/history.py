"""Loss curves of a training run."""

import os

import numpy as np

from wae_tf.files.tables import read_table
from wae_tf.plots.style import CODES, GREY, PRIOR, new_figure, styled

__all__ = ["history_rows", "losses"]

_NAMES = {
    "loss": "objective, Eq. (4)",
    "reconstruction_loss": "reconstruction loss",
    "divergence": "divergence",
    "discriminator_loss": "discriminator loss",
    "latent_mmd": "MMD of codes, squared",
}
_SKIPPED = {"epoch", "seconds", "learning_rate"}
_COLUMNS = 3


@styled
def losses(history, *, title="Training", caption=None):
    """Shows each loss over the epochs, in training and on images held out.

    Args:
        history: A `history.csv` of `wae-train`, the directory that holds it, a list of dicts
            with `epoch` and losses, or Keras's `History`.
        title: Text above.
        caption: Text below.

    Returns:
        matplotlib `Figure`, one panel for each loss.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It has no epoch, or is damaged.

    Example:
        >>> plots.losses("runs/mnist/history.csv")
    """
    rows = history_rows(history)
    names = list(dict.fromkeys(name.removeprefix("val_") for row in rows for name in row))
    names = [name for name in names if name not in _SKIPPED and not name.endswith("_floor")]
    names.sort(key=lambda name: list(_NAMES).index(name) if name in _NAMES else len(_NAMES))
    columns = min(len(names), _COLUMNS)
    lines = -(-len(names) // columns)
    if caption is None:
        caption = f"{rows[-1]['epoch']:.0f} epochs; each panel has its own scale."
    figure = new_figure((max(3.4 * columns, 4.5), 2.8 * lines), title, caption, h_pad=0.1)
    panels = np.atleast_1d(figure.subplots(lines, columns)).ravel()
    for axes, name in zip(panels, names, strict=False):
        _curves(axes, rows, name)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    return figure


def history_rows(history):
    """Returns a dict of numbers for each epoch, in a list; argument and errors as in `losses`."""
    if isinstance(history, (str, os.PathLike)):
        path = os.path.join(history, "history.csv") if os.path.isdir(history) else history
        if not os.path.exists(path):
            raise FileNotFoundError(
                "`history` must be a history.csv that exists, or a directory with one. "
                f"Received: history={os.fspath(history)!r}"
            )
        rows = read_table(path)
    elif hasattr(history, "history"):
        logs = history.history
        rows = [
            {"epoch": epoch + 1, **{name: values[i] for name, values in logs.items()}}
            for i, epoch in enumerate(history.epoch)
        ]
    else:
        rows = list(history)
    if not any(set(row) - _SKIPPED for row in rows):
        raise ValueError(
            f"`history` must have at least one epoch with a loss. Received: {len(rows)} epochs"
        )
    return rows


def _curves(axes, rows, name):
    drawn = []
    of_held_out = name.startswith("latent_")  # As `LatentMonitor` logs it.
    for key, label, colour, style in (
        (name, "held out" if of_held_out else "training", CODES, "solid"),
        (f"val_{name}", "held out", PRIOR, "dashed"),
        (f"{name}_floor", "floor", GREY, "dotted"),
    ):
        points = [(row["epoch"], row[key]) for row in rows if key in row]
        if points:
            marker = "o" if len(points) < 12 else None
            x, y = zip(*points, strict=True)
            axes.plot(x, y, c=colour, ls=style, marker=marker, ms=3.5, label=label)
            drawn += [value for _, value in points]
    positive = [value for value in drawn if value > 0]
    if len(positive) == len(drawn) and max(drawn) > 20.0 * min(drawn):
        axes.set_yscale("log")
    elif min(drawn) < 0 < max(drawn):
        axes.axhline(0.0, c="#888888", lw=0.8)
    axes.set_title(_NAMES.get(name, name.replace("_", " ")))
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(fontsize=9)
