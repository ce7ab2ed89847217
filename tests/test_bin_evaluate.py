"""Checks `wae-evaluate`: its flags, a whole run, and its errors."""

import json
import re
import shutil

import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf.bin import evaluate
from wae_tf.cards import model_card
from wae_tf.cards.record import record
from wae_tf.features import CLASSIFIERS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Returns a directory with a model, and images."""
    folder = tmp_path_factory.mktemp("bin")
    config = tiny.config()
    wae_tf.save_entry(folder / "model", wae_tf.build_model(config), config)
    (folder / "model" / "history.csv").write_text("epoch,loss\n1,2.0\n2,1.0\n")
    np.savez(
        folder / "images.npz",
        x_train=tiny.images(50),
        x_test=tiny.images(30, seed=1),
        y_test=np.arange(30) % 4,
    )
    return folder


@pytest.fixture
def run(folder, run_program):
    """Returns a function that runs the program here, and returns its exit status or message."""

    def run(*arguments, model=folder / "model", output=folder / "report"):
        given = [f"--model={model}", f"--data={folder / 'images.npz'}", f"--output={output}"]
        return run_program(evaluate, *given, *arguments)

    return run


@pytest.fixture
def calls(monkeypatch):
    """Records the calls of `wae_tf.evaluate` in its stead."""
    calls = []

    def recorded(*args, **kwargs):
        calls.append((args, kwargs))
        return {"sampler": {"kind": kwargs["sampler"]}, "metrics": {}, "warnings": []}

    monkeypatch.setattr(evaluate, "evaluate", recorded)
    return calls


def test_a_run_writes_numbers_pictures_and_page(run, folder, capsys):
    assert not run("--seeds=2", "--num=20")
    results = json.loads((folder / "report" / "results.json").read_text())
    assert results["errors"] == {}
    assert results["model"]["name"] == "model"
    assert results["n"] == 20 and results["seeds"] == [0, 1]
    assert results["data"]["images"] == 30 and results["train"]["images"] == 50
    assert (folder / "report" / "report.html").stat().st_size > 50_000
    assert (folder / "report" / "pictures" / "training.png").is_file()
    printed = capsys.readouterr().out
    assert "squared_error" in printed and "floor" in printed and "report.html" in printed


def test_flags_become_arguments(run, calls, folder):
    assert not run(
        *("--split=test[:9]", "--train_split=", "--sampler=gmm", "--features=none", "--seeds=3"),
        *("--seed=7", "--num=4", f"--cache_dir={folder / 'cache'}", "--noverbose"),
    )
    (((model, images), kwargs),) = calls
    assert model.name == "model" and len(images) == 9
    np.testing.assert_array_equal(kwargs.pop("labels"), np.arange(9) % 4)
    assert kwargs == {
        "train": None,
        "sampler": "gmm",
        "features": None,
        "n": 4,
        "seeds": 3,
        "seed": 7,
        "history": folder / "model" / "history.csv",
        "output": str(folder / "report"),
        "cache_dir": str(folder / "cache"),
        "name": "model",
        "verbose": False,
    }


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_classifier_can_be_asked_for(name, run, calls):
    assert not run(f"--features={name}")
    assert calls[0][1]["features"] == name


@pytest.mark.slow
def test_record_keeps_numbers_and_sampler_in_the_entry(run, folder, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(folder / "model", model)
    before = wae_tf.zoo.read_entry(model)
    for arguments in (["--record"], ["--record", "--sampler=gmm", "--seeds=2"]):
        assert not run("--num=20", "--features=none", *arguments, model=model)
    entry = wae_tf.zoo.read_entry(model)
    wae_tf.load(model)  # Which checks the sum, that of the sampler that was added included.
    assert entry.pop("model_sha256") != before.pop("model_sha256")
    assert {k: entry[k] for k in before} == before
    assert set(entry["evaluation"]) == {"prior", "gmm"}
    measured = json.loads((folder / "report" / "results.json").read_text())
    recorded = entry["evaluation"]["gmm"]
    for name in ("value", "stddev", "floor", "n"):
        assert recorded["metrics"]["sliced_wasserstein"][name] == pytest.approx(
            measured["metrics"]["sliced_wasserstein"][name], rel=1e-5
        )
    assert recorded["data_sha256"] == measured["data"]["sha256"]
    assert recorded["command"] == (
        "wae-evaluate --model=model --data=images.npz --sampler=gmm --features=none --num=20 "
        "--seeds=2 --output=report"
    )
    for kind in ("prior", "gmm"):
        assert (model / f"samples_{kind}.png").is_file()
    assert (model / "README.md").read_text(encoding="utf-8") == model_card(model)
    assert "`sampler_gmm.h5`" in model_card(model)
    draws = wae_tf.load(model).sample(3, seed=0, sampler="gmm")  # Comes back with the weights.
    assert draws.shape == (3, *entry["config"]["image_shape"])


def copy(source, target, seed=0, **changes):
    """Copies a model's entry, as if it had been trained with a seed on images known by hash."""
    shutil.copytree(source, target)
    entry = wae_tf.zoo.read_entry(target)
    provenance = {"training_data_sha256": "t" * 64}
    wae_tf.zoo.update_entry(
        target, provenance=provenance, config={**entry["config"], "seed": seed, **changes}
    )
    return target


@pytest.mark.slow
def test_another_seed_stands_beside_the_first_in_the_card(run, folder, tmp_path):
    measured = ("--num=20", "--features=none", "--seeds=2")
    first = copy(folder / "model", tmp_path / "first")
    assert not run(*measured, "--record", model=first)
    for seed in (10, 2):
        other = copy(folder / "model", tmp_path / f"seed{seed}", seed)
        assert not run(*measured, f"--another_seed_of={first}", model=other)
    entry = wae_tf.zoo.read_entry(first)
    assert list(entry["other_seeds"]) == ["2", "10"]
    own = entry["evaluation"]["prior"]["metrics"]
    assert entry["other_seeds"]["2"] == {name: metric["value"] for name, metric in own.items()}
    card = (first / "README.md").read_text(encoding="utf-8")
    assert card == model_card(first)
    value = f"{own['squared_error']['value']:.4g}"
    assert "| Metric | Seed 0 | Seed 2 | Seed 10 | Mean |" in card
    assert f"| Squared error | {value} | {value} | {value} | {value} \u00b1 0 |" in card


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({"seed": 1, "epochs": 9}, (), "but for the seed. Received: epochs=9 instead of "),
        ({"seed": 0}, (), "another seed than the entry. Received: seed 0 in both"),
        ({"seed": 1}, ("--sampler=gmm",), "the sampler 'gmm'.*by \\['prior'\\]"),
        ({"seed": 1}, ("--seeds=1",), "evaluation, \\[0, 1\\]. Received: \\[0\\]"),
        ({"seed": 1}, ("--num=19",), "differ in {'n': \\[20, 19\\]}"),
    ],
)
def test_only_the_seed_may_differ(changes, arguments, message, run, folder, tmp_path):
    measured = ("--num=20", "--features=none", "--seeds=2")
    first = copy(folder / "model", tmp_path / "first")
    assert not run(*measured, "--record", model=first)
    other = copy(folder / "model", tmp_path / "other", **changes)
    error = run(*measured, *arguments, f"--another_seed_of={first}", model=other)
    assert re.search(message, error)
    assert "other_seeds" not in wae_tf.zoo.read_entry(first)


def test_an_evaluation_with_errors_is_not_recorded(folder):
    with pytest.raises(ValueError, match="without errors.*Received: errors={'fid': 'no'}"):
        record(folder / "model", {"errors": {"fid": "no"}}, "wae-evaluate")
    assert "evaluation" not in wae_tf.zoo.read_entry(folder / "model")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--split=validation"], "ValueError: .*validation"),
        (["--num=1"], "--num"),
        (["--seeds=0"], "--seeds"),
        (["--num=31"], "sets of 31 images needs that many in `--data`"),
        (["--sampler=gmm", "--train_split="], "pass them as `train`"),
        (["--features=vgg"], "--features.*inception"),
        (["--inception_weights=x.h5"], "--inception_weights goes with --features=inception"),
        (
            ["--features=inception", "--inception_weights=x.h5"],
            "FileNotFoundError: `weights_path` must be a file.*Received: weights_path='x.h5'",
        ),
        (["more"], "Only flags are accepted"),
    ],
)
def test_bad_input_ends_in_one_line(run, arguments, message):
    code = run(*arguments)
    assert isinstance(code, str) and "\n" not in code
    assert __import__("re").search(message, code), code


def test_an_unknown_model_is_named(run):
    assert "such as one of" in run(model="mnist_wae_mdm")
