"""Checks training and evaluation on images that stay on disk."""

import json

import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf import training
from wae_tf.bin import train as train_program
from wae_tf.data import memory
from wae_tf.evaluation.material import Material

Image = pytest.importorskip("PIL.Image")


pytestmark = pytest.mark.usefixtures("models_kept")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces")
    for split, count in (("train", 27), ("test", 10)):
        (folder / split).mkdir()
        for i, image in enumerate(tiny.images(count, seed=count)):
            Image.fromarray(image[..., 0]).save(folder / split / f"{i:02d}.png")
    return folder


def train(source, workdir, **options):
    config = tiny.config(horizontal_flip=True, pretrain_encoder=True)
    return training.train(config, source, workdir, verbose=0, **options)


@pytest.fixture(scope="module")
def run(source, tmp_path_factory):
    """Trains with all images in memory."""
    workdir = tmp_path_factory.mktemp("memory")
    return workdir, train(source, workdir, cache=False).get_weights()


def losses(workdir):
    entry = json.loads((workdir / "entry.json").read_text())
    return entry["results"] | {"train": entry["provenance"]["training_data_sha256"]}


def cached(workdir):
    return sorted(p.name for p in (workdir / "cache").glob("*"))


@pytest.mark.slow
def test_training_from_disk_gives_the_same_model(run, source, tmp_path):
    workdir, weights = run
    on_disk = train(source, tmp_path, cache=True)
    assert cached(tmp_path) == ["test.npy", "train.npy"] and cached(workdir) == []
    tiny.assert_identical(on_disk.get_weights(), weights)
    assert losses(tmp_path) == losses(workdir)
    assert len(np.load(tmp_path / "cache" / "train.npy")) == 27
    (tmp_path / "entry.json").unlink()
    tiny.assert_identical(train(source, tmp_path).get_weights(), weights)


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (4 * 27 * 64, []),
        (4 * 27 * 64 - 1, ["train.npy"]),
        tiny.slow(4 * 10 * 64 - 1, ["test.npy", "train.npy"]),
        tiny.slow(None, []),
    ],
)
def test_more_than_a_quarter_of_the_memory_goes_to_disk(
    available, expected, source, tmp_path, monkeypatch
):
    monkeypatch.setattr(memory, "available_memory", lambda: available)
    train(source, tmp_path)
    assert cached(tmp_path) == expected


@pytest.mark.slow
def test_arrays_stay_where_they_are_unless_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 0)
    train(tiny.images(16), tmp_path / "auto", test_split=None)
    train(tiny.images(16), tmp_path / "true", test_split=None, cache=True)
    assert cached(tmp_path / "auto") == [] and cached(tmp_path / "true") == ["train.npy"]


def test_an_unknown_cache_is_refused(source, tmp_path):
    with pytest.raises(ValueError, match="'auto', True or False. Received: cache='disk'"):
        train(source, tmp_path, cache="disk")


@pytest.mark.slow
def test_the_program_has_the_flag(run, source, tmp_path, run_program):
    workdir, _ = run
    message = run_program(
        train_program,
        f"--config={workdir}",
        f"--data={source}",
        f"--workdir={tmp_path}",
        "--cache=true",
        "--verbose=0",
    )
    assert not message
    assert cached(tmp_path) == ["test.npy", "train.npy"]
    assert losses(tmp_path) == losses(workdir)


@pytest.fixture
def on_disk(tmp_path):
    np.save(tmp_path / "a.npy", tiny.images(40))
    return np.load(tmp_path / "a.npy", mmap_mode="r")


def test_test_losses_are_the_same_from_disk(run, on_disk):
    model = wae_tf.load(run[0])
    assert training.test_losses(model, on_disk, 8) == training.test_losses(
        model, np.array(on_disk), 8
    )


def test_evaluation_reads_from_disk_and_copies_nothing_whole(run, on_disk):
    model = wae_tf.load(run[0])
    options = {"n": 10, "seeds": [0], "sampler": "prior", "extractor": None}
    material = Material(model, on_disk[:20], on_disk[20:], **options)
    assert np.shares_memory(material.held_out, on_disk)
    assert np.shares_memory(material.train, on_disk)
    results = [
        wae_tf.evaluate(model, x[:20], train=x[20:], features=None, verbose=False)
        for x in (on_disk, np.array(on_disk))
    ]
    assert results[0]["metrics"] == results[1]["metrics"]
    assert results[0]["data"] == results[1]["data"] and results[0]["train"] == results[1]["train"]
