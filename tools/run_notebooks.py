"""Runs notebooks in a fresh kernel each, and stores them with their outputs, small.

WAE_TF_TEST_DATA=data python tools/run_notebooks.py notebooks/*.ipynb

Needs nbclient and ipykernel, which come with the extra `test`.
"""

import base64
import io
import pathlib
import sys

import nbformat
from nbclient import NotebookClient
from PIL import Image

_QUALITY = 82


def run(path):
    """Runs one notebook; it is written only when all of it went well."""
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, timeout=3600, kernel_name="python3").execute()
    store(notebook, path)


def store(notebook, path):
    """Writes a notebook with its pictures as JPEG, without what differs from run to run."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            png = output.get("data", {}).pop("image/png", None)
            if png is not None:
                output["data"]["image/jpeg"] = base64.b64encode(_jpeg(png)).decode()
        if "outputs" in cell:
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    temporary = path.with_suffix(".partial")
    nbformat.write(notebook, temporary)
    temporary.replace(path)


def _jpeg(png):
    content = io.BytesIO()
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    image.save(content, "JPEG", quality=_QUALITY, optimize=True)
    return content.getvalue()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        run(pathlib.Path(name))
        print(name, pathlib.Path(name).stat().st_size)
