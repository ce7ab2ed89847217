"""Checks model cards and the table of the zoo: numbers, what is absent, and that none is stale."""

import functools
import json
import pathlib
import re
import shutil

import numpy as np
import pytest
import tiny
from PIL import Image

import wae_tf
from wae_tf import zoo
from wae_tf.bin import card
from wae_tf.cards import model_card, write_card
from wae_tf.cards.card_pictures import keep_pictures
from wae_tf.cards.markdown import code, table
from wae_tf.cards.metrics_table import finite, metrics_table
from wae_tf.cards.model_card import default_sampler
from wae_tf.cards.record import record
from wae_tf.cards.zoo_table import BEGIN, END, write_zoo_table, zoo_table

README = pathlib.Path(__file__).parents[1] / "README.md"
ZOO = README.parent / "zoo"
TRAINED = [name for name in wae_tf.list_models() if "evaluation" in zoo.read_entry(name)]


def part(metrics, seeds=(0, 1, 2), **changes):
    """Returns an evaluation by one sampler, as an entry records it."""
    return {
        "n": 500,
        "seeds": list(seeds),
        "data_sha256": "d" * 64,
        "train_sha256": "e" * 64,
        "features": {"name": "net", "dim": 7, "sha256": "f" * 64},
        "metrics": metrics,
        "warnings": [],
        "seconds": 90.4,
        "command": "wae-evaluate --model=made_up",
        "versions": {"wae_tf": "9.8.7"},
        **changes,
    }


def metric(value, floor=None, n=500, better="lower", **changes):
    floor = {} if floor is None else {"floor": floor}
    return {"value": value, **floor, "n": n, "better": better, **changes}


PRIOR = part(
    {
        "squared_error": metric(9.385317, low=9.2483, high=9.5249, of_mean_image=52.8482),
        "net_fd": metric(22.12913, 0.528811, stddev=0.5199),
        "sharpness_samples": metric(0.0794, 0.1825, better="floor", ratio=0.4351),
        "rarest_class_share": metric(
            0.03, 0.29, better="floor", shares={"ox": 0.03, "cow": 0.94, "elk": 0.03}
        ),
        "latent_mmd": metric(0.00269, -0.00013, p_value=0.00497),
        "memorisation_ratio": metric(0.96, 1.0, n=200, better="floor"),
    },
    warnings=["Frechet distance: few images."],
)
GMM = part(
    {
        "net_fd": metric(7.53184, 0.528811, stddev=0.1311),
        "sharpness_samples": metric(0.0864, 0.1825, better="floor", ratio=0.474),
        "sampler_mmd": metric(0.00261, 0.0001),
        "memorisation_ratio": metric(0.89, 1.0, n=300, better="floor"),
    },
    warnings=["Frechet distance: few images."],
    train_sha256=None,
    command="wae-evaluate --model=made_up --sampler=gmm",
)


@pytest.fixture
def entry(plain_entry, tmp_path):
    """Returns the directory of an entry with weights, and nothing else."""
    return shutil.copytree(plain_entry, tmp_path / "made_up")


@pytest.fixture
def full(entry):
    """Returns the directory of an entry with all that a card shows."""
    zoo.update_entry(
        entry,
        description="A model of noise.",
        sources={"latent_dim": "a | guess", "seed": "the default"},
        provenance={
            "paper": "arXiv:1711.01558",
            "command": "wae-train --config=made_up",
            "training_images": 50_000,
            "training_data_sha256": "a" * 64,
            "epochs": 30,
            "seconds": 4111.6,
            "device": "one abacus",
            "keras": "3.2.1",
            "data": "9,000 of 162,770 noises; results on others",
            "license": "Apache-2.0",
        },
        results={"test_images": 1234, "losses": {"loss": 0.487654, "squared_error": 3.25}},
        evaluation={"gmm": GMM, "prior": PRIOR},
        limits=["Only noise.", "No digits."],
    )
    for name in ("samples_prior", "samples_gmm", "codes", "nearest_training_images"):
        Image.new("L", (4, 4)).save(entry / f"{name}.png")
    return entry


def cells(text, start):
    """Returns the cells of the only row of a table whose first cell starts so."""
    (row,) = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def test_metrics_stand_in_the_column_of_their_sampler(full):
    text = model_card(full)
    header = ["Metric", "Better", "Sampler `prior`", "Sampler `gmm`", "Floor", "Images"]
    assert cells(text, "Metric") == header
    assert cells(text, "Frechet distance, net")[1:] == [
        *("lower", "22.13 \u00b1 0.52", "7.532 \u00b1 0.13", "0.5288", "500")
    ]
    assert cells(text, "Squared error")[1:] == [
        *("lower", "9.385 [9.248, 9.525] (the mean image has 52.85)", "-", "-", "500")
    ]
    assert cells(text, "Sharpness of samples")[1:] == [
        *("near the floor", "0.0794 (44% of real)", "0.0864 (47% of real)", "0.1825", "500")
    ]
    assert cells(text, "Share of the rarest class")[2:5] == ["0.03 (rarest: ox, elk)", "-", "0.29"]
    assert cells(text, "MMD, squared")[2:5] == ["0.00269 (p = 0.005)", "-", "-0.00013"]
    assert cells(text, "MMD of the sampler, squared")[2:5] == ["-", "0.00261", "0.0001"]
    assert cells(text, "Distance ratio")[4:] == ["1", "200 (prior); 300 (gmm)"]
    assert "Seeds of the samples: 0, 1, 2. " in text


def test_origin_is_that_of_the_entry(full):
    text = model_card(full)
    for title, value in {
        "Paper": "[arXiv:1711.01558](https://arxiv.org/abs/1711.01558)",
        "Training images": "50,000",
        "SHA-256 of the training images |": f"`{'a' * 64}`",
        "Epochs": "30",
        "Time of training": "69 min",
        "Hardware": "one abacus",
        "Versions in training": "keras 3.2.1",
        "Losses on 1,234 test images": "loss 0.4877, squared_error 3.25",
        "SHA-256 of the images in the metrics": f"`{'d' * 64}`",
        "SHA-256 of the training images in them": f"`{'e' * 64}` (prior); none (gmm)",
        "Feature network": f"net, 7 numbers, SHA-256 `{'f' * 64}`",
        "Time of evaluation": "90 s",
        "Versions in evaluation": "wae_tf 9.8.7",
    }.items():
        assert cells(text, title)[1] == value
    params = zoo.read_entry(full)["weights"]["params"]
    assert cells(text, "Parameters")[1].startswith(f"{params['encoder'] + params['decoder']:,}: ")
    size = (full / "model.weights.h5").stat().st_size
    sha256 = zoo.read_entry(full)["weights"]["sha256"]
    expected = f"`model.weights.h5`, {size / 1000:.1f} kB, SHA-256 `{sha256}`"
    assert cells(text, "Weights")[1] == expected
    assert "## Licence\n\nApache-2.0\n" in text
    assert "## Limits\n\n- Only noise.\n- No digits.\n" in text
    assert "# Evaluation\nwae-evaluate --model=made_up\nwae-evaluate --model=made_up --s" in text
    assert "# Training\nwae-train --config=made_up\n" in text


def test_rounding_and_the_way_to_all_data_are_said(full):
    entry = zoo.read_entry(full)
    rounding = {"squared_error": [9.3846, 9.38471], "largest_change": 0.2, "mean_change": 0.01}
    again = {"what": "All noises", "command": "wae-train --config=made_up --data=noises.zip"}
    zoo.update_entry(
        full,
        weights={**entry["weights"], "rounding": rounding},
        provenance={**entry["provenance"], "retrain": again},
    )
    text = model_card(full)
    assert cells(text, "Stored in float16")[1] == (
        "squared error 9.3846 before, 9.38471 after; pixels of samples move by 0.2 of 255 at most, "
        "0.01 in the mean"
    )
    assert "\n# All noises\nwae-train --config=made_up --data=noises.zip\n```" in text


def test_part_of_a_data_set_is_said_in_the_first_line(full):
    lead = "A model of noise. Data: 9,000 of 162,770 noises; results on others."
    assert model_card(full).splitlines()[:3] == ["# made_up", "", lead]


def test_a_warning_of_several_samplers_is_said_once(full):
    assert model_card(full).count("- Frechet distance: few images. (sampler prior, gmm)\n") == 1


def test_config_has_what_has_a_source_or_is_no_default(full):
    text = model_card(full)
    assert cells(text, "`latent_dim`") == ["`latent_dim`", "`3`", "a \\| guess"]
    assert cells(text, "`seed`") == ["`seed`", "`0`", "the default"]
    assert cells(text, "`encoder`") == ["`encoder`", '`"mlp"`', ""]
    assert "`kernel_size`" not in text


def test_pictures_come_in_order_and_the_fitted_sampler_first(full):
    pictures = ["samples_gmm", "samples_prior", "codes", "nearest_training_images"]
    assert re.findall(r"!\[[^\]]+\]\((\w+)\.png\)", model_card(full)) == pictures
    assert "## Samples nearest to a training image (sampler `gmm`)" in model_card(full)


def test_nothing_absent_is_invented(entry):
    text = model_card(entry)
    assert re.findall("^## .*", text, re.M) == ["## Use", "## Origin", "## Config"]
    assert text.startswith("# made_up\n\n## Use\n\n```python\nimport wae_tf\n")
    assert "sampler=" not in text and "![" not in text
    rows = text.split("## Origin")[1].split("## Config")[0].count("\n| ")
    assert rows == 2 + 2  # Header and rule, parameters and weights.


def test_the_python_of_a_card_runs(entry, monkeypatch):
    model = wae_tf.load(entry)
    wae_tf.samplers.fit(model, tiny.images(40), kind="gmm", components=2)
    zoo.save_samplers(entry, model)
    monkeypatch.chdir(entry.parent)
    lines = re.search("```python\n(.*?)```", model_card(entry), re.S)[1]
    assert 'sample(64, seed=0, sampler="gmm")' in lines
    found = {}
    exec(lines, found)
    expected = model.sample(64, seed=0, sampler="gmm")
    np.testing.assert_allclose(found["images"], expected, atol=1e-6)


def test_numbers_that_are_none_are_left_out():
    broken = {"value": float("nan"), "floor": None, "stddev": float("inf"), "n": 3}
    assert finite(broken) == {"n": 3}
    text = metrics_table({"prior": {"metrics": {"net_fd": broken}}})
    assert cells(text, "Frechet")[1:] == ["-", "-", "-", "3"]
    assert "nan" not in text and "inf" not in text


def test_markdown_of_a_table():
    assert table(["a", "b"], [["x|y", "1\n2"]], right=[1]) == (
        "| a | b |\n| --- | ---: |\n| x\\|y | 1 2 |"
    )
    assert code("a") == "`a`" and code("a`b") == "`` a`b ``"


@pytest.mark.parametrize(
    "kinds, expected",
    [
        (["prior", "gmm", "flow"], "gmm"),
        (["flow", "prior"], "prior"),
        (["flow"], "flow"),
        ([], None),
    ],
)
def test_default_sampler(kinds, expected):
    assert default_sampler(kinds) == expected


def test_write_card_writes_the_same_each_time(full):
    path = write_card(full)
    assert path == full / "README.md"
    assert path.read_text(encoding="utf-8") == model_card(full)
    before = path.read_bytes()
    write_card(full)
    assert path.read_bytes() == before
    assert not list(full.glob(".tmp*"))


def test_pictures_are_kept_small(tmp_path, rng):
    source, target = tmp_path / "pictures", tmp_path / "entry"
    source.mkdir()
    grey = np.tile(np.arange(200, dtype="uint8"), (100, 1))
    noise = rng.integers(256, size=(600, 600, 3), dtype="uint8")
    Image.fromarray(grey).save(source / "samples.png")
    Image.fromarray(noise).save(source / "codes.png")
    Image.fromarray(grey).save(source / "nearest_training_images.png")
    keep_pictures(source, target, "flow", nearest=False)
    assert sorted(p.name for p in target.iterdir()) == ["codes.jpg", "samples_flow.png"]
    assert (source / "codes.png").stat().st_size > 1_000_000
    assert (target / "codes.jpg").stat().st_size <= 120_000
    with Image.open(target / "samples_flow.png") as kept:  # 200 greys fit in 256 colours.
        np.testing.assert_array_equal(np.asarray(kept.convert("L")), grey)
    keep_pictures(source, target, "flow", nearest=True)
    assert (target / "nearest_training_images.png").is_file()
    Image.fromarray(grey).save(source / "codes.png")
    keep_pictures(source, target, "flow", nearest=False)
    assert [p.name for p in target.glob("codes.*")] == ["codes.png"]


def test_small_pictures_of_many_colours_keep_them(tmp_path):
    source, target = tmp_path / "pictures", tmp_path / "entry"
    source.mkdir()
    red, green = np.meshgrid(np.arange(0, 256, 2), np.arange(0, 256, 2))
    colours = np.stack([red, green, 255 - red], axis=-1).astype("uint8")
    Image.fromarray(colours).save(source / "samples.png")
    keep_pictures(source, target, "prior", nearest=False)
    with Image.open(target / "samples_prior.jpg") as kept:
        assert np.abs(np.asarray(kept, "int") - colours).mean() < 2.0


def test_a_card_shows_pictures_of_either_kind(entry):
    for name in ("samples_gmm.jpg", "reconstructions.jpg", "codes.png"):
        Image.new("RGB", (4, 4)).save(entry / name)
    shown = re.findall(r"\]\((\w+\.\w+)\)", model_card(entry))
    assert shown == ["samples_gmm.jpg", "reconstructions.jpg", "codes.png"]


def test_record_keeps_the_nearest_of_the_sampler_that_a_card_shows_first(entry, tmp_path):
    colours = {"gmm": 10, "prior": 200}
    for kind, colour in colours.items():
        (tmp_path / kind).mkdir()
        for name in ("samples", "codes", "nearest_training_images"):
            Image.new("L", (9, 9), colour).save(tmp_path / kind / f"{name}.png")
        results = {
            **part(
                {
                    "memorisation_ratio": metric(1.0, 1.0, better="floor", closest=[]),
                    "rarest_class_share": metric(1 / 3, shares={"ox": 1 / 3, "cow": 2 / 3}),
                }
            ),
            "errors": {},
            "sampler": {"kind": kind},
            "data": {"sha256": "d" * 64},
            "train": None,
        }
        record(entry, results, "wae-evaluate", tmp_path / kind)

    def colour(name):
        with Image.open(entry / f"{name}.png") as image:
            return image.convert("L").getpixel((0, 0))

    assert colour("samples_gmm") == 10 and colour("samples_prior") == 200
    assert colour("codes") == 200  # The last that was written.
    assert colour("nearest_training_images") == 10
    kept = zoo.read_entry(entry)["evaluation"]["gmm"]
    assert kept["metrics"]["memorisation_ratio"] == metric(1.0, 1.0, better="floor")
    shares = {"ox": 0.333333, "cow": 0.666667}
    assert kept["metrics"]["rarest_class_share"] == metric(0.333333, shares=shares)
    assert kept["versions"] == {"wae_tf": "9.8.7"}


def test_zoo_table_has_a_row_for_each_model(full, tmp_path):
    config = tiny.config(divergence="gan")
    wae_tf.save_entry(tmp_path / "bare", wae_tf.build_model(config), config)
    text = zoo_table([full, tmp_path / "bare"], tmp_path)
    row = cells(text, "`made_up`")
    assert row[2:6] == [
        *("9,000 of 162,770 noises", "9.385"),
        *("Frechet distance, net 7.532 \u00b1 0.13", "47%"),
    ]
    bare = cells(text, "`bare`")
    assert bare[1:6] == ["-"] * 5
    write_card(full)
    assert cells(zoo_table([full], tmp_path), "[`made_up`](made_up/README.md)")


def test_zoo_table_falls_back_to_what_was_measured(entry):
    zoo.update_entry(
        entry,
        results={"losses": {"squared_error": 3.25}},
        evaluation={"prior": part({"sliced_wasserstein": metric(20.5, 6.7)})},
    )
    row = cells(zoo_table([entry]), "`made_up`")
    assert row[3:6] == ["3.25", "Sliced Wasserstein distance 20.5", "-"]


def test_zoo_table_shows_the_samples_of_the_card(entry, tmp_path):
    for made in ("samples_prior.png", "samples_gmm.jpg", "thumbnail.png"):  # The later the better.
        (entry / made).write_bytes(b"")
        picture = f'<img src="{entry.name}/{made}" width="160" alt="samples of {entry.name}">'
        assert cells(zoo_table([entry], entry.parent), "`made_up`")[1] == picture


def test_table_replaces_what_is_between_the_markers(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_zoo_table(path)
    once = path.read_text(encoding="utf-8")
    assert once.startswith(f"before\n{BEGIN}\n\n| Model |") and once.endswith(f"\n\n{END}\nafter\n")
    assert "old" not in once
    assert all(f"`{name}`" in once for name in wae_tf.list_models())
    write_zoo_table(path)
    assert path.read_text(encoding="utf-8") == once


@pytest.mark.parametrize("name", TRAINED)
def test_card_in_the_zoo_is_not_stale(name):
    path = ZOO / name / "README.md"  # In the clone: an installed zoo has no cards.
    assert path.read_text(encoding="utf-8") == model_card(path.parent), (
        f"Run: python -m wae_tf.bin.card --model={name}"
    )
    for picture in re.findall(r"\]\((\w+\.(?:png|jpg))\)", path.read_text(encoding="utf-8")):
        assert (path.parent / picture).stat().st_size <= 120_000


def test_table_in_the_readme_is_not_stale(tmp_path):
    text = README.read_text(encoding="utf-8")
    made = zoo_table([ZOO / name for name in wae_tf.list_models()], README.parent)
    assert text.split(BEGIN)[1].split(END)[0].strip() == made, (
        "Run: python -m wae_tf.bin.card --readme=README.md"
    )


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_table_needs_its_markers(tmp_path, text):
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"must have the line.*once after it.*Received: .*README"):
        write_zoo_table(tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == text


def test_no_card_without_entry_or_weights(tmp_path):
    with pytest.raises(ValueError, match="must be a zoo entry.*Received: 'mnist_wae_mdm'"):
        write_card("mnist_wae_mdm")
    (tmp_path / "entry.json").write_text(json.dumps({"config": tiny.config().to_dict()}))
    with pytest.raises(
        ValueError, match="a config only, which `wae-train.*Received: name_or_directory='.*'"
    ):
        write_card(tmp_path)
    assert not (tmp_path / "README.md").exists()


def test_program(full, tmp_path, run_program, capsys):
    run = functools.partial(run_program, card)
    assert not run(f"--model={full}")
    assert (full / "README.md").read_text(encoding="utf-8") == model_card(full)
    (tmp_path / "all.md").write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    assert not run(f"--readme={tmp_path / 'all.md'}")
    assert "| Model |" in (tmp_path / "all.md").read_text(encoding="utf-8")
    assert "all.md" in capsys.readouterr().out
    assert "--model, --readme or both must be given" in run()
    assert "such as one of" in run("--model=mnist_wae_mdm")
    assert "FileNotFoundError" in run(f"--readme={tmp_path / 'none.md'}")
