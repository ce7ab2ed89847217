"""Checks float16 on disk: what is rounded, what stays, and what is refused."""

import json
import shutil

import h5py
import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf import zoo
from wae_tf.bin import compress
from wae_tf.zoo import compression


def random_like(model):
    """Returns weights that no rounding leaves as they are; vectors, such as variances, positive."""
    rng = np.random.default_rng(0)
    drawn = [rng.normal(0, 0.2, w.shape).astype("float32") for w in tiny.weights(model)]
    return [w if w.ndim > 1 else np.abs(w) + 0.5 for w in drawn]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Returns the directory of an entry with a fitted sampler, and its model."""
    config = tiny.config(encoder="dcgan", decoder="dcgan", kernel_size=3, seed=4)
    model = wae_tf.build_model(config)
    model.set_weights(random_like(model))
    wae_tf.samplers.fit(model, tiny.images(40), kind="gmm", components=2)
    directory = tmp_path_factory.mktemp("saved") / "entry"
    zoo.save_entry(directory, model, config, note="kept")
    return directory, model


@pytest.fixture
def entry(saved, tmp_path):
    """Returns a copy of its directory, to be changed, and the model."""
    return shutil.copytree(saved[0], tmp_path / "entry"), saved[1]


def test_kernels_are_the_nearest_float16_and_vectors_stay(entry):
    directory, model = entry
    compression.compress(directory, tiny.images())
    loaded = wae_tf.load(directory)
    for before, after in zip(tiny.weights(model), tiny.weights(loaded), strict=True):
        expected = before.astype("float16") if before.ndim >= 2 else before
        assert after.dtype == before.dtype
        np.testing.assert_array_equal(after, expected.astype(before.dtype))


def test_the_file_is_about_half_as_long_and_the_only_one(tmp_path):
    config = tiny.config(encoder_width=512, decoder_width=512)
    model = wae_tf.build_model(config)
    zoo.save_entry(tmp_path / "large", model, config)
    before = (tmp_path / "large" / "model.weights.h5").stat().st_size
    compression.compress(tmp_path / "large", tiny.images())
    after = (tmp_path / "large" / "model_float16.weights.h5").stat().st_size
    assert after < 0.7 * before
    names = {path.name for path in (tmp_path / "large").iterdir()}
    assert names == {"entry.json", "model_float16.weights.h5"}


def test_the_entry_has_the_rounded_models_results(entry):
    directory, model = entry
    x = tiny.images(24, seed=5)
    rounding = compression.compress(directory, x)
    found, loaded = zoo.read_entry(directory), wae_tf.load(directory)
    errors = [float(((x / 255.0 - m.reconstruct(x)) ** 2).sum()) / len(x) for m in (model, loaded)]
    assert rounding["squared_error"] == pytest.approx(errors, rel=1e-5)
    assert found["results"]["losses"]["squared_error"] == pytest.approx(errors[1], rel=1e-6)
    assert found["results"]["test_data_sha256"] == wae_tf.data.fingerprint(x)
    moved = 255 * np.abs(loaded.sample(256, seed=0) - model.sample(256, seed=0))
    assert rounding["largest_change"] == pytest.approx(moved.max(), rel=1e-2)
    assert 0 < rounding["mean_change"] < rounding["largest_change"] < 1
    assert found["results"]["measured_by"].endswith("after rounding to float16")
    assert found["weights"]["rounding"] == rounding and found["note"] == "kept"
    assert zoo.is_entry(directory)
    np.testing.assert_allclose(
        loaded.sample(4, seed=1, sampler="gmm"), model.sample(4, seed=1, sampler="gmm"), atol=0.01
    )


def test_a_change_beyond_the_tolerance_leaves_the_entry_as_it_was(entry):
    directory, _ = entry
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    with pytest.raises(ValueError, match=r"at most 0 of itself.*Received: [+-]\S+, from \S+ to"):
        compression.compress(directory, tiny.images(), tolerance=0)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


def test_a_second_time_is_refused(entry):
    directory, _ = entry
    compression.compress(directory, tiny.images())
    with pytest.raises(ValueError, match="must be in float32.*model_float16.weights.h5"):
        compression.compress(directory, tiny.images())
    assert zoo.is_entry(directory)


def test_weights_beyond_float16_are_refused(entry, tmp_path):
    _, model = entry
    path = tmp_path / "large.weights.h5"
    kept = tiny.weights(model)
    model.set_weights([np.full_like(w, 7e4) for w in kept])
    model.save_weights(path)
    model.set_weights(kept)
    with pytest.raises(ValueError, match="range of 65,504.*Received: 70000 in '.*' of .*large"):
        compression.to_float16(path, tmp_path / "small.weights.h5")


def test_attributes_and_other_types_are_copied(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["version"] = "1"
        file.create_group("empty").attrs["name"] = "none"
        file["group/seed"] = np.arange(4, dtype="uint32").reshape(2, 2)
    compression.to_float16(tmp_path / "a.h5", tmp_path / "b.h5")
    with h5py.File(tmp_path / "b.h5") as file:
        assert file.attrs["version"] == "1" and file["empty"].attrs["name"] == "none"
        assert file["group/seed"].dtype == np.uint32
        np.testing.assert_array_equal(file["group/seed"], [[0, 1], [2, 3]])


def test_the_program_says_what_moved(entry, run_program, tmp_path, capsys):
    directory, _ = entry
    np.savez(tmp_path / "noise.npz", x_train=tiny.images(), x_test=tiny.images(12))
    run_program(compress, f"--model={directory}", f"--data={tmp_path / 'noise.npz'}")
    rounding = json.loads((directory / "entry.json").read_text())["weights"]["rounding"]
    before, after = rounding["squared_error"]
    said = f"Squared error of 12 images: {before:g} in float32, {after:g} in float16"
    assert said in capsys.readouterr().out
