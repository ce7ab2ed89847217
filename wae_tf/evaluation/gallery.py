"""All pictures of an evaluation."""

import functools

import numpy as np

from wae_tf import plots, samplers

__all__ = ["gallery"]

_ROWS = 8
_LATENT_POINTS = 3000
_REPEATS = 64


def gallery(material, labels=None, history=None, results=None):
    """Returns the pictures of a model as callables that draw them, by title.

    Args:
        material: `Material` of the evaluation.
        labels: Classes of `material.held_out`.
        history: What `plots.losses` takes, or None.
        results: Results of `evaluate`, for the closest pairs of samples and training images.

    Returns:
        Dict from title to a callable without arguments that returns a Figure.
    """
    pictures = {
        "samples": functools.partial(_samples, material),
        "reconstructions": functools.partial(_reconstructions, material),
        "interpolations": functools.partial(_interpolations, material),
        "random directions": functools.partial(_random_directions, material),
        "codes": functools.partial(_codes, material, labels, "least_gaussian"),
    }
    if material.model.latent_dim > 2:
        pictures["codes in principal plane"] = functools.partial(_codes, material, labels, "pca")
    pictures["aggregate posterior"] = functools.partial(_aggregate_posterior, material)
    ratio = (results or {}).get("metrics", {}).get("memorisation_ratio")
    if ratio is not None:
        pictures["nearest training images"] = functools.partial(
            _nearest, material, ratio["closest"]
        )
    spectra = {
        name.removeprefix("power_spectrum_"): record["ratios"]
        for name, record in (results or {}).get("metrics", {}).items()
        if name.startswith("power_spectrum_")
    }
    if spectra:
        pictures["power spectrum"] = functools.partial(plots.power_spectra, spectra)
    if history is not None:
        pictures["training"] = functools.partial(plots.losses, history)
    return pictures


def _samples(m):
    shown = m.samples[0][:96]
    source = "the prior" if m.sampler == "prior" else f"the sampler {m.sampler!r}"
    return plots.samples(
        shown,
        columns=16,
        caption=f"The first {len(shown)} samples of seed {m.seeds[0]} from {source}.",
    )


def _reconstructions(m):
    images = m.real[:48]
    return plots.reconstructions(images, m.model.reconstruct(images), columns=16)


def _interpolations(m):
    a, b = m.real[:_ROWS], m.real[-_ROWS:]
    way = "great circles" if m.model.prior.spherical else "straight lines"
    return plots.interpolations(
        m.model.interpolate(a, b, steps=9),
        ends=(a, b),
        caption=f"Decoded {way} between the codes of held-out images, which are at both ends.",
    )


def _random_directions(m):
    images, steps, length = m.real[:_ROWS], 11, 2.0
    unit = "radians" if m.model.prior.spherical else "standard deviations of the prior"
    return plots.interpolations(
        plots.random_directions(m.model, images, steps=steps, length=length),
        ticks=[f"{t:+.2g}" if t else "code" for t in np.linspace(-length, length, steps)],
        title="Random directions",
        caption=f"Through the codes of held-out images, in the middle; distances in {unit}.",
    )


def _codes(m, labels, plane):
    codes = m.codes[:_LATENT_POINTS]
    return plots.latent_scatter(
        codes,
        m.model.prior.sample(len(codes), seed=(m.seeds[0], 0)),
        None if labels is None else np.asarray(labels)[m.real_rows][:_LATENT_POINTS],
        plane=plane,
        title="Codes of held-out images and the prior",
    )


def _aggregate_posterior(m):
    codes = m.codes[:_LATENT_POINTS]
    repeated = np.repeat(m.real[:12], _REPEATS, axis=0)
    points = samplers.draw_codes(m.model, repeated)
    return plots.aggregate_posterior(
        codes,
        m.model.prior.sample(len(codes), seed=(m.seeds[0], 0)),
        points.reshape(-1, _REPEATS, m.model.latent_dim),
    )


def _nearest(m, closest):
    closest = closest[:16]
    rows = _rows(m.train, [pair["train"] for pair in closest])
    return plots.nearest_neighbours(
        m.samples[0][[pair["sample"] for pair in closest]],
        rows,
        [pair["distance"] for pair in closest],
        columns=16,
        title="Samples nearest to a training image",
        caption=(
            f"The {len(closest)} closest pairs, at Euclidean distances over pixels in [0, 1] from "
            f"{closest[0]['distance']:.3g} to {closest[-1]['distance']:.3g}. A model that copies "
            "shows equal pairs."
        ),
    )


def _rows(images, indices):
    """Picks images of an array, or of a data set by their place in it."""
    if hasattr(images, "__array__"):
        return images[indices]
    found, start = {}, 0
    for batch in images:
        batch = np.asarray(batch[0] if isinstance(batch, (list, tuple)) else batch)
        found |= {i: batch[i - start] for i in indices if start <= i < start + len(batch)}
        start += len(batch)
    return np.stack([found[i] for i in indices])
