"""Checks extractors: the shipped classifiers, Inception's input, any network, and the cache."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from wae_tf import features, metrics
from wae_tf.features import inception


@pytest.fixture(scope="module")
def network():
    """Returns a network of fixed weights: 6x6 grey images to 5 features."""
    initializer = keras.initializers.RandomNormal(seed=0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(5, kernel_initializer=initializer)]
    return keras.Sequential([keras.Input((6, 6, 1)), *layers], name="probe")


@pytest.fixture
def small(rng):
    return rng.integers(256, size=(11, 6, 6, 1), dtype="uint8")


# The shipped features.


@pytest.mark.parametrize(("name", "shape"), [("lenet", (28, 28, 1)), ("convnet", (32, 32, 3))])
def test_features_of_classifiers_are_the_layer_before_the_logits(name, shape, rng):
    images = rng.integers(256, size=(20, *shape), dtype="uint8")
    extractor = features.extractor(name)
    got = extractor(images)
    assert got.shape == (20, 128) == (20, extractor.dim)
    assert got.dtype == np.float32
    assert extractor.name == name
    assert len(extractor.hash) == 64
    expected = features.load_classifier(name)(images / 255.0, training=False)
    np.testing.assert_allclose(extractor.logits(got), expected, rtol=1e-3, atol=1e-3)
    assert extractor.class_names == features.CLASSIFIERS[name].class_names


def test_the_features_of_lenet_are_those_that_entries_were_measured_with():
    sha256 = "79c7bdc8d662c8cdc29832b929a71bc7995d9c7c54a834841c5c823a9ca86a6d"
    assert features.extractor("lenet").hash == sha256


def test_only_classifiers_have_logits(network, small):
    extractor = features.extractor(network)
    assert extractor.class_names is None
    with pytest.raises(ValueError, match="'convnet'.*Received: an extractor 'probe' without a he"):
        extractor.logits(extractor(small))


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
        ("vgg", r"`which` must be one of \['lenet', 'convnet', 'inception'\], a Keras model"),
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


@pytest.mark.slow
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
