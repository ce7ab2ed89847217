"""What an evaluation found, kept in the zoo entry of the model."""

from wae_tf import zoo
from wae_tf.cards.card_pictures import keep_pictures
from wae_tf.cards.model_card import default_sampler

__all__ = ["metrics_of", "record", "rounded"]

_NUMBERS = (
    *("value", "floor", "stddev", "low", "high"),
    *("ratio", "p_value", "of_mean_image", "of_normal", "lowest_ratio", "highest_ratio"),
)
_BY_CLASS = ("shares", "real_shares")


def record(name_or_directory, results, command, pictures=None):
    """Writes what `wae_tf.evaluate` returned into a model's zoo entry.

    The entry's `evaluation` has one part for each sampler, `"prior"` and `"gmm"` for
    instance: numbers with six digits, shares of classes too, what they were measured on, and
    the command. Other samplers' parts stay. `wae_tf.cards.write_card` shows them.

    Args:
        name_or_directory: Zoo entry of the model.
        results: What `wae_tf.evaluate` returned.
        command: What measures them again.
        pictures: Directory `pictures` of the evaluation's report, of which the entry gets small
            copies; None keeps none.

    Raises:
        ValueError: There is no such entry, it cannot be written to, or a metric failed.

    Example:
        >>> results = wae_tf.evaluate(wae_tf.load("runs/mnist"), images, seeds=3)
        >>> record("runs/mnist", results, "wae-evaluate --model=runs/mnist --seeds=3 ...")
    """
    metrics = metrics_of(results)
    entry = zoo.read_entry(name_or_directory)
    part = {
        "n": results["n"],
        "seeds": results["seeds"],
        "data_sha256": results["data"]["sha256"],
        "train_sha256": (results["train"] or {}).get("sha256"),
        "features": results["features"],
        "metrics": {name: _numbers(metric) for name, metric in metrics.items()},
        "warnings": results["warnings"],
        "versions": results["versions"],
        "seconds": results["seconds"],
        "command": command,
    }
    if "diagnosis" in results:
        part["diagnosis"] = results["diagnosis"]
    kind = results["sampler"]["kind"]
    evaluation = {**entry.get("evaluation", {}), kind: part}
    zoo.update_entry(name_or_directory, evaluation=evaluation)
    if pictures is not None:
        nearest = default_sampler(evaluation) == kind and "memorisation_ratio" in part["metrics"]
        keep_pictures(pictures, zoo.own_directory(name_or_directory), kind, nearest)


def metrics_of(results):
    """Returns the metrics of an evaluation, or raises a ValueError if one failed."""
    if results["errors"]:
        raise ValueError(
            "Only an evaluation without errors can be recorded: measure what failed again. "
            f"Received: errors={results['errors']}"
        )
    return results["metrics"]


def _numbers(metric):
    """Keeps a metric's numbers, with six digits, how many images they are of, what is better."""
    numbers = rounded({n: metric[n] for n in _NUMBERS if metric.get(n) is not None})
    by_class = {name: rounded(metric[name]) for name in _BY_CLASS if name in metric}
    return {**numbers, **by_class, "n": metric["n"], "better": metric["better"]}


def rounded(numbers):
    """Returns a dict of numbers with six digits each."""
    return {name: float(f"{value:.6g}") for name, value in numbers.items()}
