"""Checks that files are replaced whole or not at all, and that directories can be written to."""

import os
import pathlib

import pytest

from wae_tf import files


def test_a_file_is_replaced_when_the_block_ends(tmp_path):
    path = tmp_path / "model.weights.h5"
    path.write_text("old")
    with files.replacing(path) as temporary:
        assert temporary.parent == tmp_path and temporary != path
        assert temporary.name.endswith(".weights.h5")
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_keeps_the_old_file_and_leaves_nothing(tmp_path):
    path = tmp_path / "entry.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), files.replacing(path) as temporary:
        temporary.write_text("ha")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_paths_may_be_strings(tmp_path):
    with files.replacing(str(tmp_path / "a.txt")) as temporary:
        temporary.write_text("a")
    assert (tmp_path / "a.txt").read_text() == "a"


def test_directories_are_made_and_left_empty(tmp_path):
    path = files.writable_directory(str(tmp_path / "a" / "b"))
    assert path == tmp_path / "a" / "b"
    assert path.is_dir() and list(path.iterdir()) == []
    assert files.writable_directory(path) == path


def test_home_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.writable_directory("~/runs") == tmp_path / "runs"
    assert not pathlib.Path("~").exists()


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        match = f"`workdir` must be .* written to.*Received: workdir='{path}'"
        with pytest.raises(ValueError, match=match):
            files.writable_directory(path, "workdir")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_directory_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ValueError, match="change its permissions.*Permission denied"):
        files.writable_directory(tmp_path)
