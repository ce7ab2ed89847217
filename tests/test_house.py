"""The layout: rooms import from floors below, and every file has its place and its name."""

import ast
import collections
import configparser
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
SOURCES = sorted((ROOT / "wae_tf").rglob("*.py"))
OUTSIDE_PACKAGES = {
    "__init__.py",
    "_version.py",
    "arguments.py",
    "config.py",
    "pixels.py",
    "replicas.py",
    "schedules.py",
}
SAME_PART = {"__init__.py", "base.py", "build.py"}


def imports(source):
    """Returns the modules of ours that a source text imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return {name for name in found if name.startswith("wae_tf.")}


def room(path):
    return path.relative_to(ROOT / "wae_tf").parts[0].removesuffix(".py")


def linter(directory):
    """Runs import-linter with the contract of this repository on the packages of a directory."""
    pytest.importorskip("importlinter", reason="needs import-linter: pip install '.[test]'")
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            f"--config={ROOT / 'pyproject.toml'}",
            "--no-cache",
        ],
        cwd=directory,
        capture_output=True,
        text=True,
    )


def test_rooms_import_from_floors_below():
    result = linter(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("line", ["import wae_tf.models", "def f():\n    from wae_tf import zoo"])
def test_an_upward_import_is_found(tmp_path, line):
    for path in SOURCES:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "wae_tf" / "files" / "__init__.py").write_text(line + "\n")
    result = linter(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "wae_tf.files" in result.stdout


def test_contributing_shows_these_floors():
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("layers = [")[2]
    layers = [re.findall(r"\w+", text) for text in re.findall(r'"(.+)"', contract)]
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \| (.*) \|$", table, re.MULTILINE)
    shown = [re.findall(r"`(\w+)(?:/|\.py)`", text) for text in rows]
    assert [sorted(rooms) for rooms in shown] == [sorted(rooms) for rooms in reversed(layers)]


def test_modules_outside_packages_are_few():
    outside = {path.name for path in SOURCES if path.parent == ROOT / "wae_tf"}
    assert outside <= OUTSIDE_PACKAGES


def test_every_package_is_installed():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = settings["options"]["packages"].split()
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in SOURCES}
    assert sorted(listed) == sorted(found | {"wae_tf.zoo_entries"})


def test_no_two_files_share_a_name():
    """But those that play the same part, and a program beside the function that it calls."""
    files = collections.defaultdict(list)
    for path in SOURCES:
        if path.name not in SAME_PART:
            files[path.name].append(path)
    for name, paths in files.items():
        programs = [path for path in paths if path.parent.name == "bin"]
        others = [path for path in paths if path not in programs]
        assert len(programs) <= 1 and len(others) <= 1, name
        if programs and others:
            called = imports(programs[0].read_text(encoding="utf-8"))
            assert any(imported.startswith(f"wae_tf.{room(others[0])}") for imported in called) or (
                f"{room(others[0])}." in programs[0].read_text(encoding="utf-8")
            ), f"bin/{name} does not call {others[0].relative_to(ROOT)}"


def test_no_file_is_long():
    long = {
        path.name
        for path in SOURCES
        if path.name != "run_exported.py" and len(path.read_text("utf-8").splitlines()) > 300
    }
    assert not long


@pytest.mark.slow
def test_import_paths_of_earlier_versions_work():
    code = """
import importlib
import wae_tf
for old, new in wae_tf._MOVED.items():
    moved = importlib.import_module(f"wae_tf.{new}")
    scope = {}
    exec(f"import wae_tf.{old}", scope)
    assert importlib.import_module(f"wae_tf.{old}") is moved, old
    for name in getattr(moved, "__all__", ()):
        exec(f"from wae_tf.{old} import {name}", scope)
        assert scope[name] is getattr(moved, name), (old, name)
print(len(wae_tf._MOVED))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) >= 15
