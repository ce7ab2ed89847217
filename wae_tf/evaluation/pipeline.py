"""From a trained model and images to numbers, next to what real images would give."""

import json
import time
import warnings

import keras
import tensorflow as tf

from wae_tf import features as features_lib
from wae_tf import files, samplers
from wae_tf._version import __version__
from wae_tf.arguments import check_choice, check_integer, check_labels
from wae_tf.data import fingerprint
from wae_tf.diagnosis import FEWEST, diagnose
from wae_tf.evaluation.expected_time import ExpectedTime
from wae_tf.evaluation.gallery import gallery
from wae_tf.evaluation.material import Material
from wae_tf.evaluation.measurements import measurements
from wae_tf.evaluation.progress import Progress, line
from wae_tf.evaluation.report import html_report
from wae_tf.models.ae import AE

__all__ = ["evaluate"]


def evaluate(
    model,
    data,
    *,
    train=None,
    labels=None,
    sampler="prior",
    features="auto",
    n=None,
    seeds=1,
    seed=0,
    history=None,
    output=None,
    cache_dir=None,
    name=None,
    verbose=True,
):
    """Measures a model, next to the floor of each metric, and makes a report of it.

    Metrics are those of `wae_tf.metrics`. A floor is the same metric between two disjoint
    sets of real images, of as many images as the samples that are measured; for codes,
    between two sets of prior draws. A metric that fails is kept as an error, and the
    others are measured all the same.

    Args:
        model: A trained model.
        data: Images that training did not see, shape `(n, height, width, channels)`, uint8
            or floats in [0, 1], or a `tf.data.Dataset` of batches of such.
        train: Training images, likewise. They serve the floors, memorisation, and fitting a
            sampler; without them, floors compare halves of `data`.
        labels: Classes of the images in `data`, for the picture of the codes.
        sampler: `"prior"`, or `"gmm"`, `"flow"`, `"two_stage"`; fitted to `train` unless
            `model.samplers` has it.
        features: What `wae_tf.features.extractor` takes, or an `Extractor`; None measures no
            distance between features. `"auto"` is `"lenet"` for images of 28x28x1, and None
            for others: those of 32x32x3 need not be like CIFAR-10, which `"convnet"` knows.
            The classes of samples are measured with these two only.
        n: Images in each set of a comparison. By default as many as there are, at most
            10,000; of `data` alone, without `train`, a half.
        seeds: How many sets of samples to measure; from 2 on, values have a spread.
        seed: The first of their seeds.
        history: What `wae_tf.plots.losses` takes, for a picture of the training.
        output: Directory for `results.json`, written after each metric, `report.html` and
            `pictures/`; made if it is not there. None writes nothing.
        cache_dir: Directory in which features are kept from one evaluation to the next.
        name: What to call the model; its own name by default.
        verbose: Whether to print results as they come.

    Returns:
        Dict of JSON's types: `metrics`, a dict of records by name with `value`, `floor`, `n`,
        what they were measured on, with several seeds `stddev`, and where a metric is a mean
        over images `low` and `high` of a 95% bootstrap interval; `errors`; `warnings`;
        `timings` in seconds; `diagnosis`, what `wae_tf.diagnose` finds, as its `to_dict` has
        it; and what was evaluated, on what.

    Raises:
        ValueError: Images do not fit the model, there are too few, the sampler is unknown,
            or needs `train` to be fitted.

    Example:
        >>> model = wae_tf.load("mnist_wae_mmd")
        >>> results = wae_tf.evaluate(model, test_images, train=train_images, output="report")
        >>> results["metrics"]["lenet_fd"]["value"]
    """
    start = time.monotonic()
    check_integer("seeds", seeds, 1)
    _check_sampler(model, sampler, train)
    if output is not None:
        output = files.writable_directory(output, "output")
        for directory in (output, output / "pictures"):  # Left by processes that were killed.
            files.remove_leftovers(directory)
    material = Material(
        model,
        data,
        train,
        n=n,
        seeds=range(seed, seed + seeds),
        sampler=sampler,
        extractor=_extractor(features, model.image_shape, cache_dir),
    )
    check_labels(labels, len(material.held_out), "image")
    steps = measurements(material)
    progress = Progress(len(steps) + 2, verbose)
    if sampler != "prior" and sampler not in model.samplers:
        samplers.fit(
            model, material.train, kind=sampler, seed=seed, verbose="auto" if verbose else 0
        )
        progress.print(f"Fitted {model.samplers[sampler]}")
    results = _header(model, material, name)
    time_left = ExpectedTime(material, steps)
    for title, measure in steps.items():
        progress.start(title, time_left.left())
        began = time.monotonic()
        _measure(title, measure, material, results, progress)
        time_left.add(title, time.monotonic() - began)
        results["timings"][title] = round(time.monotonic() - began, 2)
        results["seconds"] = round(time.monotonic() - start, 1)
        if output is not None:
            _write(output / "results.json", results)
        progress.finish()
    progress.start("diagnosis")
    _diagnose(material, history, results, progress)
    progress.finish()
    if output is not None:
        progress.start("pictures")
        _report(output, material, results, labels, history, progress)
        results["seconds"] = round(time.monotonic() - start, 1)
        _write(output / "results.json", results)
        progress.finish()
        progress.print(f"Wrote {output / 'results.json'} and {output / 'report.html'}")
    return results


def _check_sampler(model, sampler, train):
    if sampler == "prior" or sampler in model.samplers:
        return
    check_choice("sampler", sampler, ("prior", *samplers.KINDS))
    if train is None:
        raise ValueError(
            "A sampler is fitted to training images: pass them as `train`, or fit it before, by "
            f"`wae_tf.samplers.fit`. Received: sampler={sampler!r}, train=None, and a model with "
            f"{sorted(model.samplers)}"
        )


def _extractor(features, image_shape, cache_dir):
    if features is None or isinstance(features, features_lib.Extractor):
        return features
    if isinstance(features, str) and features == "auto":
        if tuple(image_shape) != (28, 28, 1):
            return None
        features = "lenet"
    return features_lib.extractor(features, cache_dir=cache_dir)


def _header(model, material, name):
    train, extractor, sampler = material.train, material.extractor, material.sampler
    train_sha256 = fingerprint(train) if hasattr(train, "__array__") else None
    return {
        "model": {
            "name": name or model.name,
            "class": type(model).__name__,
            "latent_dim": int(model.latent_dim),
            "image_shape": list(model.image_shape),
            "params": int(model.encoder.count_params() + model.decoder.count_params()),
        },
        "sampler": {"kind": "prior"} if sampler == "prior" else model.samplers[sampler].settings,
        "data": {"images": len(material.held_out), "sha256": material.data_sha256},
        "train": None
        if train is None
        else {
            "images": len(train) if hasattr(train, "__array__") else None,
            "sha256": train_sha256,
        },
        "features": None
        if extractor is None
        else {"name": extractor.name, "dim": extractor.dim, "sha256": extractor.hash},
        "n": material.n,
        "seeds": material.seeds,
        "metrics": {},
        "errors": {},
        "warnings": [],
        "timings": {},
        "versions": {
            "wae_tf": __version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
        },
    }


def _measure(title, measure, material, results, progress):
    """Adds what a measurement gives to the results: records, warnings, or its error."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            records = measure(material)
    except Exception as error:  # Any failure costs this metric only.
        results["errors"][title] = f"{type(error).__name__}: {error}"
        progress.print(f"{title}: failed. {results['errors'][title]}")
        return
    texts = [str(w.message) for w in caught if issubclass(w.category, UserWarning)]
    for name, record in records.items():
        record["data_sha256"] = material.data_sha256
        results["metrics"][name] = record
        progress.print(line(name, record, material.data_sha256))
        texts.append(record.pop("warning", None))
    for text in dict.fromkeys(filter(None, texts)):
        results["warnings"].append(f"{title}: {text}")
        progress.print(f"Warning, {title}: {text}")


def _diagnose(material, history, results, progress):
    """Adds what is wrong with the model to the results, or the error of looking for it."""
    if material.n < FEWEST or not isinstance(material.model, AE):
        return
    try:
        findings = diagnose(
            material.model,
            material.real,
            train=material.train,
            history=history,
            sampler=material.sampler,
            seed=material.seeds[0],
        )
    except Exception as error:  # Any failure costs the diagnosis only.
        results["errors"]["diagnosis"] = f"{type(error).__name__}: {error}"
        progress.print(f"diagnosis: failed. {results['errors']['diagnosis']}")
        return
    results["diagnosis"] = findings.to_dict()
    for finding in findings:
        progress.print(f"Finding, {finding}")


def _report(output, material, results, labels, history, progress):
    from wae_tf import plots

    directory = files.writable_directory(output / "pictures")
    pictures = {}
    for title, draw in gallery(material, labels, history, results).items():
        try:
            figure = draw()
        except Exception as error:  # Any failure costs this picture only.
            results["errors"][f"picture of {title}"] = f"{type(error).__name__}: {error}"
            progress.print(f"Picture of {title}: failed. {type(error).__name__}: {error}")
            continue
        pictures[title] = plots.as_png(figure)
        plots.save(directory / f"{title.replace(' ', '_')}.png", figure)
    with files.replacing(output / "report.html") as temporary:
        temporary.write_text(html_report(results, pictures), encoding="utf-8")


def _write(path, results):
    with files.replacing(path) as temporary:
        temporary.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
