"""Checks `init_from`: which layers get the weights of an entry, when, and what it records."""

import dataclasses
import shutil

import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf import cards, training, zoo
from wae_tf.bin import train
from wae_tf.training import callbacks, initial_weights

SHAPE = (16, 16, 1)


def config(**changes):
    """Returns a config of convolutions with batch normalisation."""
    small = {
        "image_shape": SHAPE,
        "encoder": "dcgan",
        "encoder_width": 16,
        "encoder_layers": 2,
        "decoder": "dcgan_mod",
        "decoder_width": 16,
        "decoder_layers": 2,
    }
    return tiny.config(**{**small, **changes})


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    """Returns the directory of an entry whose every weight is a number of its own."""
    directory = tmp_path_factory.mktemp("zoo") / "begun"
    model = wae_tf.build_model(config())
    rng = np.random.default_rng(0)
    model.set_weights(
        [rng.normal(size=w.shape).astype(w.dtype) ** 2 / 10 for w in model.get_weights()]
    )
    wae_tf.save_entry(directory, model, config())
    return directory


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "images.npz"
    train, test = tiny.images(16, shape=SHAPE), tiny.images(8, seed=1, shape=SHAPE)
    np.savez(path, x_train=train, x_test=test)
    return path


def layer(model, network, name):
    return getattr(model, network).get_layer(name).get_weights()


# Which layers.


def test_all_layers_of_the_same_config_fit_with_their_moving_averages(entry):
    model, theirs = wae_tf.build_model(config(seed=5)), wae_tf.load(entry)
    assert initial_weights.start_from(model, entry) == [
        "encoder: 5 of 5 layers",
        "decoder: 4 of 4 layers",
    ]
    for network in ("encoder", "decoder"):
        tiny.assert_identical(layer(model, network, "norm_0"), layer(theirs, network, "norm_0"))
        assert len(layer(model, network, "norm_0")) == 4  # Scale, offset, and the two averages.
    x = tiny.images(4, shape=SHAPE)
    np.testing.assert_array_equal(model.reconstruct(x), theirs.reconstruct(x))


def test_the_count_of_noise_draws_is_no_weight(entry):
    model = wae_tf.build_model(config())
    before = layer(model, "encoder", "noise")
    initial_weights.start_from(model, entry)
    tiny.assert_identical(layer(model, "encoder", "noise"), before)


def test_layers_of_other_shapes_keep_their_weights(entry):
    model, theirs = wae_tf.build_model(config(latent_dim=5)), wae_tf.load(entry)
    before = layer(model, "encoder", "dense"), layer(model, "decoder", "dense")
    assert initial_weights.start_from(model, entry) == [
        "encoder: 4 of 5 layers; not dense",
        "decoder: 3 of 4 layers; not dense",
    ]
    for network, weights in zip(("encoder", "decoder"), before, strict=True):
        tiny.assert_identical(layer(model, network, "dense"), weights)
    tiny.assert_identical(layer(model, "encoder", "conv_1"), layer(theirs, "encoder", "conv_1"))


def test_a_network_that_the_entry_lacks_starts_anew(entry):
    model = wae_tf.build_model(config(divergence="gan"))
    lines = initial_weights.start_from(model, entry)
    assert lines[2] == "discriminator: 0 of 2 layers; not dense_0, logit"


def test_digits_of_the_zoo_reconstruct_with_another_seed():
    entry = zoo.read_entry("mnist_wae_mmd_2d")
    model = wae_tf.build_model(dataclasses.replace(wae_tf.load_config("mnist_wae_mmd_2d"), seed=9))
    initial_weights.start_from(model, "mnist_wae_mmd_2d")
    x = np.zeros((2, 28, 28, 1), "uint8")
    expected = wae_tf.load("mnist_wae_mmd_2d").reconstruct(x)
    np.testing.assert_array_equal(model.reconstruct(x), expected)
    assert initial_weights.describe_weights("mnist_wae_mmd_2d") == {
        "init_from": "mnist_wae_mmd_2d",
        "init_from_sha256": entry["weights"]["sha256"],
    }


# When, and what is recorded.


@pytest.fixture(scope="module")
def run(entry, source, tmp_path_factory):
    """Trains from the entry's weights; returns the directory."""
    workdir = tmp_path_factory.mktemp("run")
    training.train(config(pretrain_encoder=True), source, workdir, init_from=entry, verbose=0)
    return workdir


def test_training_begins_at_the_weights_and_without_pretraining(entry, source, tmp_path, capsys):
    changes = {"learning_rate": 1e-9, "pretrain_encoder": True, "epochs": 1}
    model = training.train(config(**changes), source, tmp_path, init_from=entry, verbose=2)
    theirs = wae_tf.load(entry)
    for name in ("conv_0", "dense"):
        for got, wanted in zip(layer(model, "encoder", name), layer(theirs, "encoder", name)):
            np.testing.assert_allclose(got, wanted, atol=1e-7)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "Weights of begun, encoder: 5 of 5 layers",
        "Weights of begun, decoder: 4 of 4 layers",
    ]


def test_entry_and_card_say_where_the_weights_came_from(run, entry):
    sha256 = zoo.read_entry(entry)["weights"]["sha256"]
    provenance = zoo.read_entry(run)["provenance"]
    assert provenance["init_from"] == "begun"
    assert provenance["init_from_sha256"] == sha256
    assert f"| Started from | `begun`, weights with SHA-256 `{sha256}` |" in cards.model_card(run)


@pytest.mark.slow
def test_a_resumed_run_goes_on_from_its_own_weights(run, entry, source, tmp_path, monkeypatch):
    def stop(*args, **kwargs):
        raise OSError("full")

    def resume():
        chosen = config(pretrain_encoder=True)
        return training.train(chosen, source, tmp_path, init_from=entry, verbose=0)

    with monkeypatch.context() as patch:
        ended = callbacks.SampleGrid.on_epoch_end
        patch.setattr(
            callbacks.SampleGrid,
            "on_epoch_end",
            lambda grid, epoch, logs=None: stop() if epoch else ended(grid, epoch),
        )
        with pytest.raises(OSError, match="full"):
            resume()
    assert callbacks.Checkpoint(tmp_path).done == 1
    with monkeypatch.context() as patch:
        patch.setattr(initial_weights, "start_from", stop)
        model = resume()
    tiny.assert_identical(model.get_weights(), wae_tf.load(run).get_weights())


@pytest.mark.parametrize("other", [None, "mnist_wae_mmd_2d"])
def test_other_weights_are_refused_on_resuming(run, source, other):
    before = zoo.read_entry(run)
    match = "run that began with these very weights.*'init_from': .'begun', "
    with pytest.raises(ValueError, match=match):
        training.train(config(pretrain_encoder=True), source, run, init_from=other, verbose=0)
    assert zoo.read_entry(run) == before


@pytest.mark.slow
def test_a_run_from_random_weights_takes_none_on_resuming(entry, source, tmp_path):
    training.train(config(epochs=1), source, tmp_path, verbose=0)
    with pytest.raises(ValueError, match=r"'init_from': \(None, 'begun'\)"):
        training.train(config(epochs=1), source, tmp_path, init_from=entry, verbose=0)


@pytest.mark.slow
def test_a_copy_of_the_weights_elsewhere_is_the_same(run, entry, source, tmp_path, capsys):
    moved = shutil.copytree(entry, tmp_path / "moved")
    training.train(config(pretrain_encoder=True), source, run, init_from=moved)
    assert "is complete already" in capsys.readouterr().out


def test_the_flag_is_the_argument(monkeypatch, run_program, entry, source):
    calls = []
    monkeypatch.setattr(training, "train", lambda *args, **kwargs: calls.append(kwargs))
    given = [f"--config={entry}", f"--data={source}", "--workdir=run"]
    assert not run_program(train, *given)
    assert not run_program(train, *given, f"--init_from={entry}")
    assert calls[0]["init_from"] is None and calls[1]["init_from"] == str(entry)
    assert "--init_from=begun" in calls[1]["provenance"]["command"]


# Errors.


def test_weights_of_which_no_layer_fits_are_refused(entry, source, tmp_path):
    other = tiny.config(encoder_width=7, decoder_width=7, image_shape=SHAPE)
    with pytest.raises(ValueError, match="must have layers of.*shapes.*Received: init_from=.*none"):
        training.train(other, source, tmp_path, init_from=entry, verbose=0)
    assert not (tmp_path / "config.json").exists()


def test_an_entry_without_weights_or_none_at_all_is_refused(source, tmp_path):
    with pytest.raises(
        ValueError, match="`init_from` must have weights.*Received: init_from='celeba_vae_paper'"
    ):
        training.train(config(), source, tmp_path, init_from="celeba_vae_paper")
    with pytest.raises(ValueError, match="such as one of .'mnist_vae'.*Received: 'mnist_vaee'"):
        training.train(config(), source, tmp_path, init_from="mnist_vaee")
