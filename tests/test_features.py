"""Checks extractors: the shipped classifier, Inception's input, any network, and the cache."""

import hashlib
import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from wae_tf import data, features, files, inception, lenet, metrics

SHIPPED = files.zoo_directory() / "mnist_lenet"


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(256, size=(20, 28, 28, 1), dtype="uint8")


@pytest.fixture(scope="module")
def network():
    """Returns a network of fixed weights: 6x6 grey images to 5 features."""
    initializer = keras.initializers.RandomNormal(seed=0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(5, kernel_initializer=initializer)]
    return keras.Sequential([keras.Input((6, 6, 1)), *layers], name="probe")


@pytest.fixture
def small(rng):
    return rng.integers(256, size=(11, 6, 6, 1), dtype="uint8")


# The shipped classifier.


def test_lenet_reads_real_digits_as_well_as_recorded(shared_data):
    path = shared_data / "mnist.npz"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    digits, labels = data.load_images(path, "test", labels=True)
    logits = lenet.load_lenet().predict(digits / 255.0, batch_size=500, verbose=0)
    recorded = json.loads((SHIPPED / "classifier.json").read_text())["results"]
    assert data.fingerprint(digits) == recorded["test_data_sha256"]
    accuracy = np.mean(logits.argmax(axis=1) == labels)
    assert accuracy == pytest.approx(recorded["test_accuracy"], abs=2e-4)
    assert accuracy >= 0.989


def test_lenet_features_are_the_layer_before_the_logits(images):
    extractor = features.extractor("lenet")
    got = extractor(images)
    assert got.shape == (20, 128) == (20, extractor.dim)
    assert got.dtype == np.float32
    assert extractor.name == "lenet"
    assert len(extractor.hash) == 64
    model = lenet.load_lenet()
    kernel, bias = model.get_layer("logits").get_weights()
    np.testing.assert_allclose(got @ kernel + bias, model(images / 255.0), rtol=1e-3, atol=1e-3)


def test_damaged_lenet_is_refused(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "lenet")
    weights = tmp_path / "lenet" / "classifier.weights.h5"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ValueError, match="SHA-256 .* Received: .*classifier.weights.h5"):
        lenet.load_lenet(tmp_path / "lenet")
    weights.unlink()
    with pytest.raises(ValueError, match="install the package again, or train one"):
        lenet.load_lenet(tmp_path / "lenet")


def test_lenet_trains_and_loads_again(tmp_path, rng):
    labels = np.arange(256) % 10
    digits = np.clip(20 * labels[:, None, None] + rng.integers(40, size=(256, 28, 28)), 0, 255)
    arrays = {"x_train": digits.astype("uint8"), "y_train": labels}
    path = tmp_path / "digits.npz"
    np.savez(path, **arrays, x_test=arrays["x_train"][:50], y_test=labels[:50])
    model = lenet.train_lenet(path, tmp_path / "out", epochs=1, batch_size=64, verbose=0)
    again = lenet.load_lenet(tmp_path / "out")
    x = arrays["x_train"][:5, ..., None] / 255.0
    np.testing.assert_array_equal(again(x), model(x))
    entry = json.loads((tmp_path / "out" / "classifier.json").read_text())
    weights = (tmp_path / "out" / entry["weights"]["file"]).read_bytes()
    assert entry["weights"]["sha256"] == hashlib.sha256(weights).hexdigest()
    assert 0.0 <= entry["results"]["test_accuracy"] <= 1.0
    with pytest.raises(ValueError, match="`source` must have labels"):
        lenet.train_lenet(arrays["x_train"], tmp_path)


# Any network.


def test_network_gets_floats_and_batches_do_not_matter(network, small):
    expected = network(small / 255.0).numpy()
    for batch_size in (1, 4, 99):
        extractor = features.extractor(network, batch_size=batch_size)
        np.testing.assert_allclose(extractor(small), expected, rtol=1e-5)
    dataset = tf.data.Dataset.from_tensor_slices(small).batch(3)
    np.testing.assert_allclose(extractor(dataset), expected, rtol=1e-5)
    assert (extractor.name, extractor.dim) == ("probe", 5)


def test_hash_is_that_of_the_weights(network):
    before = features.extractor(network).hash
    clone = keras.models.clone_model(network)
    clone.set_weights(network.get_weights())
    assert features.extractor(clone).hash == before
    clone.layers[-1].bias.assign_add([0.0, 0.0, 1e-3, 0.0, 0.0])
    assert features.extractor(clone).hash != before


def test_callables_have_no_hash_and_learn_their_dimension(small):
    def brightness(x):
        assert x.dtype == np.float32
        return x.mean(axis=(1, 2))

    extractor = features.extractor(brightness)
    assert (extractor.name, extractor.hash, extractor.dim) == ("brightness", None, None)
    np.testing.assert_allclose(extractor(small)[:, 0], small.mean(axis=(1, 2, 3)) / 255, rtol=1e-5)
    assert extractor.dim == 1


def test_statistics_equal_those_of_the_features(network, small):
    extractor = features.extractor(network, batch_size=4)
    got, expected = extractor.statistics(small), metrics.feature_statistics(extractor(small))
    assert got.n == 11
    np.testing.assert_allclose(got.mean, expected.mean)
    np.testing.assert_allclose(got.covariance, expected.covariance)


def test_progress_bar_is_shown_when_asked_for(network, small, capsys):
    features.extractor(network)(small)
    assert capsys.readouterr().out == ""
    features.extractor(network)(small, verbose=True)
    assert "11/11" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("vgg", "`which` must be 'lenet', 'inception', a Keras model or a callable"),
        (3, "Received: 3"),
        (lambda x: x, r"end it with a pooling layer, or flatten. Received: shape=\(11, 6, 6, 1\)"),
        (lambda x: x[:3, 0, 0], "Received: 3 rows for 11 images"),
        (lambda x: np.log(x[:, 0, 0] * 0 - 1), "11 NaN or infinite"),
        ("lenet", r"the shape that 'lenet' takes, \(28, 28, 1\).*Received: \(6, 6, 1\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_gives_no_features_is_refused(which, message, small):
    with pytest.raises(ValueError, match=message):
        features.extractor(which)(small)


def test_networks_without_pooling_are_refused_at_once():
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match="end it with a pooling layer"):
        features.extractor(model)


# The cache.


def entries(path):
    return sorted(file.name.split("-")[0] for file in path.iterdir())


def test_cache_is_used_for_the_same_data_and_network(network, small, tmp_path, monkeypatch):
    extractor = features.extractor(network, cache_dir=tmp_path)
    computed, statistics = extractor(small), extractor.statistics(small)
    assert entries(tmp_path) == ["features", "statistics"]
    again = features.extractor(network, cache_dir=tmp_path)
    monkeypatch.setattr(again, "_apply", lambda batch: pytest.fail("computed again"))
    np.testing.assert_array_equal(again(small), computed)
    np.testing.assert_array_equal(again.statistics(small).covariance, statistics.covariance)
    assert again.statistics(small).n == 11


def test_cache_tells_data_and_networks_apart(network, small, tmp_path):
    extractor = features.extractor(network, cache_dir=tmp_path)
    extractor(small)
    changed = small.copy()
    changed[0, 0, 0, 0] ^= 1
    assert not np.array_equal(extractor(changed), extractor(small))
    other = keras.models.clone_model(network)
    other.set_weights([weight + 1.0 for weight in network.get_weights()])
    other = features.extractor(other, cache_dir=tmp_path)
    assert not np.array_equal(other(small), extractor(small))
    assert len(entries(tmp_path)) == 3


def test_damaged_cache_is_made_anew(network, small, tmp_path):
    extractor = features.extractor(network, cache_dir=tmp_path)
    expected = extractor(small)
    (file,) = tmp_path.iterdir()
    for content in (b"", b"no zip", file.read_bytes()[:-40]):
        file.write_bytes(content)
        np.testing.assert_array_equal(extractor(small), expected)


def test_what_has_no_hash_is_not_cached(network, small, tmp_path):
    features.extractor(lambda x: x[:, 0, 0], cache_dir=tmp_path)(small)
    extractor = features.extractor(network, cache_dir=tmp_path)
    extractor(small / 255.0)
    extractor(tf.data.Dataset.from_tensors(small))
    assert entries(tmp_path) == []


# Inception.


def test_inception_input_is_resized_between_pixel_centres(rng):
    x = rng.uniform(size=(2, 13, 13, 1)).astype("float32")
    got = inception.inception_input(x).numpy()
    assert got.shape == (2, 299, 299, 3)
    np.testing.assert_array_equal(got[..., 0], got[..., 2])
    # 299 = 13 * 23: the centre of each old pixel is that of a new one.
    np.testing.assert_allclose(got[:, 11::23, 11::23, :1], 2.0 * x - 1.0, atol=1e-5)
    middle = (x[:, :-1, 0] + (x[:, 1:, 0] - x[:, :-1, 0]) * 11 / 23) * 2.0 - 1.0
    np.testing.assert_allclose(got[:, 22:-1:23, 11, :1], middle, atol=1e-5)


def test_large_images_are_antialiased():
    stripes = np.zeros((1, 897, 897, 3), "float32")
    stripes[:, ::3] = 1.0
    inner = inception.inception_input(stripes).numpy()[:, 5:-5]
    np.testing.assert_allclose(inner, 2.0 / 3.0 - 1.0, atol=1e-4)


def test_inception_from_a_local_file(tmp_path, rng):
    keras.utils.set_random_seed(0)
    model = keras.applications.InceptionV3(weights=None, include_top=False, pooling="avg")
    path = tmp_path / "inception.weights.h5"
    model.save_weights(path)
    extractor = features.extractor("inception", weights_path=path)
    x = rng.integers(256, size=(2, 20, 30, 1), dtype="uint8")
    got = extractor(x)
    assert got.shape == (2, 2048)
    assert (extractor.name, extractor.dim, extractor.batch_size) == ("inception", 2048, 32)
    prepared = inception.inception_input((x / 255.0).astype("float32"))
    np.testing.assert_allclose(got, model(prepared, training=False), rtol=1e-3, atol=1e-5)


def test_missing_inception_weights_say_how_to_get_them(monkeypatch, tmp_path):
    def no_network(**arguments):
        raise Exception("URL fetch failure")  # As keras.utils.get_file has it.

    monkeypatch.setattr(keras.applications, "InceptionV3", no_network)
    with pytest.raises(FileNotFoundError, match="URL fetch.*`weights_path` .--inception_weights"):
        features.extractor("inception")
    with pytest.raises(FileNotFoundError, match=r"must be a file.*absent\.h5"):
        features.extractor("inception", weights_path=tmp_path / "absent.h5")
    with pytest.raises(ValueError, match="`weights_path` goes with 'inception'"):
        features.extractor("lenet", weights_path="lenet.h5")


def test_other_weights_are_refused(monkeypatch, network, tmp_path):
    path = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(path)
    monkeypatch.setattr(keras.applications, "InceptionV3", lambda **_: network)
    with pytest.raises(ValueError, match="must hold the weights of Inception-v3"):
        features.extractor("inception", weights_path=path)
