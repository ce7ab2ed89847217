"""Folders and archives that would hang, fill the memory, or lead in circles."""

import io
import os
import struct
import zipfile

import numpy as np
import pytest

from wae_tf import data
from wae_tf.data import stores

Image = pytest.importorskip("PIL.Image")


def png(value=0):
    file = io.BytesIO()
    Image.fromarray(np.full((4, 4, 3), value, "uint8")).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Returns a folder of three images, black to grey."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(3):
        (folder / f"{i}.png").write_bytes(png(i))
    return folder


def values(source):
    return data.load_images(source)[:, 0, 0, 0].tolist()


def test_pipes_and_devices_are_passed_over(folder):
    os.mkfifo(folder / "pipe.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    (folder / "random.jpg").symlink_to("/dev/urandom")
    assert values(folder) == [0, 1, 2]


def test_a_pipe_in_place_of_a_file_does_not_hang(folder):
    store = stores.Folder(folder)
    names = sorted(store.names())
    (folder / "1.png").unlink()
    os.mkfifo(folder / "1.png")
    with pytest.raises(ValueError, match="no regular file"):
        store.read(names[1])


@pytest.mark.parametrize("suffix", [".zip", ".npz"])
def test_a_pipe_as_source_is_refused(tmp_path, suffix):
    os.mkfifo(tmp_path / f"images{suffix}")
    with pytest.raises(ValueError, match="`source` must be .*Received: source="):
        data.load_images(tmp_path / f"images{suffix}")


def test_links_back_end_and_links_aside_are_followed(folder, tmp_path):
    (folder / "back").symlink_to(folder)
    (folder / "up").symlink_to(tmp_path)
    assert values(folder) == [0, 1, 2]
    other = tmp_path / "other"
    other.mkdir()
    (other / "linked").symlink_to(folder)
    assert values(other) == [0, 1, 2]


def test_a_link_to_itself_is_a_broken_file(folder):
    (folder / "self.png").symlink_to(folder / "self.png")
    with pytest.warns(UserWarning, match="1 of 4 broken: self.png"):
        assert values(folder) == [0, 1, 2]


def test_links_to_each_other_end(tmp_path):
    for one, other in ("ab", "ba"):
        (tmp_path / one).mkdir()
        (tmp_path / one / "on").symlink_to(tmp_path / other)
        (tmp_path / one / "x.png").write_bytes(png())
    assert len(data.load_images(tmp_path)) == 4  # a/x, a/on/x, b/x, b/on/x.


def test_a_maze_of_links_is_refused(tmp_path):
    for i in range(30):
        (tmp_path / f"{i}").mkdir()
        for name in "ab":
            (tmp_path / f"{i}" / name).symlink_to(tmp_path / f"{i + 1}")
    (tmp_path / "30").mkdir()
    (tmp_path / "30" / "x.png").write_bytes(png())
    with pytest.raises(ValueError, match="Links must lead to a folder on at most 16 ways"):
        data.load_images(tmp_path / "0")


def test_files_beyond_measure_are_broken_ones(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "LARGEST", 10**5)
    with open(folder / "huge.png", "wb") as file:
        file.truncate(10**6)
    with pytest.warns(UserWarning, match=r"1 of 4 broken: huge.png \(1,000,000 bytes, of at most"):
        assert values(folder) == [0, 1, 2]
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.png", png())
        archive.writestr("huge.png", b"\0" * 10**6)
    with pytest.warns(UserWarning, match=r"1 of 2 broken: huge.png \(1,000,000 bytes, of at most"):
        assert values(tmp_path / "a.zip") == [0]


def test_a_zip_file_that_unfolds_beyond_measure_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "_HARMLESS", 10**6)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(40):
            archive.writestr(f"{i}.bmp", b"\0" * 10**6)
    with pytest.raises(ValueError, match="at most 250 times its size.*40,000,000 unpacked"):
        data.load_images(tmp_path / "a.zip")


def test_listing_says_how_far_it_is(folder, monkeypatch, capsys):
    monkeypatch.setattr(stores, "_SAID_EVERY", 2)
    assert len(list(stores.Folder(folder).names())) == 3
    assert capsys.readouterr().err == f"{folder}: 2 files so far\n"


@pytest.mark.parametrize("shape", ["(10**9, 99, 99, 3)", "(2, 9, 9, 3)", "(-2, 8, 8, 3)"])
def test_an_npz_file_whose_shape_is_not_that_of_its_bytes_is_refused(tmp_path, shape):
    shape = shape.replace("10**9", f"{10**9}")
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x_train.npy", content + bytes(2 * 8 * 8 * 3))
    with pytest.raises(ValueError, match="must be an npz file of plain arrays.*cannot have 384 by"):
        data.load_images(tmp_path / "a.npz")
