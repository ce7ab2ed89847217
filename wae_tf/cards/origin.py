"""Where a zoo entry comes from: data, time, versions, files, each with its hash."""

from wae_tf.cards.markdown import code, table
from wae_tf.cards.metrics_table import by_sampler, finite
from wae_tf.evaluation.progress import number

__all__ = ["origin_table", "size_text"]


def origin_table(directory, entry):
    """Makes a Markdown table of what an entry says of its origin; the rest has no row.

    Args:
        directory: Path of the entry's directory.
        entry: What `zoo.read_entry` returns, of an entry with weights.

    Returns:
        Text of a table.

    Raises:
        FileNotFoundError: A file that the entry names is not there.
    """
    rows = [
        *_trained(entry.get("provenance", {})),
        *_tested(entry.get("results", {})),
        *_evaluated(entry.get("evaluation", {})),
        *_files(directory, entry),
    ]
    return table(["What", "Value"], [row for row in rows if row[1]])


def size_text(path):
    """Returns the size of a file."""
    count = path.stat().st_size
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def _trained(origin):
    paper = origin.get("paper", "")
    if paper.startswith("arXiv:"):
        paper = f"[{paper}](https://arxiv.org/abs/{paper.removeprefix('arXiv:')})"
    yield "Paper", paper
    yield "Training images", _count(origin.get("training_images"))
    yield "SHA-256 of the training images", _code(origin.get("training_data_sha256"))
    if "init_from" in origin:
        hashed = f"weights with SHA-256 `{origin['init_from_sha256']}`"
        yield "Started from", f"`{origin['init_from']}`, {hashed}"
    yield "Epochs", _count(origin.get("epochs"))
    yield "Time of training", _duration(origin.get("seconds"))
    yield "Hardware", origin.get("device")
    yield "Precision", _code(origin.get("precision"))
    versions = {k: origin[k] for k in ("wae_tf", "keras", "tensorflow", "jax") if k in origin}
    yield "Versions in training", _pairs(versions)


def _tested(results):
    images = _count(results.get("test_images"))
    losses = {name: number(v) for name, v in finite(results.get("losses", {})).items()}
    yield f"Losses on {images} test images" if images else "Losses", _pairs(losses)
    yield "SHA-256 of the test images", _code(results.get("test_data_sha256"))
    yield "Losses are measured by", _code(results.get("measured_by"))


def _evaluated(evaluation):
    def each(get):
        texts = {kind: get(part) for kind, part in evaluation.items()}
        return by_sampler({k: v or "none" for k, v in texts.items()}) if any(texts.values()) else ""

    yield "SHA-256 of the images in the metrics", each(lambda p: _code(p.get("data_sha256")))
    yield "SHA-256 of the training images in them", each(lambda p: _code(p.get("train_sha256")))
    yield "Feature network", each(lambda p: _features(p.get("features")))
    yield "Time of evaluation", each(lambda p: _duration(p.get("seconds")))
    yield "Versions in evaluation", each(lambda p: _pairs(p.get("versions", {})))


def _files(directory, entry):
    params = entry["weights"].get("params", {})
    total = f"{sum(params.values()):,}: " if params else ""
    yield "Parameters", total + _pairs({name: f"{count:,}" for name, count in params.items()})
    stored = {"Weights": entry["weights"]}
    stored |= {f"Sampler `{k}`": record for k, record in entry.get("samplers", {}).items()}
    for title, record in stored.items():
        size = size_text(directory / record["file"])
        yield title, f"`{record['file']}`, {size}, SHA-256 `{record['sha256']}`"
    if rounding := entry["weights"].get("rounding"):
        before, after = rounding["squared_error"]
        yield (
            "Stored in float16",
            f"squared error {before:g} before, {after:g} after; pixels of samples move by "
            f"{rounding['largest_change']:g} of 255 at most, {rounding['mean_change']:g} in the "
            "mean",
        )


def _pairs(values):
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _count(value):
    return "" if value is None else f"{value:,}"


def _code(value):
    return code(value) if value else ""


def _features(features):
    if not features:
        return ""
    return f"{features['name']}, {features['dim']} numbers, SHA-256 `{features['sha256']}`"


def _duration(seconds):
    if seconds is None:
        return ""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
