"""Checks images that several workers decode together: those that one decodes, each decoded once."""

import contextlib
import shutil
import warnings

import numpy as np
import pytest
import tiny

from wae_tf import data
from wae_tf.data import shares, stores
from wae_tf.data.shares import Shares, cut

Image = pytest.importorskip("PIL.Image")

OPTIONS = {"image_shape": (4, 4, 3), "crop": (5, 5)}


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(11):
        path = tmp_path / "animals" / "train" / ("cat" if i < 5 else "dog") / f"{i:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (6, 7, 3), "uint8")).save(path)
    return tmp_path / "animals"


def decode(source, path, count, split="train", workers=None, **options):
    """Decodes by `count` workers, and returns the bytes of the cache that they have joined."""
    path.parent.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        each = [
            stack.enter_context(
                contextlib.closing(Shares(source, split, cache=path, count=count, **options))
            )
            for _ in range(count)
        ]
        assert len({one.key for one in each}) == 1
        for i in range(count) if workers is None else workers:
            each[i].decode(i)
        each[0].join()
        for one in each:
            one.check_joined()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return path.read_bytes()


def alone(source, path, split="train", **options):
    path.parent.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        data.load_images(source, split, cache=path, **options)
    return path.read_bytes()


@pytest.mark.parametrize("count", [1, 2, 3, 16])
@pytest.mark.parametrize("kind", ["folder", "zip", "npz", "array"])
def test_workers_decode_what_one_decodes(folder, tmp_path, kind, count):
    source = folder
    if kind == "zip":
        source = shutil.make_archive(tmp_path / "animals", "zip", folder)
    elif kind == "npz":
        source = tmp_path / "animals.npz"
        np.savez(source, x_train=tiny.images(11), x_test=tiny.images(3))
    elif kind == "array":
        source = tiny.images(11)
    options = OPTIONS if kind in ("folder", "zip") else {}
    joined = decode(source, tmp_path / "shares" / "images.npy", count, **options)
    assert joined == alone(source, tmp_path / "one" / "images.npy", **options)


def test_workers_decode_a_tfds_data_set(tmp_path):
    options = {"split": "test[:100]", "data_dir": tiny.real("tfds")}
    joined = decode("mnist", tmp_path / "shares" / "images.npy", 3, **options)
    assert joined == alone("mnist", tmp_path / "one" / "images.npy", **options)


def test_a_worker_reads_its_share_only(folder, tmp_path, monkeypatch):
    read = []
    original = stores.Folder.read
    monkeypatch.setattr(
        stores.Folder, "read", lambda self, name: (read.append(name), original(self, name))[1]
    )
    with contextlib.closing(Shares(folder, cache=tmp_path / "a.npy", count=3, **OPTIONS)) as third:
        third.decode(2)
    read.clear()
    with contextlib.closing(Shares(folder, cache=tmp_path / "a.npy", count=2, **OPTIONS)) as half:
        half.decode(1)
        half.decode(1)  # Is there already.
        assert sorted(name[-7:] for name in read) == [f"{i:03d}.png" for i in range(5, 11)]
        with pytest.raises(ValueError, match=r"decode their shares.*Received: no '.*a\.0-of-2"):
            half.join()
        with pytest.raises(ValueError, match="must be on a disk that all workers share"):
            half.check_joined()
        half.decode(0)
        half.join()
        half.decode(0)
    assert len(read) == 11
    assert [file.name for file in tmp_path.glob("*.npy")] == ["a.npy"]


@pytest.mark.parametrize("places", [[0], [10], [5, 6], [1, 9]])
def test_broken_images_are_those_that_one_finds(folder, tmp_path, places):
    names = sorted(folder.rglob("*.png"))
    for place in places:
        names[place].write_bytes(b"broken")
    options = {**OPTIONS, "max_broken": 0.2}
    joined = decode(folder, tmp_path / "shares" / "images.npy", 3, **options)
    assert joined == alone(folder, tmp_path / "one" / "images.npy", **options)


def test_too_many_broken_images_in_all_are_refused(folder, tmp_path):
    for name in sorted(folder.rglob("*.png"))[4:7]:
        name.write_bytes(b"broken")
    with pytest.raises(ValueError, match="with 3 of 11 broken: .*004.png.*006.png"):
        decode(folder, tmp_path / "shares" / "images.npy", 3, **OPTIONS)


def test_other_files_have_another_key(folder, tmp_path):
    keys = []
    for _ in range(2):
        with contextlib.closing(Shares(folder, cache=tmp_path / "a.npy", count=2)) as each:
            keys.append(each.key)
        next(folder.rglob("*.png")).unlink()
    assert keys[0] != keys[1]


def test_shares_are_of_one_size():
    segments = [("train", 2, 9), ("test", 0, 4)]
    for count in range(1, 14):
        sizes = [sum(stop - start for _, start, stop in own) for own in cut(segments, count)]
        assert sum(sizes) == 11 and max(sizes) - min(sizes) <= 1
    whole = [(name, i) for name, start, stop in segments for i in range(start, stop)]
    parts = [
        (name, i) for own in cut(segments, 3) for name, start, stop in own
        for i in range(start, stop)
    ]  # fmt: skip
    assert parts == whole


def test_shares_are_joined_a_few_at_a_time(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(shares, "_AT_ONCE", 2 * 4 * 4 * 3)
    joined = decode(folder, tmp_path / "shares" / "images.npy", 2, **OPTIONS)
    assert joined == alone(folder, tmp_path / "one" / "images.npy", **OPTIONS)
