"""Runs the commands and the Python of docs/own_images.md, at a tiny width, as they stand there."""

import pathlib
import re
import shlex
import zipfile

import numpy as np
import pytest
import tiny
from PIL import Image

import wae_tf
from wae_tf import zoo
from wae_tf.bin import evaluate, sample, train
from wae_tf.evaluation import pipeline
from wae_tf.own_images import completion, printing, runs
from wae_tf.own_images.choosing import settle
from wae_tf.own_images.facts import ImageFacts, look_at
from wae_tf.own_images.machine import Machine

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "own_images.md"
PROGRAMS = {"wae-train": train, "wae-evaluate": evaluate, "wae-sample": sample}
# All that is changed of the page: what a command gets beside its own flags.
QUICK = {
    "wae-train": [
        *("--encoder_width=8", "--decoder_width=8", "--epochs=1", "--nopretrain_encoder"),
        *("--precision=float32", "--verbose=2"),
    ]
}


def blocks(kind):
    """Returns the code blocks of one language, in order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def commands():
    lines = "".join(blocks("bash")).replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines]


def run(command, run_program):
    program, *flags = command
    status = run_program(PROGRAMS[program], *flags, *QUICK.get(program, []))
    assert not status, (command, status)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Works in a directory with an empty folder, `photos`."""
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))  # Inception is not there.
    monkeypatch.setattr(completion, "_SEEDS", 1)
    return tmp_path


def five_hundred_faces():
    """Returns what is known of the faces in the page's example."""
    return ImageFacts(
        name="folder photos",
        split="kept",
        test_split="held_out",
        division="by a hash of their names",
        train_images=454,
        test_images=46,
        sizes=np.array([[109, 89]]),
        channels=3,
    )


def test_what_the_page_shows_is_what_would_be_printed():
    facts, machine = five_hundred_faces(), Machine(gpu=False, cores=2, bfloat16=True)
    config, reasons = settle(facts, machine, 64, {})
    lines = [
        str(facts),
        *printing.table(config, reasons),
        printing.duration(facts, machine, config),
    ]
    assert blocks("text") == ["\n".join(lines) + "\n"]


def test_flags_in_the_text_are_flags_of_the_programs():
    known = {name for module in PROGRAMS.values() for name in module._FLAGS}
    named = set(re.findall(r"`[^`\n]*?--([a-z_]+)", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 8 and named <= known | {"help"}


@pytest.mark.slow
def test_the_page_runs_from_top_to_bottom(home, run_program, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    for i in range(50):
        pixels = np.zeros((70, 66, 3), "uint8") + rng.integers(60, 200, 3, dtype="uint8")
        y, x = rng.integers(8, 30, 2)
        pixels[y : y + 20, x : x + 20] = rng.integers(256, size=3)
        Image.fromarray(pixels).save(home / "photos" / f"{i:02d}.jpg")
    assert [command[0] for command in commands()] == [
        *("wae-train", "wae-sample", "wae-evaluate", "wae-train")
    ]
    *first, fine_tuning = commands()
    for command in first:
        run(command, run_program)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "complete", lambda *args, **kwargs: None)  # Done for the first one.
        run(fine_tuning, run_program)
    printed = capsys.readouterr().out
    card = (home / "runs/photos/README.md").read_text(encoding="utf-8")
    assert "# photos\n\nWAE-MMD of a user's own images. Data: folder photos, " in card
    assert (home / "runs/photos/report/gmm/report.html").is_file()
    assert (home / "runs/photos/pictures/samples-0001.png").is_file()
    assert (home / "samples.png").is_file() and (home / "report/report.html").is_file()
    assert "Weights of photos, encoder: 9 of 9 layers\n" in printed
    assert "Weights of photos, decoder: 8 of 8 layers\n" in printed
    assert zoo.read_entry("runs/more")["provenance"]["init_from"] == "photos"

    found = {}
    (code,) = blocks("python")
    exec(compile(code, str(PAGE), "exec"), found)  # The run is complete, and taken as it is.
    assert found["config"].batch_size == 16 and found["config"].encoder_width in (256, 1024)
    count = len(found["held_out"])
    for name, shape in (
        ("images", (16, 64, 64, 3)),
        ("codes", (count, 64)),
        ("ways", (2, 7, 64, 64, 3)),
    ):
        assert found[name].shape == shape
        assert re.search(rf"^{name} = .*# \({'n, 64' if name == 'codes' else ''}", code, re.M)
    tiny.assert_identical(found["again"].get_weights(), found["model"].get_weights())


@pytest.mark.slow
def test_five_hundred_faces(home, run_program, monkeypatch, capsys):
    monkeypatch.setattr(pipeline, "gallery", lambda *args: {})  # Drawn in the test above.
    with zipfile.ZipFile(tiny.real("celeba_9k_89x109.zip")) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))[:500]
        for name in names:
            (home / "photos" / pathlib.Path(name).name).write_bytes(archive.read(name))
    found, expected = look_at(home / "photos"), five_hundred_faces()
    assert str(found) == str(expected) and found.median_size == (109, 89)
    run(commands()[0], run_program)
    printed = capsys.readouterr().out
    assert printed.startswith(f"{found}\n")
    model = wae_tf.load("runs/photos")
    assert model.image_shape == (64, 64, 3) and model.samplers.keys() == {"gmm"}
    entry = zoo.read_entry("runs/photos")
    assert entry["provenance"]["training_images"] == 454
    for part in entry["evaluation"].values():
        squared_error = part["metrics"]["squared_error"]
        assert squared_error["n"] == 46
        assert 0 < squared_error["value"] < 2 * squared_error["of_mean_image"]
