"""Learning rates that change from epoch to epoch, as Keras schedules."""

import math

import keras
from keras import ops

from wae_tf.arguments import check_choice, check_number

__all__ = ["SCHEDULES", "EpochSchedule"]

# (first epoch, counted from 1, factor) of the authors' schedule 'manual'.
_MANUAL = ((1, 1.0), (31, 0.5), (51, 0.1), (101, 0.01))

_SMOOTH_EPOCHS = 10  # In which 'manual_smooth' falls to 1/100 at the fastest.

SCHEDULES = ("constant", "manual", "manual_smooth", "exponential", "cosine", "linear_half")


@keras.saving.register_keras_serializable(package="wae_tf")
class EpochSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """One learning rate for each epoch, but for `"linear_half"`.

    Epoch `k`, counted from 1, of `epochs` trains at `initial` times, after the authors' code,

    - `"constant"`: 1.
    - `"manual"`: 1 up to epoch 30, 1/2 up to 50, 1/10 up to 100, then 1/100.
    - `"manual_smooth"`: `100 ** (-k / epochs)`, so that the last one has 1/100. Fewer than ten
      epochs fall as ten would, which leaves the last one more: 1/100 from the first step on
      learns nothing.
    - `"exponential"`: `10 ** (-(k - 1) / decay_epochs)`, which the authors' code does where
      its schedule is a number.
    - `"cosine"`: `(1 + cos(pi * (k - 1) / epochs)) / 2` ([1], without restarts), which the
      authors' code does not have: most of the training at a high rate, the end at a low one.
    - `"linear_half"`: 1 in the first half of the steps, then straight down to zero after the
      last one, from step to step: few epochs are enough for it.

    Args:
        initial: Learning rate, positive.
        kind: One of the names above.
        epochs: Length of the whole training.
        steps_per_epoch: Optimizer steps that make one epoch.
        decay_epochs: Epochs in which `"exponential"` falls to a tenth.

    Raises:
        ValueError: `kind` is none of the names, or a number is not positive.

    Example:
        >>> schedule = EpochSchedule(1e-3, "manual_smooth", epochs=10, steps_per_epoch=600)
        >>> round(float(schedule(6000 - 1)), 8)
        1e-05

    [1] Loshchilov & Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, ICLR 2017,
    arXiv:1608.03983, Eq. (5).
    """

    def __init__(self, initial, kind, *, epochs, steps_per_epoch, decay_epochs=50.0):
        self.kind = check_choice("kind", kind, SCHEDULES)
        self.initial = check_number("initial", initial)
        check_number("epochs", epochs)
        check_number("steps_per_epoch", steps_per_epoch)
        check_number("decay_epochs", decay_epochs)
        self.epochs = epochs
        self.steps_per_epoch = steps_per_epoch
        self.decay_epochs = decay_epochs

    def __call__(self, step):
        epoch = ops.cast(ops.floor_divide(step, self.steps_per_epoch), "float32") + 1.0
        if self.kind == "constant":
            factor = 1.0
        elif self.kind == "manual_smooth":
            factor = ops.power(100.0, -epoch / max(self.epochs, _SMOOTH_EPOCHS))
        elif self.kind == "exponential":
            factor = ops.power(10.0, (1.0 - epoch) / self.decay_epochs)
        elif self.kind == "linear_half":
            steps = self.epochs * self.steps_per_epoch
            left = ops.cast(steps - step, "float32")
            factor = ops.clip(2.0 * left / steps, 0.0, 1.0)
        elif self.kind == "cosine":
            factor = (1.0 + ops.cos(math.pi * (epoch - 1.0) / self.epochs)) / 2.0
        else:
            factor = 1.0
            for first, value in _MANUAL:
                factor = ops.where(epoch >= first, value, factor)
        return ops.cast(self.initial * factor, "float32")

    def get_config(self):
        return {
            "initial": self.initial,
            "kind": self.kind,
            "epochs": self.epochs,
            "steps_per_epoch": self.steps_per_epoch,
            "decay_epochs": self.decay_epochs,
        }
