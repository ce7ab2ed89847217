"""Checks the zoo: that entries come back, that damage shows, that shipped numbers hold."""

import dataclasses
import functools
import json
import os
import pathlib
import shutil

import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf import files, training, zoo

HELD_OUT = {
    "mnist": ("mnist.npz", "test"),
    "celeba": ("celeba_9k_89x109.zip", "train[8000:]"),
    "cifar10": ("cifar10_jpg.zip", "test"),
}


def held_out(name):
    """Returns the real images that an entry's results are of, or skips the test."""
    config = wae_tf.load_config(name)
    return decoded(*HELD_OUT[name.split("_")[0]], config.image_shape, config.crop)


@functools.cache  # Several entries are of the same images.
def decoded(file, split, image_shape, crop):
    return wae_tf.data.load_images(tiny.real(file), split, image_shape=image_shape, crop=crop)


# Small networks: the others take up to a minute each on a CPU.
QUICK = [name for name in wae_tf.list_models() if "_2d" in name]


@pytest.mark.parametrize("name", tiny.slow_but(QUICK, wae_tf.list_models()))
def test_shipped_weights_reproduce_their_recorded_losses(name):
    entry = zoo.read_entry(name)
    results = entry["results"]
    x = held_out(name)
    assert wae_tf.data.fingerprint(x) == results["test_data_sha256"]
    losses = training.test_losses(wae_tf.load(name), x, results["batch_size"])
    # The divergence is a small difference of large sums, so its error is absolute.
    assert losses.keys() == results["losses"].keys()
    for loss, value in results["losses"].items():
        assert losses[loss] == pytest.approx(value, rel=1e-3, abs=1e-3), loss


@pytest.mark.parametrize("name", wae_tf.list_configs())
def test_shipped_entries_are_complete(name):
    entry = zoo.read_entry(name)
    config = wae_tf.load_config(name)
    assert {**config.to_dict(), **entry["config"]} == config.to_dict()
    assert set(entry["sources"]) <= set(entry["config"])
    if "weights" in entry:
        assert entry["provenance"]["command"].startswith(f"wae-train --config={name}")
        assert entry["input"]["shape"] == list(config.image_shape)


@pytest.mark.parametrize(
    "name", [n for n in wae_tf.list_configs() if "directions" in zoo.read_entry(n)]
)
def test_names_of_directions_are_of_the_stored_sampler(name):
    """If one is fitted again, look at its directions, and name them anew."""
    entry = zoo.read_entry(name)
    stored = {record["sha256"] for record in entry["samplers"].values()}
    assert entry["directions"]["sampler_sha256"] in stored
    assert max(map(int, entry["directions"]["names"])) <= min(8, entry["config"]["latent_dim"])


@pytest.fixture(scope="module", params=["mmd", "gan"])
def saved(request, tmp_path_factory):
    """Returns a model, its config, and the directory of its entry."""
    config = tiny.config(divergence=request.param, seed=3)
    model = wae_tf.build_model(config)
    rng = np.random.default_rng(0)
    model.set_weights([np.abs(rng.normal(size=w.shape)) for w in model.get_weights()])
    directory = tmp_path_factory.mktemp("saved") / "tiny_model"
    zoo.save_entry(directory, model, config, results={"a": 1}, provenance={"b": [2]}, note="c")
    return model, config, directory


@pytest.fixture
def entry(saved, tmp_path):
    """Returns a copy of the saved entry's directory, to be damaged."""
    return shutil.copytree(saved[2], tmp_path / "copy")


@pytest.fixture
def empty_zoo(tmp_path, monkeypatch):
    directory = tmp_path / "zoo"
    directory.mkdir()
    monkeypatch.setattr(files, "zoo_directory", lambda: directory)
    return directory


def edit(directory, change):
    path = directory / "entry.json"
    values = json.loads(path.read_text())
    values.pop("model_sha256", None)  # As one who means the change does.
    change(values)
    path.write_text(json.dumps(values))


def test_an_entry_comes_back_by_directory_and_by_name(saved, empty_zoo, monkeypatch):
    model, config, directory = saved
    shutil.copytree(directory, empty_zoo / "tiny_model")
    monkeypatch.chdir(directory.parent)
    os.chdir(directory.parent)
    for name in (
        directory,
        str(directory),
        "./tiny_model",
        pathlib.Path("tiny_model"),
        "tiny_model",
    ):
        loaded = wae_tf.load(name)
        assert type(loaded) is type(model) and loaded.name == "tiny_model"
        tiny.assert_identical(loaded.get_weights(), model.get_weights())
        assert wae_tf.load_config(name) == config
    np.testing.assert_array_equal(loaded.sample(5, seed=2), model.sample(5, seed=2))
    x = tiny.images()
    for loss, value in model.objective(x, seed=(1, 2)).items():
        assert float(loaded.objective(x, seed=(1, 2))[loss]) == float(value)


def test_an_entry_says_what_it_holds(saved):
    model, config, directory = saved
    entry = zoo.read_entry(directory)
    assert entry["results"] == {"a": 1} and entry["provenance"] == {"b": [2]}
    assert entry["note"] == "c" and entry["input"]["shape"] == [8, 8, 1]
    params = {"encoder": model.encoder, "decoder": model.decoder}
    if config.divergence == "gan":
        params["discriminator"] = model.discriminator
    assert entry["weights"]["params"] == {
        name: sum(int(np.prod(v.shape)) for v in network.trainable_variables)
        for name, network in params.items()
    }
    assert {p.name for p in directory.iterdir()} == {"entry.json", "model.weights.h5"}


def test_an_entry_keeps_no_optimizer_and_no_global_state(saved, tmp_path):
    model, config, directory = saved
    model.compile()
    zoo.save_entry(tmp_path, model, config)
    assert (tmp_path / "model.weights.h5").stat().st_size == pytest.approx(
        (directory / "model.weights.h5").stat().st_size, rel=0.01
    )


def test_a_model_of_another_config_is_not_saved(saved, tmp_path):
    model, config, _ = saved
    names = r"Received: '.*kernel' of shape \(64, 16\), where the config makes '.*kernel' of "
    with pytest.raises(ValueError, match=names + r"shape \(64, 24\)"):
        zoo.save_entry(tmp_path, model, dataclasses.replace(config, encoder_width=24))
    fewer = wae_tf.build_model(dataclasses.replace(config, divergence="mmd"))
    more = dataclasses.replace(config, divergence="gan")
    with pytest.raises(ValueError, match=r"nothing more, where the config makes '.*kernel' of"):
        zoo.save_entry(tmp_path, fewer, more)
    assert not list(tmp_path.iterdir())


def test_load_in_another_precision(saved):
    model, _, directory = saved
    loaded = wae_tf.load(directory, precision="mixed_bfloat16")
    assert loaded.decoder.layers[1].compute_dtype == "bfloat16"
    tiny.assert_identical(loaded.get_weights(), model.get_weights())
    with pytest.raises(ValueError, match="`precision` must be one of"):
        wae_tf.load(directory, precision="int8")


def test_lists_are_in_natural_order_and_match_patterns(empty_zoo):
    weights = {"file": "model.weights.h5", "sha256": "0" * 64}
    for name in ("mnist_10", "mnist_9", "celeba", "mnist_9_gan"):
        (empty_zoo / name).mkdir()
        values = {"config": {}, "weights": weights}
        if name == "celeba":
            del values["weights"]
        (empty_zoo / name / "entry.json").write_text(json.dumps(values))
    (empty_zoo / "__pycache__").mkdir()
    (empty_zoo / "__init__.py").touch()
    assert wae_tf.list_configs() == ["celeba", "mnist_9", "mnist_9_gan", "mnist_10"]
    assert wae_tf.list_models() == ["mnist_9", "mnist_9_gan", "mnist_10"]
    assert wae_tf.list_models("*_9*") == ["mnist_9", "mnist_9_gan"]
    assert wae_tf.list_models("cifar*") == []


def test_unknown_names_suggest_near_ones():
    with pytest.raises(ValueError, match=r"such as one of \['mnist_wae_mmd'.*'mnist_wae_mdm'"):
        wae_tf.load("mnist_wae_mdm")
    for use in (wae_tf.load, wae_tf.load_config):
        with pytest.raises(ValueError, match=r"'mnist_wae_gan'.*Received: 'nothing/like/it'"):
            use("nothing/like/it")


def test_what_is_no_entry_yet_says_how_to_go_on(tmp_path):
    (tmp_path / "config.json").touch()
    with pytest.raises(ValueError, match="same `wae-train` command resumes.*no entry.json"):
        wae_tf.load(tmp_path)
    with pytest.raises(ValueError, match="must be there. Received: no 'mnist.keras'"):
        wae_tf.load("mnist.keras")


def test_an_unknown_config_lists_all_of_them():
    with pytest.raises(ValueError, match="must be a zoo config") as error:
        wae_tf.load_config("mnist_vaee")
    assert all(repr(name) in str(error.value) for name in wae_tf.list_configs())


def test_a_config_without_weights_is_no_model(saved, empty_zoo):
    shutil.copytree(saved[2], empty_zoo / "untrained")
    edit(empty_zoo / "untrained", lambda e: e.pop("weights"))
    assert wae_tf.list_configs() == ["untrained"] and wae_tf.list_models() == []
    with pytest.raises(ValueError, match="`wae-train --config=untrained` trains"):
        wae_tf.load("untrained")
    assert wae_tf.load_config("untrained") == saved[1]


def test_weights_that_changed_are_refused(entry):
    path = entry / "model.weights.h5"
    whole = path.read_bytes()
    corrupt = bytearray(whole)
    corrupt[len(corrupt) // 2] ^= 1
    for damaged in (corrupt, whole[:-100], b""):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="SHA-256.*Received: .*model.weights.h5"):
            wae_tf.load(entry)
    path.unlink()
    with pytest.raises(ValueError, match="file is missing.*model.weights.h5 with no file"):
        wae_tf.load(entry)


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Then refused.
@pytest.mark.parametrize(
    "changes",
    [{"latent_dim": 4}, {"encoder_layers": 2}, {"decoder_width": 8}, {"encoder": "dcgan"}],
)
def test_weights_of_another_config_are_refused(entry, changes):
    edit(entry, lambda e: e["config"].update(changes))
    with pytest.raises(ValueError, match="was `entry.json` edited"):
        wae_tf.load(entry)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda e: e["config"].update(latent_dim=0), "`latent_dim` must be an integer from 1 to"),
        (lambda e: e["config"].update(prior="vamp"), "needs an encoder of random codes"),
        (lambda e: e["config"].update(prior="uniform", prior_stddev=2.0), "belongs to the 'norm"),
        (lambda e: e["config"].update(model="ae", reg_weight_schedule="adaptive"), "belongs to"),
        (lambda e: e["config"].update(encoder_width=10**7), "`encoder_width` must be an integer f"),
        (lambda e: e["config"].update(depth=3), r"unknown fields \['depth'\]"),
        (lambda e: e.update(config="tiny"), "must be a directory whose `entry.json`"),
        (lambda e: e.pop("config"), "must be a directory whose `entry.json`"),
        (lambda e: e.update(weights=None), "must be a directory whose `entry.json`"),
        (lambda e: e["weights"].pop("sha256"), "must be a directory whose `entry.json`"),
        (lambda e: e["weights"].update(sha256="abc"), "is not 64 hex digits: 'abc'"),
        (lambda e: e["weights"].update(file=3), "must be a directory whose `entry.json`"),
    ],
)
def test_entries_that_make_no_sense_are_refused(entry, change, message):
    edit(entry, change)
    with pytest.raises(ValueError, match=message):
        wae_tf.load(entry)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"config": 1}', "\x00\xff"])
def test_an_entry_that_is_not_json_is_refused(entry, text):
    (entry / "entry.json").write_text(text, encoding="latin-1")
    for use in (wae_tf.load, wae_tf.load_config, zoo.read_entry):
        with pytest.raises(ValueError, match="Received: .*entry.json"):
            use(entry)


@pytest.mark.parametrize(
    "file", ["../model.weights.h5", "/tmp/model.weights.h5", "model.keras", "model.pkl", "a.py"]
)
def test_an_entry_reaches_for_no_other_file(entry, file):
    edit(entry, lambda e: e["weights"].update(file=file))
    with pytest.raises(ValueError, match="no name that ends in .weights.h5"):
        wae_tf.load(entry)


@pytest.mark.parametrize("field", ["cost", "prior", "encoder", "kernel", "precision"])
def test_an_entry_names_nothing_but_its_own_parts(entry, field):
    for value in (
        {"class_name": "function", "module": "os", "config": "system"},
        "os.system",
        "__import__('os').system('true')",
    ):
        edit(entry, lambda e, value=value: e["config"].update({field: value}))
        with pytest.raises(ValueError, match=f"`{field}` must be"):
            wae_tf.load_config(entry)
