"""Checks the classifiers: those that ship on real images, training, and errors."""

import hashlib
import json
import shutil
import zipfile

import numpy as np
import pytest
import tiny

from wae_tf import data, features, files
from wae_tf.bin import train_classifier
from wae_tf.features import CLASSIFIERS, Head, classifier_loading

SHIPPED = files.zoo_directory() / "mnist_lenet"
SOURCES = {"lenet": "mnist.npz", "convnet": "cifar10_jpg.zip"}


# Numbers.


LEAST = {"lenet": 0.989, "convnet": 0.835}


@pytest.mark.parametrize("name", tiny.slow_but(["lenet"], LEAST))
def test_shipped_classifiers_are_as_good_as_recorded(name):
    model = features.load_classifier(name)
    images, labels = data.load_images(
        tiny.real(SOURCES[name]),
        "test",
        image_shape=model.input_shape[1:],
        labels=True,
        verbose=False,
    )
    entry = files.zoo_directory() / CLASSIFIERS[name].entry / classifier_loading.ENTRY
    recorded = json.loads(entry.read_text())["results"]
    assert len(images) == recorded["test_images"] == 10_000
    assert data.fingerprint(images) == recorded["test_data_sha256"]
    logits = model.predict(images / np.float32(255.0), batch_size=500, verbose=0)
    accuracy = np.mean(logits.argmax(axis=1) == labels)
    assert accuracy == pytest.approx(recorded["test_accuracy"], abs=5e-4)
    assert accuracy >= LEAST[name]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_shipped_classifiers_are_what_their_entry_says(name):
    kind = CLASSIFIERS[name]
    directory = files.zoo_directory() / kind.entry
    entry = json.loads((directory / classifier_loading.ENTRY).read_text())
    assert entry["classifier"] == name
    assert entry["architecture"] == kind.architecture
    assert entry["classes"] == list(kind.class_names)
    model = features.load_classifier(name)
    assert list(model.input_shape[1:]) == entry["input"]["shape"]
    assert model.count_params() == entry["weights"]["params"] < 400_000
    assert model.get_layer("features").output.shape[1] == entry["features"]["dim"] == 128
    assert entry["provenance"]["epochs"] == kind.epochs


def test_classes_of_cifar_are_its_folders_in_order():
    with zipfile.ZipFile(tiny.real("cifar10_jpg.zip")) as archive:
        names = {name.split("/")[2] for name in archive.namelist() if name.endswith(".jpg")}
    assert CLASSIFIERS["convnet"].class_names == tuple(sorted(names))


def test_a_head_is_a_dense_layer_by_hand():
    head = Head(np.array([[1.0, 0.0], [2.0, -1.0]]), np.array([0.5, 0.0]), ("a", "b"))
    np.testing.assert_allclose(head([[3.0, 4.0], [0.0, 1.0]]), [[11.5, -4.0], [2.5, -1.0]])


def test_the_first_pooling_halves_the_resolution_and_the_mean_ends_it():
    model = features.build_convnet(filters=((3,), (4, 5), (6,)), classes=7)
    shapes = [layer.output.shape[1:] for layer in model.layers if layer.name.startswith("re_lu")]
    assert shapes == [(16, 16, 3), (16, 16, 4), (8, 8, 5), (8, 8, 6)]
    assert model.get_layer("features").output.shape[1:] == (6,)
    assert model.output_shape == (None, 7)


# Training.


def labelled(name, path, n=192, classes=10):
    """Writes images of which class k is about as bright as k, with labels, and returns them."""
    shape = features.CLASSIFIERS[name].build().input_shape[1:]
    labels = np.arange(n) % classes
    noise = np.random.default_rng(0).integers(30, size=(n, *shape))
    images = (20 * labels[:, None, None, None] + noise).astype("uint8")
    np.savez(path, x_train=images, y_train=labels, x_test=images[:50], y_test=labels[:50])
    return images


@pytest.mark.parametrize("name", tiny.slow_but(["lenet"], CLASSIFIERS))
def test_a_classifier_trains_and_loads_again(name, tmp_path):
    images = labelled(name, tmp_path / "images.npz")
    model = features.train_classifier(
        name, tmp_path / "images.npz", tmp_path / "out", epochs=1, batch_size=64, verbose=0
    )
    again = features.load_classifier(tmp_path / "out")
    x = images[:5] / np.float32(255.0)
    np.testing.assert_array_equal(again(x), model(x, training=False))
    entry = json.loads((tmp_path / "out" / "classifier.json").read_text())
    weights = (tmp_path / "out" / entry["weights"]["file"]).read_bytes()
    assert entry["weights"]["sha256"] == hashlib.sha256(weights).hexdigest()
    assert 0.0 <= entry["results"]["test_accuracy"] <= 1.0
    assert (entry["results"]["test_images"], entry["provenance"]["training_images"]) == (50, 192)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("classifier.json", "classifier.weights.h5")
    ]


def test_flags_become_arguments(run_program, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(
        features, "train_classifier", lambda *args, **kwargs: calls.append((args, kwargs))
    )
    arguments = ["--classifier=convnet", "--data=b.zip", f"--output={tmp_path}"]
    assert not run_program(train_classifier, *arguments, "--seed=3", "--verbose=0")
    ((args, kwargs),) = calls
    assert args == ("convnet", "b.zip", str(tmp_path))
    assert kwargs == {
        "epochs": None,
        "batch_size": 128,
        "seed": 3,
        "verbose": 0,
        "command": "python -m wae_tf.bin.train_classifier --classifier=convnet --data=b.zip "
        "--seed=3 --output=DIR",
    }


# Errors.


def test_damaged_classifiers_are_refused(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "lenet")
    weights = tmp_path / "lenet" / "classifier.weights.h5"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ValueError, match="SHA-256 .* Received: .*classifier.weights.h5"):
        features.load_classifier(tmp_path / "lenet")
    weights.unlink()
    with pytest.raises(ValueError, match="install the package again, or train one"):
        features.load_classifier(tmp_path / "lenet")


def test_unknown_classifiers_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"one of \['lenet', 'convnet'\], or a dir.*: vgg"):
        features.load_classifier("vgg")
    with pytest.raises(ValueError, match=r"one of \['lenet', 'convnet'\]. Received: name='vgg'"):
        features.train_classifier("vgg", "images.npz", tmp_path)


def test_images_without_their_labels_are_refused(tmp_path):
    images = labelled("lenet", tmp_path / "images.npz", n=24, classes=12)
    with pytest.raises(ValueError, match="labels from 0 to 9, as MNIST has.*from 0 to 11 for .*tr"):
        features.train_classifier("lenet", tmp_path / "images.npz", tmp_path / "out")
    with pytest.raises(ValueError, match="must have labels .*Received: no labels"):
        features.train_classifier("lenet", images, tmp_path / "out")


@pytest.mark.parametrize(
    ("kernel", "bias", "features", "message"),
    [
        (np.zeros((3, 2)), np.zeros(3), None, r"as many classes. Received: .*\(3, 2\), \(3,\), 2"),
        (np.zeros((3, 4)), np.zeros(4), None, "as many classes. Received: .* 2 names"),
        (np.zeros((3, 2)), np.zeros(2), np.zeros((5, 4)), r"\(n, 3\).* Received: shape=\(5, 4\)"),
        (np.zeros((3, 2)), np.zeros(2), np.zeros(3), r"\(n, 3\).* Received: shape=\(3,\)"),
    ],
)
def test_heads_that_do_not_fit_are_refused(kernel, bias, features, message):
    with pytest.raises(ValueError, match=message):
        Head(kernel, bias, ("a", "b"))(features)
