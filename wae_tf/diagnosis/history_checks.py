"""Checks of the history of a training.

Each takes the `Evidence` and returns number, clause and advice; None where it does not apply.
The formulas are pure functions of lists of numbers.
"""

import numpy as np

__all__ = [
    "divergence_falling",
    "late_fall",
    "learning_rate_floor",
    "loss_rising",
    "rate_kept",
    "rise",
]


def rise(losses):
    """Returns how much of its fall a loss has taken back.

    `(last - lowest) / max(first - lowest, |lowest| / 20)`, with `last` and `lowest` means over
    a tenth of the epochs in a row, at least one: 0 where the end is the best, 1 where it is
    no better than the beginning.

    Args:
        losses: Loss of each epoch.

    Returns:
        Float, at least 0; None for fewer than five epochs.

    Example:
        >>> rise([10.0, 4.0, 2.0, 3.0, 6.0])
        0.5
    """
    if len(losses) < 5:
        return None
    width = max(len(losses) // 10, 1)
    means = np.convolve(losses, np.full(width, 1.0 / width), mode="valid")
    lowest = float(means.min())
    scale = max(losses[0] - lowest, abs(lowest) / 20.0)
    return float((means[-1] - lowest) / scale) if scale > 0.0 else 0.0


def late_fall(divergences, weight, losses):
    """Returns how much of the loss the divergence still gained in the last fifth of a training.

    `weight * (before - last) / |loss|`, with `last` and `loss` means over the last fifth of the
    epochs, at least one, and `before` over as many before.

    Args:
        divergences: Divergence of each epoch, before `weight`.
        weight: lambda.
        losses: Loss of each epoch.

    Returns:
        Float, negative where it rises; None for fewer than three epochs or a loss of 0.

    Example:
        >>> late_fall([0.9, 0.5, 0.3, 0.2, 0.1], weight=10.0, losses=[5.0] * 5)
        0.2
    """
    if len(divergences) < 3:
        return None
    width = max(len(divergences) // 5, 1)
    last, loss = np.mean(divergences[-width:]), abs(np.mean(losses[-width:]))
    before = np.mean(divergences[-2 * width : -width])
    return round(float(weight * (before - last) / loss), 12) if loss > 0.0 else None


def rate_kept(rates, initial=None):
    """Returns what is left of the learning rate after the first epoch.

    The highest rate from the second epoch on, over the first one of all. Of one epoch alone,
    its rate over `initial`.

    Args:
        rates: Rate of the first step of each epoch.
        initial: Rate that the schedule was given; None takes that of the first step.

    Returns:
        Float in [0, 1], where rates do not rise; None where nothing is known.

    Example:
        >>> rate_kept([1e-3, 1e-5, 1e-5])
        0.01
    """
    if not rates or (len(rates) < 2 and initial is None):
        return None
    first = max(rates[0], initial or 0.0)
    return max(rates[1:] or rates) / first if first > 0.0 else None


def loss_rising(e):
    """Share of its fall that the loss has taken back; `rise`."""
    # Of an adversary the loss is no measure of progress, and an adaptive lambda moves it.
    moving = getattr(e.model, "reg_weight_schedule", "constant") == "adaptive"
    adversarial = hasattr(e.model, "discriminator")
    name = "reconstruction_loss" if moving or adversarial else "loss"
    number = rise(_column(e.rows, name))
    if number is None:
        return None
    found = f"`{name}` has taken back {number:.2g} of what it had fallen by"
    return number, found, "Take a smaller `learning_rate`, or one that falls (`lr_schedule`)."


def divergence_falling(e):
    """Gain of the last fifth of the epochs in the divergence; `late_fall`."""
    if hasattr(e.model, "discriminator") or not hasattr(e.model, "reg_weight"):
        return None
    number = late_fall(_column(e.rows, "divergence"), float(e.model.weight), _column(e.rows, "loss"))
    if number is None:
        return None
    found = f"in the last fifth of the epochs the divergence still fell by {number:.2g} of the loss"
    return number, found, "Train longer: more `epochs`."


def learning_rate_floor(e):
    """What is left of the learning rate after the first epoch; `rate_kept`."""
    number = rate_kept(e.rates, e.initial_rate)
    if number is None:
        return None
    return (
        number,
        f"after the first epoch the learning rate is {number:.2g} of the first one or less",
        "Nothing is learned after that: take another `lr_schedule`, a larger `lr_decay_epochs`, or "
        "more steps before the rate falls.",
    )


def _column(rows, name):
    """Values of the epochs in which a critic, if any, had a weight: before, the loss is another."""
    active = [row for row in rows if row.get("critic_weight", 1.0) > 0.0]
    return [row[name] for row in active if name in row]
