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


def _of_features(m):
    return {"features": m.extractor.name, "features_sha256": m.extractor.hash}


def _frechet_distance(m):
    real = metrics.feature_statistics(m.real_features)
    found = [metrics.frechet_distance(real, features) for features in m.sample_features]
    floor = metrics.frechet_distance(real, m.other_features)
    return {
        _feature_name(m, "fd"): record(
            [one["frechet_distance"] for one in found],
            floor["frechet_distance"],
            n=m.n,
            better="lower",
            warning=found[0]["warning"],
            **_of_features(m),
        )
    }


def _kernel_distance(m):
    found = [metrics.kernel_distance(m.real_features, features) for features in m.sample_features]
    floor = metrics.kernel_distance(m.real_features, m.other_features)
    return {
        _feature_name(m, "kd"): record(
            [one["kernel_distance"] for one in found],
            floor["kernel_distance"],
            n=m.n,
            better="lower",
            stddev_over_subsets=found[0]["stddev"],
            **_of_features(m),
        )
    }


def _precision_recall(m):
    found = [metrics.precision_recall(m.real_features, features) for features in m.sample_features]
    floor = metrics.precision_recall(m.real_features, m.other_features)
    return {
        name: record(
            [one[name] for one in found],
            floor[name],
            n=m.n,
            better="higher",
            k=5,
            **_of_features(m),
        )
        for name in ("precision", "recall", "density", "coverage")
    }


def _classes(m):
    real, other, *sets = (
        m.extractor.logits(features)
        for features in (m.real_features, m.other_features, *m.sample_features)
    )
    found = [metrics.class_coverage(real, logits) for logits in sets]
    floor = metrics.class_coverage(real, other)
    shares = {
        "shares": np.mean([metrics.class_shares(logits) for logits in sets], axis=0),
        "real_shares": metrics.class_shares(real),
    }
    details = {
        "rarest_class_share": {
            name: dict(zip(m.extractor.class_names, map(float, values), strict=True))
            for name, values in shares.items()
        }
    }
    better = {"classes_found": "higher", "rarest_class_share": "floor", "class_distance": "lower"}
    return {
        name: record(
            [one[name] for one in found],
            floor[name],
            n=m.n,
            better=better[name],
            **details.get(name, {}),
            **_of_features(m),
        )
        for name in better
    }
