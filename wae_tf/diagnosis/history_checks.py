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


def late_fall(divergences, weight, costs):
    """Returns how much of the loss the divergence still gained at the end of a training.

    `weight * (m - 1) * max(-b - 2 s, 0) / (cost + weight * |mean|)`: b is the slope of the
    least squares line through the last third of the epochs, m of them and at least five, s
    its standard error, `cost` and `mean` the means there of costs and divergences. What chance
    may explain is no fall: an unbiased divergence is noisy, and may be negative. Where its mean
    is, it has nowhere left to fall to.

    Args:
        divergences: Divergence of each epoch, before `weight`.
        weight: lambda.
        costs: Reconstruction loss of each epoch.

    Returns:
        Float, 0 where it does not fall, or is not above 0; None for fewer than five epochs.

    Example:
        >>> round(late_fall([0.5, 0.4, 0.3, 0.2, 0.1], weight=10.0, costs=[5.0] * 5), 6)
        0.5
    """
    if len(divergences) < 5:
        return None
    m = max(len(divergences) // 3, 5)
    values, cost = np.asarray(divergences[-m:], "float64"), float(np.mean(costs[-m:]))
    if values.mean() <= 0.0:
        return 0.0
    epochs = np.arange(m) - (m - 1) / 2.0
    slope = np.sum(epochs * values) / np.sum(epochs**2)
    rest = values - values.mean() - slope * epochs
    error = np.sqrt(np.sum(rest**2) / (m - 2) / np.sum(epochs**2))
    scale = abs(cost) + weight * abs(float(values.mean()))
    fall = (m - 1) * max(float(-slope - 2.0 * error), 0.0)
    return weight * fall / scale if scale > 0.0 else 0.0


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
    if getattr(e.model, "critic", None) is not None:
        return None  # It judges likeness by a measure of its own, and buys it with the cost.
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
    """What the divergence gained in the last third of the epochs, at least five; `late_fall`."""
    if hasattr(e.model, "discriminator") or not hasattr(e.model, "reg_weight"):
        return None
    divergences, costs = _column(e.rows, "divergence"), _column(e.rows, "reconstruction_loss")
    number = late_fall(divergences, float(e.model.current_reg_weight), costs)
    if number is None:
        return None
    return (
        number,
        f"at the end lambda times the divergence still fell by {number:.2g} of the loss",
        "Train longer: more `epochs`.",
    )


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
