"""Trainings of one config with different seeds, side by side as a Markdown table."""

import statistics

from wae_tf.cards.markdown import table
from wae_tf.evaluation.labels import describe
from wae_tf.evaluation.progress import number

__all__ = ["seeds_table"]


def seeds_table(entry):
    """Makes a table of the metrics that all trainings have, one column for each seed.

    Args:
        entry: Zoo entry, whose `other_seeds` has what `record_other_seed` wrote.

    Returns:
        Markdown: the entry's own seed first, then the others, mean and standard deviation.

    Example:
        >>> print(seeds_table(zoo.read_entry("mnist_wae_mmd_2d")))
    """
    others = entry["other_seeds"]
    own = {name: m["value"] for name, m in entry["evaluation"]["prior"]["metrics"].items()}
    columns = {str(entry["config"]["seed"]): own, **others}
    rows = []
    for name in own:
        if all(name in column for column in columns.values()):
            values = [column[name] for column in columns.values()]
            mean, stddev = statistics.mean(values), statistics.stdev(values)
            spread = f"{number(mean)} \u00b1 {stddev:.2g}"
            rows.append([describe(name)[1], *map(number, values), spread])
    header = ["Metric", *(f"Seed {seed}" for seed in columns), "Mean"]
    return table(header, rows, right=range(1, len(header)))
