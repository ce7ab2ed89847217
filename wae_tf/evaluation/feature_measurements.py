"""Metrics of an evaluation that compare features, as in `measurements`."""

import numpy as np

from wae_tf import metrics
from wae_tf.evaluation.metric_record import record

__all__ = ["measurements"]


def measurements(extractor):
    """Returns the measurements of an extractor's features, callables by title."""
    chosen = {
        "Frechet distance": _frechet_distance,
        "kernel distance": _kernel_distance,
        "precision, recall": _precision_recall,
    }
    if extractor.class_names is not None:
        chosen["classes"] = _classes
    return chosen


def _feature_name(m, metric):
    """Published names for Inception's features, `lenet_fd` and the like for others."""
    if m.extractor.name == "inception":
        return {"fd": "fid", "kd": "kid"}.get(metric, metric)
    return f"{m.extractor.name}_{metric}"


def _record(m, found, floor, key, *, better, **details):
    """Makes a record of what a metric returned under `key`: `found` for each seed, and `floor`."""
    return record(
        [one[key] for one in found],
        floor[key],
        n=m.n,
        better=better,
        **details,
        features=m.extractor.name,
        features_sha256=m.extractor.hash,
    )


def _frechet_distance(m):
    real = metrics.feature_statistics(m.real_features)
    found = [metrics.frechet_distance(real, features) for features in m.sample_features]
    floor = metrics.frechet_distance(real, m.other_features)
    warning = found[0]["warning"]
    return {
        _feature_name(m, "fd"): _record(
            m, found, floor, "frechet_distance", better="lower", warning=warning
        )
    }


def _kernel_distance(m):
    found = [metrics.kernel_distance(m.real_features, features) for features in m.sample_features]
    floor = metrics.kernel_distance(m.real_features, m.other_features)
    stddev = found[0]["stddev"]
    return {
        _feature_name(m, "kd"): _record(
            m, found, floor, "kernel_distance", better="lower", stddev_over_subsets=stddev
        )
    }


def _precision_recall(m):
    found = [metrics.precision_recall(m.real_features, features) for features in m.sample_features]
    floor = metrics.precision_recall(m.real_features, m.other_features)
    return {
        name: _record(m, found, floor, name, better="higher", k=5)
        for name in ("precision", "recall", "density", "coverage")
    }


def _classes(m):
    real, other, *sets = (
        m.extractor.logits(features)
        for features in (m.real_features, m.other_features, *m.sample_features)
    )
    found = [metrics.class_coverage(real, logits) for logits in sets]
    floor = metrics.class_coverage(real, other)

    def by_class(shares):
        return dict(zip(m.extractor.class_names, map(float, shares), strict=True))

    return {
        "classes_found": _record(m, found, floor, "classes_found", better="higher"),
        "rarest_class_share": _record(
            m,
            found,
            floor,
            "rarest_class_share",
            better="floor",
            shares=by_class(np.mean([metrics.class_shares(logits) for logits in sets], axis=0)),
            real_shares=by_class(metrics.class_shares(real)),
        ),
        "class_distance": _record(m, found, floor, "class_distance", better="lower"),
    }
