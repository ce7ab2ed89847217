"""Checks of reconstructions and samples.

Each takes the `Evidence` and returns number, clause and advice; None where it does not apply.
"""

import numpy as np

from wae_tf import metrics
from wae_tf.data.arrays import as_uint8
from wae_tf.diagnosis.history_checks import rate_kept
from wae_tf.diagnosis.limits import LIMITS
from wae_tf.diagnosis.weights import lower_weight, raise_weight

__all__ = [
    "copies",
    "few_images",
    "mean_image",
    "not_finite",
    "overfitting",
    "principal_components",
    "samples_alike",
]

_LONGER = (
    "If the loss was still falling, train longer; if not, anew with a `learning_rate` a tenth as "
    "large."
)
# Of reconstructions that are no copies the zoo has ratios of 0.81 and more: smoothness alone does
# not explain lower ones.
_LOWEST_CONTROL = 0.75


def not_finite(e):
    """Share of weights, codes and reconstructions that are NaN or infinite."""
    arrays = [*e.model.get_weights(), e.means]
    if np.all(np.isfinite(e.means)):  # What else is not decoded.
        arrays.append(e.reconstructions)
    bad = sum(int(np.sum(~np.isfinite(array))) for array in arrays)
    share = bad / sum(array.size for array in arrays)
    found = f"{bad:,} numbers of weights, codes and reconstructions are NaN or infinite"
    return share, found, "Train anew with a `learning_rate` a tenth as large."


def mean_image(e):
    """Squared error of reconstructions over that of the mean image."""
    error, of_mean = float(np.mean(e.errors)), e.real.mean_image_error
    if of_mean <= 0.0:
        return None
    found = (
        f"reconstructions err by {error:.4g}, where the mean of all images errs by {of_mean:.4g}"
    )
    return error / of_mean, found, _why_grey(e)


def _why_grey(e):
    kept = rate_kept(e.rates, e.initial_rate)
    if kept is not None and LIMITS["learning_rate_floor"].crossed(kept):
        return "Nothing was learned after the first epoch: see `learning_rate_floor`."
    if e.random and LIMITS["collapsed_posterior"].crossed(metrics.informed_share(e.means, e.codes)):
        return f"The codes say nothing of the images. {lower_weight(e.model)}."
    if LIMITS["dead_codes"].crossed(e.dead):
        return f"The encoder says about the same of all images. {_LONGER}"
    if e.promises_prior and e.moments < 0.1:
        return (
            "The codes follow the prior and say too little of the images. "
            f"{lower_weight(e.model)}; or train longer."
        )
    return _LONGER


def principal_components(e):
    """Squared error of reconstructions over that of as many principal components."""
    found = e.real.components(e.dim)
    if found is None or found[0] <= 0.0:
        return None
    of_components, rows = found
    error = float(np.mean(e.errors[rows]))
    advice = "Train longer, or with wider networks."
    if e.promises_prior and e.moments < 0.1:
        advice += f" If samples are good enough: {lower_weight(e.model)}."
    return (
        error / of_components,
        f"reconstructions err by {error:.4g}, where {e.dim} principal components, which need no "
        f"network, err by {of_components:.4g}",
        advice,
    )


def overfitting(e):
    """Squared error of held-out images over that of training images."""
    error, of_train = float(np.mean(e.errors)), e.train_error
    kind = "squared error"
    if of_train is None:
        last = e.rows[-1] if e.rows and not hasattr(e.model, "beta") else {}
        error, of_train = last.get("val_reconstruction_loss"), last.get("reconstruction_loss")
        kind = "`reconstruction_loss`"
    if error is None or of_train is None or of_train <= 0.0:
        return None
    return (
        error / of_train,
        f"held-out images have a {kind} of {error:.4g}, training images of {of_train:.4g}",
        "Take more images, or change those there are (`max_shift=2`, `horizontal_flip`), or train "
        "for fewer epochs.",
    )


def samples_alike(e):
    """`1 - MS-SSIM` of pairs of samples over that of pairs of real images."""
    real = 1.0 - e.real.ms_ssim
    if real < 1e-3:
        return None
    samples = 1.0 - metrics.diversity(e.samples)["ms_ssim"]
    reconstructions = 1.0 - metrics.diversity(as_uint8(e.reconstructions))["ms_ssim"]
    if e.grey:
        advice = "See `mean_image`."
    elif LIMITS["samples_alike"].crossed(reconstructions / real):
        advice = f"Reconstructions are as alike. {lower_weight(e.model)}; or train longer."
    else:
        advice = f"Reconstructions are not. {raise_weight(e.model)}."
    return (
        samples / real,
        f"pairs of samples differ by {samples:.3g} (1 - MS-SSIM), pairs of real images by "
        f"{real:.3g}",
        advice,
    )


def copies(e):
    """Memorisation ratio of samples over its control, that of held-out reconstructions."""
    try:
        found = None if e.real.train is None else e.memorisation
    except ImportError:  # Of what looks for nearest images, which not everybody has.
        found = None
    if found is None:
        return None
    ratio, control = found
    return (
        ratio / min(max(control, _LOWEST_CONTROL), 1.0),
        f"samples are {ratio:.2f} times as far from their nearest training image as unseen images "
        f"are, and reconstructions of unseen images {control:.2f} times",
        "Samples copy training images: take more images, fewer epochs, or a sampler with fewer "
        "components. Look at the report's nearest training images.",
    )


def few_images(e):
    """Training images for each dimension of the codes."""
    if e.real.train_images is None:
        return None
    count, dim = e.real.train_images, e.model.latent_dim
    return (
        count / dim,
        f"{count:,} training images for codes of {dim} dimensions",
        f"Take `latent_dim={max(int(count / LIMITS['few_images'].threshold), 1)}` or less, or "
        "more images: the codes' distribution cannot be matched, or fitted by a sampler, from so "
        "few.",
    )
