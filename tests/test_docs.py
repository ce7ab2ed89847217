"""What the pages say can be done: links lead somewhere, imports and flags exist, Python runs."""

import ast
import importlib
import pathlib
import re
import shlex

import pytest

from wae_tf.bin import apply, evaluate, explore, export, publish, sample, train

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = {
    "wae-apply": apply,
    "wae-evaluate": evaluate,
    "wae-explore": explore,
    "wae-export": export,
    "wae-publish": publish,
    "wae-sample": sample,
    "wae-train": train,
}


def blocks(path, *kinds):
    """Returns the code blocks of some languages, in order."""
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```(?:{'|'.join(kinds)})\n(.*?)^```$", text, re.M | re.S)


GENERATED = {"gallery.md", "notebooks/01_first_faces.md"}  # When the site is built, by tools/.


def test_readme_is_short():
    assert len(PAGES[0].read_text(encoding="utf-8").splitlines()) < 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    links = [link for link in links if not link.startswith("http") and link not in GENERATED]
    missing = [link for link in links if not (page.parent / link.split("#")[0]).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_ours_exist(page):
    """Every `wae_tf.a.b` in code, imported or called, is there."""
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("wae_tf"):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, name.name) for name in node.names), block
            if isinstance(node, ast.Attribute):
                path = ast.unparse(node)
                if re.fullmatch(r"wae_tf(\.\w+)+", path):
                    found = importlib.import_module("wae_tf")
                    for name in path.split(".")[1:]:
                        found = getattr(found, name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_flags_exist(page):
    for block in blocks(page, "bash", "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            for command in line.split("&&"):
                program, *arguments = shlex.split(command) or [""]
                if program not in PROGRAMS:
                    continue
                known = PROGRAMS[program]._FLAGS
                for argument in arguments:
                    if argument.startswith("--"):
                        name = argument[2:].split("=")[0]
                        assert name in known or name.removeprefix("no") in known, line


def test_first_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope = {}
    exec(blocks(PAGES[0], "python")[0], scope)
    assert scope["faces"].shape == (16, 64, 64, 3) and scope["codes"].shape == (16, 64)
    assert scope["again"].shape == (16, 64, 64, 3)
    assert scope["ways"].shape == (8, 7, 64, 64, 3)
    assert (tmp_path / "ways.png").stat().st_size > 0
