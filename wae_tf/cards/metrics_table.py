"""The metrics that a zoo entry records, as a Markdown table."""

import math

from wae_tf.cards.markdown import table
from wae_tf.evaluation.labels import BETTER, GROUPS, describe
from wae_tf.evaluation.progress import details, number, uncertainty

__all__ = ["by_sampler", "finite", "metrics_table", "value_text"]


def metrics_table(evaluation):
    """Makes one table of the metrics of all samplers, each next to its floor.

    Args:
        evaluation: The `evaluation` of a zoo entry: dict from sampler to what `record` wrote.

    Returns:
        Markdown with one column for each sampler. What was not measured is "-".

    Example:
        >>> print(metrics_table(zoo.read_entry("mnist_wae_mmd")["evaluation"]))
    """
    kinds = list(evaluation)
    groups = {group: [] for group in [*GROUPS, "Others"]}
    for name in dict.fromkeys(name for part in evaluation.values() for name in part["metrics"]):
        group, label, meaning = describe(name)
        records = {
            kind: finite(part["metrics"][name])
            for kind, part in evaluation.items()
            if name in part["metrics"]
        }
        better = by_sampler({k: BETTER.get(r.get("better"), "-") for k, r in records.items()})
        groups[group].append(
            [
                f"{label}: {meaning}" if meaning else label,
                better,
                *(value_text(records.get(kind, {})) for kind in kinds),
                by_sampler({kind: number(r.get("floor")) for kind, r in records.items()}),
                by_sampler({k: f"{r['n']:,}" if "n" in r else "-" for k, r in records.items()}),
            ]
        )
    header = ["Metric", "Better", *(f"Sampler `{kind}`" for kind in kinds), "Floor", "Images"]
    rows = []
    for group, members in groups.items():
        if members:
            rows += [[f"**{group}**", *[""] * (len(header) - 1)], *members]
    return table(header, rows, right=range(2, len(header)))


def value_text(record):
    """Returns a record's value with its uncertainty and what changes how it reads, or "-"."""
    if "value" not in record:
        return "-"
    text = f"{number(record['value'])} {uncertainty(record)}".strip().replace("+-", "\u00b1")
    notes = "; ".join(details(record))
    return f"{text} ({notes})" if notes else text


def finite(record):
    """Returns a record without the numbers that are none: null, NaN, infinite."""
    return {
        name: value
        for name, value in record.items()
        if value is not None and not (isinstance(value, float) and not math.isfinite(value))
    }


def by_sampler(texts):
    """Returns the text that all samplers have in common, or says which is whose.

    Args:
        texts: Dict from sampler to text.
    """
    if len(set(texts.values())) <= 1:
        return next(iter(texts.values()), "")
    return "; ".join(f"{text} ({kind})" for kind, text in texts.items())
