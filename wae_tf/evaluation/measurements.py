"""Each metric of an evaluation, next to its floor.

A measurement takes the `Material` and returns records, of `metric_record`, by name of metric.
"""

import functools

import numpy as np

from wae_tf import metrics
from wae_tf.data.arrays import as_uint8
from wae_tf.divergences.kernels import imq_kernel
from wae_tf.divergences.mmd import mmd
from wae_tf.evaluation import feature_measurements
from wae_tf.evaluation.metric_record import record

__all__ = ["measurements"]

_QUERIES = 2000  # Samples, and reconstructions, whose nearest training image is looked for.


def measurements(material):
    """Returns the measurements that can be made, callables by title, in order of a report."""
    chosen = {
        "reconstruction": _reconstruction,
        "sharpness": _sharpness,
        "power spectrum": _power_spectrum,
    }
    if material.extractor is not None:
        chosen |= feature_measurements.measurements(material.extractor)
    chosen["sliced Wasserstein distance"] = _sliced_wasserstein
    chosen["diversity"] = _diversity
    chosen["latent"] = _latent
    if material.sampler != "prior":
        chosen["sampler"] = _sampler
    if material.train is not None:
        chosen["memorisation"] = _memorisation
    return chosen


def _reconstruction(m):
    per_image = metrics.reconstruction_per_image(m.held_out, m.reconstructions())
    mean_image = m.held_out.mean(axis=0, dtype="float64") / 255.0
    spread = sum(
        np.sum(np.square(m.held_out[i : i + 1000] / 255.0 - mean_image))
        for i in range(0, len(m.held_out), 1000)
    )
    baseline = {"squared_error": spread / len(m.held_out)}
    baseline["mse"] = baseline["squared_error"] / mean_image.size
    better = {"squared_error": "lower", "mse": "lower", "psnr": "higher", "ssim": "higher"}
    return {
        name: record(
            np.mean(values),
            n=len(values),
            better=better[name],
            per_image=values,
            **({"of_mean_image": float(baseline[name])} if name in baseline else {}),
        )
        for name, values in per_image.items()
    }


def _sharpness(m):
    real = float(np.mean(metrics.sharpness_per_image(m.real)))
    values = [metrics.sharpness_per_image(images) for images in m.samples]
    outputs = metrics.sharpness_per_image(m.reconstructions())
    return {
        name: record(
            means,
            real,
            n=n,
            better="floor",
            per_image=per_image,
            ratio=float(np.mean(means)) / real if real > 0.0 else None,
        )
        for name, means, per_image, n in (
            ("sharpness_samples", [np.mean(v) for v in values], np.concatenate(values), m.n),
            ("sharpness_reconstructions", np.mean(outputs), outputs, len(outputs)),
        )
    }


def _power_spectrum(m):
    floor = metrics.power_spectrum_error(m.other, m.real)
    reconstructions = as_uint8(m.model.reconstruct(m.real))
    found = {}
    for name, sets in (("samples", m.samples), ("reconstructions", [reconstructions])):
        ratios = [metrics.power_spectrum_ratio(images, m.real) for images in sets]
        mean = np.exp(np.mean(np.log(ratios), axis=0))
        found[f"power_spectrum_{name}"] = record(
            [np.sqrt(np.mean(np.square(np.log(ratio)))) for ratio in ratios],
            floor,
            n=m.n,
            better="lower",
            lowest_ratio=float(mean.min()),
            highest_ratio=float(mean.max()),
            ratios=mean.tolist(),
        )
    return found


def _sliced_wasserstein(m):
    found = [metrics.sliced_wasserstein(m.real, images) for images in m.samples]
    floor = metrics.sliced_wasserstein(m.real, m.other)
    levels = {
        f"sliced_wasserstein_{level}": record(
            [one["levels"][level] for one in found], value, n=floor["images"], better="lower"
        )
        for level, value in floor["levels"].items()
    }
    mean = record(
        [one["sliced_wasserstein"] for one in found],
        floor["sliced_wasserstein"],
        n=floor["images"],
        better="lower",
    )
    return {"sliced_wasserstein": mean, **levels}


def _diversity(m):
    per_pair = [metrics.diversity_per_pair(images) for images in m.samples]
    real = metrics.diversity(m.real)
    return {
        "ms_ssim": record(
            [np.mean(values) for values in per_pair],
            real["ms_ssim"],
            n=2 * real["pairs"],
            better="floor",
            per_image=np.concatenate(per_pair),
            filter_size=real["filter_size"],
            scales=len(real["power_factors"]),
        )
    }


def _latent(m):
    model = m.model
    found = metrics.latent(
        m.codes,
        model.prior,
        _kernel(model),
        # Other divergences have other scales, so that their lambda tells nothing of the MMD's.
        reg_weight=float(model.current_reg_weight) if hasattr(model, "gram") else None,
        cost=_cost(m),
    )
    n = len(m.codes)
    details = {
        "mmd": {
            "p_value": found["mmd_p_value"],
            "null_stddev": found["mmd_null_stddev"],
            "regularisation_share": found["regularisation_share"],
            "warning": found["warning"],
        },
        "covariance_error": {"rank": found["covariance_rank"]},
        "mardia_skewness": {"of_normal": found["mardia_skewness_normal"]},
        "mardia_kurtosis": {"of_normal": found["mardia_kurtosis_normal"]},
        "ks_max": {"statistics": found["ks_statistic"], "p_values": found["ks_p_value"]},
    }
    better = {
        "mardia_skewness": "floor",
        "mardia_kurtosis": "floor",
        "effective_dimension": "floor",
    }
    names = ("mmd", "mean_error", "covariance_error", "mardia_skewness", "mardia_kurtosis")
    return {
        f"latent_{name}": record(
            found[name],
            found[f"{name}_floor"],
            n=n,
            better=better.get(name, "lower"),
            **details.get(name, {}),
        )
        for name in (*names, "ks_max", "effective_dimension")
    }


def _cost(m):
    """Mean reconstruction loss on up to 2,000 images, as training logs it."""
    images = m.real[:2000]
    total = 0.0
    for start in range(0, len(images), 250):
        batch = images[start : start + 250]
        total += len(batch) * float(m.model.objective(batch)["reconstruction_loss"])
    return total / len(images)


def _kernel(model):
    """The kernel that the model trains with, or the one that fits its prior."""
    gram = getattr(model, "gram", None)
    return gram or functools.partial(imq_kernel, base=model.prior.squared_distance)


def _sampler(m):
    """Compares draws of a fitted sampler with codes of images that it was not fitted to."""
    sampler, kernel = m.model.samplers[m.sampler], _kernel(m.model)
    draws = sampler.sample(2 * m.n, m.seeds[0])
    test = metrics.mmd_test(m.codes, draws[: m.n], kernel)
    floor = mmd(draws[m.n :], draws[: m.n], kernel)
    return {
        "sampler_mmd": record(
            test["mmd"], floor, n=m.n, better="lower", p_value=test["p_value"], **sampler.settings
        )
    }


def _memorisation(m):
    found = [
        metrics.memorisation(images, m.train, m.real, max_queries=_QUERIES) for images in m.samples
    ]
    n = found[0]["queries"]
    distances = {name: found[0][name] for name in ("sample_distance", "test_distance")}
    return {
        "memorisation_ratio": record(
            [one["ratio"] for one in found],
            1.0,
            n=n,
            better="floor",
            closest=found[0]["closest"],
            **distances,
        ),
        "memorisation_close_share": record(
            [one["close_share"] for one in found], 0.01, n=n, better="floor"
        ),
        **_memorisation_of_reconstructions(m),
    }


def _memorisation_of_reconstructions(m):
    """The ratio that smoothness alone makes: reconstructions of unseen images are no copies."""
    images = m.real[:_QUERIES]
    smooth = as_uint8(m.model.reconstruct(images))
    found = metrics.memorisation(smooth, m.train, images, max_queries=None)
    return {
        "memorisation_reconstructions": record(
            found["ratio"], 1.0, n=found["queries"], better="floor"
        )
    }
