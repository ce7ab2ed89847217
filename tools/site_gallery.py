"""Makes the gallery and a page for each model card from the files of the zoo's entries."""

import json
import pathlib
import re

from mkdocs.structure.files import File

_ZOO = pathlib.Path(__file__).resolve().parent.parent / "zoo"
_NUMBERS = (
    ("squared_error", "Squared error"),
    ("sliced_wasserstein", "Sliced Wasserstein distance"),
    ("lenet_fd", "Frechet distance, LeNet"),
    ("convnet_fd", "Frechet distance, convnet"),
    ("sharpness_samples", "Sharpness of samples"),
)
_LINK = re.compile(r"\]\((?!https?://|#)([^)]+)\)")


def on_files(files, config):
    """Adds `gallery.md`, and `cards/NAME.md` with its pictures, to the site."""
    entries = {}
    for path in sorted(_ZOO.glob("*/entry.json")):
        entry = json.loads(path.read_text(encoding="utf-8"))
        if "weights" in entry:
            entries[path.parent.name] = entry
    for name in entries:
        directory = _ZOO / name
        card = (directory / "README.md").read_text(encoding="utf-8")
        card = _LINK.sub(lambda match, name=name: f"]({_from_card(match[1], name)})", card)
        files.append(File.generated(config, f"cards/{name}.md", content=card))
        for picture in (*directory.glob("*.jpg"), *directory.glob("*.png")):
            target = f"cards/{name}/{picture.name}"
            files.append(File.generated(config, target, abs_src_path=str(picture)))
    files.append(File.generated(config, "gallery.md", content=_gallery(entries)))
    return files


def on_page_markdown(markdown, **kwargs):
    """Turns links from `docs/` into the zoo's folder into links to its pages here."""
    markdown = re.sub(
        r"\]\(\.\./zoo/([a-z0-9_]+)/README\.md(#[^)]*)?\)", r"](cards/\1.md\2)", markdown
    )
    return re.sub(r"\]\(\.\./(?:zoo|README\.md#the-zoo)\)", "](gallery.md)", markdown)


def _from_card(link, name):
    """Turns a link that holds in an entry's folder into one that holds on the card's page."""
    other = re.fullmatch(r"\.\./([a-z0-9_]+)/README\.md(#.*)?", link)
    return f"{other[1]}.md{other[2] or ''}" if other else f"{name}/{link}"


def _gallery(entries):
    text = [
        "# Gallery",
        "",
        "Each model with samples, its numbers beside those of real images (the floor), and the "
        "lines that use it. Click a name for the whole card.",
        "",
    ]
    for name, entry in entries.items():
        parts = entry.get("evaluation", {})
        pictures = {k: _ZOO / name / f"samples_{k}.jpg" for k in ("gmm", "prior")}
        kinds = [kind for kind, path in pictures.items() if path.exists()]
        text += [f"## [{name}](cards/{name}.md)", "", entry["description"] + ".", ""]
        for kind in kinds[:1]:
            picture = f"cards/{name}/samples_{kind}.jpg"
            text += [f"![Samples of {name} from the sampler {kind}]({picture}){{ width=480 }}", ""]
        header = ["Number", *(f"Sampler {kind}" for kind in parts), "Floor"]
        rows = []
        for metric, label in _NUMBERS:
            found = [parts[kind]["metrics"].get(metric) for kind in parts]
            if any(found):
                values = [f"{m['value']:.4g}" if m else "-" for m in found]
                floor = next((m.get("floor") for m in found if m and m.get("floor")), None)
                rows.append([label, *values, "-" if floor is None else f"{floor:.4g}"])
        text += ["| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows]]
        sampler = f" --sampler={kinds[0]}" if kinds and kinds[0] != "prior" else ""
        text += [
            "",
            "```bash",
            f"wae-sample --model={name}{sampler} --num=64 --output={name}.png",
            "```",
            "",
            "```python",
            f'images = wae_tf.load("{name}").sample(64, seed=0'
            + (f', sampler="{kinds[0]}")' if sampler else ")"),
            "```",
            "",
        ]
    return "\n".join(text)
