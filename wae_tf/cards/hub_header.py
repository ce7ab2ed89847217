"""What the header of a hub's card says of an entry, for those who search there."""

import re

from wae_tf.cards.metrics_table import finite
from wae_tf.evaluation.labels import describe
from wae_tf.evaluation.progress import number

__all__ = ["hub_header", "licence_of"]

_TASK = "unconditional-image-generation"
# Data sets that entries speak of, by their names on the Hugging Face hub.
_DATASETS = {
    "celeba": "flwrlabs/celeba",
    "cifar-10": "uoft-cs/cifar10",
    "fashion-mnist": "zalando-datasets/fashion_mnist",
    "mnist": "ylecun/mnist",
}
# Licences that need no text beside them, by their names on the hub.
_LICENCES = (
    *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "gpl-3.0", "lgpl-3.0", "mpl-2.0"),
    *("cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "unlicense"),
)


def hub_header(entry, name, licence=None, datasets=None):
    """Makes the header of a card as the hub reads it (https://huggingface.co/docs/hub/model-cards).

    Args:
        entry: What `zoo.read_entry` returns, of an entry with weights.
        name: What the model is called there.
        licence: As in `licence_of`.
        datasets: Names on the hub of what it was trained on; None takes them from the entry's
            `provenance.data`, where it has one.

    Returns:
        Dict to be written as YAML: `library_name`, `pipeline_tag`, `tags`, and where they are
        known `license`, `datasets` and `model-index`, each metric with its data and floor.
    """
    data = _data_name(entry)
    if datasets is None:
        datasets = [_DATASETS.get(data.lower(), _slug(data))] if data else []
    header = {"library_name": "keras", "pipeline_tag": _TASK, "tags": _tags(entry["config"])}
    if found := licence_of(entry, licence):
        identifier, text = found
        header["license"] = identifier
        if identifier == "other":
            name_of = _slug(re.split(r"[,.;]", text)[0])
            header |= {"license_name": name_of, "license_link": "LICENSE"}
    if datasets:
        header["datasets"] = list(datasets)
    if results := _results(entry, data, datasets):
        header["model-index"] = [{"name": name, "results": results}]
    return header


def licence_of(entry, licence=None):
    """Returns the licence of an entry: its name on the hub and its text; None if none is known.

    Args:
        entry: What `zoo.read_entry` returns.
        licence: One to publish under, such as `"mit"`, where the entry records none.

    Raises:
        ValueError: The entry records another one, such as that of its data.
    """
    text = entry.get("provenance", {}).get("license")
    if text is None:
        return licence and (licence, licence)
    identifier = re.split(r"[;,]", text)[0].strip().lower()
    identifier = identifier if identifier in _LICENCES else "other"
    if licence not in (None, identifier):
        raise ValueError(
            "`license` is for entries that record none; the one on record holds, as it may be that "
            f"of the data. Received: license={licence!r}, on record {text!r}"
        )
    return identifier, text


def _tags(config):
    model = config["model"]
    kind = f"wae-{config['divergence'].replace('_', '-')}" if model == "wae" else model
    return ["wae_tf", "wasserstein-auto-encoder", kind, "image-generation", "tensorflow"]


def _data_name(entry):
    """Returns what the data set is called, such as "CIFAR-10", or ""."""
    text = entry.get("provenance", {}).get("data", "")
    return re.sub(r"\(.*?\)", "", re.split(r"[,;]", text)[0]).strip()


def _results(entry, data, datasets):
    """Returns one part for each sampler that was measured, or what the training measured last."""
    known = datasets[0] if datasets else "images"
    parts = [
        _part(f"sampler {kind}", data, known, part["data_sha256"], part["n"], part["metrics"])
        for kind, part in entry.get("evaluation", {}).items()
    ]
    results = entry.get("results", {})
    if not parts and "squared_error" in results.get("losses", {}):
        losses = {"squared_error": {"value": results["losses"]["squared_error"]}}
        sha256, n = results.get("test_data_sha256"), results.get("test_images")
        parts = [_part("reconstruction", data, known, sha256, n, losses)]
    return [part for part in parts if part["metrics"]]


def _part(what, data, known, sha256, n, metrics):
    found = {name: finite(metric) for name, metric in metrics.items()}
    return {
        "task": {"type": _TASK, "name": f"Unconditional image generation, {what}"},
        "dataset": {
            "name": f"{data}, {n:,} held-out images" if data and n else "held-out images",
            "type": known,
            "args": {"images": n, "sha256": sha256},
        },
        "metrics": [
            {"type": name, "value": metric["value"], **_about(name, metric)}
            for name, metric in found.items()
            if "value" in metric
        ],
    }


def _about(name, metric):
    """Returns a metric's name, with its floor, and what more there is as numbers."""
    _, label, _ = describe(name)
    floor = f" (floor {number(metric['floor'])})" if "floor" in metric else ""
    plain = {k: v for k, v in metric.items() if k != "value" and isinstance(v, (int, float, str))}
    return {"name": f"{label.removeprefix('- ')}{floor}", **({"args": plain} if plain else {})}


def _slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
