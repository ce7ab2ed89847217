"""Opens the docstring of each public callable: what it must say, and whether its example runs."""

import dataclasses
import doctest
import importlib
import inspect
import pathlib
import pkgutil
import re
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
from PIL import Image

import wae_tf

# Programs, and the page that needs the extra `explore`, are not called from Python.
PACKAGES = ["wae_tf"] + [
    f"wae_tf.{module.name}"
    for module in pkgutil.iter_modules(wae_tf.__path__)
    if module.ispkg and module.name not in ("bin", "explorer")
]
# Trainings, exports and evaluations: each takes more than three seconds.
SLOW = {
    "wae_tf.evaluate",
    "wae_tf.evaluation.html_report",
    "wae_tf.export.export_parts",
    "wae_tf.export.export_run",
    "wae_tf.export_train_step",
    "wae_tf.features.train_classifier",
    "wae_tf.import_state",
    "wae_tf.own_images.train",
    "wae_tf.training.train",
}
# Examples of these change the model that they begin with; the others share one.
CHANGES = re.compile(r"\bmodel\.\w+ =|\.(fit|load_weights|compile|load_state\w*)\(|compile_model")
# These speak with a hub: `tests/test_publish.py` runs them against one of its own.
NEED_A_HUB = {"wae_tf.push_to_hub", "wae_tf.zoo.copy_entry"}


def public_callables():
    """Returns a dict from the shortest public name of each callable of ours to the callable."""
    found = {}
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            ours = getattr(value, "__module__", "").startswith("wae_tf")
            if callable(value) and ours and value not in found.values():
                found[f"{package}.{name}"] = value
    return found


CALLABLES = public_callables()


def documented(value):
    """Returns what a class or function says, and what that to which it refers by "as in"."""
    text = inspect.getdoc(value) or ""
    places = [inspect.getmodule(value), *map(importlib.import_module, PACKAGES)]
    for name in re.findall(r"as\s+in\s+`([\w.]+)`", text):
        other = next((vars(p)[name] for p in places if name in vars(p)), None)
        text += inspect.getdoc(other) or "" if other is not value else ""
    return text


@pytest.mark.parametrize("name", CALLABLES)
def test_says_what_each_argument_is(name):
    value = CALLABLES[name]
    text = documented(value)
    assert text.strip(), f"{name} has no docstring"
    if inspect.isclass(value) and "__init__" not in vars(value):
        return  # Takes what its base takes, or is never made by a user.
    arguments = [
        argument.name
        for argument in inspect.signature(value).parameters.values()
        if argument.kind not in (argument.VAR_KEYWORD, argument.VAR_POSITIONAL)
    ]
    missing = [argument for argument in arguments if argument not in text]
    assert not missing, f"{name} does not say what these are: {missing}"


@pytest.mark.parametrize(
    "name", [name for name, value in CALLABLES.items() if inspect.isfunction(value)]
)
def test_says_what_it_raises_itself(name):
    source = inspect.getsource(CALLABLES[name])
    if "raise ValueError" in source:
        assert "Raises:" in documented(CALLABLES[name]), f"{name} does not say what it raises"


class AnyOutput(doctest.OutputChecker):
    """Checks the output that an example states; one that states none may have any."""

    def check_output(self, want, got, optionflags):
        return not want or super().check_output(want, got, optionflags)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Returns the names that examples use, small, and the directory of the files they name."""
    directory = tmp_path_factory.mktemp("examples")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:28, :28]
    centres = rng.uniform(6, 22, (300, 2, 1, 1))
    spots = 255 * np.exp(-((y - centres[:, 0]) ** 2 + (x - centres[:, 1]) ** 2) / 12)
    images, labels = spots.astype("uint8"), rng.integers(0, 10, 300).astype("uint8")
    arrays = {"x_train": images, "y_train": labels, "x_test": images[:60], "y_test": labels[:60]}
    np.savez(directory / "mnist.npz", **arrays)
    for folder in ("photos", "runs"):
        (directory / folder).mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).convert("RGB").resize((64, 64)).save(
            directory / "photos" / f"{i}.png"
        )
    images = images[..., None]
    config = tiny.config(image_shape=(28, 28, 1))

    def new_model():
        model = wae_tf.build_model(config)
        model.compile()
        wae_tf.samplers.fit(model, images, kind="gmm", components=2)
        return model

    model = new_model()
    run = directory / "runs" / "mnist"
    wae_tf.zoo.save_entry(run, model, config)
    (run / "history.csv").write_text("epoch,loss,val_loss\n1,5.0,5.5\n2,4.0,4.6\n")
    encoder, decoder = tiny.networks(8, (28, 28, 1))
    extract = wae_tf.features.extractor("lenet")
    codes = rng.standard_normal((100, 8)).astype("float32")
    names = {
        **{name.rsplit(".")[-1]: value for name, value in CALLABLES.items()},
        **{package.rsplit(".")[-1]: importlib.import_module(package) for package in PACKAGES},
        **{"dataclasses": dataclasses, "keras": keras, "np": np, "pathlib": pathlib, "tf": tf},
        **{"images": images, "labels": labels, "train_images": images, "test_images": images[:60]},
        **{"digits": images[:60], "samples": images[60:120], "real": images[:60]},
        **{"reconstructions": images[:300] / np.float32(255), "a": images[:5], "b": images[5:10]},
        **{"config": config, "model": new_model, "shared_model": model},
        **{"codes": codes, "z": codes, "z_prior": codes[::-1]},
        **{"sharp_faces": images[:64], "faces": images},
        **{"encoder": encoder, "decoder": decoder, "extract": extract, "mean": codes},
        **{"log_variance": np.zeros_like(codes), "pictures": wae_tf.pictures},
        "directory": directory,
    }
    return names


def examples():
    """Yields the name and the docstring of each example: of callables, and of their methods."""
    for name, value in CALLABLES.items():
        yield name, inspect.getdoc(value) or ""
        if inspect.isclass(value):
            for method, function in vars(value).items():
                if not method.startswith("_") and callable(function):
                    yield f"{name}.{method}", inspect.getdoc(function) or ""


@pytest.mark.parametrize(
    "name, text",
    [
        pytest.param(name, text, id=name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name, text in examples()
        if ">>>" in text and name not in NEED_A_HUB
    ],
)
def test_example_runs(name, text, world, tmp_path, monkeypatch, capsys):
    for path in world["directory"].iterdir():  # What one writes, none else sees.
        if path.name in text and path.is_dir():
            shutil.copytree(path, tmp_path / path.name)
        elif path.name in text:
            shutil.copyfile(path, tmp_path / path.name)
    monkeypatch.chdir(tmp_path)
    names = dict(world)
    if re.search(r"\bmodel\b", text):
        names["model"] = world["model"]() if CHANGES.search(text) else world["shared_model"]
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_ONLY_FIRST_FAILURE
    runner = doctest.DocTestRunner(checker=AnyOutput(), optionflags=flags)
    said = []
    runner.run(doctest.DocTestParser().get_doctest(text, names, name, None, 0), out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
