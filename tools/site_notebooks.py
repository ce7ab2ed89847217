"""Makes a page of each notebook, with the outputs that are stored in it, when the site is built."""

import base64
import json
import pathlib

from mkdocs.structure.files import File

_NOTEBOOKS = pathlib.Path(__file__).resolve().parent.parent / "notebooks"


def on_files(files, config):
    """Adds `notebooks/NAME.md`, its pictures, and the notebook itself to download."""
    for path in sorted(_NOTEBOOKS.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text, pictures = page(cells, path.stem)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=text))
        files.append(File.generated(config, f"notebooks/{path.name}", abs_src_path=str(path)))
        for name, content in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=content))
    return files


def page(cells, name):
    """Returns a notebook as Markdown, and its pictures as bytes by the names that it links to."""
    parts, pictures = [], {}
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(_block("python", source))
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "image/jpeg" in data:
                file = f"{name}/{len(pictures)}.jpg"
                pictures[file] = base64.b64decode(data["image/jpeg"])
                parts.append(f"![Output of the lines above]({file})")
            elif text := "".join(output.get("text", data.get("text/plain", ""))):
                parts.append(_block("text", text))
    parts.insert(1, f"[Download this notebook]({name}.ipynb){{ download }}")
    return "\n\n".join(parts) + "\n", pictures


def _block(language, text):
    fence = "````" if "```" in text else "```"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
