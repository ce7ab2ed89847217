"""Checks what is said of packages that are missing, or of untested versions."""

import configparser
import importlib.metadata
import pathlib
import sys
import warnings

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from wae_tf import metrics
from wae_tf.runtime import requirements
from wae_tf.runtime.requirements import need
from wae_tf.samplers.mixture import GaussianMixtureSampler


def test_what_is_there_is_imported():
    assert need("math", "An example").sqrt(4.0) == 2.0


@pytest.mark.parametrize(
    "module, command",
    [
        ("sklearn.mixture", "pip install 'wae_tf[evaluate]'"),
        ("scipy.stats", "pip install 'wae_tf[evaluate]'"),
        ("matplotlib.style", "pip install 'wae_tf[plots]'"),
        ("jax", "pip install 'wae_tf[xla]'"),
        ("PIL.Image", "pip install pillow"),
        ("no_such_package.part", "pip install no_such_package"),
    ],
)
def test_what_is_missing_is_named_with_the_command(monkeypatch, module, command):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match="An example needs .*not installed: `") as raised:
        need(module, "An example")
    assert str(raised.value).endswith(f"`{command}`")


def test_what_a_package_itself_lacks_is_not_taken_for_the_package(monkeypatch, tmp_path):
    (tmp_path / "needs_more.py").write_text("import something_else_that_is_missing")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="something_else_that_is_missing"):
        need("needs_more", "An example")


def test_calls_name_the_extra_that_they_need(monkeypatch):
    points = np.random.default_rng(0).normal(size=(30, 3)).astype("float32")
    for module in ("sklearn.mixture", "sklearn.metrics", "scipy.stats"):
        monkeypatch.setitem(sys.modules, module, None)
    for call in (
        lambda: GaussianMixtureSampler.fit(points, {}, components=2),
        lambda: metrics.precision_recall(points, points),
        lambda: metrics.latent(points, "normal"),
    ):
        with pytest.raises(ImportError, match=r"pip install 'wae_tf\[evaluate\]'"):
            call()


@pytest.fixture
def installed(monkeypatch):
    """Returns a function that says which versions are installed, and what is required."""

    def install(versions, required):
        def version(name):
            if name not in versions:
                raise importlib.metadata.PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(importlib.metadata, "version", version)
        monkeypatch.setattr(importlib.metadata, "requires", lambda name: required)

    return install


REQUIRED = ["tensorflow<2.22,>=2.18", "keras<3.16,>=3.8", 'numpy>=9; extra == "other"', "h5py>=9"]


def test_a_version_outside_its_range_is_named(installed):
    installed({"tensorflow": "2.22.1", "keras": "3.9.0", "numpy": "1.26", "h5py": "3"}, REQUIRED)
    match = r"with tensorflow <2.22,>=2.18 and found 2.22.1: .*pip install 'tensorflow<2.22,>=2.18'"
    with pytest.warns(UserWarning, match=match) as warned:
        requirements.warn_of_others()
    assert len(warned) == 1


@pytest.mark.parametrize(
    "versions, required",
    [
        ({"tensorflow": "2.18.0", "keras": "3.15.1"}, REQUIRED),
        ({"tensorflow": "2.21.0rc1", "keras": "3.8"}, REQUIRED),
        ({"keras": "3.10.0"}, REQUIRED),  # TensorFlow by another name.
        ({"tensorflow": "1.0"}, None),
        ({"tensorflow": "1.0"}, ["this is no requirement"]),
    ],
)
def test_no_warning_without_reason(installed, versions, required):
    installed(versions, required)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        requirements.warn_of_others()


def test_a_source_tree_that_is_not_installed_is_harmless(monkeypatch):
    def requires(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", requires)
    requirements.warn_of_others()


def test_the_lowest_versions_are_those_of_the_ranges():
    root = pathlib.Path(__file__).parents[1]
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(root / "setup.cfg", encoding="utf-8")
    extras = setup["options.extras_require"]
    lines = [setup["options"]["install_requires"], extras["evaluate"], extras["plots"]]
    ranges = [
        Requirement(line) for line in "\n".join(lines).split("\n") if line and line[0] not in "#%"
    ]
    pins = (root / "tools/lowest_versions.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in pins if "==" in line]
    pinned = {pin.name.replace("-", "_"): pin.specifier for pin in pins}
    assert len(ranges) > 10
    for wanted in ranges:
        (pin,) = pinned[wanted.name.replace("-", "_")]
        lowest = next(part for part in wanted.specifier if part.operator == ">=")
        assert Version(pin.version).release[:2] == Version(lowest.version).release[:2], wanted
        assert wanted.specifier.contains(pin.version), wanted
