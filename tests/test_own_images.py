"""Checks training on one's own images: what is chosen and why, what is left, what resumes."""

import dataclasses
import errno
import json
import pathlib
import re
import shutil
import sys
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
from PIL import Image

import wae_tf
from wae_tf import own_images, zoo
from wae_tf.bin import train
from wae_tf.own_images import completion, printing, runs
from wae_tf.own_images.choosing import settle
from wae_tf.own_images.facts import ImageFacts, as_source, look_at
from wae_tf.own_images.machine import Machine, images_per_second, this_machine
from wae_tf.own_images.rules import RULES
from wae_tf.runtime import requirements
from wae_tf.runtime.precision import computes_in_bfloat16
from wae_tf.training import run_files

CPU = Machine(gpu=False, cores=2, bfloat16=False)
BFLOAT16 = Machine(gpu=False, cores=2, bfloat16=True)
GPU = Machine(gpu=True, cores=16, bfloat16=True)
AUTOMATIC = zoo.read_entry("image_folder")["automatic"]
TINY = {"encoder_width": 8, "decoder_width": 8, "latent_dim": 3, "epochs": 2}
FLAGS = [f"--{name}={value}" for name, value in TINY.items()]


def facts(count=5000, size=(218, 178), channels=3, **changes):
    """Returns what would be known of so many images of one size."""
    values = {
        "name": "folder photos",
        "split": "kept",
        "test_split": "held_out",
        "division": "by a hash of their names",
        "train_images": count,
        "test_images": max(count // 9, 2),
        "sizes": np.array([size]),
        "channels": channels,
    }
    return ImageFacts(**{**values, **changes})


def chosen(image_facts=None, machine=CPU, image_size=None, init_from=None, **given):
    return settle(image_facts or facts(), machine, image_size, given, init_from=init_from)


def write(path, size=(20, 24), mode="RGB", seed=0, **options):
    """Writes an image of one colour with a square in it."""
    rng = np.random.default_rng(seed)
    height, width = size
    pixels = np.zeros((height, width, 3), "uint8") + rng.integers(60, 200, 3, dtype="uint8")
    y, x = rng.integers(2, 8, 2)
    pixels[y : y + 6, x : x + 6] = rng.integers(256, size=3)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path, **options)


pytestmark = pytest.mark.usefixtures("models_kept")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Returns a folder of 50 small images."""
    folder = tmp_path_factory.mktemp("home") / "photos"
    for i in range(50):
        write(folder / f"{i:02d}.png", seed=i)
    return folder


# Numbers.


@pytest.mark.parametrize(
    "width, machine, shape, expected",
    [
        (128, CPU, (64, 64, 3), 350),
        (256, CPU, (64, 64, 3), 119),
        (1024, CPU, (64, 64, 3), 10),
        (256, Machine(gpu=False, cores=8, bfloat16=False), (64, 64, 3), 476),
        (256, CPU, (32, 32, 3), 476),
        (256, CPU, (128, 128, 3), 29.75),
        (512, CPU, (64, 64, 3), np.sqrt(119 * 10)),
        (64, CPU, (64, 64, 3), 350**2 / 119),
    ],
)
def test_speed_is_what_was_measured_and_a_power_law_between(width, machine, shape, expected):
    values = {"encoder_width": width, "decoder_width": 8, "image_shape": shape}
    values |= {"encoder": "dcgan", "decoder": "dcgan_mod", "precision": "float32"}
    assert images_per_second(machine, values) == pytest.approx(expected)
    values["precision"] = "mixed_bfloat16"
    fast = dataclasses.replace(machine, bfloat16=True)
    assert images_per_second(fast, values) == pytest.approx(expected * 165 / 119)
    assert images_per_second(GPU, values) is None
    assert images_per_second(machine, {**values, "decoder": "mlp"}) is None


@pytest.mark.parametrize(
    "sizes, expected",
    [
        ([(218, 178)], 128),
        ([(109, 89)], 64),
        ([(200, 200), (200, 127), (90, 300)], 64),  # One of three is large enough for 128.
        ([(200, 200), (200, 128), (90, 300)], 128),
        ([(28, 28)], 28),
        ([(31, 40), (20, 20), (30, 33)], 28),
        ([(64, 31), (64, 64)], 28),  # Half is not most.
    ],
)
def test_size_never_enlarges_most_images(sizes, expected):
    config, reasons = chosen(facts(sizes=np.array(sizes)))
    assert config.image_shape == (expected, expected, 3)
    smaller = np.mean(np.min(sizes, axis=1) < expected)
    assert smaller < 0.5
    assert reasons["image_shape"].endswith("; colour")


def test_size_is_that_of_a_crop_that_is_given():
    assert chosen(crop=(100, 140))[0].image_shape == (64, 64, 3)


def test_crop_says_how_much_it_cuts_off():
    config, reasons = chosen(facts(size=(200, 100)))
    assert config.crop is None and reasons["crop"].endswith("cuts off 50% of the median image")
    assert chosen(facts(size=(100, 100)))[1]["crop"].endswith("cuts off nothing")
    reason = chosen(facts(size=(100, 200)), image_shape=(64, 128, 3))[1]["crop"]
    assert reason.endswith("cuts off nothing")


@pytest.mark.parametrize(
    "count, batch_size", [(2000, 100), (1999, 32), (200, 32), (199, 16), (32, 16), (31, 15), (5, 2)]
)
def test_batches_are_smaller_for_fewer_images(count, batch_size):
    config, reasons = chosen(facts(count))
    assert config.batch_size == batch_size
    if count == 1999:
        assert reasons["batch_size"] == "fewer than 2,000 images: more steps in an epoch"


@pytest.mark.parametrize(
    "count, machine, given, epochs, steps",
    [
        (10_000, CPU, {}, 50, 5_000),
        (10_000, GPU, {}, 300, 30_000),
        (20_000, GPU, {}, 250, 50_000),
        (100_000, CPU, {}, 10, 10_000),
        (200_000, GPU, {}, 25, 50_000),
        (450, CPU, {}, 300, 4_200),
        (450, CPU, {"batch_size": 10}, 112, 5_040),
    ],
)
def test_epochs_make_a_usual_number_of_steps(count, machine, given, epochs, steps):
    config, reasons = chosen(facts(count), machine, **given)
    assert config.epochs == epochs
    assert f"{steps:,} steps" in reasons["epochs"]
    assert ("at most 300" in reasons["epochs"]) == (epochs == 300)
    assert ("at least 10" in reasons["epochs"]) == (epochs == 10)
    assert config.lr_schedule == "manual_smooth"


@pytest.mark.parametrize(
    "size, channels, latent_dim, pixel_range, reg_weight",
    [
        (64, 3, 64, (-1.0, 1.0), 20.0),  # The zoo's faces.
        (28, 1, 8, (0.0, 1.0), 10.0),  # The paper's digits.
        (32, 3, 64, (-1.0, 1.0), 5.0),
        (128, 3, 64, (-1.0, 1.0), 80.0),
        (56, 1, 64, (0.0, 1.0), 40.0),
    ],
)
def test_objective_is_the_zoos_for_its_sizes(size, channels, latent_dim, pixel_range, reg_weight):
    config, _ = chosen(facts(channels=channels), image_size=size)
    assert (config.latent_dim, config.pixel_range) == (latent_dim, pixel_range)
    assert config.reg_weight == pytest.approx(reg_weight, rel=1e-2)


def test_lambda_follows_what_is_given_of_the_cost():
    assert chosen(image_size=64, cost_scale=1.0)[0].reg_weight == 400.0
    narrow = chosen(image_size=64, pixel_range=(0, 1))[0].reg_weight
    assert narrow == pytest.approx(10 * 64 * 64 * 3 / 28**2, rel=1e-2)
    assert chosen(image_size=64, divergence="gan")[0].reg_weight == 1.0
    config, reasons = chosen(image_size=64, model="vae", codes="gaussian")
    assert config.reg_weight == 20.0 and "reg_weight" not in reasons


@pytest.mark.parametrize("size, layers", [(28, 3), (32, 3), (48, 4), (64, 4), (96, 5), (128, 5)])
def test_layers_keep_the_first_grid_near_the_papers(size, layers):
    config, _ = chosen(image_size=size)
    assert config.encoder_layers == config.decoder_layers == layers
    assert 6 <= size / 2 ** (layers - 1) <= 8


def test_width_is_the_papers_on_a_gpu_and_narrow_without():
    config, reasons = chosen(machine=GPU)
    assert config.encoder_width == config.decoder_width == 1024
    assert reasons["encoder_width"] == "a GPU: the paper's width"
    assert chosen(image_size=64)[0].encoder_width == 256
    assert chosen(image_size=128)[0].encoder_width == 128
    reason = chosen(image_size=64)[1]["encoder_width"]
    assert reason == "no GPU, 2 cores: about 119 images/s; the paper's 1,024 would do 10"
    assert chosen(encoder_width=64)[0].decoder_width == 64


@pytest.mark.parametrize("machine", [CPU, BFLOAT16, GPU, dataclasses.replace(GPU, bfloat16=False)])
def test_precision_is_that_of_the_machine(machine):
    config, reasons = chosen(machine=machine)
    assert config.precision == ("mixed_bfloat16" if machine.bfloat16 else "float32")
    assert ("GPU" if machine.gpu else "processor") in reasons["precision"]
    assert this_machine().cores >= 1 and this_machine().bfloat16 == computes_in_bfloat16()


def test_emulated_bfloat16_is_expected_to_be_slow():
    values = chosen(image_size=64)[0].to_dict()

    def rate(machine, precision):
        return images_per_second(machine, {**values, "precision": precision})

    assert rate(BFLOAT16, "auto") == rate(BFLOAT16, "mixed_bfloat16") > rate(BFLOAT16, "float32")
    assert rate(CPU, "auto") == rate(CPU, "float32") > 8.0 * rate(CPU, "mixed_bfloat16")


# What is known of images.


def test_sizes_and_colours_come_from_headers_alone(tmp_path, monkeypatch):
    write(tmp_path / "a.png", (20, 30))
    write(tmp_path / "b.jpg", (40, 30))
    (tmp_path / "c.jpg").write_bytes((tmp_path / "b.jpg").read_bytes()[:-20])
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("decoded"))
    found = look_at(tmp_path, split="train", test_split="")
    assert found.sizes.tolist() == [[20, 30], [40, 30], [40, 30]]
    assert found.channels == 3 and found.median_size == (40, 30)
    assert (found.train_images, found.test_images) == (3, 0)


def test_grey_means_that_all_are_grey(tmp_path):
    for i, mode in enumerate(("L", "1", "LA")):
        write(tmp_path / f"{i}.png", mode=mode)
    assert look_at(tmp_path).channels == 1
    write(tmp_path / "z.png", mode="P")
    assert look_at(tmp_path).channels == 3


def test_a_photograph_on_its_side_is_measured_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a.jpg", "b.jpg"):
        write(tmp_path / name, (20, 30), exif=exif)
    assert look_at(tmp_path).sizes.tolist() == [[30, 20]]


def test_of_many_images_200_are_looked_at_evenly(tmp_path):
    for i in range(450):
        write(tmp_path / f"{i:03d}.bmp", (20, 20 + i))
    widths = look_at(tmp_path, split="train", test_split="").sizes[:, 1]
    assert len(widths) == 200 and (widths[0], widths[-1]) == (20, 469)
    assert set(np.diff(widths)) == {2, 3}


def test_a_zip_file_and_its_folder_are_the_same(photos, tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for path in photos.iterdir():
            archive.write(path, f"photos/{path.name}")
    folder, packed = look_at(photos), look_at(tmp_path / "photos.zip")
    np.testing.assert_array_equal(folder.sizes, packed.sizes)
    assert (folder.train_images, folder.test_images) == (44, 6)
    assert (packed.train_images, packed.test_images) == (44, 6)
    assert (folder.name, packed.name) == ("folder photos", "photos.zip")


def test_images_are_held_out_as_the_source_has_it(tmp_path, photos):
    found = look_at(photos)
    assert (found.split, found.test_split) == ("kept", "held_out") and found.hashed
    assert found.train_images + found.test_images == 50
    for split, count in (("train", 6), ("test", 3)):
        for i in range(count):
            write(tmp_path / "both" / split / f"{i}.png")
    found = look_at(tmp_path / "both")
    assert (found.split, found.test_split) == ("train", "test") and not found.hashed
    assert (found.train_images, found.test_images) == (6, 3)
    assert str(found).endswith("3 held out by the source, which has train and test")
    np.savez(tmp_path / "a.npz", x_train=tiny.images(20), x_test=tiny.images(5))
    found = look_at(tmp_path / "a.npz")
    assert (found.test_split, found.test_images, found.channels) == ("test", 5, 1)
    found = look_at(tiny.images(20, shape=(9, 8, 3)))
    assert (found.split, found.train_images, found.test_images) == ("train[:90%]", 18, 2)
    assert found.sizes.tolist() == [[9, 8]] and found.channels == 3
    found = look_at(photos, split="train[:40]", test_split="train[40:]")
    assert (found.train_images, found.test_images, found.division) == (40, 10, "as given")


def test_a_folder_needs_no_slash(photos, monkeypatch):
    monkeypatch.chdir(photos.parent)
    assert as_source("photos") == pathlib.Path("photos")
    assert look_at(as_source("photos")).train_images == 44
    assert as_source("mnist") == "mnist"


# What is given.


@pytest.mark.parametrize("name", [name for name in AUTOMATIC if name != "num_images"])
def test_what_is_given_wins(name):
    other = {
        "image_shape": (32, 48, 1),
        "crop": (90, 80),
        "pixel_range": (0.0, 1.0),
        "horizontal_flip": True,
        "precision": "mixed_float16",
        "encoder_width": 64,
        "decoder_width": 48,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "latent_dim": 5,
        "reg_weight": 3.0,
        "batch_size": 7,
        "epochs": 4,
    }[name]
    config, reasons = chosen(**{name: other})
    assert getattr(config, name) == other and reasons[name] == "given"
    automatic, _ = chosen()
    assert getattr(automatic, name) != other


def test_every_automatic_field_has_a_rule_and_is_explained():
    assert set(AUTOMATIC) == set(RULES)
    config, reasons = chosen(divergence="mmdpp", codes="gaussian")
    assert set(reasons) >= set(AUTOMATIC) - {"reg_weight"} and config.num_images == 5000
    fixed = wae_tf.load_config("image_folder").to_dict()
    changed = {k for k, v in chosen(seed=3)[0].to_dict().items() if v != fixed[k]}
    assert changed <= set(AUTOMATIC) | {"seed"}


def test_a_size_that_is_given_keeps_the_colours():
    config, reasons = chosen(facts(channels=1), image_size=48)
    assert config.image_shape == (48, 48, 1)
    assert reasons["image_shape"] == "size given; all images are grey"


def test_weights_to_start_from_bring_networks_and_objective():
    config, reasons = chosen(init_from="mnist_wae_mmd", reg_weight=3.0, machine=BFLOAT16)
    theirs = wae_tf.load_config("mnist_wae_mmd")
    for name in ("image_shape", "pixel_range", "kernel_size", "encoder_layers", "decoder_layers"):
        assert getattr(config, name) == getattr(theirs, name)
    assert (config.encoder_width, config.latent_dim, config.prior_stddev) == (256, 8, 1.0)
    assert reasons["latent_dim"] == "as in mnist_wae_mmd, to start from its weights"
    assert (config.reg_weight, reasons["reg_weight"]) == (3.0, "given")
    assert config.batch_size == 100 and config.precision == "mixed_bfloat16"
    assert config.lr_schedule == "manual_smooth" and config.crop is None
    wider, reasons = chosen(init_from="mnist_wae_mmd", image_size=32)
    assert wider.image_shape == (32, 32, 1)
    assert reasons["image_shape"] == "size given; channels as in mnist_wae_mmd"


def test_weights_to_start_from_do_not_bring_how_images_are_changed(tmp_path):
    config = tiny.config(horizontal_flip=True, max_shift=2)
    wae_tf.save_entry(tmp_path / "start", wae_tf.build_model(config), config)
    found, _ = chosen(init_from=tmp_path / "start")
    assert found.encoder == config.encoder
    assert (found.horizontal_flip, found.max_shift) == (False, 0)


def test_lines_have_name_value_and_reason():
    lines = printing.table(*chosen(facts(450), image_size=64, seed=3))
    assert "batch_size       32       fewer than 2,000 images: more steps in an epoch" in lines
    assert "crop             none     " in "\n".join(lines)
    assert lines[-1].split() == ["seed", "3", "given"]
    used = [name for name in RULES if name != "num_images"]
    assert [line.split()[0] for line in lines[:-1]] == used
    lines = printing.table(*chosen(init_from="mnist_wae_mmd"))
    assert re.fullmatch(r"\d+ others +as in mnist_wae_mmd, to start from its weights", lines[-1])


def test_time_is_that_of_the_steps_where_speed_was_measured():
    config, _ = chosen(facts(10_000), image_size=64)
    seconds = 50 * (10_000 / 119 + 2)
    line = printing.duration(facts(10_000), CPU, config)
    assert f"about {seconds / 60:.0f} min" in line
    assert "not known" in printing.duration(facts(), GPU, chosen(machine=GPU)[0])


# A whole run.


@pytest.fixture(scope="module")
def run(photos, tmp_path_factory):
    """Trains, by the function that the program calls; returns the directory and the model."""
    workdir = tmp_path_factory.mktemp("runs") / "mine"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.utils, "get_file", lambda *a, **k: pytest.fail("downloads"))
        patch.setenv("KERAS_HOME", str(workdir))
        model = own_images.train(str(photos), workdir, verbose=0, **TINY)
    return workdir, model


def test_a_run_leaves_an_entry_with_sampler_numbers_and_card(run, photos):
    workdir, model = run
    entry = zoo.read_entry(workdir)
    assert entry["samplers"].keys() == {"gmm"}
    assert entry["evaluation"].keys() == {"prior", "gmm"}
    for part in entry["evaluation"].values():
        names = {"squared_error", "sharpness_samples", "sliced_wasserstein", "latent_mmd"}
        assert names | {"memorisation_ratio"} <= part["metrics"].keys()
        assert part["features"] is None and part["seeds"] == [0, 1, 2]
    loaded = wae_tf.load(workdir)
    assert loaded.image_shape == (20, 20, 3)
    one, other = (m.sample(3, seed=0, sampler="gmm") for m in (model, loaded))
    np.testing.assert_array_equal(one, other)
    pictures = {"samples_gmm", "samples_prior", "reconstructions", "codes", "interpolations"}
    assert pictures <= {path.stem for path in workdir.iterdir() if path.suffix in (".png", ".jpg")}
    assert wae_tf.load_config(workdir) == own_images.choose(photos, **TINY)[0]


def test_the_card_is_true_of_a_run_of_ones_own(run, photos):
    workdir, _ = run
    text = (workdir / "README.md").read_text(encoding="utf-8")
    images = wae_tf.data.load_images(photos, "kept", image_shape=(20, 20, 3))
    digest = wae_tf.data.fingerprint(images)[:16]
    lead = (
        "WAE-MMD of a user's own images. Data: folder photos, 44 images, SHA-256 of their pixels "
        f"{digest}...; results on 6 others, held out by a hash of their names."
    )
    assert f"# mine\n\n{lead}\n" in text
    assert text == wae_tf.cards.model_card(workdir)
    assert "## Licence\n\nYours to decide" in text
    assert "| `epochs` | `2` | given |" in text
    assert "| `latent_dim` | `3` | given |" in text
    assert 'wae_tf.load("mine")  # The path of this folder.' in text
    assert "--split=held_out --train_split=kept --sampler=gmm" in text
    whole = text + (workdir / "entry.json").read_text(encoding="utf-8")
    assert str(photos.parent) not in whole and str(workdir.parent) not in whole


def test_the_command_in_the_entry_fixes_every_choice(run, photos, monkeypatch, run_program):
    workdir, _ = run
    command = zoo.read_entry(workdir)["provenance"]["command"].split()
    assert command[:3] == ["wae-train", "--config=image_folder", "--data=./photos"]
    monkeypatch.chdir(photos.parent)
    monkeypatch.setattr(runs, "this_machine", lambda: GPU)
    calls = []
    monkeypatch.setattr(runs.training, "train", lambda config, *a, **k: calls.append(config))
    monkeypatch.setattr(runs, "complete", lambda *a, **k: None)
    elsewhere = f"--workdir={workdir.parent / 'elsewhere'}"
    assert not run_program(train, *command[1:-1], elsewhere)
    assert calls == [wae_tf.load_config(workdir)]


def test_the_same_again_changes_nothing_on_any_machine(run, photos, monkeypatch, capsys):
    workdir, model = run
    before = {p: p.stat().st_mtime_ns for p in workdir.rglob("*") if p.is_file()}
    monkeypatch.setattr(runs, "this_machine", lambda: GPU)
    again = own_images.train(photos, workdir, verbose=2, **TINY)
    assert {p: p.stat().st_mtime_ns for p in workdir.rglob("*") if p.is_file()} == before
    tiny.assert_identical(again.get_weights(), model.get_weights())
    printed = capsys.readouterr().out
    assert f"{workdir} goes on with the config that it began with:" in printed
    assert "is complete already" in printed
    assert re.search("precision .* the processor", printed)


def test_other_flags_are_refused_as_ever(run, photos):
    for changes, field in (({"epochs": 3}, "epochs"), ({"image_size": 24}, "image_shape")):
        with pytest.raises(ValueError, match=f"hold a run of this very config.*'{field}'"):
            own_images.train(photos, run[0], verbose=0, **{**TINY, **changes})


@pytest.mark.slow
def test_an_interrupted_training_keeps_its_choice(photos, tmp_path, monkeypatch, capsys):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    given = {**TINY, "pretrain_encoder": False}
    monkeypatch.setattr(runs, "complete", lambda *a, **k: None)
    with monkeypatch.context() as patch:
        patch.setattr(wae_tf.callbacks.SampleGrid, "on_epoch_end", stop)
        patch.setattr(runs, "this_machine", lambda: BFLOAT16)
        with pytest.raises(KeyboardInterrupt):
            own_images.train(photos, tmp_path, verbose=0, **given)
    monkeypatch.setattr(runs, "this_machine", lambda: CPU)
    capsys.readouterr()
    own_images.train(photos, tmp_path, verbose=2, **given)
    assert "began in mixed_bfloat16, on another kind of machine" in capsys.readouterr().out
    assert wae_tf.load_config(tmp_path).precision == "mixed_bfloat16"
    assert run_files.stored_config(tmp_path).precision == "mixed_bfloat16"


def test_an_interrupted_evaluation_goes_on(run, photos, tmp_path, monkeypatch):
    workdir = shutil.copytree(run[0], tmp_path / "mine")
    entry = zoo.read_entry(workdir)
    del entry["evaluation"]["gmm"], entry["description"]
    (workdir / "entry.json").write_text(json.dumps(entry))
    (workdir / "README.md").unlink()
    calls = []

    def evaluate(*args, **kwargs):
        calls.append(kwargs["sampler"])
        raise ValueError("no more")

    monkeypatch.setattr(completion, "evaluate", evaluate)
    own_images.train(photos, workdir, verbose=0, **TINY)
    assert calls == ["gmm"]
    assert "samples of gmm (ValueError: no more)" in (workdir / "README.md").read_text()
    assert zoo.read_entry(workdir)["samplers"] == entry["samplers"]


def test_an_evaluation_that_fails_costs_its_numbers_only(run, photos, tmp_path, monkeypatch):
    workdir = shutil.copytree(run[0], tmp_path / "mine")
    entry = zoo.read_entry(workdir)
    parts = entry.pop("evaluation")
    del entry["description"]
    (workdir / "entry.json").write_text(json.dumps(entry))

    def fail(model, data, *, sampler, **kwargs):
        if sampler == "prior":
            raise MemoryError("too large")
        errors = {"latent": "ValueError: no codes"}
        return {**results, "sampler": {"kind": "gmm"}, "errors": errors}

    results = {**parts["gmm"], "data": {"sha256": "d" * 64}, "train": None}
    monkeypatch.setattr(completion, "evaluate", fail)
    own_images.train(photos, workdir, verbose=0, **TINY)
    text = (workdir / "README.md").read_text(encoding="utf-8")
    assert "- Not measured: samples of prior (MemoryError: too large).\n" in text
    assert "- Not measured: latent (ValueError: no codes).\n" in text
    assert zoo.read_entry(workdir)["evaluation"].keys() == {"gmm"}
    assert wae_tf.load(workdir).samplers.keys() == {"gmm"}


@pytest.mark.parametrize(
    "error",
    [
        tiny.slow(OSError(errno.EIO, "no")),
        tf.errors.ResourceExhaustedError(None, None, "No space left on device"),
    ],
)
def test_a_disk_that_fails_in_an_evaluation_ends_it_and_the_run_goes_on(
    run, photos, tmp_path, monkeypatch, error
):
    workdir = shutil.copytree(run[0], tmp_path / "mine")
    whole = zoo.read_entry(workdir)
    entry = {**whole, "evaluation": {"prior": whole["evaluation"]["prior"]}}
    del entry["description"]
    (workdir / "entry.json").write_text(json.dumps(entry))

    def fail(*arguments, **options):
        raise error

    with monkeypatch.context() as patch, pytest.raises(type(error)):
        patch.setattr(completion, "evaluate", fail)
        own_images.train(photos, workdir, verbose=0, **TINY)
    own_images.train(photos, workdir, verbose=0, **TINY)
    again = zoo.read_entry(workdir)
    assert again["evaluation"]["gmm"]["metrics"] == whole["evaluation"]["gmm"]["metrics"]
    assert again["limits"] == whole["limits"]


def test_features_are_those_of_inception_only_where_its_weights_are(tmp_path, monkeypatch):
    made = []
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert completion._network() is None
    name = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / name).touch()
    monkeypatch.setattr(completion.features, "extractor", lambda *a, **k: made.append((a, k)))
    completion._network()
    assert made == [(("inception",), {"weights_path": tmp_path / "models" / name})]


@pytest.mark.parametrize(
    "codes, latent_dim, components", [(449, 64, 1), (1300, 64, 2), (8000, 64, 10), (50, 3, 1)]
)
def test_a_mixture_has_as_many_parts_as_the_codes_are_enough_for(
    codes, latent_dim, components, monkeypatch
):
    calls = []
    monkeypatch.setattr(
        completion.samplers, "fit", lambda *a, **kwargs: calls.append(kwargs["components"])
    )
    model = wae_tf.build_model(tiny.config(latent_dim=latent_dim))
    completion._fit(model, np.zeros((codes, 1)), lambda line: None, False)
    assert calls == [components]


def test_the_program_calls_the_function(monkeypatch, run_program, photos):
    calls = []
    monkeypatch.setattr(own_images, "train", lambda *args, **kwargs: calls.append((args, kwargs)))
    given = ["--config=image_folder", f"--data={photos}", "--workdir=run"]
    assert not run_program(train, *given)
    assert not run_program(
        train, *given, "--image_size=16", "--pixel_range=0,1", "--init_from=x", "--split=kept"
    )
    (args, plain), (_, kwargs) = calls
    assert args == (str(photos), "run")
    fixed = {"config": "image_folder", "data_dir": None, "download": False, "cache": "auto"}
    fixed |= {"jit_compile": "auto", "verbose": 1, "distribute": "auto", "stop_on_failure": False}
    none = {"image_size": None, "split": None, "test_split": None, "init_from": None}
    assert plain == fixed | none
    changed = {"image_size": 16, "pixel_range": (0.0, 1.0), "init_from": "x", "split": "kept"}
    assert kwargs == fixed | none | changed


# Errors.


def test_bad_input_is_refused(photos, tmp_path):
    with pytest.raises(ValueError, match="fields of `WAEConfig`.*Received: .'width'"):
        own_images.choose(photos, width=3)
    with pytest.raises(ValueError, match="`image_size` must be an integer, at least 8"):
        own_images.choose(photos, image_size=64.0)
    with pytest.raises(ValueError, match="Either `image_size` or `image_shape`"):
        own_images.choose(photos, image_size=64, image_shape=(64, 64, 3))
    with pytest.raises(ValueError, match="`batch_size` must be an integer from 2 to.*batch_size=0"):
        own_images.choose(photos, batch_size=0)
    with pytest.raises(ValueError, match="fields to choose.*Received: config='celeba_wae_mmd'"):
        own_images.choose(photos, config="celeba_wae_mmd")
    with pytest.raises(FileNotFoundError, match="Received: source='absent.zip'"):
        own_images.choose("absent.zip")


@pytest.mark.parametrize(
    "given, match",
    [
        ({"encoder_width": 7}, "`encoder_width` must be a multiple of 2"),
        ({"prior": "vamp"}, "`prior='vamp'` needs an encoder of random codes"),
        ({"max_shift": 99}, "`max_shift` must be .*max_shift=99, images of 16 x 16"),
    ],
)
def test_values_that_do_not_fit_are_refused_before_images_are_read(
    photos, tmp_path, monkeypatch, given, match
):
    monkeypatch.setattr(sys.modules["wae_tf.training.run_images"], "load_sources", None)
    options = {"image_size": 16, "decoder_width": 8, "verbose": 0, **given}
    with pytest.raises(ValueError, match=match):
        own_images.train(photos, tmp_path / "run", **options)
    assert not (tmp_path / "run" / "config.json").exists()


def test_too_few_or_too_small_images_are_refused(tmp_path):
    for i in range(4):
        write(tmp_path / "few" / f"{i}.png")
    with pytest.raises(ValueError, match="at least 4 images to train on, and 2 held out"):
        own_images.choose(tmp_path / "few")
    with pytest.raises(ValueError, match="at least 8 x 8 pixels.*Received: median size 7 x 9"):
        chosen(facts(size=(7, 9)))
    (tmp_path / "broken").mkdir()
    for i in range(40):
        (tmp_path / "broken" / f"{i}.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="whole JPEG.*none of which is one"):
        own_images.choose(tmp_path / "broken")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("sklearn.mixture", r"pip install 'wae_tf\[evaluate\]'"),
        ("scipy.stats", r"pip install 'wae_tf\[evaluate\]'"),
        ("matplotlib", r"pip install 'wae_tf\[plots\]'"),
    ],
)
def test_missing_extras_are_named_before_the_training(
    photos, tmp_path, monkeypatch, module, command
):
    def missing(name):
        if name == module:
            raise ModuleNotFoundError(name=name.partition(".")[0])

    monkeypatch.setattr(requirements.importlib, "import_module", missing)
    with pytest.raises(ImportError, match=command):
        own_images.train(photos, tmp_path / "run", verbose=0, **TINY)
    assert not list((tmp_path / "run").iterdir())
