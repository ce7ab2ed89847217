"""Checks of codes, of their distance from the prior, and of the discriminator.

Each takes the `Evidence` and returns number, clause and advice; None where it does not apply.
"""

import math

import numpy as np

from wae_tf import metrics
from wae_tf.diagnosis.limits import LIMITS
from wae_tf.diagnosis.weights import lower_weight, raise_weight

__all__ = [
    "brightness",
    "collapsed_posterior",
    "dead_codes",
    "discriminator_lost",
    "discriminator_won",
    "prior_mmd",
    "prior_moments",
    "prior_norm",
]


def dead_codes(e):
    """Share of coordinates whose variance over images is below 1% of the prior's."""
    dim = e.model.latent_dim
    advice = f"{lower_weight(e.model)}, or take a `latent_dim` of {round(dim * (1 - e.dead))}."
    if e.dead == 1.0:
        advice = "The encoder says nothing: see `mean_image`."
        advice = f"{lower_weight(e.model)}." if e.random else advice
    return e.dead, f"{round(dim * e.dead)} of {dim} coordinates of the codes hardly vary", advice


def collapsed_posterior(e):
    """Share of the variance of random codes that the images account for."""
    if not e.random:
        return None
    share = metrics.informed_share(e.means, e.codes)
    found = f"images account for {share:.2g} of the variance of their codes, noise for the rest"
    return share, found, f"{lower_weight(e.model)}."


def brightness(e):
    """Share of the codes' variance that the brightness of the images explains."""
    share = metrics.brightness_share(e.means, e.real.images)
    return (
        share,
        f"brightness alone explains {share:.2f} of the variance of the codes",
        "Train longer. If it stays: bring all images to one mean brightness, or take a cost that "
        "looks at structure, such as `cost='squared_error+0.5*focal_frequency'`.",
    )


def prior_mmd(e):
    """Squared MMD between codes and prior over the prior's mean kernel, where p <= 0.05."""
    relative, p_value = e.mmd
    found = (
        f"the squared MMD between codes and prior is {relative:.2g} of the prior's mean kernel "
        f"(p = {p_value:.2g})"
    )
    return relative, found, _towards_prior(e), e.promises_prior


def prior_moments(e):
    """Frechet distance between codes and prior over the prior's variance."""
    found = (
        f"mean and covariance of the codes are {e.moments:.2g} of the prior's variance away from "
        "the prior's"
    )
    return e.moments, found, _towards_prior(e), e.promises_prior


def prior_norm(e):
    """Median length of codes over that of prior draws, or the inverse where that is larger."""
    ratio = metrics.norm_ratio(e.codes, e.draws[0])
    found = f"codes are {ratio:.2g} times as long as prior draws"
    number = max(ratio, 1.0 / ratio) if ratio > 0.0 else math.inf
    return min(number, 1e6), found, _towards_prior(e), e.promises_prior


def _towards_prior(e):
    if e.grey:
        return "See `mean_image` first: neither term of the loss was learned."
    if LIMITS["dead_codes"].crossed(e.dead):
        return "See `dead_codes` first: codes that do not vary cannot follow the prior."
    return f"{raise_weight(e.model)}; samples from the prior are not to be trusted until then."


def discriminator_won(e):
    """How often the discriminator ranks a prior draw above a code."""
    if not hasattr(e.model, "discriminator"):
        return None
    area = metrics.separation(*e.logits)
    return (
        area,
        f"the discriminator ranks a prior draw above a code in {area:.2%} of pairs",
        f"{raise_weight(e.model)}, or take a smaller `discriminator_learning_rate` or "
        "`discriminator_width`.",
    )


def discriminator_lost(e):
    """What the discriminator gains on not looking, where codes are far from the prior."""
    if not hasattr(e.model, "discriminator"):
        return None
    far = LIMITS["prior_mmd"].crossed(e.mmd[0]) or LIMITS["prior_moments"].crossed(e.moments)
    if not far:
        return None  # At chance, as it should be.
    gain = _gain(e)
    found = f"codes are far from the prior, and the discriminator gains {gain:.2g} of what it could"
    if _at_chance_throughout(e):
        found += ", at chance from the first epoch on"
    return (
        gain,
        found,
        "Raise `discriminator_learning_rate`, to half of `learning_rate` as in the paper, or take "
        "a wider discriminator.",
    )


def _gain(e):
    """1 where the discriminator is always right and sure of it, 0 where it says nothing."""
    prior, codes = (np.asarray(logits, "float64") for logits in e.logits)
    if e.model.adversarial_loss == "gan":
        loss = np.mean(np.logaddexp(0.0, -prior)) + np.mean(np.logaddexp(0.0, codes))
        return 1.0 - float(loss) / (2.0 * math.log(2.0))
    if e.model.adversarial_loss == "gan_hinge":
        loss = np.mean(np.maximum(0.0, 1.0 - prior)) + np.mean(np.maximum(0.0, 1.0 + codes))
        return 1.0 - float(loss) / 2.0
    return 2.0 * metrics.separation(prior, codes) - 1.0


def _at_chance_throughout(e):
    """Whether the logged loss is that of a discriminator that says nothing, in each epoch."""
    if e.model.adversarial_loss != "gan" or not e.rows or e.model.reg_weight_schedule != "constant":
        return False
    chance = float(e.model.current_reg_weight) * 2.0 * math.log(2.0)
    losses = [row.get("discriminator_loss", 0.0) for row in e.rows]
    return all(abs(loss / chance - 1.0) < LIMITS["discriminator_lost"].threshold for loss in losses)
