"""From a trained model and images to a fitted sampler."""

import inspect
import warnings

import numpy as np

from wae_tf.arguments import check_choice
from wae_tf.samplers.codes import draw_codes
from wae_tf.samplers.flow import FlowSampler
from wae_tf.samplers.mixture import GaussianMixtureSampler
from wae_tf.samplers.support import support_of, unfold
from wae_tf.samplers.two_stage import TwoStageSampler

__all__ = ["CLASSES", "KINDS", "fit", "fit_codes"]

CLASSES = {cls.kind: cls for cls in (GaussianMixtureSampler, FlowSampler, TwoStageSampler)}
KINDS = tuple(CLASSES)


def fit(model, data, kind="gmm", *, seed=0, batch_size=256, verbose=0, **options):
    """Fits a density to the codes of images, and attaches it to the model.

    It describes the codes of the weights that the model has now: fit again after training.

    Args:
        model: A trained model; `model.samplers[kind]` is set.
        data: Training images, shape `(n, height, width, channels)`, uint8 or floats in
            [0, 1], or a finite `tf.data.Dataset` of batches of such.
        kind: `"gmm"`, `"flow"` or `"two_stage"`.
        seed: Fixes the fit.
        batch_size: Images to encode at a time, where `data` is an array.
        verbose: 0 shows nothing, 1 progress bars, "auto" those that take over two seconds.
        **options: Those of the kind, such as `components=10` of `"gmm"`: see
            `GaussianMixtureSampler.fit`, `FlowSampler.fit`, `TwoStageSampler.fit`.

    Returns:
        `Sampler`, with `sample(n, seed)`.

    Raises:
        ValueError: The kind or an option is unknown, there are too few images, images do
            not fit the model, or codes are not finite.

    Example:
        >>> wae_tf.samplers.fit(model, images, kind="gmm", components=10)
        >>> model.sample(16, seed=0, sampler="gmm").shape
        (16, 28, 28, 1)
    """
    _check(kind, options)
    sampler = fit_codes(
        draw_codes(model, data, seed=seed, batch_size=batch_size, verbose=verbose),
        kind,
        support=support_of(model.prior),
        seed=seed,
        verbose=verbose,
        **options,
    )
    model.samplers[kind] = sampler
    return sampler


def fit_codes(codes, kind="gmm", *, support="space", seed=0, verbose=0, **options):
    """Fits a density to codes `(n, latent_dim)`; the other arguments are those of `fit`.

    Args:
        codes: Shape `(n, latent_dim)`.
        kind: As in `fit`.
        support: Where codes lie: `"space"`, `"sphere"`, or `"cube"` for `[-1, 1]**d`.
        seed: As in `fit`.
        verbose: As in `fit`.
        **options: As in `fit`.

    Raises:
        ValueError: As in `fit`.

    Example:
        >>> fit_codes(codes, "gmm", components=3).sample(16, seed=0).shape
        (16, 8)
    """
    cls = _check(kind, options)
    codes = np.asarray(codes, "float32")
    if codes.ndim != 2 or len(codes) < 2:
        raise ValueError(
            f"`codes` must have shape (n, latent_dim), n >= 2. Received: shape={codes.shape}"
        )
    finite = np.isfinite(codes).all(axis=1)
    if not finite.all():
        raise ValueError(
            "Codes must be finite: the encoder has diverged, or its input is broken. "
            f"Received: NaN or infinity in {np.sum(~finite)} of {len(codes)} codes"
        )
    points = unfold(codes, support)
    settings = {"kind": kind, "latent_dim": codes.shape[1], "support": support}
    settings |= {"codes": len(codes), "seed": seed}
    sampler = cls.fit(points, settings, seed=seed, verbose=verbose, **options)
    _warn_if_singular(points)  # Last: of too few codes `fit` has more to say.
    return sampler


def _check(kind, options):
    check_choice("kind", kind, KINDS)
    known = set(inspect.signature(CLASSES[kind].fit).parameters)
    known -= {"points", "settings", "seed", "verbose"}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(f"kind={kind!r} takes the options {sorted(known)}. Received: {unknown}")
    return CLASSES[kind]


def _warn_if_singular(points):
    variances = np.linalg.eigvalsh(np.cov(points, rowvar=False).reshape(2 * points.shape[1:]))
    unused = int(np.sum(variances < 1e-6 * max(float(variances.mean()), 1e-12)))
    if unused:
        warnings.warn(
            f"Codes have no variance in {unused} of {points.shape[1]} directions; the fitted "
            "density gets a little there.",
            stacklevel=3,
        )
