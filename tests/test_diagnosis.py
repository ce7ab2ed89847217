"""Checks what `wae_tf.diagnose` finds: formulas, runs that really fail, where it is said."""

import functools
import itertools
import json
import math
import pathlib
import re

import keras
import numpy as np
import pytest
import tiny
from PIL import Image

import wae_tf
from wae_tf import metrics, own_images, zoo
from wae_tf.bin import evaluate, train
from wae_tf.cards import model_card
from wae_tf.cards.card_findings import findings_part, not_recommended
from wae_tf.diagnosis import LIMITS, Finding, Findings
from wae_tf.diagnosis.evidence import Evidence, RealImages
from wae_tf.diagnosis.examination import CHECKS
from wae_tf.diagnosis.history_checks import late_fall, rate_kept, rise
from wae_tf.training.findings_log import FindingsLog

# Formulas.


@pytest.mark.parametrize("n, dim", [(30, 0), (30, 3), (200, 3), (200, 64)])
def test_principal_components_equal_those_of_a_singular_value_decomposition(rng, n, dim):
    fitted, others = (rng.uniform(size=(m, 8, 8, 1)).astype("float32") for m in (n, 20))
    mean = fitted.reshape(n, -1).mean(axis=0)
    _, _, rows = np.linalg.svd(fitted.reshape(n, -1) - mean, full_matrices=False)
    points = others.reshape(20, -1) - mean
    rest = points - points @ rows[:dim].T @ rows[:dim]
    got = metrics.principal_components_error(others, fitted, dim)
    assert got == pytest.approx(np.mean(np.sum(rest**2, axis=1)), rel=1e-3, abs=1e-4)


def test_as_many_components_as_images_leave_no_error(rng):
    few = rng.integers(256, size=(6, 5, 4, 3), dtype="uint8")
    assert metrics.principal_components_error(few, few, 5) == pytest.approx(0.0, abs=1e-3)
    spread = np.mean(np.sum(np.square(few / 255.0 - (few / 255.0).mean(0)), axis=(1, 2, 3)))
    assert metrics.principal_components_error(few, few, 0) == pytest.approx(spread, rel=1e-5)


def test_components_refuse_what_does_not_fit(rng):
    images = rng.uniform(size=(5, 4, 4, 1)).astype("float32")
    with pytest.raises(ValueError, match="`dim` must be an integer, at least 0. Received: dim=-1"):
        metrics.principal_components_error(images, images, -1)
    with pytest.raises(ValueError, match="one shape. Received: 12 and 16 values"):
        metrics.principal_components_error(images[:, :3], images, 1)


def test_brightness_share_is_the_variance_between_neighbours(rng):
    images = rng.uniform(size=(40, 3, 3, 1)).astype("float32")
    z = rng.normal(size=(40, 2))
    order = sorted(range(40), key=lambda i: images[i].mean())
    steps = [np.sum((z[b] - z[a]) ** 2) for a, b in itertools.pairwise(order)]
    expected = 1.0 - np.mean(steps) / (2.0 * np.sum(np.var(z, axis=0, ddof=1)))
    assert metrics.brightness_share(z, images) == pytest.approx(expected, abs=1e-6)


def test_brightness_share_knows_any_smooth_relation(rng):
    level = rng.uniform(size=500).astype("float32")
    images = np.broadcast_to(level[:, None, None, None], (500, 2, 2, 1))
    for z in (level[:, None], np.cos(6.0 * level)[:, None], np.stack([level, level**2], axis=1)):
        assert metrics.brightness_share(z, images) == pytest.approx(1.0, abs=0.01)
    assert metrics.brightness_share(rng.normal(size=(500, 3)), images) == pytest.approx(0, abs=0.1)
    half = np.stack([level - 0.5, rng.permutation(level) - 0.5], axis=1)
    assert metrics.brightness_share(half, images) == pytest.approx(0.5, abs=0.1)
    assert metrics.brightness_share(np.ones((500, 2)), images) == 0.0
    with pytest.raises(ValueError, match="as many. Received: 3 codes and 500 images"):
        metrics.brightness_share(half[:3], images)


def test_dead_and_informed_shares(rng):
    prior = rng.normal(size=(1000, 4))
    z = prior * np.array([1.0, 0.2, 0.05, 0.0])
    assert metrics.dead_share(z, prior) == 0.5
    assert metrics.dead_share(z, 2.0 * prior, least=0.02) == 0.75
    means, noise = rng.normal(size=(2, 20_000, 2))
    assert metrics.informed_share(means, means) == 1.0
    assert metrics.informed_share(means, means + noise) == pytest.approx(0.5, abs=0.02)
    assert metrics.informed_share(0.0 * means, noise) == 0.0
    assert metrics.informed_share(0.0 * means, 0.0 * noise) == 0.0
    with pytest.raises(ValueError, match="4 and 2 dimensions"):
        metrics.dead_share(z, prior[:, :2])


def test_separation_is_the_share_of_pairs(rng):
    above, below = rng.integers(5, size=(2, 30, 1))
    pairs = [(a > b) + 0.5 * (a == b) for a in above.ravel() for b in below.ravel()]
    assert metrics.separation(above, below) == pytest.approx(np.mean(pairs))
    assert metrics.separation([2.0, 3.0], [0.0, 1.0]) == 1.0
    assert metrics.separation([1.0, 1.0], [1.0]) == 0.5
    with pytest.raises(ValueError, match="all finite. Received: 2 and 1, 1 of them NaN"):
        metrics.separation([0.0, math.nan], [1.0])


def test_moment_distance_is_on_the_scale_of_the_prior(rng):
    z, prior, other = rng.normal(size=(3, 20_000, 3))
    distance = metrics.relative_moment_distance
    assert distance(z, prior, other) == pytest.approx(0.0, abs=1e-3)
    assert distance(0.0 * z, prior, other) == pytest.approx(1.0, abs=0.02)
    assert distance(z + 1.0, prior, other) == pytest.approx(1.0, abs=0.05)
    assert distance(3.0 * z, prior, other) == pytest.approx(4.0, abs=0.1)
    assert distance(30.0 * z, 10.0 * prior, 10.0 * other) == pytest.approx(4.0, abs=0.1)
    assert metrics.norm_ratio(3.0 * prior, prior) == pytest.approx(3.0)


def test_what_a_history_says_in_closed_form():
    assert rise([10.0, 4.0, 2.0, 3.0, 6.0]) == 0.5
    assert rise([-2.0, -6.0, -10.0, -9.0, -8.0]) == 0.25  # As a VAE's, in nats.
    assert rise([5.0, 4.0, 3.0, 2.0, 1.0]) == 0.0
    assert rise([1.0, 1.0, 1.0, 1.0, 1.01]) == pytest.approx(0.2)  # Never fell: over a twentieth.
    assert rise([3.0] * 4) is None and rise([0.0] * 5) == 0.0
    long = [*np.linspace(20.0, 0.0, 20), 4.0, 8.0]
    assert rise(long) == pytest.approx((6.0 - 10.0 / 19.0) / (20.0 - 10.0 / 19.0))
    falling = [0.5, 0.4, 0.3, 0.2, 0.1]
    assert late_fall(falling, 10.0, [5.0] * 5) == pytest.approx(4.0 / 8.0)
    assert late_fall([9.0] * 5 + falling, 10.0, [5.0] * 10) == pytest.approx(4.0 / 8.0)
    assert late_fall(falling[::-1], 10.0, [5.0] * 5) == 0.0
    assert late_fall([0.3, 0.1, 0.4, 0.1, 0.2], 10.0, [5.0] * 5) == 0.0  # Within its own noise.
    assert late_fall([value - 0.5 for value in falling], 10.0, [5.0] * 5) == 0.0  # Below zero.
    assert late_fall(falling[:4], 10.0, [5.0] * 4) is None
    assert rate_kept([1e-3, 1e-5, 1e-6]) == pytest.approx(0.01)
    assert rate_kept([1e-5], initial=1e-3) == pytest.approx(0.01)
    assert rate_kept([1e-4, 1e-3]) == pytest.approx(10.0)  # A warm-up.
    assert rate_kept([1e-3]) is None and rate_kept([]) is None


def test_distance_from_the_prior_is_the_mmd_over_the_mean_kernel(rng):
    config = tiny.config(latent_dim=2, epochs=1)
    model = wae_tf.build_model(config)
    images = tiny.images(60)
    evidence = Evidence(model, RealImages(images, None, (8, 8, 1), n=60, seed=0))
    draws = [model.prior.sample(60, seed=(0, i)) for i in range(2)]
    value = float(wae_tf.mmd(model.encode(evidence.real.images), draws[0], model.gram))
    relative, p_value = evidence.mmd
    assert p_value == 0.01
    assert relative == pytest.approx(value / np.mean(model.gram(*draws)), rel=1e-3)


# Runs that really fail, and two that do not.


def blobs(n, seed, light=0.0):
    """Returns images of a soft spot; with `light` they differ in hardly anything else."""
    rng = np.random.default_rng(seed)
    y, x = rng.uniform(1.0, 6.0, size=(2, n, 1, 1))
    grid = np.arange(8.0)
    spots = np.exp(-((grid[:, None] - y) ** 2 + (grid - x) ** 2) / 3.0)
    if light:
        spots = 0.1 * spots + 0.9 * light * rng.uniform(size=(n, 1, 1))
    return np.rint(255.0 * spots).astype("uint8")[..., None]


TRAIN, TEST = blobs(200, 0), blobs(100, 1)
FREE = {"latent_dim": 8, "reg_weight": 1e-3, "learning_rate": 3e-2}


@functools.cache
def trained(**changes):
    """Trains a small model, and returns it with history, training and test images."""
    keras.utils.set_random_seed(0)
    light, few, late = (changes.pop(name, None) for name in ("light", "few", "late"))
    seen = (blobs(200, 0, light) if light else TRAIN)[:few]
    config = tiny.config(
        **{
            "latent_dim": 2,
            "encoder_width": 32,
            "decoder_width": 32,
            "cost_scale": 1.0,
            "reg_weight": 5.0,
            "batch_size": 10,
            "epochs": 8,
            "learning_rate": 1e-2,
            "lr_schedule": "constant",
            **changes,
        }
    )
    model = wae_tf.build_model(config)
    callbacks = [wae_tf.callbacks.EpochLog()]
    if late:  # A rate that is much too large, from the fifth epoch on.
        model.compile(keras.optimizers.Adam(config.learning_rate))
        rates = keras.callbacks.LearningRateScheduler(
            lambda epoch, rate: late if epoch > 4 else rate
        )
        callbacks.insert(0, rates)
    else:
        wae_tf.training.compile_model(model, config, 200 // config.batch_size)
    history = model.fit(
        np.resize(seen, TRAIN.shape),  # Again and again, if they are few.
        batch_size=config.batch_size,
        epochs=config.epochs,
        callbacks=callbacks,
        verbose=0,
    )
    return model, history, seen, blobs(100, 1, light) if light else TEST


def diagnosed(**changes):
    sampler = changes.pop("sampler", "prior")
    model, history, seen, unseen = trained(**changes)
    if sampler != "prior":
        twice = np.repeat(seen, 2, axis=0)
        wae_tf.samplers.fit(model, twice, kind=sampler, components=len(seen))
    return wae_tf.diagnose(model, unseen, train=seen, history=history, sampler=sampler)


GREY = {"learning_rate": 1e-6, "epochs": 1}
COLLAPSED = {"model": "vae", "codes": "gaussian", "beta": 1000.0, "epochs": 5}
LIGHT = {"light": 1.0, "latent_dim": 1, "epochs": 5}
WON = {**FREE, "divergence": "gan", "discriminator_learning_rate": 1e-2, "discriminator_width": 64}
LOST = {**WON, "discriminator_learning_rate": 1e-9}
FEW = {"few": 10, "latent_dim": 3, "epochs": 16}


@pytest.mark.parametrize(
    "name, changes, advice",
    [
        ("not_finite", {"learning_rate": 1e20, "epochs": 1}, "a tenth as large"),
        ("mean_image", GREY, "about the same of all images. If the loss was still falling, train"),
        ("dead_codes", GREY, "see `mean_image`"),
        ("samples_alike", GREY, "See `mean_image`"),
        tiny.slow("collapsed_posterior", COLLAPSED, "Lower `beta` tenfold, from 1e+03 to 100"),
        tiny.slow("dead_codes", COLLAPSED, "Lower `beta` tenfold"),
        tiny.slow("mean_image", COLLAPSED, "say nothing of the images. Lower `beta` tenfold"),
        ("brightness", LIGHT, "bring all images to one mean brightness"),
        ("principal_components", LIGHT, "Train longer"),
        ("prior_moments", FREE, "Raise `reg_weight` (lambda) tenfold, from 0.001 to 0.01"),
        ("prior_mmd", FREE, "Raise `reg_weight` (lambda) tenfold, from 0.001 to 0.01"),
        ("prior_norm", FREE, "Raise `reg_weight` (lambda) tenfold, from 0.001 to 0.01"),
        ("discriminator_won", WON, "Raise `reg_weight` (lambda) tenfold"),
        tiny.slow("discriminator_lost", LOST, "Raise `discriminator_learning_rate`"),
        tiny.slow("copies", {**FEW, "sampler": "gmm"}, "a sampler with fewer components"),
        tiny.slow("overfitting", FEW, "Take more images"),
        tiny.slow("few_images", FEW, "Take `latent_dim=1` or less"),
        tiny.slow("loss_rising", {"late": 3.0}, "Take a smaller `learning_rate`"),
        tiny.slow(
            "divergence_falling",
            {"reg_weight": 1000.0, "learning_rate": 5e-4, "batch_size": 50, "epochs": 10},
            "more `epochs`",
        ),
        tiny.slow(
            "learning_rate_floor",
            {"lr_schedule": "exponential", "lr_decay_epochs": 0.3, "epochs": 3},
            "take another `lr_schedule`",
        ),
    ],
)
def test_a_run_that_fails_so_has_the_finding(name, changes, advice):
    findings = diagnosed(**changes)
    (found,) = [finding for finding in findings if finding.name == name]
    limit = LIMITS[name]
    assert limit.crossed(found.number) and found.threshold == limit.threshold
    assert found.number == findings.measured[name]
    assert found.failing == limit.failing
    assert advice in found.advice


def test_every_finding_has_a_run_that_fails_so():
    (marks,) = test_a_run_that_fails_so_has_the_finding.pytestmark
    names = {getattr(case, "values", case)[0] for case in marks.args[1]}
    assert names == set(LIMITS) == set(CHECKS)


@pytest.mark.parametrize(
    "changes", [{}, {"divergence": "gan", "discriminator_width": 32}], ids=["mmd", "gan"]
)
def test_a_run_that_went_well_has_no_finding(changes):
    findings = diagnosed(**changes)
    assert findings == [] and findings.failing == []
    assert set(findings.measured) >= {"mean_image", "samples_alike", "prior_mmd", "overfitting"}
    assert str(findings).startswith(f"No finding in {len(findings.measured)} checks: not_finite, ")


@pytest.mark.slow
def test_a_lost_discriminator_says_since_when():
    (found,) = [f for f in diagnosed(**LOST) if f.name == "discriminator_lost"]
    assert found.found.endswith("at chance from the first epoch on")
    assert "discriminator_lost" not in diagnosed(divergence="gan", discriminator_width=32).measured


def test_an_auto_encoder_promised_no_prior():
    findings = diagnosed(model="ae", latent_dim=8, learning_rate=3e-2)
    found = {finding.name: finding for finding in findings}["prior_moments"]
    assert not found.failing and "draw from a sampler fitted to them" in found.advice


def test_findings_come_worst_first_and_print(capsys):
    findings = diagnosed(**GREY)
    names = [finding.name for finding in findings]
    assert names[:3] == ["mean_image", "dead_codes", "samples_alike"]
    assert names[-1] == "principal_components"  # A warning, behind all that fail the model.
    assert [f.name for f in findings.failing] == names[:-1]
    print(findings)
    first = " ".join(capsys.readouterr().out.split("2. ")[0].split())
    error, of_mean = findings[0].number * 2.746, 2.746
    assert first.startswith(f"1. mean_image, FAILS: reconstructions err by {error:.3g}"[:-1])
    assert f"the mean of all images errs by {of_mean:.3g}"[:-1] in first
    assert "should be at most 0.9" in first
    assert json.loads(json.dumps(findings.to_dict())) == findings.to_dict()
    again = Findings.from_dict(findings.to_dict())
    assert again.to_dict() == findings.to_dict() and str(again) == str(findings)


def test_the_numbers_are_the_models_own():
    model, _, seen, unseen = trained()
    got = wae_tf.diagnose(model, unseen, train=seen).measured
    error = np.mean(np.sum((unseen / 255.0 - model.reconstruct(unseen)) ** 2, axis=(1, 2, 3)))
    spread = np.sum(np.var(unseen / 255.0, axis=0))
    assert got["mean_image"] == pytest.approx(error / spread, rel=1e-4)
    of_components = metrics.principal_components_error(unseen, seen, 2)
    assert got["principal_components"] == pytest.approx(error / of_components, rel=1e-4)
    assert got["few_images"] == 100.0
    assert got["dead_codes"] == 0.0
    assert "loss_rising" not in got and "learning_rate_floor" not in got


@pytest.mark.parametrize("critic_weight", [0.0, 0.5])
def test_a_critic_may_buy_likeness_with_the_cost(critic_weight):
    model = wae_tf.build_model(tiny.config(critic_weight=critic_weight, critic_layers=1))
    losses = (10.0, 4.0, 2.0, 3.0, 6.0)
    history = [{"loss": loss, "reconstruction_loss": loss} for loss in losses]
    got = wae_tf.diagnose(model, TEST, history=history)
    assert ("loss_rising" in got.measured) == (critic_weight == 0.0)


def test_any_source_of_images_and_of_history_will_do(tmp_path):
    import tensorflow as tf

    model, history, seen, unseen = trained()
    whole = wae_tf.diagnose(model, unseen, train=seen, history=history).measured
    floats = wae_tf.diagnose(model, unseen / np.float32(255.0), train=seen, history=history)
    assert floats.measured == pytest.approx(whole, abs=1e-5)
    data = tf.data.Dataset.from_tensor_slices(unseen).batch(30)
    assert set(wae_tf.diagnose(model, data).measured) <= set(whole) - {"copies", "overfitting"}
    rows = [
        {"epoch": i + 1, **{name: values[i] for name, values in history.history.items()}}
        for i in history.epoch
    ]
    text = "\n".join(
        ",".join(map(str, row)) for row in [list(rows[0]), *(r.values() for r in rows)]
    )
    (tmp_path / "history.csv").write_text(text + "\n")
    for source in (rows, tmp_path, tmp_path / "history.csv"):
        got = wae_tf.diagnose(model, unseen, train=seen, history=source).measured
        assert got == pytest.approx(whole)


def test_overfitting_is_seen_in_a_history_too():
    model, _, _, unseen = trained()
    row = {"epoch": 1, "reconstruction_loss": 2.0, "val_reconstruction_loss": 7.0}
    findings = wae_tf.diagnose(model, unseen, history=[row])
    assert findings.measured["overfitting"] == 3.5
    assert "`reconstruction_loss` of 7, training images of 2" in str(findings).replace("\n   ", " ")


def test_what_cannot_be_diagnosed_is_refused():
    model, _, _, unseen = trained()
    with pytest.raises(ValueError, match="`model` must be one of wae_tf.* Received: model=3"):
        wae_tf.diagnose(3, unseen)
    with pytest.raises(ValueError, match="at least 4 .* Received: 3"):
        wae_tf.diagnose(model, unseen[:3])
    with pytest.raises(ValueError, match="`n` must be an integer"):
        wae_tf.diagnose(model, unseen, n=2)
    with pytest.raises(ValueError, match="`images` must have shape"):
        wae_tf.diagnose(model, unseen[:, :4])
    with pytest.raises(ValueError, match="at least one epoch"):
        wae_tf.diagnose(model, unseen, history=[])
    with pytest.raises(ValueError, match="`findings` and `measured`.* Received: {'findings'"):
        Findings.from_dict({"findings": []})


# While training.


def fit(log, epochs=3, **changes):
    config = tiny.config(latent_dim=2, cost_scale=1.0, epochs=epochs, **changes)
    model = wae_tf.training.compile_model(wae_tf.build_model(config), config, 25)
    callbacks = [wae_tf.callbacks.EpochLog(), log]
    return model.fit(TRAIN, batch_size=8, epochs=epochs, callbacks=callbacks, verbose=0)


def test_a_training_says_each_finding_once_where_it_first_shows():
    said = []
    log = FindingsLog(TEST, TRAIN, warm_up=30, every=25, say=said.append)
    fit(log, learning_rate=1e-7, lr_schedule="constant")
    assert said[0].startswith("Finding of epoch 2: mean_image, FAILS: reconstructions err by ")
    assert not [line for line in said if line.startswith("Finding of epoch 1")]
    names = [line.split(":")[1].split(",")[0] for line in said]
    assert len(set(names)) == len(names)


def test_a_rate_at_its_floor_is_said_after_the_first_epoch():
    said = []
    fit(FindingsLog(TEST, say=said.append), lr_schedule="exponential", lr_decay_epochs=0.2)
    (line,) = said
    assert line.startswith("Finding of epoch 1: learning_rate_floor, warning: ")


def test_a_failing_training_ends_where_it_is_asked_to():
    log = FindingsLog(TEST, TRAIN, warm_up=1, stop_on_failure=True, say=None)
    with pytest.raises(FloatingPointError, match="Received: epoch 1 with mean_image, FAILS"):
        fit(log, learning_rate=1e-7)


@pytest.mark.slow
def test_train_stops_resumes_and_records(tmp_path, capsys, monkeypatch):
    config = tiny.config(learning_rate=1e-7, epochs=2, latent_dim=2)
    monkeypatch.setattr(
        FindingsLog.__init__, "__kwdefaults__", {**DEFAULTS, "warm_up": 1, "every": 1}
    )
    np.savez(tmp_path / "blobs.npz", x_train=TRAIN[:40], x_test=TEST[:20])
    arguments = {"source": tmp_path / "blobs.npz", "workdir": tmp_path / "run", "verbose": 2}
    with pytest.raises(FloatingPointError, match="epoch 1 with mean_image"):
        wae_tf.training.train(config, **arguments, stop_on_failure=True)
    assert not zoo.is_entry(tmp_path / "run")
    assert wae_tf.callbacks.Checkpoint(tmp_path / "run").done == 1
    capsys.readouterr()
    wae_tf.training.train(config, **arguments)
    out = capsys.readouterr().out
    assert "Resuming" in out and "Finding of epoch 2: mean_image, FAILS" in out
    assert "Findings:\n1. mean_image, FAILS" in out
    recorded = zoo.read_entry(tmp_path / "run")["diagnosis"]
    assert recorded["findings"][0]["name"] == "mean_image"
    assert recorded["measured"]["learning_rate_floor"] > 0.5
    assert model_card(tmp_path / "run").startswith("**Not recommended, because reconstructions err")


DEFAULTS = dict(FindingsLog.__init__.__kwdefaults__)


# Programs and cards.


@pytest.mark.slow
def test_own_images_that_end_grey_are_not_recommended(tmp_path, run_program, capsys):
    """As a run that had a squared error of 244.6, where the mean image had 209."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(60):
        pixels = np.zeros((16, 16, 3), "uint8") + rng.integers(256, size=3, dtype="uint8")
        pixels[4:12, 4:12] = rng.integers(256, size=3)
        Image.fromarray(pixels).save(folder / f"{i:02d}.png")
    tiny_flags = ["--encoder_width=8", "--decoder_width=8", "--latent_dim=3", "--epochs=1"]
    flags = ["--config=image_folder", f"--data={folder}", *tiny_flags, "--precision=float32"]
    workdir = tmp_path / "grey"
    grey = [*flags, "--learning_rate=1e-7", f"--workdir={workdir}", "--verbose=2"]
    assert run_program(train, *grey) in (0, None)
    entry = zoo.read_entry(workdir)
    record = entry["evaluation"]["prior"]["metrics"]["squared_error"]
    assert record["value"] > record["of_mean_image"]
    first, title, *_ = (workdir / "README.md").read_text(encoding="utf-8").split("\n\n")
    assert first.startswith("**Not recommended, because reconstructions err by ")
    assert "where the mean of all images errs by" in first and title == "# grey"
    out = capsys.readouterr().out
    assert "Not recommended, because reconstructions err by " in out.splitlines()[-1]
    text = (workdir / "README.md").read_text(encoding="utf-8")
    assert "## Findings" in text and "- `mean_image`, fails: reconstructions err" in text
    report = (workdir / "report" / "prior" / "report.html").read_text(encoding="utf-8")
    assert "<b>Not recommended, because</b> reconstructions err" in report


def test_stop_on_failure_is_a_flag(run_program, monkeypatch, tmp_path):
    called = {}
    monkeypatch.setattr(own_images, "train", lambda *a, **k: called.update(k))
    run_program(
        train,
        *("--config=image_folder", "--data=photos", f"--workdir={tmp_path}", "--stop_on_failure"),
    )
    assert called["stop_on_failure"] is True


def test_evaluation_says_and_records_findings(tmp_path, run_program, capsys):
    model, _, seen, unseen = trained(**GREY)
    directory = tmp_path / "grey"
    config = tiny.config(latent_dim=2, encoder_width=32, decoder_width=32, cost_scale=1.0)
    wae_tf.save_entry(directory, model, config)
    np.savez(tmp_path / "blobs.npz", x_train=seen, x_test=unseen)
    run_program(
        evaluate,
        f"--model={directory}",
        f"--data={tmp_path / 'blobs.npz'}",
        f"--output={tmp_path / 'report'}",
        "--features=none",
        "--record",
    )
    out = capsys.readouterr().out
    assert "Finding, mean_image, FAILS: reconstructions err by " in out
    entry = zoo.read_entry(directory)
    found = Findings.from_dict(entry["evaluation"]["prior"]["diagnosis"])
    assert found[0].name == "mean_image"
    written = json.loads((tmp_path / "report" / "results.json").read_text())
    assert written["diagnosis"] == entry["evaluation"]["prior"]["diagnosis"]
    assert (directory / "README.md").read_text(encoding="utf-8").startswith("**Not recommended")


def diagnosis(measured, *found):
    findings = [
        Finding(name, measured[name], LIMITS[name].threshold, f"{name} is off", "Mend it.", fails)
        for name, fails in found
    ]
    return Findings(findings, measured).to_dict()


def test_a_card_joins_what_samplers_and_the_training_found():
    prior = {"mean_image": 0.2, "prior_mmd": 0.4, "copies": 0.9}
    prior = diagnosis(prior, ("prior_mmd", True))
    gmm = diagnosis({"mean_image": 0.2, "prior_mmd": 0.4, "copies": 0.1}, ("prior_mmd", True))
    gmm["findings"] += diagnosis({"copies": 0.1}, ("copies", True))["findings"]
    training = diagnosis(
        {"mean_image": 1.2, "loss_rising": 0.5}, ("mean_image", True), ("loss_rising", False)
    )
    parts = {"prior": {"diagnosis": prior}, "gmm": {"diagnosis": gmm}}
    entry = {"evaluation": parts, "diagnosis": training}
    assert not_recommended(entry) == (
        "**Not recommended, because copies is off (sampler gmm); prior_mmd is off.**"
    )
    title, found, passed = findings_part(entry)
    assert title == "## Findings"
    assert found.splitlines() == [
        "- `copies`, fails: copies is off (sampler gmm) (0.1, at least 0.75). Mend it.",
        "- `prior_mmd`, fails: prior_mmd is off (0.4, at most 0.1). Mend it.",
        "- `loss_rising`, warning: loss_rising is off (0.5, at most 0.2). Mend it.",
    ]
    assert passed == "Checked beside these, by `wae_tf.diagnose`: `mean_image` 0.2, at most 0.9."


def test_a_card_of_a_model_without_findings_says_so():
    entry = {"diagnosis": diagnosis({"mean_image": 0.2, "dead_codes": 0.0})}
    assert not_recommended(entry) is None
    assert list(findings_part(entry)) == [
        "## Findings",
        "Nothing was found wrong with this model, by `wae_tf.diagnose`: `mean_image` 0.2, at most "
        "0.9, `dead_codes` 0, at most 0.5.",
    ]
    assert list(findings_part({"evaluation": {"prior": {}}})) == []


# The models of the zoo, on real images.


PASS = ["mnist_wae_mmd_2d_sphere", "mnist_wae_gan", "mnist_vae"]


@pytest.mark.parametrize("name", tiny.slow_but(PASS[:1], PASS))
def test_models_of_the_zoo_pass(name):
    images = tiny.mnist("x_test", 1000)
    seen = tiny.mnist("x_train", 2000)
    findings = wae_tf.diagnose(wae_tf.load(name), images, train=seen, n=500)
    assert findings == [], str(findings)


def test_the_page_states_every_threshold_and_the_order():
    page = pathlib.Path(__file__).parents[1] / "docs" / "diagnosis.md"
    rows = re.findall(
        r"^\| `(\w+)` \| .* \| ([<>]) ([\d.]+) \| (\w+) \|$",
        page.read_text(encoding="utf-8"),
        re.M,
    )
    assert [name for name, *_ in rows] == list(LIMITS)
    for name, sign, threshold, level in rows:
        limit = LIMITS[name]
        assert (sign, float(threshold)) == ("<>"[limit.worse == "above"], limit.threshold), name
        assert level == ("fails" if limit.failing else "warning"), name
    assert sorted(LIMITS.values(), key=lambda limit: not limit.failing) == list(LIMITS.values())
