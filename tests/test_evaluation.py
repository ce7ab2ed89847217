"""Checks evaluations: the numbers against the metrics, then failures, reports and errors."""

import html.parser
import json
import types

import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf
from wae_tf import metrics, plots
from wae_tf.data import fingerprint
from wae_tf.data.arrays import as_uint8
from wae_tf.evaluation import evaluate, html_report, pipeline
from wae_tf.evaluation.labels import describe
from wae_tf.evaluation.material import Material
from wae_tf.evaluation.metric_record import record
from wae_tf.evaluation.progress import details, line, number
from wae_tf.features import Head
from wae_tf.features.extractor import Extractor


def rows_of_pixels(images):
    return images.reshape(len(images), -1)[:, :4]


# Dark or bright, by the first pixel.
HEAD = Head(np.array([[-1.0, 1.0], *[[0.0, 0.0]] * 3]), np.array([0.5, -0.5]), ("dark", "bright"))
FEATURES = Extractor(rows_of_pixels, name="pixels", head=HEAD)
LEFTOVERS = [f".tmp-{2**22 + 7}-results.json", f"pictures/.tmp-{2**22 + 7}-codes.png"]
TEST, TRAIN = tiny.images(40, seed=1), tiny.images(60, seed=2)


@pytest.fixture(scope="module")
def model():
    return wae_tf.build_model(tiny.config())


@pytest.fixture(scope="module")
def report(model, tmp_path_factory):
    """Returns the results of a whole evaluation, and its directory."""
    directory = tmp_path_factory.mktemp("report")
    (directory / "pictures").mkdir()
    for name in LEFTOVERS:  # Of a process that was killed.
        (directory / name).write_text("half of")
    results = evaluate(
        model,
        TEST,
        train=TRAIN,
        labels=np.arange(40) % 3,
        features=FEATURES,
        seeds=2,
        history=[{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}],
        sampler="gmm",
        output=directory,
        name="tiny <b>",
    )
    return results, directory


class Perfect:
    """A model whose samples are real images: those of `other`, which a floor is measured with."""

    def __init__(self, model, images):
        self._model, self._images = model, images

    def __getattr__(self, name):
        return getattr(self._model, name)

    def sample(self, n, seed, **kwargs):
        return self._images[:n] / 255.0


# Numbers.


def test_numbers_are_those_of_the_metrics(model, report):
    found = report[0]["metrics"]
    assert report[0]["errors"] == {}
    outputs = model.reconstruct(TEST)
    expected = metrics.reconstruction(TEST, outputs)
    for name, value in expected.items():
        assert found[name]["value"] == pytest.approx(value, rel=1e-5)
        assert found[name]["low"] <= value <= found[name]["high"]
    samples = [as_uint8(model.sample(40, seed=seed, sampler="gmm")) for seed in (0, 1)]
    distances = [
        metrics.frechet_distance(rows_of_pixels(TEST / 255.0), rows_of_pixels(s / 255.0))
        for s in samples
    ]
    distances = [distance["frechet_distance"] for distance in distances]
    assert found["pixels_fd"]["values"] == pytest.approx(distances, rel=1e-3)
    assert found["pixels_fd"]["value"] == pytest.approx(np.mean(distances), rel=1e-3)
    assert found["pixels_fd"]["stddev"] == pytest.approx(np.std(distances, ddof=1), rel=1e-2)
    sharp = [metrics.sharpness(s) for s in samples]
    assert found["sharpness_samples"]["value"] == pytest.approx(np.mean(sharp), rel=1e-5)
    assert found["sharpness_samples"]["floor"] == pytest.approx(metrics.sharpness(TEST), rel=1e-5)
    errors = [metrics.power_spectrum_error(s, TEST) for s in samples]
    assert found["power_spectrum_samples"]["values"] == pytest.approx(errors, rel=1e-5)
    assert 0 < found["power_spectrum_samples"]["floor"] < 0.1  # Both are noise.


def test_memorisation_stands_beside_that_of_reconstructions(model, report):
    found = report[0]["metrics"]
    outputs = as_uint8(model.reconstruct(TEST))
    expected = metrics.memorisation(outputs, TRAIN, TEST)["ratio"]
    assert found["memorisation_reconstructions"]["value"] == pytest.approx(expected, rel=1e-6)
    samples = as_uint8(model.sample(40, seed=0, sampler="gmm"))
    expected = metrics.memorisation(samples, TRAIN, TEST)["ratio"]
    assert found["memorisation_ratio"]["values"][0] == pytest.approx(expected, rel=1e-6)
    copies = evaluate(Perfect(model, TRAIN), TEST, train=TRAIN, features=None, verbose=False)
    assert copies["metrics"]["memorisation_ratio"]["value"] < 1e-6
    assert copies["metrics"]["memorisation_reconstructions"]["value"] > 0.5


def test_shares_of_classes_are_those_of_the_first_pixel(model, report):
    found = report[0]["metrics"]
    real = np.mean(TEST[:, 0, 0, 0] > 127)
    samples = [as_uint8(model.sample(40, seed=seed, sampler="gmm")) for seed in (0, 1)]
    bright = np.array([np.mean(s[:, 0, 0, 0] > 127) for s in samples])
    rarest = found["rarest_class_share"]
    assert rarest["shares"] == pytest.approx({"dark": 1 - bright.mean(), "bright": bright.mean()})
    assert rarest["real_shares"] == pytest.approx({"dark": 1 - real, "bright": real})
    assert rarest["values"] == pytest.approx(list(np.minimum(bright, 1 - bright)))
    assert found["class_distance"]["values"] == pytest.approx(list(abs(bright - real)))
    numbers = np.sum([bright > 0, bright < 1], axis=0)
    assert found["classes_found"]["value"] == pytest.approx(numbers.mean())
    assert found["classes_found"]["floor"] == 2


@pytest.mark.slow
def test_a_model_of_one_class_has_no_share_of_the_other(model):
    white = np.full_like(TEST, 255)
    results = evaluate(
        Perfect(model, white), TEST, train=TRAIN, features=FEATURES, n=30, verbose=False
    )
    found = results["metrics"]
    assert results["errors"] == {}
    assert found["classes_found"]["value"] == 1 < found["classes_found"]["floor"]
    assert found["rarest_class_share"]["value"] == 0.0 < found["rarest_class_share"]["floor"]
    real = found["rarest_class_share"]["real_shares"]
    assert found["class_distance"]["value"] == pytest.approx(real["dark"])
    assert list(details(found["rarest_class_share"])) == ["rarest: dark"]


@pytest.mark.slow
def test_without_a_classifier_no_classes_are_measured(model):
    pixels = Extractor(rows_of_pixels, name="pixels")
    results = evaluate(model, TEST, features=pixels, verbose=False)
    assert "pixels_fd" in results["metrics"] and "classes_found" not in results["metrics"]


def test_each_number_says_what_it_was_measured_on(report):
    for name, one in report[0]["metrics"].items():
        assert one["data_sha256"] == fingerprint(TEST), name
        assert one["n"] == 40, name
        assert one["floor"] is not None or name in ("squared_error", "mse", "psnr", "ssim")
        assert describe(name)[0] != "Others", name
    assert report[0]["metrics"]["pixels_fd"]["features"] == "pixels"
    assert report[0]["train"]["sha256"] == fingerprint(TRAIN)
    assert report[0]["seeds"] == [0, 1]
    assert report[0]["sampler"]["kind"] == "gmm"


def test_the_mean_image_has_the_variance_of_the_images_as_error(report):
    of_mean_image = np.var(TEST / 255.0, axis=0).sum()
    squared_error = report[0]["metrics"]["squared_error"]
    assert squared_error["of_mean_image"] == pytest.approx(of_mean_image)


def test_perfect_samples_are_at_the_floor(model):
    material = Material(model, TEST, TRAIN, n=None, seeds=[0], sampler="prior", extractor=FEATURES)
    results = evaluate(
        Perfect(model, material.other), TEST, train=TRAIN, features=FEATURES, verbose=False
    )
    assert results["errors"] == {}
    for name in (
        *("pixels_fd", "pixels_kd", "precision", "recall", "density", "coverage"),
        *("classes_found", "rarest_class_share", "class_distance"),
        *("sliced_wasserstein", "sliced_wasserstein_8"),
    ):
        found = results["metrics"][name]
        assert found["value"] == pytest.approx(found["floor"], rel=1e-6), name
    assert results["metrics"]["sharpness_samples"]["ratio"] == pytest.approx(1.0, abs=0.1)


def test_without_training_images_the_halves_of_the_data_are_compared(model):
    material = Material(model, TEST, None, n=None, seeds=[0], sampler="prior", extractor=None)
    assert material.n == len(material.real) == len(material.other) == 20
    together = np.concatenate([material.real, material.other])
    assert {image.tobytes() for image in together} == {image.tobytes() for image in TEST}
    np.testing.assert_array_equal(material.real, TEST[material.real_rows])
    results = evaluate(model, TEST, features=None, verbose=False)
    assert "memorisation_ratio" not in results["metrics"]
    assert results["features"] is None and results["train"] is None
    assert results["metrics"]["sliced_wasserstein"]["n"] == 20
    assert "stddev" not in results["metrics"]["sliced_wasserstein"]


@pytest.mark.slow
def test_a_data_set_gives_the_numbers_of_an_array(model):
    def dataset(images):
        return tf.data.Dataset.from_tensor_slices(images).batch(7)

    arrays, sets = (
        evaluate(model, test, train=train, n=30, features=FEATURES, verbose=False)["metrics"]
        for test, train in ((TEST, TRAIN[:30]), (dataset(TEST), dataset(TRAIN[:30])))
    )
    assert arrays.keys() == sets.keys()
    for name in arrays:
        assert sets[name]["value"] == pytest.approx(arrays[name]["value"], rel=1e-6), name
        assert (sets[name]["floor"] is None) == (arrays[name]["floor"] is None)
        if arrays[name]["floor"] is not None:
            assert sets[name]["floor"] == pytest.approx(arrays[name]["floor"], rel=1e-6), name


KINDS = [
    {"prior": "sphere", "latent_dim": 2},
    {"divergence": "gan", "prior": "uniform"},
    {"divergence": "sinkhorn", "prior": "mixture"},
    {"model": "vae", "codes": "gaussian"},
    {"model": "vae", "codes": "gaussian", "prior": "vamp"},
    {"model": "ae"},
]


@pytest.mark.parametrize(
    "changes",
    tiny.slow_but(KINDS[:1], KINDS),
    ids=lambda changes: "-".join(str(v) for v in changes.values()),
)
def test_every_kind_of_model_is_measured(changes, tmp_path):
    model = wae_tf.build_model(tiny.config(**changes))
    results = evaluate(model, TEST, train=TRAIN, features=None, n=20, output=tmp_path)
    assert results["errors"] == {}
    assert {"squared_error", "sliced_wasserstein", "latent_mmd"} <= set(results["metrics"])


def test_a_weak_divergence_is_warned_of():
    model = wae_tf.build_model(tiny.config(reg_weight=1e-9))
    results = evaluate(model, TEST, features=None, verbose=False)
    assert any("Raise `reg_weight`" in text for text in results["warnings"])


def test_the_advice_on_reg_weight_is_for_an_mmd_alone():
    """Other divergences have other scales."""
    model = wae_tf.build_model(tiny.config(divergence="gan", reg_weight=1e-9))
    results = evaluate(model, TEST, n=20, verbose=False)
    assert not any("reg_weight" in text for text in results["warnings"])


# Failures.


def test_a_metric_that_fails_does_not_lose_the_others(model, tmp_path, capsys):
    def broken(images):
        raise RuntimeError("no features today")

    results = evaluate(model, TEST, features=broken, output=tmp_path)
    failed = {"Frechet distance", "kernel distance", "precision, recall"}
    assert set(results["errors"]) == failed
    assert results["errors"]["kernel distance"] == "RuntimeError: no features today"
    assert {"squared_error", "ms_ssim", "latent_mmd"} <= set(results["metrics"])
    assert json.loads((tmp_path / "results.json").read_text()) == results
    assert "Frechet distance: failed. RuntimeError: no features today" in capsys.readouterr().out
    assert "no features today" in (tmp_path / "report.html").read_text()


def test_results_are_on_disk_before_an_interruption(model, tmp_path, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(metrics, "sliced_wasserstein", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, TEST, features=None, output=tmp_path, verbose=False)
    assert "ssim" in json.loads((tmp_path / "results.json").read_text())["metrics"]
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.slow
def test_a_picture_that_fails_does_not_lose_the_others(model, tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "reconstructions", lambda *args, **kwargs: 1 / 0)
    results = evaluate(model, TEST, features=None, output=tmp_path, verbose=False)
    assert results["errors"] == {
        "picture of reconstructions": "ZeroDivisionError: division by zero"
    }
    assert (tmp_path / "pictures" / "samples.png").is_file()


def test_a_value_that_is_not_finite_is_an_error():
    with pytest.raises(ValueError, match=r"must be finite. Received: \[nan\]"):
        record(np.nan, n=3, better="lower")


# What is printed and written.


def test_a_line_has_value_floor_number_and_hashes(model, capsys):
    evaluate(model, TEST, features=FEATURES, n=20)
    printed = capsys.readouterr().out
    (text,) = [text for text in printed.splitlines() if text.startswith("sliced_wasserstein ")]
    assert "floor" in text and "n=20" in text and fingerprint(TEST)[:8] in text
    one = {"value": 12.3456, "floor": 0.5, "n": 7, "stddev": 0.25}
    one |= {"features": "lenet", "features_sha256": "f" * 64}
    words = " ".join(line("fd", one, "a" * 64).split())
    assert words == "fd 12.35 +- 0.25 floor 0.5 n=7 data aaaaaaaa lenet ffffffff"
    assert number(1234567.0) == "1.235e+06" and number(None) == "-"


class Tags(html.parser.HTMLParser):
    """Collects tags, and checks that each one is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.sources = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_report_needs_no_other_file(report):
    results, directory = report
    text = (directory / "report.html").read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.open == [] and "script" not in tags.seen and "link" not in tags.seen
    pictures = sorted(path.stem for path in (directory / "pictures").iterdir())
    assert pictures == [
        *("aggregate_posterior", "codes", "codes_in_principal_plane", "interpolations"),
        *("nearest_training_images", "power_spectrum", "random_directions", "reconstructions"),
        *("samples", "training"),
    ]
    assert len(tags.sources) == len(pictures)
    assert all(source.startswith("data:image/png;base64,") for source in tags.sources)
    assert "tiny &lt;b&gt;" in text and "tiny <b>" not in text
    for name, one in results["metrics"].items():
        assert describe(name)[1].replace("'", "&#x27;") in text, name
        assert number(one["value"]) in text, name
    assert results["data"]["sha256"] in text


def test_what_a_killed_evaluation_has_left_is_removed(report):
    assert not [name for name in LEFTOVERS if (report[1] / name).exists()]


def test_results_are_the_same_on_disk(report):
    assert json.loads((report[1] / "results.json").read_text()) == report[0]


def test_a_report_without_pictures_or_numbers_is_a_page(report):
    results = {**report[0], "metrics": {}, "errors": {}, "train": None, "features": None}
    tags = Tags()
    tags.feed(html_report(results, {}))
    assert tags.open == [] and "img" not in tags.seen


def test_fitted_samplers_stay_with_the_model(model, report):
    assert model.samplers["gmm"].settings["codes"] == len(TRAIN)


def test_auto_takes_lenet_for_digits_only(monkeypatch):
    asked = []
    stub = types.SimpleNamespace(
        extractor=lambda which, **kwargs: asked.append(which), Extractor=type(FEATURES)
    )
    monkeypatch.setattr(pipeline, "features_lib", stub)
    pipeline._extractor("auto", (28, 28, 1), None)
    assert pipeline._extractor("auto", (64, 64, 3), None) is None
    assert asked == ["lenet"]


# Errors.


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"n": 41, "train": TRAIN}, "sets of 41 images needs .* Received: n=41, .* allows 40"),
        ({"n": 21}, "twice as many in `data` alone.* Received: n=21, where `data` allows 20"),
        ({"seeds": 0}, "`seeds` must be an integer, at least 1. Received: seeds=0"),
        ({"labels": [1, 2]}, r"one class for each image, shape \(40,\). Received: shape=\(2,\)"),
        ({"sampler": "vae"}, r"one of \['prior', 'gmm', 'flow', 'two_stage'\]. Received"),
        ({"sampler": "flow"}, "pass them as `train`.* Received: sampler='flow', train=None"),
        ({"train": TRAIN[:, :4]}, r"`train` must have shape \(n, 8, 8, 1\)"),
        ({"features": "vgg"}, r"`which` must be one of \['lenet', 'convnet', 'inception'\]"),
    ],
)
def test_what_cannot_be_measured_is_refused(model, kwargs, message):
    with pytest.raises(ValueError, match=message):
        evaluate(model, TEST, verbose=False, **kwargs)


@pytest.mark.parametrize(
    "data, message",
    [
        (TEST[:0], "at least one image"),
        (TEST[:1], "`data` allows 0"),
        (TEST[:, :4], r"`data` must have shape \(n, 8, 8, 1\)"),
        (np.full(TEST.shape, np.nan), "`data` must have no NaN. Received: NaN in 40 of 40"),
    ],
)
def test_bad_images_are_refused(model, data, message):
    with pytest.raises(ValueError, match=message):
        evaluate(model, data, verbose=False)


def test_a_directory_that_cannot_be_written_to_is_refused(model, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="`output` must be a directory that can be written to"):
        evaluate(model, TEST, output=tmp_path / "file", verbose=False)
