"""Checks that files are replaced whole or not at all, and that directories can be written to."""

import errno
import os
import pathlib
import re
import subprocess
import sys

import h5py
import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf import files
from wae_tf.files.hdf5_writing import replacing_hdf5


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


@pytest.fixture(scope="module")
def gone():
    """Returns the number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_killed_processes_left_of_a_target_goes(tmp_path, gone):
    for name in ("out", "new-out", "old-out"):
        (tmp_path / f".tmp-{gone}-{name}").mkdir()
        (tmp_path / f".tmp-{gone}-{name}" / "half").write_text("ha")
    (tmp_path / f".tmp-{os.getpid()}-out").write_text("ha")  # A number that came again.
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "whole").write_text("all of it")
    alive = f".tmp-{os.getppid()}-new-out"
    others = [f".tmp-{gone}-new-other", f".tmp-{gone}-out.npz", ".tmp-out", alive]
    for name in others:
        (tmp_path / name).write_text("not this target's, or of one who works")
    files.recover(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["out", *others])
    assert (tmp_path / "out" / "whole").read_text() == "all of it"


def test_what_was_moved_aside_comes_back_if_nothing_took_its_place(tmp_path, gone):
    for name, text in (("old-out", "earlier"), ("new-out", "later")):
        (tmp_path / f".tmp-{gone}-{name}").mkdir()
        (tmp_path / f".tmp-{gone}-{name}" / "export").write_text(text)
    files.recover(str(tmp_path / "out"))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "export").read_text() == "earlier"
    files.recover(tmp_path / "nowhere" / "out")  # Nothing there, nothing to do.


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


@pytest.mark.parametrize("kind", [OSError, RuntimeError])
def test_a_full_disk_is_one_line_with_the_path_whoever_says_it(tmp_path, kind):
    path = tmp_path / "model.weights.h5"
    hdf5 = kind("Unable to extend file (file write failed:\n errno = 28, buf = 0x55cefd57e570)")
    with pytest.raises(OSError, match=re.escape(str(path))) as caught, files.replacing(path):
        raise hdf5
    assert caught.value.errno == errno.ENOSPC and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def arrays(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update(
                {name: (item[()] if isinstance(item, h5py.Dataset) else None, dict(item.attrs))}
            )
        )
    return found


def test_weights_written_in_memory_are_those_that_keras_writes(tmp_path):
    model = wae_tf.build_model(tiny.config(divergence="gan"))
    model.compile()
    model.fit(tiny.images(16), batch_size=8, verbose=0)
    with replacing_hdf5(tmp_path / "memory.weights.h5", weights_of=model) as file:
        file["epoch"] = 3
    model.save_weights(tmp_path / "keras.weights.h5")
    ours, theirs = arrays(tmp_path / "memory.weights.h5"), arrays(tmp_path / "keras.weights.h5")
    assert ours.pop("epoch")[0] == 3
    assert any("optimizer" in name for name in theirs)
    np.testing.assert_equal(ours, theirs)


def test_hdf5_never_meets_a_full_disk(tmp_path, monkeypatch):
    path = tmp_path / "a.h5"
    path.write_bytes(b"old")
    with replacing_hdf5(path) as file:
        file["a"] = np.zeros(1000)
        file.flush()
        assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    assert np.all(arrays(path)["a"][0] == 0)

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left on device.*a.h5"), replacing_hdf5(path) as f:
        f["a"] = np.ones(1000)
    assert np.all(arrays(path)["a"][0] == 0) and list(tmp_path.iterdir()) == [path]


def test_an_error_that_says_more_of_a_full_disk_stays(tmp_path):
    said = OSError(errno.ENOSPC, "576 bytes are needed, and 575 free")
    with pytest.raises(OSError) as caught, files.replacing(tmp_path / "images.npy"):
        raise said
    assert caught.value is said
