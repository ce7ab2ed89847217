"""Checks that programs print their own lines only, and that libraries are left as they are."""

import subprocess
import sys

import pytest

from wae_tf.runtime import quiet

# What stands for TensorFlow: it writes past Python's standard error, as it does.
NOISY = """import os; os.write(2, b'NOISE'); {more}
def get_logger(): import logging; return logging.getLogger()"""


@pytest.mark.parametrize(
    "argv, orig, expected",
    [
        (["/usr/bin/wae-sample", "--num=4"], ["python", "/usr/bin/wae-sample"], True),
        (["C:\\bin\\wae-train.exe"], [], sys.platform == "win32"),
        (["-m"], ["python", "-m", "wae_tf.bin.sample", "--num=4"], True),
        (["-m"], ["python", "-X", "dev", "-m", "pytest"], False),
        (["mine.py"], ["python", "mine.py"], False),
        ([""], ["python"], False),
    ],
)
def test_our_programs_are_told_from_others(monkeypatch, argv, orig, expected):
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", orig)
    assert quiet.is_program() is expected


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["--verbosity=1"], 1),
        (["--num=4", "--verbosity", "0"], 0),
        (["-verbosity=-1", "--num=4"], -1),
        (["--verbose=1"], None),
        (["--model=a--verbosity=1"], None),
        ([], None),
    ],
)
def test_verbosity_is_read_before_there_are_flags(arguments, expected):
    assert quiet.verbosity(arguments) == expected


def imports(tmp_path, program, *arguments, more=""):
    """Runs an import of the noisy stand-in, and returns the finished process."""
    (tmp_path / "tensorflow.py").write_text(NOISY.format(more=more))
    load = (
        "import importlib.util as u, os, sys\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        f"sys.argv = {[program, *arguments]!r}\n"
        f"spec = u.spec_from_file_location('quiet', {quiet.__file__!r})\n"
        "module = u.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "module.import_tensorflow()\n"
        "os.write(2, b'after'); print(os.environ.get('TF_CPP_MIN_LOG_LEVEL'))"
    )
    env = {"PATH": "", "SYSTEMROOT": ""}
    return subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, env=env)


def test_programs_hear_nothing_of_the_import(tmp_path):
    done = imports(tmp_path, "wae-sample")
    assert (done.stderr, done.stdout) == ("after", "3\n")


@pytest.mark.parametrize("verbosity, level", [(1, 0), (0, 1), (-1, 2), (5, 0)])
def test_verbosity_brings_it_back(tmp_path, verbosity, level):
    done = imports(tmp_path, "wae-sample", f"--verbosity={verbosity}")
    assert (done.stderr, done.stdout) == ("NOISEafter", f"{level}\n")


def test_libraries_are_left_as_they_are(tmp_path):
    done = imports(tmp_path, "mine.py")
    assert (done.stderr, done.stdout) == ("NOISEafter", "None\n")


def test_an_import_that_fails_shows_what_was_said(tmp_path):
    done = imports(tmp_path, "wae-sample", more="raise ImportError('no library')")
    assert done.returncode == 1
    assert "NOISE" in done.stderr and "ImportError: no library" in done.stderr


def test_a_full_or_absent_place_for_temporary_files_stops_no_program(monkeypatch):
    def full(*args, **kwargs):
        raise FileNotFoundError("No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(quiet.tempfile, "TemporaryFile", full)
    with quiet._stderr_aside():
        done = True
    assert done
