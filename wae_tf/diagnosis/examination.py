"""From a model, images and a history to findings."""

import keras

from wae_tf.arguments import check_integer
from wae_tf.diagnosis import code_checks, history_checks, image_checks
from wae_tf.diagnosis.evidence import FEWEST, Evidence, RealImages
from wae_tf.diagnosis.findings import Finding, Findings
from wae_tf.diagnosis.limits import LIMITS
from wae_tf.models.ae import AE
from wae_tf.plots.history import history_rows

__all__ = ["CHECKS", "diagnose", "examine", "initial_rate"]

# In the order of `LIMITS`.
CHECKS = {
    name: getattr(module, name)
    for name in LIMITS
    for module in (image_checks, code_checks, history_checks)
    if hasattr(module, name)
}


def diagnose(
    model,
    images,
    *,
    train=None,
    history=None,
    learning_rate=None,
    sampler="prior",
    n=1000,
    seed=0,
):
    """Looks for what is wrong with a trained model, and says what to do about it.

    Each check compares one number with a threshold between what the models of the zoo have
    and what failed trainings have; docs/diagnosis.md has all of them, with the formulas.
    What does not apply to a model, or lacks what it looks at, is left out.

    Args:
        model: A trained model of `wae_tf`.
        images: Images that training did not see, shape `(n, height, width, channels)`, uint8
            or floats in [0, 1], or a `tf.data.Dataset` of batches of such. Hundreds are
            enough; fewer than 100 make rough numbers.
        train: Training images, likewise. Overfitting and copies, and whether there are
            enough, are looked for with them alone.
        history: What `fit` returned, a `history.csv` of `wae-train`, the directory that holds
            it, or a list of dicts with the numbers of each epoch: for what is seen over
            epochs only. None leaves that out.
        learning_rate: Rate that the training's schedule began with; by default that of the
            model's optimizer, if it is compiled.
        sampler: `"prior"`, or a name in `model.samplers`, whose samples are looked at.
        n: How many images to look at, at most.
        seed: Fixes their choice and all draws.

    Returns:
        `Findings`, a list of `Finding` with `name`, `number`, `threshold`, `found`, `advice` and
        `failing`, worst first, that prints as text. `findings.failing` are those for which the
        model is not to be recommended, `findings.measured` the numbers of all checks.

    Raises:
        ValueError: The model is none of `wae_tf`, images do not fit it or are fewer than
            four, or the history has no epoch.
        FileNotFoundError: There is no such history.

    Example:
        >>> model = wae_tf.load("mnist_wae_mmd")
        >>> findings = wae_tf.diagnose(model, test_images, train=train_images)
        >>> print(findings)
    """
    if not isinstance(model, AE):
        raise ValueError(
            "`model` must be one of wae_tf, such as `wae_tf.load` returns. "
            f"Received: model={model!r}"
        )
    check_integer("n", n, FEWEST)
    real = RealImages(images, train, model.image_shape, n=n, seed=seed)
    rows = [] if history is None else history_rows(history)
    rates = [row["learning_rate"] for row in rows if "learning_rate" in row]
    if learning_rate is None:
        learning_rate = initial_rate(model)
    return examine(
        Evidence(
            model,
            real,
            rows=rows,
            rates=rates,
            initial_rate=learning_rate,
            sampler=sampler,
            seed=seed,
        )
    )


def examine(evidence, names=tuple(CHECKS)):
    """Runs checks by name on `Evidence`, and returns their `Findings`.

    Of a model with numbers that are not finite nothing else is said.
    """
    findings, measured = [], {}
    for name in dict.fromkeys(("not_finite", *names)):
        result = CHECKS[name](evidence)
        if result is None:
            continue
        number, found, advice, *level = result
        limit = LIMITS[name]
        measured[name] = float(number)
        if limit.crossed(number):
            failing = limit.failing and all(level)
            findings.append(Finding(name, float(number), limit.threshold, found, advice, failing))
            if name == "not_finite":
                break
    return Findings(findings, measured)


def initial_rate(model):
    """Returns the learning rate that a compiled model's schedule begins with; None without one."""
    optimizer = model.optimizer if model.compiled else None
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    schedule = getattr(optimizer, "_learning_rate", None)
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return getattr(schedule, "initial", None) or float(schedule(0))
    return None
