"""Checks `wae_tf.data`: pixels and orders first, then every kind of source, then errors."""

import hashlib
import importlib
import io
import pathlib
import sys
import zipfile

import numpy as np
import pytest
import tiny

from wae_tf import data

Image = pytest.importorskip("PIL.Image")


def numbered(n, height=2, width=3, channels=1):
    """Returns n images, each filled with its own index."""
    return np.broadcast_to(
        np.arange(n, dtype="uint8")[:, None, None, None], (n, height, width, channels)
    ).copy()


def order(dataset):
    """Returns the indices that a dataset of `numbered` images yields, batch by batch."""
    return np.array([batch[:, 0, 0, 0].numpy() for batch in dataset])


def encoded(array, suffix=".png", **options):
    """Returns the bytes of an image file."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, Image.registered_extensions()[suffix], **options)
    return file.getvalue()


def grey(value, shape=(4, 4)):
    return encoded(np.full(shape, value, "uint8"))


def load_one(content, tmp_path, name="image.png", **options):
    """Returns the one image of a folder with one file."""
    folder = tmp_path / "one"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return data.load_images(folder, **options)[0]


# Orders: numbers first.


def test_each_training_epoch_is_a_permutation_of_the_whole_set():
    epochs = order(data.batches(numbered(12), 4, training=True, epochs=3)).reshape(3, 12)
    np.testing.assert_array_equal(np.sort(epochs), np.tile(np.arange(12), (3, 1)))
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_the_incomplete_training_batch_is_dropped_after_the_shuffle():
    epochs = order(data.batches(numbered(11), 4, training=True, epochs=30)).reshape(30, 8)
    assert all(len(set(epoch)) == 8 for epoch in epochs)
    assert set(epochs.ravel()) == set(range(11))


def test_a_permutation_leaves_no_position_to_favourites():
    epochs = order(data.batches(numbered(4), 4, training=True, epochs=200))
    counts = np.array([np.bincount(epochs[:, i], minlength=4) for i in range(4)])
    np.testing.assert_allclose(counts, 50, atol=5 * np.sqrt(200 * 0.25 * 0.75))


def test_a_dataset_that_reshuffles_has_a_new_order_in_each_iteration_and_the_same_ones_again():
    first, again = (
        data.batches(numbered(12), 4, training=True, reshuffle_each_iteration=True, seed=3)
        for _ in range(2)
    )
    orders = [order(first).ravel().tolist() for _ in range(3)]
    for epoch in orders:
        assert sorted(epoch) == list(range(12))
    assert len({tuple(epoch) for epoch in orders}) == 3
    np.testing.assert_array_equal(orders, [order(again).ravel() for _ in range(3)])
    assert len(first) == 3
    with pytest.raises(ValueError, match=r"`reshuffle_each_iteration` needs.*epochs=2"):
        data.batches(numbered(12), 4, training=True, reshuffle_each_iteration=True, epochs=2)


@pytest.mark.parametrize("first_epoch", [1, 2, 4])
def test_a_resumed_run_sees_the_batches_of_the_uninterrupted_one(first_epoch):
    images = np.random.default_rng(0).integers(0, 256, (10, 2, 5, 3), "uint8")
    options = {"training": True, "epochs": 4, "seed": 7, "horizontal_flip": True, "max_shift": 1}
    whole = [b.numpy() for b in data.batches(images, 3, **options)]
    resumed = [b.numpy() for b in data.batches(images, 3, first_epoch=first_epoch, **options)]
    assert len(whole) == 12
    assert len(resumed) == 12 - 3 * first_epoch
    for a, b in zip(whole[3 * first_epoch :], resumed):
        np.testing.assert_array_equal(a, b)


def test_the_seed_decides_the_order():
    orders = [order(data.batches(numbered(50), 50, training=True, seed=s))[0] for s in (0, 0, 1)]
    np.testing.assert_array_equal(orders[0], orders[1])
    assert (orders[0] != orders[2]).any()


def test_flips_mirror_half_of_the_images_and_differ_between_epochs_and_batches():
    images = np.zeros((400, 1, 2, 1), "uint8")
    images[:, 0, 1] = 1
    dataset = data.batches(images, 100, training=True, epochs=5, horizontal_flip=True)
    flipped = np.array([b[:, 0, 0, 0].numpy() for b in dataset])
    assert set(np.unique(flipped)) == {0, 1}
    assert abs(flipped.mean() - 0.5) < 5 * 0.5 / np.sqrt(flipped.size)
    assert len({row.tobytes() for row in flipped}) == 20


def test_shifted_images_are_windows_of_the_mirrored_image(rng):
    images = rng.integers(256, size=(200, 6, 5, 3), dtype="uint8")
    options = {"training": True, "labels": np.arange(200), "max_shift": 1}
    batches = data.batches(images, 200, epochs=2, **options).as_numpy_iterator()
    (got, rows), (other, _) = batches
    padded = np.pad(images[rows], ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    windows = [padded[:, y : y + 6, x : x + 5] for y in range(3) for x in range(3)]
    found = np.array([(window == got).all(axis=(1, 2, 3)) for window in windows])
    np.testing.assert_array_equal(found.sum(axis=0), 1)
    assert found.sum(axis=1).min() > 5  # Each of the nine moves.
    assert not np.array_equal(got, other)


def test_evaluation_is_all_images_in_order_with_their_labels():
    labels = np.arange(7) * 10
    batches = list(data.batches(numbered(7), 3, training=False, labels=labels))
    assert [len(x) for x, _ in batches] == [3, 3, 1]
    assert np.concatenate([x[:, 0, 0, 0] for x, _ in batches]).tolist() == list(range(7))
    assert np.concatenate([y for _, y in batches]).tolist() == labels.tolist()


def test_labels_follow_their_images_through_the_shuffle():
    for x, y in data.batches(numbered(20), 5, training=True, labels=np.arange(20) + 100):
        np.testing.assert_array_equal(x[:, 0, 0, 0] + 100, y)


@pytest.mark.parametrize("training", [True, False])
def test_no_thread_tunes_batches_which_would_hold_the_end_of_fit(training):
    dataset = data.batches(numbered(10), 2, training=training)
    assert dataset.options().autotune.enabled is False


def test_dataset_states_its_length_and_element():
    images = numbered(10)
    dataset = data.batches(images, 3, training=True, first_epoch=2, epochs=6)
    assert len(dataset) == 12
    assert dataset.element_spec.dtype == "uint8"
    assert len(data.batches(images, 3, training=True, first_epoch=6, epochs=6)) == 0
    endless = data.batches(images, 3, training=True, epochs=None)
    np.testing.assert_array_equal(
        order(endless.take(9)), order(data.batches(images, 3, training=True, epochs=3))
    )
    images[:] = 0  # The dataset has its own copy.
    assert order(dataset).max() == 9


# Pixels.


def test_crop_is_centred_with_the_smaller_margin_first():
    image = np.arange(7 * 6, dtype="uint8").reshape(1, 7, 6)
    cropped = data.load_images(image, crop=(4, 2))
    np.testing.assert_array_equal(cropped[0, ..., 0], image[0, 1:5, 2:4])
    wide = data.load_images(image, image_shape=(3, 6, 1))  # Same aspect: rows 2 to 4.
    np.testing.assert_array_equal(wide[0, ..., 0], image[0, 2:5])


def test_celeba_crop_of_the_paper_is_rows_39_to_178_and_columns_19_to_158():
    image = np.random.default_rng(0).integers(0, 256, (1, 218, 178, 3), "uint8")
    faces = data.load_images(image, image_shape=(140, 140, 3), crop=(140, 140))
    np.testing.assert_array_equal(faces, image[:, 39:179, 19:159])


def test_resize_is_antialiased():
    stripes = np.tile(np.array([0, 255], "uint8"), (1, 64, 32))  # Averages to 127.5.
    small = data.load_images(stripes, image_shape=(16, 16, 1)).astype(float)
    np.testing.assert_allclose(small[:, :, 2:-2], 127.5, atol=6)
    constant = data.load_images(np.full((1, 9, 7, 3), 201, "uint8"), image_shape=(4, 5, 3))
    assert (constant == 201).all()


def test_resize_equals_the_lanczos_sum_written_out():
    signal = np.random.default_rng(0).integers(60, 190, 24).astype("uint8")
    image = np.broadcast_to(signal, (1, 8, 24))
    resized = data.load_images(image, image_shape=(2, 6, 1))[0, 0, :, 0]
    centres, pixels = (np.arange(6) + 0.5) * 4, np.arange(24) + 0.5
    x = (pixels[None] - centres[:, None]) / 4  # The filter widens with the reduction.
    weights = np.where(abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    expected = weights @ signal / weights.sum(1)
    np.testing.assert_allclose(resized, expected, atol=1.0)


def test_floats_are_rounded_to_uint8():
    x = np.array([0.0, 0.49 / 255, 0.51 / 255, 0.5, 1.0]).reshape(1, 1, 5)
    assert data.load_images(x).ravel().tolist() == [0, 0, 1, 128, 255]
    exact = np.arange(256, dtype="uint8").reshape(1, 16, 16, 1)
    np.testing.assert_array_equal(data.load_images(exact.astype("float32") / 255), exact)
    same = data.load_images(exact)
    assert np.shares_memory(same, exact)


def test_channels_follow_luma_white_and_repetition(tmp_path):
    rgb = np.array([[[200, 100, 50]]], "uint8")
    luma = 0.299 * 200 + 0.587 * 100 + 0.114 * 50
    np.testing.assert_allclose(data.load_images(rgb[None], image_shape=(1, 1, 1)), luma, atol=1)
    repeated = data.load_images(np.full((1, 1, 1), 9, "uint8"), image_shape=(1, 1, 3))
    assert repeated.ravel().tolist() == [9, 9, 9]
    rgba = np.array([[[0, 100, 255, 128]]], "uint8")
    over_white = 255 + (rgba[0, 0, :3] - 255.0) * 128 / 255
    np.testing.assert_allclose(data.load_images(rgba[None])[0, 0, 0], over_white, atol=1)
    palette = Image.fromarray(rgb).quantize(4)
    palette.save(tmp_path / "p.png")
    np.testing.assert_array_equal(load_one((tmp_path / "p.png").read_bytes(), tmp_path), rgb)
    deep = np.array([[0, 257 * 7, 65535]], "uint16")
    assert load_one(encoded(deep), tmp_path).ravel().tolist() == [0, 7, 255]


def test_exif_orientation_is_applied(tmp_path):
    image = np.arange(6, dtype="uint8").reshape(2, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # Stored lying on its left side.
    turned = load_one(encoded(image, exif=exif), tmp_path)
    np.testing.assert_array_equal(turned[..., 0], np.rot90(image, -1))


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".bmp", ".gif", ".webp"])
def test_formats(suffix, tmp_path):
    content = encoded(np.full((8, 8, 3), 90, "uint8"), suffix.lower())
    image = load_one(content, tmp_path, f"a{suffix}")
    assert image.shape == (8, 8, 3)
    np.testing.assert_allclose(image, 90, atol=2)


def test_fingerprint_is_the_hash_of_shape_and_bytes():
    images = numbered(3)
    expected = hashlib.sha256(b"(3, 2, 3, 1)" + images.tobytes()).hexdigest()
    assert data.fingerprint(images) == expected
    assert data.fingerprint(np.asfortranarray(images)) == expected
    assert data.fingerprint(images.reshape(3, 3, 2, 1)) != expected
    assert data.fingerprint(images[::-1]) != expected


# Sources.


def test_tree_without_splits_is_sorted_by_path(tree):
    junk = {".DS_Store": b"", "__MACOSX/a.png": b"", "b/Thumbs.db": b"", ".git/x": b""}
    source = tree({"b/2.png": grey(2), "a/10.png": grey(1), "b/c/3.png": grey(3), **junk})
    images, labels = data.load_images(source, labels=True)
    assert images.shape == (3, 4, 4, 1)
    assert images[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert labels is None  # b/c/3.png lies two folders deep.
    assert data.load_images(str(source), "all[1:2]").ravel().tolist() == [2] * 16


@pytest.mark.parametrize("top", ["", "cifar10/"])
def test_tree_with_splits_and_classes(tree, top):
    files = {"train/cat/0.png": 1, "train/dog/0.png": 2, "test/dog/0.png": 3, "val/ant/0.png": 4}
    source = tree({top + name: grey(value) for name, value in files.items()})
    for split, values, classes in [
        ("train", [1, 2], [1, 2]),
        ("test", [3], [2]),  # Class indices hold across splits.
        ("validation", [4], [0]),
        ("val", [4], [0]),
        ("all", [1, 2, 4, 3], [1, 2, 0, 2]),
        ("all[1:-1]", [2, 4], [2, 0]),
    ]:
        images, labels = data.load_images(source, split, labels=True)
        assert images[:, 0, 0, 0].tolist() == values
        assert labels.tolist() == classes


@pytest.mark.parametrize(
    ("split", "indices"),
    [
        ("train", range(10)),
        ("train[:3]", range(3)),
        ("train[-2:]", range(8, 10)),
        ("train[25%:90%]", range(2, 9)),
        ("all[:-90%]", range(1)),
    ],
)
def test_slices(split, indices):
    assert data.load_images(numbered(10), split)[:, 0, 0, 0].tolist() == list(indices)


def test_npz_with_splits_and_labels(tmp_path):
    path = tmp_path / "set.npz"
    test = np.full((2, 2, 3), 1.0)
    np.savez(path, x_train=numbered(4), y_train=np.arange(4)[:, None], x_test=test)
    images, labels = data.load_images(path, "train[1:3]", labels=True)
    assert (images[:, 0, 0, 0].tolist(), labels.tolist()) == ([1, 2], [1, 2])
    images, labels = data.load_images(path, "test", labels=True)
    assert images.shape == (2, 2, 3, 1) and (images == 255).all() and labels is None
    assert len(data.load_images(path, "all")) == 6


def test_npz_with_one_array(tmp_path):
    np.savez(tmp_path / "one.npz", numbered(4))
    assert data.load_images(str(tmp_path / "one.npz")).shape == (4, 2, 3, 1)
    with pytest.raises(ValueError, match=r"which has \['train', 'all'\].*split='test'"):
        data.load_images(tmp_path / "one.npz", "test")


def test_load_trains_on_train_and_evaluates_the_rest(tmp_path):
    np.savez(tmp_path / "set.npz", x_train=numbered(5), x_test=numbered(5))
    assert [len(b) for b in data.load(tmp_path / "set.npz", "train[:]", batch_size=2)] == [2, 2]
    assert [len(b) for b in data.load(tmp_path / "set.npz", "test", batch_size=2)] == [2, 2, 1]
    assert len(data.load(numbered(5), batch_size=2, training=False)) == 3
    shape = data.load(numbered(5), image_shape=(8, 8, 3), batch_size=5).element_spec.shape
    assert shape.as_list()[1:] == [8, 8, 3]


def test_progress_is_shown_when_asked(capsys):
    data.load_images(numbered(3), image_shape=(4, 4, 1), verbose=True)
    assert "3/3" in capsys.readouterr().out
    data.load_images(numbered(3), image_shape=(4, 4, 1))
    assert capsys.readouterr().out == ""


def test_import_needs_neither_pillow_nor_tfds(monkeypatch):
    import wae_tf

    monkeypatch.setattr(wae_tf, "data", data)  # Restored after the import below.
    for name in [name for name in sys.modules if name.startswith("wae_tf.data")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("PIL", "PIL.Image", "tensorflow_datasets"):
        monkeypatch.setitem(sys.modules, name, None)
    fresh = importlib.import_module("wae_tf.data")
    assert fresh is not data
    assert len(fresh.load_images(numbered(2))) == 2
    with pytest.raises(ImportError, match="pip install pillow"):
        fresh.load_images(numbered(2), image_shape=(8, 8, 1))
    with pytest.raises(ImportError, match="as 'mnist' is .*pip install tensorflow-datasets"):
        fresh.load_images("mnist")


# Real data.


def test_tfds_mnist_holds_the_images_of_the_npz():
    pytest.importorskip("tensorflow_datasets")
    folder, path = tiny.real("tfds"), tiny.real("mnist.npz")
    images, labels = data.load_images("mnist", "test[:900]", data_dir=folder, labels=True)
    expected, classes = data.load_images(path, "test", labels=True)
    assert images.shape == (900, 28, 28, 1)  # In another order: TFDS shuffled once.
    found = {(x.tobytes(), y) for x, y in zip(images, labels)}
    assert len(found) == 900
    assert found <= {(x.tobytes(), y) for x, y in zip(expected, classes)}
    part, part_labels = data.load_images("mnist", "test[90:95]", data_dir=folder, labels=True)
    np.testing.assert_array_equal(part, images[90:95])
    np.testing.assert_array_equal(part_labels, labels[90:95])
    across = data.load_images("mnist", "all[59998:60003]", data_dir=folder)
    np.testing.assert_array_equal(across[2:], images[:3])


def test_real_faces_and_objects():
    faces = data.load_images(
        tiny.real("celeba_9k_89x109.zip"),
        "train[8000:8002]",
        image_shape=(64, 64, 3),
        crop=(70, 70),
    )
    with zipfile.ZipFile(tiny.real("celeba_9k_89x109.zip")) as archive:
        face = Image.open(io.BytesIO(archive.read("celeba/008001.jpg")))
    expected = face.crop((9, 19, 79, 89)).resize((64, 64), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(faces[0], np.asarray(expected))
    objects, labels = data.load_images(tiny.real("cifar10_jpg.zip"), "test[999:1001]", labels=True)
    assert objects.shape == (2, 32, 32, 3)
    assert labels.tolist() == [0, 1]


# Errors: requirement, way out, value.


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([0.0, np.nan]).reshape(1, 1, 2), r"Drop or repair.*min=0, max=0, 1 NaN"),
        (np.array([0.0, np.inf]).reshape(1, 1, 2), r"Drop or repair.*max=inf"),
        (np.array([-1.0, 1.0]).reshape(1, 1, 2), r"\(source \+ 1\) / 2.*min=-1, max=1"),
        (np.array([0.0, 255.0]).reshape(1, 1, 2), r"pass `source / 255`.*min=0, max=255"),
        (np.array([-3.0, 300.0]).reshape(1, 1, 2), r"Rescale it.*min=-3, max=300"),
        (np.zeros((1, 2, 2), "int64"), r'astype\("uint8"\).*int64 array'),
        (np.zeros((2, 2), "uint8"), r"must have shape \(n, height, width\).*\(2, 2\)"),
        (np.zeros((2, 3, 32, 32), "uint8"), r"channels, last.*transpose"),
        (np.zeros((0, 2, 2), "uint8"), r"no empty axis"),
    ],
)
def test_array_errors(array, message):
    with pytest.raises(ValueError, match=message):
        data.load_images(array)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "train[:"}, r"must be the name of a split.*split='train\[:'"),
        ({"split": 3}, r"must be the name of a split.*split=3"),
        ({"split": "test"}, r"hold images out with slices.*split='test'"),
        ({"split": "train[:11]"}, r"inside the 10 images.*split='train\[:11\]'"),
        ({"split": "train[-11:]"}, r"inside the 10 images"),
        ({"split": "train[5:5]"}, r"at least one image: of 10 it takes \[5:5\]"),
        ({"image_shape": (8, 8)}, r"`image_shape` must be a tuple .*image_shape=\(8, 8\)"),
        ({"image_shape": (8, 8, 2)}, r"1 channel \(grey\) or 3.*\(8, 8, 2\)"),
        ({"image_shape": (8, 8, 4.0)}, r"positive integers"),
        ({"crop": (0, 2)}, r"`crop` must be a tuple .*crop=\(0, 2\)"),
        ({"crop": (3, 3)}, r"fit inside every.* is 2x3.*crop=\(3, 3\), image='source\[0\]'"),
    ],
)
def test_option_errors(options, message):
    with pytest.raises(ValueError, match=message):
        data.load_images(numbered(10), **options)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"at least one image"),
        ({".hidden.png": grey(1)}, r"at least one image"),
        ({"a.png": grey(1), "b/c.MP4": b"x"}, r"only images.*1 of other.*'.mp4': 1.*'b/c.MP4'"),
        (
            {"a.png": grey(1), "b.png": grey(1)[:-20], "c.png": b"?"},
            r"whole JPEG.*2 of 3 broken: b\.png \(.+\), c\.png$",
        ),
        ({"a.png": b"not an image"}, r"whole JPEG.*1 of 1 broken: a\.png$"),
        ({"a.png": grey(1), "b.png": grey(1, (5, 4))}, r"a\.png'.*\(4, 4, 1\).*b\.png'.*\(5, 4, 1"),
        ({"train/a.png": grey(1), "car/a.png": grey(1)}, r"nothing beside its folders.*\['car'\]"),
        ({"train/a.png": grey(1), "b.png": grey(1)}, r"nothing beside its folders.*\['b.png'\]"),
        (
            {"test/a.png": grey(1)},
            r"has \['test', 'all', 'kept', 'held_out'\].*with 'kept' to train.*split='train'",
        ),
    ],
)
def test_tree_errors(tree, files, message):
    with pytest.raises(ValueError, match=message):
        data.load_images(tree(files))


def test_splits_of_different_shapes_are_an_error(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=numbered(1), x_test=numbered(1, 4))
    with pytest.raises(ValueError, match="must share a shape.*Pass `image_shape`"):
        data.load_images(tmp_path / "a.npz", "all")
    assert data.load_images(tmp_path / "a.npz", "all", image_shape=(2, 2, 1)).shape == (2, 2, 2, 1)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": numbered(1), "b": numbered(1)}, r"x_train and x_test.*\['a', 'b'\]"),
        ({"y_train": np.arange(3)}, r"x_train and x_test.*\['y_train'\]"),
        ({"x_train": numbered(3), "y_train": np.arange(2)}, r"one label for each image.*\(2,\)"),
        ({"x_train": np.array([{}], object)}, r"npz file of plain arrays.*numpy\.savez"),
        ({"x_train": np.full((1, 2, 2), 2.0)}, r"`x_train` must be finite.*min=2, max=2"),
    ],
)
def test_npz_errors(arrays, message, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        data.load_images(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.zip", "a.npz", "a.tar"])
def test_a_file_of_another_kind_is_an_error(name, tmp_path):
    (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(ValueError, match=rf"`source` must be .*Received: source='.*{name}"):
        data.load_images(tmp_path / name)


@pytest.mark.parametrize("source", ["./nowhere", "nowhere.zip", pathlib.Path("nowhere")])
def test_a_missing_path_is_an_error(source):
    with pytest.raises(FileNotFoundError, match="exists. Check the path.*nowhere"):
        data.load_images(source)


@pytest.mark.parametrize("source", ["", 3, [1, 2]])
def test_an_unknown_kind_of_source_is_an_error(source):
    with pytest.raises(ValueError, match="a TFDS name .* a NumPy array. Received: source="):
        data.load_images(source)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("celeba", ValueError, r"neither a TFDS name nor a file.*Near.*'celeb_a'.*source='celeba'"),
        ("cifar-10", ValueError, r"Near.*'cifar10'.*'\./cifar-10'"),
        ("mnist/huge", ValueError, r"config and version which TFDS has of 'mnist'.*'mnist/huge'"),
        ("mnist", FileNotFoundError, r"does not hold it.*`download=True`.*`data_dir=`.*'mnist"),
        ("celeb_a", FileNotFoundError, r"does not hold it.*download=False"),
    ],
)
def test_tfds_errors(name, error, message, tmp_path):
    pytest.importorskip("tensorflow_datasets")
    with pytest.raises(error, match=message):
        data.load_images(name, data_dir=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": np.zeros((5, 2, 2, 1))}, r"`images` must be a uint8 array.*float64"),
        ({"images": np.zeros((5, 2, 2), "uint8")}, r"`images` must be a uint8.*\(5, 2, 2\)"),
        ({"images": [1, 2]}, r"`images` must be a uint8 array.*type list"),
        ({"batch_size": 6}, r"must not exceed the number.*batch_size=6, 5 images"),
        ({"batch_size": 0}, r"integer, at least 1. Received: batch_size=0"),
        ({"seed": 0.5}, r"integer, at least 0. Received: seed=0.5"),
        ({"first_epoch": -1}, r"Received: first_epoch=-1"),
        ({"first_epoch": 3, "epochs": 2}, r"at least `first_epoch`.*epochs=2, first_epoch=3"),
        ({"training": False, "horizontal_flip": True}, r"keep their defaults.*_flip=True"),
        ({"training": False, "max_shift": 1}, r"keep their defaults.*max_shift=1"),
        ({"max_shift": 2}, r"below the height and width.*max_shift=2, images of 2 x 3"),
        ({"max_shift": 0.5}, r"must be an integer from 0.*max_shift=0.5"),
        ({"training": False, "epochs": 2}, r"keep their defaults.*epochs=2"),
        ({"labels": np.arange(4)}, r"one label for each image.*4 labels, 5 images"),
    ],
)
def test_batches_errors(options, message):
    arguments = {"images": numbered(5), "batch_size": 2, "training": True, **options}
    with pytest.raises(ValueError, match=message):
        data.batches(**arguments)


def test_fingerprint_of_floats_is_an_error():
    with pytest.raises(ValueError, match="must be a uint8 array.*float64 array of shape"):
        data.fingerprint(np.zeros((1, 2, 2, 1)))
