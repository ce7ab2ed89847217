"""Checks the parts "kept" and "held_out" of a folder: which images, and that they stay there."""

import hashlib
import io
import zipfile

import numpy as np
import pytest

from wae_tf import data
from wae_tf.data import held_out

Image = pytest.importorskip("PIL.Image")


def write(folder, names):
    """Writes images, each filled with its place in `names`."""
    for i, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((2, 2), i, "uint8")).save(path)
    return folder


def places(source, split, **options):
    return data.load_images(source, split, **options)[:, 0, 0, 0].tolist()


def in_the_tenth(path):
    """The rule, written out on the digits: below 0x1999...9, a tenth of 0xffff...f."""
    return hashlib.sha256(path.encode()).hexdigest() <= "1" + "9" * 63


def test_the_hash_of_the_path_decides(tmp_path):
    names = [f"a/{i:03d}.png" for i in range(100)] + [f"b/ü/{i}.png" for i in range(100)]
    write(tmp_path, names)
    expected = [i for i, name in enumerate(names) if in_the_tenth(name)]
    assert 8 <= len(expected) <= 32  # Or the test shows little.
    assert sorted(places(tmp_path, "held_out")) == expected
    kept = sorted(set(range(200)) - set(expected))
    assert sorted(places(tmp_path, "kept")) == kept
    assert sorted(places(tmp_path, "all")) == list(range(200))  # Nothing twice.


def test_a_share_of_a_tenth_is_held_out():
    names = [f"{i}.jpg" for i in range(20_000)]
    parts = held_out.divide(names, names)
    assert abs(len(parts["held_out"]) - 2000) < 5 * np.sqrt(20_000 * 0.1 * 0.9)
    assert sorted(parts["kept"] + parts["held_out"]) == sorted(names)


def test_images_that_are_added_or_removed_move_no_other():
    names = [f"{i}.jpg" for i in range(300)]
    before = held_out.divide(names, names)
    fewer = names[::3]
    more = [f"new/{i}.jpg" for i in range(300)] + names
    for others in (fewer, more):
        after = held_out.divide(others, others)
        for part in held_out.PARTS:
            both = set(before[part]) & set(others)
            assert both == set(after[part]) & set(names)


def test_images_of_all_splits_are_divided_by_the_path_from_the_top(tmp_path):
    names = [f"{split}/{i}.png" for split in ("test", "train", "val") for i in range(40)]
    source = write(tmp_path / "up" / "faces", names).parent  # faces/ is looked through.
    for split in held_out.PARTS:
        expected = [i for i, x in enumerate(names) if in_the_tenth(x) == (split == "held_out")]
        assert sorted(places(source, split)) == expected
    order = places(source, "kept")
    assert [names[i].split("/")[0] for i in order] == sorted(
        (names[i].split("/")[0] for i in order), key=["train", "val", "test"].index
    )
    assert places(source, "kept[:7]") == order[:7]
    assert places(source, "kept[-10%:]") == order[-round(len(order) / 10) :]


def test_a_zip_file_is_divided_as_its_folder_is(tmp_path):
    names = [f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(30)]
    folder = write(tmp_path / "animals", names)
    with zipfile.ZipFile(tmp_path / "animals.zip", "w") as archive:
        for name in names:
            archive.write(folder / name, f"animals/{name}")
    for split in held_out.PARTS:
        images, labels = data.load_images(folder, split, labels=True)
        zipped, zipped_labels = data.load_images(tmp_path / "animals.zip", split, labels=True)
        np.testing.assert_array_equal(images, zipped)
        assert labels.tolist() == zipped_labels.tolist() == [int(x[0, 0, 0] >= 30) for x in images]


def test_neither_part_is_empty(tmp_path):
    few = [name for name in map("{}.png".format, range(40)) if not in_the_tenth(name)][:3]
    lowest = min(range(3), key=lambda i: hashlib.sha256(few[i].encode()).digest())
    write(tmp_path / "few", few)
    assert places(tmp_path / "few", "held_out") == [lowest]
    assert len(places(tmp_path / "few", "kept")) == 2
    tenth = [name for name in map("{}.png".format, range(80)) if in_the_tenth(name)][:3]
    write(tmp_path / "tenth", tenth)
    highest = max(range(3), key=lambda i: hashlib.sha256(tenth[i].encode()).digest())
    assert places(tmp_path / "tenth", "kept") == [highest]
    assert len(places(tmp_path / "tenth", "held_out")) == 2


def test_kept_images_are_trained_on(tmp_path):
    write(tmp_path, [f"{i}.png" for i in range(20)])
    n = len(data.load_images(tmp_path, "kept"))
    assert len(data.load(tmp_path, "kept", batch_size=n - 1)) == 1  # The incomplete one is gone.
    assert sum(len(x) for x in data.load(tmp_path, "held_out", batch_size=1)) == 20 - n


def test_errors(tmp_path):
    write(tmp_path, ["only.png"])
    for split in held_out.PARTS:
        with pytest.raises(ValueError, match="at least 2 images to be divided.*with 1$"):
            data.load_images(tmp_path, split)
    with pytest.raises(ValueError, match=r"\['train', 'all', 'kept', 'held_out'\].*'holdout'"):
        data.load_images(tmp_path, "holdout")
    with pytest.raises(ValueError, match=r"which has \['train', 'all'\].*split='kept'"):
        data.load_images(np.zeros((4, 2, 2), "uint8"), "kept")
    file = io.BytesIO()
    np.savez(file, np.zeros((4, 2, 2), "uint8"))
    (tmp_path / "a.npz").write_bytes(file.getvalue())
    with pytest.raises(ValueError, match=r"which has \['train', 'all'\].*split='held_out'"):
        data.load_images(tmp_path / "a.npz", "held_out")
