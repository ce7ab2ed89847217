"""The notebooks: their stored outputs, their pages, and that they still run."""

import ast
import base64
import importlib.util
import json
import pathlib
import re
import sys

import pytest
import tiny

ROOT = pathlib.Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS = 180


def cells(path, kind="code"):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def outputs(path):
    return [output for cell in cells(path) for output in cell["outputs"]]


def test_the_five_are_there():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_outputs_are_small_whole_and_of_no_machine(path):
    assert path.stat().st_size < 400_000
    assert any("image/jpeg" in output.get("data", {}) for output in outputs(path))
    assert all(output["output_type"] != "error" for output in outputs(path))
    assert all(output.get("name") != "stderr" for output in outputs(path))
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(?:home|root|tmp|opt|work|Users)/", text)
    counts = [cell["execution_count"] for cell in cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_first_cell_does_nothing_where_wae_tf_is_installed(path):
    source = "".join(cells(path)[0]["source"])
    assert "    %pip install" in source, "installs only below the condition"
    lines = [line for line in source.splitlines() if not line.lstrip().startswith("%")]
    condition = ast.parse("\n".join([*lines, "    raise AssertionError"]))
    exec(compile(condition, path.name, "exec"), {})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_wae_tf_is_imported_before_tensorflow(path):
    """So that TensorFlow, which looks once, takes oneDNN's kernels."""
    code = "\n".join("".join(cell["source"]) for cell in cells(path)[1:])
    imported = re.findall(r"^\s*(?:import|from) (keras|tensorflow|wae_tf)\b", code, re.MULTILINE)
    assert imported[0] == "wae_tf"


def test_a_page_has_text_code_and_pictures():
    pytest.importorskip("mkdocs", reason="needs mkdocs: pip install 'wae_tf[docs]'")
    spec = importlib.util.spec_from_file_location("hook", ROOT / "tools" / "site_notebooks.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    picture = base64.b64encode(b"picture").decode()
    made = [
        {"cell_type": "markdown", "source": ["# Title\n", "\n", "Words."]},
        {
            "cell_type": "code",
            "source": ["a\n", "b"],
            "outputs": [
                {"text": ["one\n", "two\n"]},
                {"data": {"image/jpeg": picture, "text/plain": ["<Figure>"]}},
            ],
        },
    ]
    text, pictures = hook.page(made, "name")
    assert pictures == {"name/0.jpg": b"picture"}
    assert text.startswith("# Title\n\nWords.\n\n[Download this notebook](name.ipynb)")
    assert "```python\na\nb\n```\n\n```text\none\ntwo\n```\n\n![" in text
    assert "](name/0.jpg)" in text and "<Figure>" not in text


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient")
    nbformat = pytest.importorskip("nbformat", reason="needs nbformat")
    pytest.importorskip("ipykernel", reason="needs ipykernel")
    if "WAE_TF_TEST_DATA" in path.read_text(encoding="utf-8"):
        monkeypatch.setenv("WAE_TF_TEST_DATA", str(tiny.real("mnist.npz").parent))
    monkeypatch.setenv("PYTHONPATH", ":".join([str(ROOT), *filter(None, sys.path)]))
    notebook = nbformat.read(path, 4)
    folder = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(
        notebook, timeout=4 * SECONDS, kernel_name="python3", resources=folder
    ).execute()
    made = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    stored = [output.get("data", {}) for output in outputs(path)]
    pictures = sum("image/png" in data for data in made)
    assert pictures == sum("image/jpeg" in data for data in stored) > 0
