"""Helpers that several test files share."""

import os
import sys
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # Before TensorFlow is imported.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:  # Processes share the cores.
    _cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    _threads = str(max(1, _cores // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])))
    for _name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(_name, _threads)

# Before TensorFlow, as in our programs: see `wae_tf.runtime.onednn`.
import wae_tf  # isort: skip

import numpy as np
import pytest
import tiny
from absl.testing import flagsaver
from kept_models import kept_models


@pytest.fixture(scope="session")
def shared_data():
    """Returns the folder of real data, or skips the test."""
    return tiny.real()


@pytest.fixture(scope="session")
def plain_entry(tmp_path_factory):
    """Returns the directory of an entry of `tiny.config()` without samplers, to be copied."""
    config = tiny.config()
    directory = tmp_path_factory.mktemp("plain") / "entry"
    wae_tf.save_entry(directory, wae_tf.build_model(config), config)
    return directory


@pytest.fixture(scope="module")
def models_kept():
    """Has the trainings of a test file build each model once: see `kept_models`."""
    with kept_models():
        yield


@pytest.fixture
def run_program(monkeypatch):
    """Returns a function that runs a program here, and returns its exit status or message."""

    def run_program(program, *arguments):
        monkeypatch.setattr(sys, "argv", [program.__name__, *arguments])
        with flagsaver.flagsaver(), pytest.raises(SystemExit) as exit:
            program.run()
        return exit.value.code

    return run_program


@pytest.fixture
def rng():
    """Returns a generator that draws the same numbers in each test."""
    return np.random.default_rng(0)


@pytest.fixture(params=["folder", "zip"])
def tree(request, tmp_path):
    """Writes `{path: bytes}` as a folder or as a zip file, and returns where."""

    def write(files):
        if request.param == "folder":
            for name, content in files.items():
                path = tmp_path / "tree" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            (tmp_path / "tree").mkdir(exist_ok=True)
            return tmp_path / "tree"
        with zipfile.ZipFile(tmp_path / "tree.zip", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return tmp_path / "tree.zip"

    return write
