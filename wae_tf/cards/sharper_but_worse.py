"""Whether a gain in sharpness was bought with something else."""

from wae_tf import zoo

__all__ = ["compared_with", "sharper_but_worse"]

_WATCHED = {
    "power_spectrum_samples": "the power spectrum is further from that of real images",
    "sliced_wasserstein": "the sliced Wasserstein distance is larger",
}


def compared_with(name_or_directory, kind):
    """Finds the measurements that those of a model are to be compared with.

    Args:
        name_or_directory: Zoo entry of the model.
        kind: The sampler that was measured, such as `"prior"`.

    Returns:
        Tuple of a name and a dict of metrics: those of the entry of the zoo whose weights it
        began with, else what the entry itself has on record. None where neither has any of
        this sampler.
    """
    began = zoo.read_entry(name_or_directory).get("provenance", {}).get("init_from")
    for name in ([began] if began in zoo.list_configs() else []) + [name_or_directory]:
        part = zoo.read_entry(name).get("evaluation", {}).get(kind)
        if part is not None:
            return str(zoo.entry_directory(name).name), part["metrics"]
    return None


def sharper_but_worse(metrics, before, name):
    """Says where samples are sharper than others, but worse in what sharpness may cost.

    Sharpness alone can be gamed, by stripes for instance. A difference counts where it is more
    than the standard deviations over seeds of both together.

    Args:
        metrics: Records by name of metric, such as `metrics` of what `wae_tf.evaluate` returned.
        before: The same of another model, or of an earlier evaluation.
        name: What to call that one.

    Returns:
        Text, or None where nothing is to be said.

    Example:
        >>> sharper_but_worse(results["metrics"], earlier["metrics"], "celeba_wae_mmd_squared")
    """
    if not _rises("sharpness_samples", metrics, before):
        return None
    worse = [text for metric, text in _WATCHED.items() if _rises(metric, metrics, before)]
    if not worse:
        return None
    values = "; ".join(
        f"{metric} {metrics[metric]['value']:.4g} where {name} has {before[metric]['value']:.4g}"
        for metric in ("sharpness_samples", *_WATCHED)
        if metric in metrics and metric in before
    )
    return f"Samples are sharper than those of {name}, but {' and '.join(worse)}: {values}"


def _rises(metric, metrics, before):
    if metric not in metrics or metric not in before:
        return False
    now, then = metrics[metric], before[metric]
    chance = now.get("stddev", 0.0) + then.get("stddev", 0.0)
    return now["value"] - then["value"] > chance
