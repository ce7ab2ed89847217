"""Checks decoded images on disk: the same pixels, decoded once, and never half a file."""

import itertools
import json
import os
import resource
import shutil
import warnings
import zipfile

import numpy as np
import pytest

from wae_tf import data
from wae_tf.data import decoding, memory, preparation
from wae_tf.data.broken import Broken
from wae_tf.data.preparation import Preparation

Image = pytest.importorskip("PIL.Image")

OPTIONS = {"image_shape": (4, 4, 3), "crop": (5, 5)}


def write(folder, count=12, seed=0):
    """Writes noise of 6x7 as PNG files of two classes, and returns the folder."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        path = folder / ("cat" if i < count // 2 else "dog") / f"{i:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (6, 7, 3), "uint8")).save(path)
    return folder


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "animals")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cached" / "images.npy"


@pytest.fixture
def decodings(monkeypatch):
    """Counts the images that are decoded, in a list."""
    calls, decode = [], preparation.decode
    monkeypatch.setattr(preparation, "decode", lambda x: calls.append(1) or decode(x))
    return calls


def test_a_cache_holds_the_pixels_that_memory_would(source, path):
    expected, classes = data.load_images(source, labels=True, **OPTIONS)
    images, labels = data.load_images(source, labels=True, cache=path, **OPTIONS)
    assert isinstance(images, np.memmap) and images.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0
    np.testing.assert_array_equal(images, expected)
    assert labels.tolist() == classes.tolist() == [0] * 6 + [1] * 6
    np.testing.assert_array_equal(np.load(path), expected)  # An ordinary file of NumPy.
    np.testing.assert_array_equal(np.load(path, mmap_mode="r"), expected)
    assert data.fingerprint(images) == data.fingerprint(expected)
    assert [p.name for p in path.parent.iterdir()] == ["images.npy"]


def test_images_are_decoded_once(source, path, decodings):
    for _ in range(3):
        images = data.load_images(str(source), cache=str(path), **OPTIONS)
        assert len(decodings) == len(images) == 12
    np.testing.assert_array_equal(images, data.load_images(source, **OPTIONS))


def test_the_split_as_it_is_called_does_not_matter_but_its_images_do(source, path, decodings):
    data.load_images(source, "train", cache=path, **OPTIONS)
    data.load_images(source, "all[:100%]", cache=path, **OPTIONS)
    assert len(decodings) == 12
    part = data.load_images(source, "train[2:5]", cache=path, **OPTIONS)
    assert len(decodings) == 15
    np.testing.assert_array_equal(part, data.load_images(source, **OPTIONS)[2:5])


def test_a_folder_that_moves_with_its_times_stays_the_same(source, path, tmp_path, decodings):
    data.load_images(source, cache=path, **OPTIONS)
    data.load_images(shutil.move(source, tmp_path / "moved"), cache=path, **OPTIONS)
    assert len(decodings) == 12


CHANGES = {
    "pixels": lambda folder: write(folder, seed=1),
    "time": lambda folder: os.utime(folder / "cat" / "001.png", (1, 1)),
    "a name": lambda folder: (folder / "cat" / "001.png").rename(folder / "cat" / "01.png"),
    "one more": lambda folder: write(folder, count=14),
    "one less": lambda folder: (folder / "dog" / "010.png").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_files_are_decoded_anew(change, source, path):
    before = data.load_images(source, cache=path, **OPTIONS)
    kept = before.copy()
    CHANGES[change](source)
    after = data.load_images(source, cache=path, **OPTIONS)
    np.testing.assert_array_equal(after, data.load_images(source, **OPTIONS))
    np.testing.assert_array_equal(before, kept)  # Whoever reads the former file still can.


@pytest.mark.parametrize(
    "options", [{"image_shape": (4, 4, 1), "crop": (5, 5)}, {"image_shape": (4, 4, 3)}, {}]
)
def test_other_shapes_are_decoded_anew(options, source, path):
    data.load_images(source, cache=path, **OPTIONS)
    images = data.load_images(source, cache=path, **options)
    np.testing.assert_array_equal(images, data.load_images(source, **options))


def test_a_zip_file_may_move_but_not_change(source, path, tmp_path, decodings):
    def pack(name):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for file in sorted(source.rglob("*.png")):
                archive.write(file, file.relative_to(source))
        return tmp_path / name

    expected = data.load_images(source, **OPTIONS)
    decodings.clear()
    for name in ("a.zip", "b.zip"):
        np.testing.assert_array_equal(data.load_images(pack(name), cache=path, **OPTIONS), expected)
        assert len(decodings) == 12
    write(source, seed=2)
    changed = data.load_images(pack("a.zip"), cache=path, **OPTIONS)
    np.testing.assert_array_equal(changed, data.load_images(source, **OPTIONS))


@pytest.mark.parametrize("options", [{}, OPTIONS])
def test_arrays_and_npz_files(options, path, tmp_path, decodings):
    array = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3), "uint8")
    np.savez(tmp_path / "a.npz", x_train=array, y_train=np.arange(5))
    for source in (array, array.astype("float32") / 255, tmp_path / "a.npz"):
        expected = data.load_images(array, **options)
        decodings.clear()
        for _ in range(2):
            images = data.load_images(source, "train[1:]", cache=path, **options)
            np.testing.assert_array_equal(images, expected[1:])
            assert isinstance(images, np.memmap)
            assert len(decodings) <= 4
    _, labels = data.load_images(tmp_path / "a.npz", "train[1:]", cache=path, labels=True)
    assert labels.tolist() == [1, 2, 3, 4]
    changed = array.copy()
    changed[2, 0, 0, 0] ^= 1
    np.testing.assert_array_equal(data.load_images(changed, cache=path), changed)


def test_a_memmap_as_source_stays_one(path):
    array = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3), "uint8")
    path.parent.mkdir()
    np.save(path, array)
    images = data.load_images(np.load(path, mmap_mode="r"), "train[1:]")
    assert isinstance(images, np.memmap)
    np.testing.assert_array_equal(images, array[1:])


def test_small_sets_stay_in_memory_unless_the_file_is_there(source, path):
    size = 12 * 4 * 4 * 3
    images = data.load_images(source, cache=path, cache_above=size, **OPTIONS)
    assert not isinstance(images, np.memmap) and not path.exists()
    images = data.load_images(source, cache=path, cache_above=size - 1, **OPTIONS)
    assert isinstance(images, np.memmap) and path.exists()
    images = data.load_images(source, cache=path, cache_above=size, **OPTIONS)
    assert isinstance(images, np.memmap)


# Broken images.


def test_broken_images_are_remembered_and_warned_of_again(source, path, decodings):
    for name in ("cat/001.png", "dog/011.png"):
        (source / name).write_bytes(b"")
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"2 of 12 broken: cat/001\.png, dog/011\.png$"):
            images, labels = data.load_images(
                source, labels=True, cache=path, max_broken=0.2, **OPTIONS
            )
        assert len(decodings) == 12 and len(images) == 10
        assert labels.tolist() == [0] * 5 + [1] * 5
    np.testing.assert_array_equal(np.load(path), images)
    with pytest.raises(ValueError, match=r"now 0\.01\..*2 of 12 broken: cat/001\.png"):
        data.load_images(source, cache=path, **OPTIONS)
    (source / "cat" / "001.png").unlink()
    (source / "dog" / "011.png").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(data.load_images(source, cache=path, max_broken=0, **OPTIONS)) == 10


def test_a_link_to_nowhere_is_broken_until_it_leads_somewhere(source, path):
    (source / "dog" / "new.png").symlink_to(source.parent / "later.png")
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"1 of 13 broken: dog/new\.png \(.*No such file"):
            assert len(data.load_images(source, cache=path, max_broken=0.1, **OPTIONS)) == 12
    shutil.copy(source / "cat" / "000.png", source.parent / "later.png")
    images = data.load_images(source, cache=path, **OPTIONS)
    np.testing.assert_array_equal(images[12], images[0])


def test_too_many_broken_images_leave_the_former_file_alone(source, path):
    data.load_images(source, cache=path, **OPTIONS)
    before = path.read_bytes()
    for name in ("001.png", "003.png"):
        (source / "cat" / name).write_bytes(b"")
    with pytest.raises(ValueError, match="2 of 12 broken"):
        data.load_images(source, cache=path, **OPTIONS)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["images.npy"]


# What goes wrong.


@pytest.mark.parametrize("content", ["array", "floats", "half", "text", "nothing"])
def test_a_file_of_another_origin_is_not_overwritten(content, source, path):
    data.load_images(source, cache=path, **OPTIONS)
    whole = path.read_bytes()
    if content in ("array", "floats"):
        np.save(path, np.zeros((2, 2, 2, 3), "uint8" if content == "array" else "float32"))
    else:
        path.write_bytes({"half": whole[:300], "text": b"notes", "nothing": b""}[content])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="`cache` must be a new file, or one.*images.npy"):
        data.load_images(source, cache=path, **OPTIONS)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["images", "images.npz", "images.npy.gz"])
def test_the_name_of_a_cache_tells_what_it_is(name, source, tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.npy, or None\. Received: cache='.*images"):
        data.load_images(source, cache=tmp_path / name)


def test_an_interruption_leaves_nothing_behind(source, path, monkeypatch):
    decode, count = preparation.decode, itertools.count()

    def interrupted(content):
        if next(count) == 7:
            raise KeyboardInterrupt
        return decode(content)

    monkeypatch.setattr(preparation, "decode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        data.load_images(source, cache=path, **OPTIONS)
    assert list(path.parent.iterdir()) == []


def test_a_full_disk_is_said_before_the_images_are_decoded(source, path, monkeypatch, decodings):
    usage = shutil.disk_usage(source)._replace(free=575)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    message = r"as much space.*Free space.*images\.npy' after 0 of 12.*576 bytes needed, 575 free"
    with pytest.raises(OSError, match=message):
        data.load_images(source, cache=path, **OPTIONS)
    assert list(path.parent.iterdir()) == []


def test_a_disk_that_fills_up_is_said(source, path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    try:
        with pytest.raises(OSError, match=r"as much space.*of 12 images, File too large"):
            data.load_images(source, cache=path, **OPTIONS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(path.parent.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_said(source, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"`cache` must be a file that can be written.*a\.npy"):
        data.load_images(source, cache=tmp_path / "file" / "a.npy", **OPTIONS)


def test_the_last_line_says_what_was_cached(source, path):
    data.load_images(source, cache=path, **OPTIONS)
    line = json.loads(path.read_bytes()[128 + 12 * 48 :])["wae_tf_images"]
    assert (line["total"], line["indices"], len(line["key"])) == (12, [], 64)


# Memory.


def test_few_images_are_read_ahead():
    read = []
    content = np.zeros((2, 2, 1), "uint8")
    items = ((str(i), lambda i=i: read.append(i) or content) for i in range(1000))
    blocks = decoding.decoded(items, Preparation(), Broken(0, 1000, "source"), verbose=False)
    for done, _ in enumerate(blocks, start=1):
        assert len(read) <= done + 4 * 8 + 1
    assert sorted(read) == list(range(1000))


def anonymous_memory():
    """Bytes of memory of this process that no file backs."""
    try:
        with open("/proc/self/status") as file:
            return next(int(x.split()[1]) * 1024 for x in file if x.startswith("RssAnon:"))
    except (OSError, StopIteration):
        pytest.skip("This system does not say how much anonymous memory a process has")


def test_batches_of_a_memmap_copy_no_more_than_batches(path):
    path.parent.mkdir()
    size = 256 * 2**20  # Of zeros, which take no space on disk.
    np.lib.format.open_memmap(path, "w+", "uint8", (size // 4096, 64, 64, 1)).flush()
    images = np.load(path, mmap_mode="r")
    next(iter(data.batches(images[:8], 2, training=True)))  # What TensorFlow needs once.
    before = anonymous_memory()
    dataset = data.batches(images, 256, training=True, horizontal_flip=True)
    for batch in dataset:
        assert len(batch) == 256
        assert anonymous_memory() - before < size / 4
    assert len(data.fingerprint(images)) == 64
    assert anonymous_memory() - before < size / 4


@pytest.mark.parametrize(
    "options",
    [
        {"training": True, "epochs": 3, "seed": 5, "horizontal_flip": True},
        {"training": True, "first_epoch": 1, "epochs": 2},
        {"training": True, "reshuffle_each_iteration": True},
        {"training": False},
        {"training": False, "order": [3, 3, 11, 0, 7]},
    ],
)
@pytest.mark.parametrize("labels", [None, np.arange(12)])
def test_batches_of_a_memmap_are_those_of_the_array(options, labels, source, path):
    images = data.load_images(source, cache=path, **OPTIONS)
    in_memory, on_disk = (
        data.batches(x, 5, labels=labels, **options) for x in (np.array(images), images)
    )
    assert in_memory.element_spec == on_disk.element_spec
    assert in_memory.cardinality() == on_disk.cardinality()
    for a, b in zip(in_memory, on_disk, strict=True):
        for x, y in zip(*([a], [b]) if labels is None else (a, b)):
            np.testing.assert_array_equal(x, y)


def test_batches_of_a_part_of_a_memmap(source, path):
    images = data.load_images(source, cache=path, **OPTIONS)
    for part in (images[3:9], images[::-2]):
        batches = np.concatenate(list(data.batches(part, 4, training=False)))
        np.testing.assert_array_equal(batches, part)


def test_an_order_picks_and_sorts_images():
    images = np.arange(10, dtype="uint8").reshape(10, 1, 1, 1)
    dataset = data.batches(images, 2, training=False, order=[4, 9, 4], labels=np.arange(10) * 10)
    assert [x.numpy().ravel().tolist() for x, _ in dataset] == [[4, 9], [4]]
    assert [y.numpy().tolist() for _, y in dataset] == [[40, 90], [40]]
    assert len(dataset) == 2
    for order in ([10], [-1], [], [[1]], [0.5], ["a"]):
        with pytest.raises(ValueError, match="`order` must be a list of places in `images`"):
            data.batches(images, 2, training=False, order=order)
    with pytest.raises(ValueError, match="needs `training=False`. Received: training=True"):
        data.batches(images, 2, training=True, order=[1, 2])


def test_available_memory_is_what_is_free_or_allowed(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemFree: 1 kB\nMemAvailable:   4 kB\n")
    (tmp_path / "small").write_text("1000\n")
    (tmp_path / "none").write_text("max\n")
    meminfo, absent = tmp_path / "meminfo", tmp_path / "absent"
    assert memory.available_memory(meminfo, [absent, tmp_path / "none"]) == 4096
    assert memory.available_memory(meminfo, [tmp_path / "small"]) == 1000
    half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    assert memory.available_memory(absent, []) == half
    assert 0 < memory.available_memory() <= 2 * half
