"""The model card of a zoo entry, made from what lies in the entry."""

import json
import pathlib

from wae_tf import files, zoo
from wae_tf.cards.card_findings import findings_part, not_recommended
from wae_tf.cards.card_pictures import find_picture
from wae_tf.cards.malformed import of_a_whole_entry
from wae_tf.cards.markdown import code, harmless, table
from wae_tf.cards.metrics_table import by_sampler, metrics_table
from wae_tf.cards.origin import origin_table
from wae_tf.cards.other_seeds import seeds_table
from wae_tf.config import WAEConfig
from wae_tf.zoo.entries import check_weights

__all__ = ["CARD", "default_sampler", "in_order", "model_card", "write_card"]

CARD = "README.md"


def write_card(name_or_directory):
    """Writes the card of a trained model as `README.md` into its zoo entry.

    Args:
        name_or_directory: Zoo entry with weights, or a directory that `wae-train` wrote.

    Returns:
        Path of the file.

    Raises:
        ValueError: There is no such entry, it is a config only, lies on a hub, or cannot be
            written to.
        FileNotFoundError: A file that the entry names is not there.

    Example:
        >>> write_card("runs/mnist")
    """
    directory = files.writable_directory(zoo.own_directory(name_or_directory))
    text, path = model_card(name_or_directory), directory / CARD
    with files.replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


@of_a_whole_entry
def model_card(name_or_directory, address=None):
    """Makes the card of a trained model, from its entry alone: no part is without its data.

    Other arguments and errors as in `write_card`.

    Args:
        address: Where others load it from, such as `"hf://user/name"`; None is the entry itself.

    Returns:
        Markdown text, the same for the same entry.

    Raises:
        ValueError: As in `write_card`.
    """
    entry = zoo.read_entry(name_or_directory)
    directory = pathlib.Path(zoo.entry_directory(name_or_directory)).resolve()
    check_weights(entry, "name_or_directory", name_or_directory)
    entry = harmless({**entry, "evaluation": in_order(entry.get("evaluation", {}))})
    parts = [
        not_recommended(entry),
        f"# {directory.name}",
        _lead(entry),
        *_sample_pictures(directory),
        _use(directory, entry, address),
        *_other_pictures(directory, entry),
        *findings_part(entry),
        *_metrics(entry["evaluation"]),
        *_warnings(entry["evaluation"]),
        *_other_seeds(entry),
        *_commands(entry),
        "## Origin",
        origin_table(directory, entry),
        *_config(entry),
        *_licence(entry),
        *_limits(entry),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def in_order(evaluation):
    """Returns the parts of an entry's `evaluation`, the prior's first."""
    return {k: evaluation[k] for k in sorted(evaluation, key=lambda k: (k != "prior", k))}


def default_sampler(kinds):
    """Returns the sampler whose pictures a card shows first, None where there is none."""
    ranks = {"gmm": 0, "prior": 1}
    return min(kinds, key=lambda kind: (ranks.get(kind, 2), kind), default=None)


def _lead(entry):
    """One line, so that a model of a part of a data set says so where everybody looks."""
    data = entry.get("provenance", {}).get("data")
    texts = (entry.get("description"), data and f"Data: {data}")
    return " ".join(f"{text.strip().rstrip('.')}." for text in texts if text)


def _sample_pictures(directory):
    paths = (path for path in directory.glob("samples_*.*") if find_picture(directory, path.stem))
    kinds = {path.stem.removeprefix("samples_") for path in paths}
    first = default_sampler(kinds)
    for kind in sorted(kinds, key=lambda kind: (kind != first, kind)):
        source = "the prior" if kind == "prior" else f"the sampler {kind}"
        yield f"![Samples from {source}]({find_picture(directory, f'samples_{kind}').name})"


def _use(directory, entry, address):
    kind = default_sampler(entry.get("samplers", ()))
    argument = f', sampler="{kind}"' if kind else ""
    note = "  # The path of this folder."
    if address or directory.name in zoo.list_configs():
        note = ""
    lines = [
        "import wae_tf\n",
        f'model = wae_tf.load("{address or directory.name}"){note}',
        f"images = model.sample(64, seed=0{argument})",
    ]
    if address:
        lines.append(f'# Or, as wae_tf is imported: keras.saving.load_model("{address}")')
    return "## Use\n\n```python\n" + "\n".join(lines) + "\n```" + _contract(entry)


def _contract(entry):
    if "input" not in entry:
        return ""
    shape, dtype = entry["input"]["shape"], entry["input"]["dtype"]
    text = f"\n\nImages are {' x '.join(map(str, shape))}, {dtype}"
    if entry["input"].get("crop"):
        text += f", after cutting out the central {' x '.join(map(str, entry['input']['crop']))}"
    return text + "."


def _other_pictures(directory, entry):
    kind = default_sampler(entry["evaluation"])
    titles = {
        "reconstructions": "Reconstructions of held-out images",
        "codes": "Codes of held-out images, and the prior",
        "interpolations": "Interpolations between held-out images",
        "nearest_training_images": "Samples nearest to a training image"
        + (f" (sampler `{kind}`)" if kind else ""),
    }
    for name, title in titles.items():
        if (path := find_picture(directory, name)) is not None:
            yield f"## {title}\n\n![{title.replace('`', '')}]({path.name})"


def _metrics(evaluation):
    if evaluation:
        seeds = by_sampler({k: ", ".join(map(str, p["seeds"])) for k, p in evaluation.items()})
        yield "## Metrics"
        yield metrics_table(evaluation)
        yield (
            f"Seeds of the samples: {seeds}. After \u00b1 the standard deviation over them; in "
            "brackets a 95% bootstrap interval over images. The floor of a metric is its value "
            "between two disjoint sets of real images of the same size, or for codes of prior "
            "draws: samples that could not be told from real images would have about that value."
        )


def _warnings(evaluation):
    found = {}
    for kind, part in evaluation.items():
        for text in part.get("warnings", ()):
            found.setdefault(text, []).append(kind)
    if found:
        yield "The evaluation gave warnings:"
        yield _list(f"{text} (sampler {', '.join(kinds)})" for text, kinds in found.items())


def _other_seeds(entry):
    if others := entry.get("other_seeds"):
        yield "## Other seeds"
        yield (
            "Trainings by the same command with another `--seed`, their samples from the prior "
            f"measured alike, and the mean and standard deviation of all {len(others) + 1}: how "
            "far a training of yours may be from the numbers above by chance."
        )
        yield seeds_table(entry)


def _commands(entry):
    training = entry.get("provenance", {}).get("command")
    lines = ["# Training", training] if training else []
    commands = [part["command"] for part in entry["evaluation"].values() if "command" in part]
    if commands:
        lines += ["# Evaluation", *commands]
    if again := entry.get("provenance", {}).get("retrain"):
        lines += [f"# {again['what']}", again["command"]]
    if lines:
        yield "## Commands"
        yield "```bash\n" + "\n".join(lines) + "\n```"


def _config(entry):
    config, default = WAEConfig.from_dict(entry["config"]).to_dict(), WAEConfig().to_dict()
    sources = entry.get("sources", {})
    rows = [
        (code(name), code(json.dumps(value)), sources.get(name, ""))
        for name, value in config.items()
        if name in sources or value != default[name]
    ]
    if rows:
        yield "## Config"
        yield "Values that have a source, or are not the defaults of `wae_tf.WAEConfig`."
        yield table(["Field", "Value", "Source"], rows)


def _licence(entry):
    if licence := entry.get("provenance", {}).get("license"):
        yield f"## Licence\n\n{licence}"


def _limits(entry):
    if limits := entry.get("limits"):
        yield f"## Limits\n\n{_list(limits)}"


def _list(texts):
    return "\n".join(f"- {' '.join(text.split())}" for text in texts)
