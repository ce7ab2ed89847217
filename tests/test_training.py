"""Checks `train`: what it writes, that it resumes bit for bit, what stops it, that it learns."""

import csv
import dataclasses
import importlib
import json
import shutil
import warnings

import keras
import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf import training
from wae_tf.training import run_files, test_losses, test_results

module = importlib.import_module("wae_tf.training.train")  # `training.train` is the function.


class Interrupted(Exception):
    pass


class Interruption(keras.callbacks.Callback):
    """Ends training in the second step of an epoch, counted from 0."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.now == self.epoch and batch == 1:
            raise Interrupted


def config(divergence="mmd", **changes):
    return tiny.config(
        divergence=divergence,
        epochs=3,
        lr_schedule="manual_smooth",
        horizontal_flip=True,
        **changes,
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(path, x_train=tiny.images(27), x_test=tiny.images(10, seed=1))
    return path


def train(config, source, workdir, **arguments):
    return training.train(config, source, workdir, verbose=0, **arguments)


@pytest.fixture(scope="module", params=tiny.slow_but(["mmd"], ["mmd", "gan"]))
def run(request, source, tmp_path_factory):
    """Trains to the end without interruption."""
    workdir = tmp_path_factory.mktemp(request.param)
    model = train(config(request.param), source, workdir, provenance={"command": "as typed"})
    return workdir, model, config(request.param)


def read_json(path):
    return json.loads(path.read_text())


def files(workdir):
    """Returns the content and time of each file under a directory."""
    return {
        str(p.relative_to(workdir)): (p.stat().st_mtime_ns, p.read_bytes())
        for p in workdir.rglob("*")
        if p.is_file()
    }


def test_workdir_holds_what_is_documented(run):
    workdir, _, config = run
    assert {p.name for p in workdir.iterdir()} == {
        "SHA256SUMS",
        "checkpoint-0002.weights.h5",
        "checkpoint-0003.weights.h5",
        "config.json",
        "entry.json",
        "history.csv",
        "model.weights.h5",
        "pictures",
        "tensorboard",
        "training_data.json",
    }
    assert wae_tf.WAEConfig.from_json((workdir / "config.json").read_text()) == config
    assert {p.name for p in (workdir / "pictures").iterdir()} == {
        f"{name}-000{epoch}.png" for name in ("samples", "reconstructions") for epoch in (1, 2, 3)
    }
    with open(workdir / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert {"loss", "divergence", "val_loss", "val_divergence", "learning_rate"} <= set(rows[0])
    rates = [float(row["learning_rate"]) for row in rows]
    np.testing.assert_allclose(rates, 1e-3 * 100.0 ** (-np.arange(1, 4) / 10), rtol=1e-5)
    assert {p.name for p in (workdir / "tensorboard").iterdir()} == {
        "train",
        "validation",
        "pictures",
    }


@pytest.mark.slow
def test_follows_test_images_of_all_classes(tmp_path, monkeypatch):
    sorted_by_class = np.repeat(np.arange(10, dtype="uint8"), 20)
    arrays = {"x_train": tiny.images(8), "x_test": tiny.images(200)}
    arrays["x_test"][:] = sorted_by_class[:, None, None, None]
    np.savez(tmp_path / "data.npz", **arrays)
    followed, callbacks = [], module.writing_callbacks

    def recorded(workdir, images, devices):
        followed.append(images[:, 0, 0, 0])
        return callbacks(workdir, images, devices)

    monkeypatch.setattr(module, "writing_callbacks", recorded)
    for name in ("a", "b"):
        train(config("mmd"), tmp_path / "data.npz", tmp_path / name, monitored=50)
    assert len(followed[0]) == 50 and set(followed[0]) == set(range(10))
    np.testing.assert_array_equal(*followed)


def test_workdir_is_an_entry_that_loads(run):
    workdir, model, config = run
    loaded = wae_tf.load(workdir)
    assert not loaded.compiled and type(loaded) is type(model)
    tiny.assert_identical(loaded.get_weights(), model.get_weights())
    np.testing.assert_array_equal(loaded.sample(4, seed=0), model.sample(4, seed=0))
    assert wae_tf.load_config(workdir) == config


def test_entry_records_what_reproduces_its_results(run, source):
    workdir, _, config = run
    entry = read_json(workdir / "entry.json")
    test_images = np.load(source)["x_test"]
    losses = training.test_losses(wae_tf.load(workdir), test_images, config.batch_size)
    assert entry["results"]["losses"] == pytest.approx(losses, rel=1e-6)
    assert entry["results"]["test_images"] == 10
    assert entry["results"]["test_data_sha256"] == wae_tf.data.fingerprint(test_images)
    provenance = entry["provenance"]
    assert provenance["command"] == "as typed"
    assert provenance["training_images"] == 27 and provenance["epochs"] == 3
    assert provenance["seconds"] > 0.0


def test_pytest_collects_no_function_of_ours_for_a_test(request):
    ours = {test_losses, test_results}  # Whose names begin as those of tests do.
    assert ours.isdisjoint(item.function for item in request.session.items)


def test_test_losses_are_those_of_evaluate_and_the_squared_error(run, source):
    _, model, config = run
    x = np.load(source)["x_test"]
    losses = training.test_losses(model, x, config.batch_size)
    squared_error = ((x / 255.0 - model.reconstruct(x)) ** 2).sum(axis=(1, 2, 3)).mean()
    assert losses.pop("squared_error") == pytest.approx(squared_error, rel=1e-5)
    assert losses["reconstruction_loss"] == pytest.approx(0.5 * squared_error, rel=1e-5)
    again = model.evaluate(x, batch_size=config.batch_size, return_dict=True, verbose=0)
    assert losses == pytest.approx(again, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("epoch", [0, 1])
def test_a_resumed_training_equals_an_uninterrupted_one(run, source, tmp_path, monkeypatch, epoch):
    workdir, model, config = run
    callbacks = module.writing_callbacks
    with monkeypatch.context() as patch:
        patch.setattr(module, "writing_callbacks", lambda *a: [Interruption(epoch), *callbacks(*a)])
        with pytest.raises(Interrupted):
            train(config, source, tmp_path)
    assert len(list(tmp_path.glob("checkpoint-*"))) == epoch
    with pytest.raises(ValueError, match="must have finished: the same `wae-train` command resu"):
        wae_tf.load(tmp_path)
    resumed = train(config, source, tmp_path)
    tiny.assert_identical(resumed.get_weights(), model.get_weights())
    assert (tmp_path / "model.weights.h5").exists()
    with open(workdir / "history.csv") as left, open(tmp_path / "history.csv") as right:
        for a, b in zip(csv.DictReader(left), csv.DictReader(right), strict=True):
            assert {**a, "seconds": 0} == {**b, "seconds": 0}
    results = [read_json(d / "entry.json")["results"] for d in (workdir, tmp_path)]
    assert results[0] == results[1]


def test_running_again_after_the_end_changes_no_file(run, source):
    workdir, model, config = run
    before = files(workdir)
    again = train(config, source, workdir)
    assert files(workdir) == before
    tiny.assert_identical(again.get_weights(), model.get_weights())


def test_a_lost_entry_is_written_anew_without_training(run, source):
    workdir, model, config = run
    entry = read_json(workdir / "entry.json")
    (workdir / "entry.json").unlink()
    train(config, source, workdir)
    assert read_json(workdir / "entry.json")["results"] == entry["results"]
    tiny.assert_identical(wae_tf.load(workdir).get_weights(), model.get_weights())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.ema. must be at most")
def test_the_moving_average_of_weights_is_kept_in_the_end(source, tmp_path, monkeypatch):
    config = tiny.config(ema=0.9, epochs=2)
    plain = train(dataclasses.replace(config, ema=0.0), source, tmp_path / "plain")
    model = train(config, source, tmp_path / "a")
    averages = {v.path: np.array(v) for v in model.optimizer._model_variables_moving_average}
    kept = {f"average/{v.path}": np.array(v) for v in model.autoencoder_variables}
    tiny.assert_identical([*kept.values()], [*averages.values()])
    assert any((a != b).any() for a, b in zip(model.get_weights(), plain.get_weights()))
    assert (tmp_path / "plain/history.csv").read_text().splitlines()[0].startswith("epoch")
    tiny.assert_identical(wae_tf.load(tmp_path / "a").get_weights(), model.get_weights())

    callbacks = module.writing_callbacks
    with monkeypatch.context() as patch:
        patch.setattr(module, "writing_callbacks", lambda *a: [Interruption(1), *callbacks(*a)])
        with pytest.raises(Interrupted):
            train(config, source, tmp_path / "b")
    tiny.assert_identical(train(config, source, tmp_path / "b").get_weights(), model.get_weights())
    (tmp_path / "b/entry.json").unlink()  # Written anew, from a checkpoint.
    tiny.assert_identical(train(config, source, tmp_path / "b").get_weights(), model.get_weights())


def test_a_moving_average_mostly_of_the_start_is_warned_of():
    """0.999 ** 654 is 0.52, and 0.05 ** (1 / 654) is 0.99543."""
    config = tiny.config(ema=0.999, epochs=3)
    model = wae_tf.build_model(config)
    message = r"at most 0.9954 for 654 steps.*Received: ema=0.999, which keeps 52%"
    with pytest.warns(UserWarning, match=message):
        training.compile_model(model, config, steps_per_epoch=218)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for ema, epochs in ((0.99, 3), (0.999, 14), (0.0, 3)):
            config = dataclasses.replace(config, ema=ema, epochs=epochs)
            training.compile_model(model, config, steps_per_epoch=218)


def test_another_config_is_refused_with_what_differs(run, source):
    workdir, _, config = run
    before = files(workdir)
    other = dataclasses.replace(config, reg_weight=3.0, epochs=9)
    with pytest.raises(ValueError, match=r"\{'reg_weight': \(10.0, 3.0\), 'epochs': \(3, 9\)\}"):
        train(other, source, workdir)
    assert files(workdir) == before


def test_other_training_images_are_refused_and_moved_ones_are_not(run, source, tmp_path):
    workdir, model, config = run
    unfinished = tmp_path / "unfinished"
    shutil.copytree(workdir, unfinished)
    (unfinished / "entry.json").unlink()
    fingerprint = wae_tf.data.fingerprint
    images = np.load(source)["x_train"]
    there, now = fingerprint(images), fingerprint(images[:20])
    for directory in (workdir, unfinished):
        before = files(directory)
        match = rf"'training_images': \(27, 20\), 'training_data_sha256': \('{there}', '{now}'\)"
        with pytest.raises(ValueError, match=match):
            train(config, source, directory, split="train[:20]")
        assert files(directory) == before
    moved = shutil.copy(source, tmp_path / "moved.npz")
    tiny.assert_identical(train(config, moved, workdir).get_weights(), model.get_weights())


def test_a_workdir_of_before_that_knows_no_images_goes_on(run, source, tmp_path):
    workdir, model, config = run
    shutil.copytree(workdir, tmp_path / "old")
    (tmp_path / "old" / "training_data.json").unlink()
    (tmp_path / "old" / "SHA256SUMS").unlink()
    again = train(config, source, tmp_path / "old", split="train[:20]")
    tiny.assert_identical(again.get_weights(), model.get_weights())


def test_a_run_that_goes_on_on_other_devices_says_so(run, source, tmp_path, capsys):
    workdir, model, config = run
    copy = shutil.copytree(workdir, tmp_path / "copy")
    (copy / "entry.json").unlink()
    run_files.write(copy, config, devices={"replicas": 2, "workers": 2})
    for said in (True, False):
        (copy / "entry.json").unlink(missing_ok=True)
        training.train(config, source, copy, verbose=2)
        lines = [line for line in capsys.readouterr().out.split("\n") if "on other devices" in line]
        assert len(lines) == said
        assert all("(replicas=2, workers=2) and goes on on these (one)" in line for line in lines)
    tiny.assert_identical(wae_tf.load(copy).get_weights(), model.get_weights())


def test_a_config_that_cannot_be_read_is_refused(tmp_path, source):
    (tmp_path / "config.json").write_text('{"latent_dim": 8')
    with pytest.raises(ValueError, match="`workdir` must be new.*Received: .*config.json"):
        train(config(), source, tmp_path)
    (tmp_path / "config.json").unlink()
    (tmp_path / "training_data.json").write_text("27")
    with pytest.raises(ValueError, match="these very training images.*Received: .*data.json, wh"):
        train(config(), source, tmp_path)


def test_a_workdir_that_cannot_be_written_to_is_refused(tmp_path, source):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="`workdir` must be a directory.*Received: workdir="):
        train(config(), source, tmp_path / "file" / "run")


def test_data_that_do_not_fit_leave_no_config_behind(tmp_path, source):
    with pytest.raises(ValueError, match="`batch_size` must not exceed"):
        train(config(batch_size=100), source, tmp_path)
    with pytest.raises(FileNotFoundError):
        train(config(), tmp_path / "absent.npz", tmp_path)
    with pytest.raises(ValueError, match="validation"):
        train(config(), source, tmp_path, test_split="validation")
    assert not (tmp_path / "config.json").exists()
    train(config(), source, tmp_path, test_split=None)  # So a corrected call can use it.
    assert read_json(tmp_path / "entry.json")["results"] == {}


@pytest.mark.parametrize(
    "changes, match",
    [
        ({"prior": "sphere", "latent_dim": 1}, "`latent_dim` >= 2"),
        ({"divergence": "mmdpp"}, "random codes"),
        ({"max_shift": 8}, r"`max_shift` must be .*max_shift=8, images of 8 x 8"),
    ],
)
def test_a_config_that_does_not_fit_is_refused_before_an_image_is_read(tmp_path, changes, match):
    with pytest.raises(ValueError, match=match):
        train(config(**changes), tmp_path / "absent.npz", tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_loss_of_nan_stops_and_writes_no_entry(tmp_path, source):
    with pytest.raises(FloatingPointError, match="take a smaller `learning_rate`"):
        train(config(learning_rate=1e38), source, tmp_path)
    assert not list(tmp_path.glob("*.h5")) and not (tmp_path / "entry.json").exists()


def test_a_loaded_model_trains_on(run):
    workdir, _, config = run
    model = training.compile_model(wae_tf.load(workdir), config, steps_per_epoch=3)
    assert model.optimizer.beta_1 == 0.5
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3 * 100.0 ** (-1 / 10))
    if config.divergence == "gan":
        rate = float(model.discriminator_optimizer.learning_rate)
        assert rate == pytest.approx(5e-4 * 100.0 ** (-1 / 10))
    x = tiny.images()
    before = model.evaluate(x, verbose=0, return_dict=True)["reconstruction_loss"]
    model.fit(x, batch_size=8, epochs=10, verbose=0)
    assert model.evaluate(x, verbose=0, return_dict=True)["reconstruction_loss"] < before


@pytest.mark.slow
@pytest.mark.parametrize("divergence", ["mmd", "gan"])
def test_real_digits_are_learnt(divergence, tmp_path):
    source = tmp_path / "mnist.npz"
    x = tiny.mnist("x_test", 500)
    np.savez(source, x_train=tiny.mnist("x_train", 3000), x_test=x)
    config = wae_tf.WAEConfig(
        divergence=divergence,
        encoder_width=32,
        decoder_width=32,
        discriminator_width=64,
        cost_scale=0.05,
        lr_schedule="constant",
        batch_size=50,
        epochs=3 if divergence == "mmd" else 6,  # The game swings at first.
    )

    def measure(model):
        z, z_prior = model.encode(x), model.prior.sample(len(x), (0, 0))
        losses = training.test_losses(model, x, config.batch_size)
        return {**losses, "mmd": float(wae_tf.mmd(z, z_prior, wae_tf.imq_kernel))}

    before = measure(wae_tf.build_model(config))
    after = measure(train(config, source, tmp_path / "run"))
    assert after["squared_error"] < before["squared_error"] / 3.0  # 4.8 (GAN: 6.5) times, measured.
    if divergence == "mmd":
        assert after["loss"] < before["loss"] / 5.0  # 8.6 times.
        assert after["divergence"] < before["divergence"] / 6.0  # 14 times.
        assert after["mmd"] < before["mmd"] / 6.0  # 13 times, with one sample of all codes.
    else:
        assert after["loss"] < before["loss"] / 1.5  # 1.9 times.
        # 4 to 22 times, by five seeds and precisions; its own divergence is a game.
        assert after["mmd"] < before["mmd"] / 2.0
