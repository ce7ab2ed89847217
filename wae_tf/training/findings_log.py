"""What a training says while it runs when it goes wrong."""

import keras

from wae_tf.diagnosis import FEWEST, diagnose
from wae_tf.diagnosis.evidence import Evidence, RealImages
from wae_tf.diagnosis.examination import examine, initial_rate

__all__ = ["FindingsLog", "at_end", "of_run"]

# What may be said of an unfinished training. Codes near the prior, a divergence that has settled
# and reconstructions better than principal components are its aims: `wae_tf.diagnose` looks at
# them in the end.
_AT_ONCE = ("learning_rate_floor", "few_images")
_AFTER_WARM_UP = (
    "mean_image",
    "collapsed_posterior",
    "dead_codes",
    "brightness",
    "samples_alike",
    "discriminator_lost",
    "overfitting",
    "loss_rising",
)


class FindingsLog(keras.callbacks.Callback):
    """Prints one line, at the epoch where it first shows, for each thing that goes wrong.

    The checks are those of `wae_tf.diagnose` that an unfinished training can be held to; they
    look at a few hundred images, and each of them is said once. Placed behind others, it sees
    what they have added to the logs.

    Args:
        images: Images that training does not see: array, uint8 or floats in [0, 1].
        train: Training images, or None.
        history: Dicts with the logs of the epochs before, where a training resumes.
        stop_on_failure: Whether a finding that fails the model ends the training, after what
            other callbacks do at the end of that epoch, such as a checkpoint.
        warm_up: Optimizer steps before images and codes are looked at: moving averages of
            batch normalisation lag behind for some hundred steps.
        every: Optimizer steps from one look to the next, at the end of an epoch: short epochs
            would not be worth one each. The last epoch always is.
        n: How many images to look at, at most.
        say: Callable that takes a line; None says nothing.

    Raises:
        FloatingPointError: From `fit`, with `stop_on_failure`.
        ValueError: From `fit` before it trains: `images` are none of the model, or fewer
            than four.

    Example:
        >>> log = FindingsLog(test_images, train_images, stop_on_failure=True)
        >>> model.fit(train_images, batch_size=100, epochs=10, callbacks=[EpochLog(), log])
    """

    def __init__(
        self,
        images,
        train=None,
        *,
        history=(),
        stop_on_failure=False,
        warm_up=500,
        every=100,
        n=200,
        say=print,
    ):
        super().__init__()
        self.images, self.train = images, train
        self.stop_on_failure, self.n = stop_on_failure, n
        self.warm_up, self.every, self._looked = warm_up, every, -every
        self.say = say or (lambda line: None)
        self._rows, self._said, self._real = list(history), set(), None

    def on_train_begin(self, logs=None):
        self._failed = None
        self._real = RealImages(self.images, self.train, self.model.image_shape, n=self.n, seed=0)

    def on_epoch_end(self, epoch, logs=None):
        self._rows.append({"epoch": epoch + 1, **(logs or {})})
        rates = [row["learning_rate"] for row in self._rows if "learning_rate" in row]
        if epoch + 1 < self.params.get("epochs", 0):
            next_rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
            rates.append(float(next_rate))  # Of the next step.
        evidence = Evidence(
            self.model,
            self._real,
            rows=self._rows,
            rates=rates,
            initial_rate=initial_rate(self.model),
        )
        findings = examine(evidence, _AT_ONCE + (_AFTER_WARM_UP if self._due(epoch) else ()))
        for finding in findings:
            if finding.name not in self._said:
                self._said.add(finding.name)
                self.say(f"Finding of epoch {epoch + 1}: {finding}")
        if self.stop_on_failure and findings.failing:
            self._failed = f"epoch {epoch + 1} with {findings.failing[0]}"
            self.model.stop_training = True

    def _due(self, epoch):
        steps = int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
        last = epoch + 1 == self.params.get("epochs")
        if steps < self.warm_up or (steps - self._looked < self.every and not last):
            return False
        self._looked = steps
        return True

    def on_train_end(self, logs=None):
        if self._failed:
            raise FloatingPointError(
                "A training with `stop_on_failure` must have no finding that fails its model: do "
                "what the finding says, or go on without `stop_on_failure`. "
                f"Received: {self._failed}"
            )


def of_run(followed, train, history, stop_on_failure, say):
    """Returns the callbacks of a run: a `FindingsLog`, where images are enough for one."""
    if len(followed) < FEWEST:
        return []
    return [FindingsLog(followed, train, history=history, stop_on_failure=stop_on_failure, say=say)]


def at_end(model, followed, train, history, config, say):
    """Says what is wrong with a run's result, and returns it as a part of its entry.

    Args:
        model: The trained model.
        followed: Images that training did not see; without any the training's own.
        train: Training images; None where `followed` are such.
        history: Dicts with the logs of each epoch.
        config: `WAEConfig` of the run.
        say: Callable that takes a line.

    Returns:
        Dict with `diagnosis`, `Findings.to_dict()`; empty where images are too few for one.
    """
    if len(followed) < FEWEST:
        return {}
    findings = diagnose(
        model, followed, train=train, history=history, learning_rate=config.learning_rate
    )
    if findings:
        say(f"Findings:\n{findings}")
    return {"diagnosis": findings.to_dict()}
