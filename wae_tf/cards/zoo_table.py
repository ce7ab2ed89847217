"""The table of all trained models of the zoo, in a Markdown file between two markers."""

import os
import pathlib

from wae_tf import files, zoo
from wae_tf.cards.markdown import table
from wae_tf.cards.metrics_table import finite, value_text
from wae_tf.cards.model_card import CARD, in_order
from wae_tf.cards.origin import size_text
from wae_tf.evaluation.labels import describe
from wae_tf.evaluation.progress import number

__all__ = ["BEGIN", "END", "write_zoo_table", "zoo_table"]

BEGIN, END = "<!-- zoo table: begin -->", "<!-- zoo table: end -->"

_HEADER = (
    "Name",
    "Parameters",
    "Data",
    "Squared error",
    "Distance",
    "Prior",
    "GMM",
    "Floor",
    "Sharpness, prior",
    "Sharpness, GMM",
    "Weights",
)
_NOTE = (
    "Squared error: of reconstructions of held-out images, summed over the pixels of an image in "
    "[0, 1]. Distance: between samples and held-out images; samples are decoded draws from the "
    "prior, or from a Gaussian mixture (GMM) fitted to the codes of the training images. Its floor "
    "is the distance between two sets of real images. Sharpness: of samples, relative to real "
    "images. Cards have the other metrics."
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

    Args:
        models: Names or directories of zoo entries with weights.
        start: Directory that links to cards are relative to.

    Returns:
        Markdown text; "-" is what an entry does not have.

    Example:
        >>> print(zoo_table(wae_tf.list_models()))
    """
    rows = [_row(model, start) for model in models]
    return f"{table(_HEADER, rows, right=[1, 3, 5, 6, 7, 8, 9, 10])}\n\n{_NOTE}"


def _row(model, start):
    entry = zoo.read_entry(model)
    directory = pathlib.Path(zoo.entry_directory(model)).resolve()
    evaluation = in_order(entry.get("evaluation", {}))
    distance = _distance(evaluation)

    def metric(kind, name):
        return finite(evaluation.get(kind, {}).get("metrics", {}).get(name, {}))

    def sharpness(kind):
        ratio = metric(kind, "sharpness_samples").get("ratio")
        return "-" if ratio is None else f"{ratio:.0%}"

    def of_any(name):
        return next((found for kind in evaluation if (found := metric(kind, name))), {})

    return (
        _link(directory, start),
        _params(entry["weights"].get("params", {})),
        entry.get("provenance", {}).get("data", "-").split(";")[0],
        number(_squared_error(entry, of_any("squared_error"))),
        describe(distance)[1] if distance else "-",
        *(value_text(metric(kind, distance)) for kind in ("prior", "gmm")),
        number(of_any(distance).get("floor")),
        *(sharpness(kind) for kind in ("prior", "gmm")),
        size_text(directory / entry["weights"]["file"]),
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


def _link(directory, start):
    name = f"`{directory.name}`"
    if not (directory / CARD).is_file():
        return name
    path = pathlib.PurePath(os.path.relpath(directory / CARD, pathlib.Path(start).resolve()))
    return f"[{name}]({path.as_posix()})"


def _params(params):
    if not params:
        return "-"
    text = f"{sum(n for name, n in params.items() if name != 'discriminator'):,}"
    if "discriminator" in params:
        text += f" (discriminator {params['discriminator']:,})"
    return text
