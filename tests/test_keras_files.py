"""Checks `.keras` files: an entry becomes one and comes back, and what Keras alone wrote loads."""

import json
import re
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf.zoo import compression, copies
from wae_tf.zoo.keras_classes import check_classes


def save(directory, **changes):
    """Saves an entry with two samplers, results and a licence, and returns its model."""
    config = tiny.config(**changes)
    model = wae_tf.build_model(config)
    codes = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
    model.samplers["gmm"] = wae_tf.samplers.fit_codes(codes, "gmm", components=2)
    model.samplers["two_stage"] = wae_tf.samplers.fit_codes(
        np.tile(codes, (2, 1)), "two_stage", steps=2, units=4
    )
    wae_tf.save_entry(
        directory, model, config, results={"n": 3}, provenance={"license": "Apache-2.0"}
    )
    return model


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    directory = tmp_path_factory.mktemp("entries") / "digits"
    save(directory)
    return directory


@pytest.fixture(scope="module")
def packed(entry):
    path = entry.with_name("packed.keras")
    wae_tf.zoo.save_keras(entry, path)
    return path


def assert_same(a, b):
    assert type(a) is type(b) and list(a.samplers) == list(b.samplers)
    x = tiny.images(4)
    np.testing.assert_array_equal(a.reconstruct(x), b.reconstruct(x))
    for sampler in ("prior", *a.samplers):
        np.testing.assert_array_equal(
            a.sample(4, seed=1, sampler=sampler), b.sample(4, seed=1, sampler=sampler)
        )


def test_an_entry_as_a_file_is_the_same_model_to_wae_tf_and_to_keras(entry, packed):
    want = wae_tf.load(entry)
    assert_same(wae_tf.load(packed), want)
    assert_same(wae_tf.load(str(packed)), want)
    assert_same(keras.saving.load_model(packed), want)
    assert wae_tf.load_config(packed) == wae_tf.load_config(entry)
    half = wae_tf.load(packed, precision="mixed_bfloat16")
    assert "bfloat16" in [layer.compute_dtype for layer in half.encoder.layers]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Returns models by divergence, and where a fresh process has left samples of their files."""
    directory, models = tmp_path_factory.mktemp("elsewhere"), {}
    for divergence in ("mmd", "gan"):
        models[divergence] = save(directory / divergence, divergence=divergence)
        wae_tf.zoo.save_keras(directory / divergence, directory / f"{divergence}.keras")
    code = """
import keras, numpy, sys, wae_tf
for name in sys.argv[1:]:
    model = keras.saving.load_model(f"{name}.keras")
    numpy.savez(f"{name}.npz", *[model.sample(3, seed=2, sampler=s) for s in ("prior", "gmm")])
"""
    subprocess.run([sys.executable, "-c", code, *models], cwd=directory, check=True)
    return models, directory


@pytest.mark.slow
@pytest.mark.parametrize("divergence", ["mmd", "gan"])
def test_a_fresh_process_loads_the_file_by_keras(elsewhere, divergence):
    models, directory = elsewhere
    want = models[divergence]
    with np.load(directory / f"{divergence}.npz") as out:
        for i, sampler in enumerate(("prior", "gmm")):
            np.testing.assert_array_equal(out[f"arr_{i}"], want.sample(3, seed=2, sampler=sampler))


def test_a_file_becomes_the_entry_again(entry, packed, tmp_path):
    directory = copies.copy_entry(packed, tmp_path / "again")
    assert sorted(p.name for p in directory.iterdir()) == sorted(p.name for p in entry.iterdir())
    for path in entry.iterdir():
        assert (directory / path.name).read_bytes() == path.read_bytes(), path.name
    assert [path.name for path in tmp_path.iterdir()] == ["again"]
    wae_tf.zoo.update_entry(directory, results={})


@pytest.mark.slow
def test_float16_weights_stay_as_small(entry, tmp_path):
    config = wae_tf.load_config(entry)
    model = wae_tf.load(entry)
    wae_tf.save_entry(tmp_path / "half", model, config)
    compression.compress(tmp_path / "half", tiny.images(8), tolerance=0.5)
    wae_tf.zoo.save_keras(tmp_path / "half", tmp_path / "half.keras")
    want = wae_tf.load(tmp_path / "half")
    assert_same(wae_tf.load(tmp_path / "half.keras"), want)
    assert_same(keras.saving.load_model(tmp_path / "half.keras"), want)
    with zipfile.ZipFile(tmp_path / "half.keras") as archive:
        size = archive.getinfo("model.weights.h5").file_size
    assert size == (tmp_path / "half" / "model_float16.weights.h5").stat().st_size


def test_what_model_save_wrote_loads_with_samplers(entry, tmp_path):
    want = wae_tf.load(entry)
    want.save(tmp_path / "own.keras")
    assert_same(wae_tf.load(tmp_path / "own.keras"), want)
    keras.saving.save_model(want, str(tmp_path / "own"), zipped=False)
    assert_same(wae_tf.load(tmp_path / "own"), want)
    with pytest.raises(ValueError, match="only the model.*wae-export --format=keras"):
        wae_tf.load_config(tmp_path / "own.keras")
    with pytest.raises(ValueError, match="must have an entry.*save_entry"):
        wae_tf.zoo.save_keras(tmp_path / "own.keras", tmp_path / "other.keras")


def test_a_model_of_your_own_networks_loads(tmp_path):
    model = wae_tf.AE(*tiny.networks(), prior="sphere")
    model.save(tmp_path / "own.keras")
    x = tiny.images(3)
    loaded = wae_tf.load(tmp_path / "own.keras")
    np.testing.assert_array_equal(loaded.reconstruct(x), model.reconstruct(x))


def test_a_changed_file_is_read_anew(entry, tmp_path):
    path = tmp_path / "a.keras"
    wae_tf.AE(*tiny.networks(seed=0)).save(path)
    first = wae_tf.load(path).sample(2, seed=0)
    wae_tf.AE(*tiny.networks(seed=5)).save(path)
    assert np.abs(wae_tf.load(path).sample(2, seed=0) - first).max() > 0.01


def rewritten(packed, path, name, change):
    """Writes a copy of a file with one of its parts changed."""
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(path, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content) if member == name else content)
    return path


@pytest.mark.parametrize("name", ["model.weights.h5", "sampler_gmm.h5"])
def test_damage_is_found(packed, tmp_path, name):
    path = rewritten(packed, tmp_path / "a.keras", name, lambda b: b[:-1] + bytes([b[-1] ^ 1]))
    with pytest.raises(ValueError, match="must have the SHA-256"):
        wae_tf.load(path)
    with pytest.raises(ValueError, match="must have the SHA-256"):
        copies.copy_entry(path, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_an_entry_that_lists_other_files_is_refused(packed, tmp_path):
    def outside(content):
        return json.dumps({**json.loads(content), "weights": {"file": "../x.weights.h5"}}).encode()

    path = rewritten(packed, tmp_path / "a.keras", "entry.json", outside)
    with pytest.raises(ValueError, match="must hold a whole model"):
        wae_tf.load(path)


def test_what_is_no_model_of_ours_says_so(tmp_path):
    (tmp_path / "text.keras").write_text("no zip file")
    with pytest.raises(ValueError, match="must hold a whole model.*text.keras"):
        wae_tf.load(tmp_path / "text.keras")
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    other.save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="a model of wae_tf.*Received: Sequential"):
        wae_tf.load(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="must be there"):
        wae_tf.load(tmp_path / "absent.keras")


def test_nothing_is_written_into_a_file_and_nothing_is_lost(entry, packed, tmp_path):
    with pytest.raises(ValueError, match="copy_entry"):
        wae_tf.zoo.update_entry(packed, results={})
    with pytest.raises(ValueError, match="must be new.*overwrite"):
        wae_tf.zoo.save_keras(entry, packed)
    with pytest.raises(ValueError, match="ending in '.keras'"):
        wae_tf.zoo.save_keras(entry, tmp_path / "model.h5")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(ValueError, match="new or empty"):
        copies.copy_entry(packed, tmp_path / "mine")
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "thesis.txt"]


@pytest.mark.parametrize("changes", [{}, {"critic_weight": 0.5, "critic_layers": 1}])
def test_classes_of_our_models_are_known(changes):
    model = wae_tf.build_model(tiny.config(image_shape=(16, 16, 1), **changes))
    model.compile("adam")
    check_classes(json.loads(json.dumps(keras.saving.serialize_keras_object(model))))


def layer(name, module="keras.layers", **rest):
    return {"module": module, "class_name": name, "config": {}, **rest}


STRANGE = {
    "a module": layer("system", "os"),
    "a lambda": layer("Lambda"),
    "a lambda without module": {"class_name": "Lambda", "config": {}},
    "a lambda with a name of ours": {"class_name": "Lambda", "registered_name": "wae_tf>AE"},
    "a lambda by its other name": layer("L", registered_name="Lambda"),
    "a lambda under a name of ours": layer("Lambda", registered_name="wae_tf>AE"),
    "code": {"class_name": "__lambda__", "config": {}},
    "a class of ours elsewhere": layer("system", "os", registered_name="wae_tf>AE"),
    "a file of words": layer("StringLookup", config={"vocabulary": "/etc/passwd"}),
    "a model on the disk": layer("TFSMLayer", config={"filepath": "/tmp/model"}),
    "PyTorch": layer("TorchModuleWrapper", "keras.src.utils.torch_utils"),
    "a function as a class": layer("model_from_json", "keras.src.models.model"),
    "a helper of Keras": layer("get_file", "keras.utils"),
    "a loop": layer("Map", "keras.src.ops.core"),
    "a module of another name": layer("Dense", "keras.layers.core"),
    "a list for a module": layer("Dense", ["keras", "layers"]),
    "a list for a name": layer(["Dense"]),
    "loading": layer("function", "keras.models", config="load_model"),
    "a switch": layer("function", "keras.config", config="enable_unsafe_deserialization"),
    "eval": layer("function", "builtins", config="eval"),
    "eval behind a name": layer("function", "builtins", config="relu", registered_name="eval"),
    "os behind a name": layer("function", "os", config="relu", registered_name="system"),
    "a dunder": layer("function", "builtins", config="__file__"),
    "deserialize": layer("function", "builtins", config="deserialize"),
    "a function of a dict": layer("function", "builtins", config={"class_name": "relu"}),
    "a huge string": {"class_name": "__numpy__", "config": {"value": ["a"], "dtype": "S300000000"}},
    "a slow pattern": layer(
        "DTypePolicyMap", "keras.dtype_policies", config={"policy_map": {"(a+)+$": {}}}
    ),
}


@pytest.mark.parametrize("case", STRANGE)
def test_classes_of_strangers_are_refused(case):
    evil = STRANGE[case]
    named = re.escape(f"Received: {evil.get('module')}.{evil['class_name']}")
    with pytest.raises(ValueError, match=f"registered.*{named}$"):
        check_classes({"config": {"layers": [evil]}})
    check_classes({"compile_config": evil})  # Which nobody loads, but of a model within.
    with pytest.raises(ValueError, match=f"registered.*{named}$"):
        check_classes({"config": {"compile_config": evil}})


def encoder(*middle):
    layers = keras.layers
    return keras.Sequential([keras.Input((8, 8, 1)), *middle, layers.Flatten(), layers.Dense(3)])


def skipping():
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(1, 3, padding="same", activation=keras.activations.swish)(inputs / 2.0)
    x = keras.ops.clip(x + inputs[:, ::-1], -3.0, 3.0)
    x = keras.ops.silu(keras.ops.image.resize(x, (4, 4)))
    return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(x)))


@keras.saving.register_keras_serializable("test_keras_files")
def cost_of_ones_own(x, y):
    return keras.ops.sum(keras.ops.abs(x - y), axis=(1, 2, 3))


def compiled():
    model = encoder()
    model.compile("adam", keras.losses.Huber(), metrics=[keras.metrics.MeanAbsoluteError()])
    return model


OWN = {
    "operations": skipping,
    "a compiled encoder": compiled,
    "regularised": lambda: encoder(
        keras.layers.Dense(
            4,
            activation="gelu",
            kernel_regularizer=keras.regularizers.L2(1e-3),
            kernel_constraint=keras.constraints.MaxNorm(2),
            kernel_initializer=keras.initializers.RandomNormal(seed=keras.random.SeedGenerator(1)),
        )
    ),
    "attention": lambda: encoder(
        keras.layers.Rescaling(0.5),
        keras.layers.Reshape((8, 8)),
        keras.layers.Bidirectional(keras.layers.GRU(4, return_sequences=True)),
        keras.layers.TimeDistributed(keras.layers.Dense(2, activation=keras.activations.relu)),
        keras.layers.SpectralNormalization(keras.layers.Dense(2)),
    ),
}


@pytest.mark.parametrize("case", OWN)
def test_networks_of_ones_own_come_back(case, tmp_path):
    model = wae_tf.WAEMMD(OWN[case](), tiny.networks()[1], cost=cost_of_ones_own)
    model.compile("adam", metrics=[keras.metrics.MeanSquaredError()])
    model.save(tmp_path / "own.keras.keras")
    loaded = wae_tf.load(tmp_path / "own.keras.keras")
    assert not loaded.compiled
    x = tiny.images(4)
    np.testing.assert_allclose(loaded.reconstruct(x), model.reconstruct(x), atol=1e-6)


def test_they_are_refused_in_a_file_before_keras_sees_it(entry, tmp_path):
    wae_tf.load(entry).save(tmp_path / "own.keras")

    def changed(content):
        config = json.loads(content)
        config["config"]["encoder"]["config"]["layers"][0] = {
            "module": "keras.layers",
            "class_name": "Lambda",
            "config": {"name": "bad", "function": {"class_name": "__lambda__", "config": {}}},
        }
        return json.dumps(config).encode()

    path = rewritten(tmp_path / "own.keras", tmp_path / "bad.keras", "config.json", changed)
    with pytest.raises(ValueError, match="hold no code.*Received: keras.layers.Lambda"):
        wae_tf.load(path)


def test_a_kept_critic_goes_along(tmp_path):
    config = tiny.config(critic_weight=0.5, critic_width=4, critic_layers=1)
    model = wae_tf.build_model(config)
    wae_tf.save_entry(tmp_path / "entry", model, config, critic=True)
    wae_tf.zoo.save_keras(tmp_path / "entry", tmp_path / "packed.keras")
    copies.copy_entry(tmp_path / "packed.keras", tmp_path / "again")
    for name in ("packed.keras", "again"):
        kept = wae_tf.load(tmp_path / name, critic=True)
        tiny.assert_identical(tiny.weights(kept), tiny.weights(model))
    x = tiny.images(3)
    loaded = keras.saving.load_model(tmp_path / "packed.keras")
    np.testing.assert_array_equal(loaded.reconstruct(x), model.reconstruct(x))
