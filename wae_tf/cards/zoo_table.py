"""The table of all trained models of the zoo, in a Markdown file between two markers."""

import os
import pathlib

from wae_tf import files, zoo
from wae_tf.cards.card_pictures import find_picture
from wae_tf.cards.malformed import of_a_whole_entry
from wae_tf.cards.markdown import harmless, table
from wae_tf.cards.metrics_table import finite, value_text
from wae_tf.cards.model_card import CARD, in_order
from wae_tf.evaluation.labels import describe
from wae_tf.evaluation.progress import number

__all__ = ["BEGIN", "END", "write_zoo_table", "zoo_table"]

BEGIN, END = "<!-- zoo table: begin -->", "<!-- zoo table: end -->"

_HEADER = ("Model", "Samples", "Data", "Squared error", "Distance", "Sharpness")
_THUMBNAIL = 160  # Pixels across.
_NOTE = (
    "Squared error: of reconstructions of held-out images, summed over the pixels of an image in "
    "[0, 1]. Distance: between samples and held-out images; less is better. Sharpness: of samples, "
    "relative to real images. Samples are decoded draws of a Gaussian mixture fitted to the codes "
    "of training images, or of the prior where no mixture was measured. Cards have the other "
    "numbers."
)


def write_zoo_table(path):
    """Writes the table of all trained zoo entries into a Markdown file, between its markers.

    Args:
        path: File with one line `<!-- zoo table: begin -->`, and after it one line
            `<!-- zoo table: end -->`; what is between them is replaced, the rest stays.

    Raises:
        ValueError: The markers are not there, once each and in this order.
        OSError: There is no such file, or it cannot be written.
    """
    path = pathlib.Path(path)
    text = path.read_text(encoding="utf-8")
    begin, end = text.find(BEGIN), text.find(END)
    if text.count(BEGIN) != 1 or text.count(END) != 1 or end < begin:
        raise ValueError(
            f"The file must have the line `{BEGIN}` once, and `{END}` once after it: put them "
            f"where the table belongs. Received: {str(path)!r} with {text.count(BEGIN)} and "
            f"{text.count(END)} of them"
        )
    made = f"{BEGIN}\n\n{zoo_table(zoo.list_models(), path.parent)}\n\n"
    with files.replacing(path) as temporary:
        temporary.write_text(text[:begin] + made + text[end:], encoding="utf-8")


def zoo_table(models, start="."):
    """Makes a Markdown table with a row for each model, and says what its columns are.

    A row has a thumbnail, where the entry keeps samples for its card, and three numbers.

    Args:
        models: Names or directories of zoo entries with weights.
        start: Directory that links to cards and pictures are relative to.

    Returns:
        Markdown text; "-" is what an entry does not have.

    Example:
        >>> print(zoo_table(wae_tf.list_models()))
    """
    rows = [_row(model, start) for model in models]
    return f"{table(_HEADER, rows, right=[3, 4, 5])}\n\n{_NOTE}"


@of_a_whole_entry
def _row(model, start):
    entry = harmless(zoo.read_entry(model))
    directory = pathlib.Path(zoo.entry_directory(model)).resolve()
    evaluation = in_order(entry.get("evaluation", {}))
    distance = _distance(evaluation)

    def metric(kind, name):
        return finite(evaluation.get(kind, {}).get("metrics", {}).get(name, {}))

    shown = next((kind for kind in ("gmm", "prior") if metric(kind, distance)), "prior")
    sharpness = metric(shown, "sharpness_samples").get("ratio")
    squared_error = next((found for k in evaluation if (found := metric(k, "squared_error"))), {})
    return (
        _link(directory, start),
        _thumbnail(directory, start),
        entry.get("provenance", {}).get("data", "-").split(";")[0],
        number(_squared_error(entry, squared_error)),
        f"{describe(distance)[1]} {value_text(metric(shown, distance))}" if distance else "-",
        "-" if sharpness is None else f"{sharpness:.0%}",
    )


def _distance(evaluation):
    """Returns the metric that says most about samples, of those that were measured."""
    names = [name for part in evaluation.values() for name in part["metrics"]]
    by_features = [name for name in names if name == "fid" or name.endswith("_fd")]
    return next(iter([*by_features, *(n for n in names if n == "sliced_wasserstein")]), None)


def _squared_error(entry, record):
    """Takes the evaluation's, or without one that of the training's end."""
    losses = finite(entry.get("results", {}).get("losses", {}))
    return record.get("value", losses.get("squared_error"))


def _thumbnail(directory, start):
    """Shows the entry's thumbnail, or the samples of its card, small."""
    for name in ("thumbnail", "samples_gmm", "samples_prior"):
        if (path := find_picture(directory, name)) is not None:
            source, alt = _relative(path, start), f"samples of {directory.name}"
            return f'<img src="{source}" width="{_THUMBNAIL}" alt="{alt}">'
    return "-"


def _link(directory, start):
    name = f"`{directory.name}`"
    if not (directory / CARD).is_file():
        return name
    return f"[{name}]({_relative(directory / CARD, start)})"


def _relative(path, start):
    return pathlib.PurePath(os.path.relpath(path, pathlib.Path(start).resolve())).as_posix()
