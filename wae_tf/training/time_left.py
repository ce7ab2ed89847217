"""How long a training still takes, said while it runs."""

import time

import keras

from wae_tf.runtime.progress_bar import in_words

__all__ = ["TimeLeft"]

_SECONDS = 60.0  # Until it is said first, and then from one time to the next.


class TimeLeft(keras.callbacks.Callback):
    """Says after the first minute, and then where epochs begin, how long all epochs still take.

    Keras's bar has the rest of an epoch. Counted are the steps of this epoch and the one before
    it, but not the first of all, which is compiled; and what lies between the epochs: validation,
    pictures, checkpoints.

    Args:
        epochs: All epochs, where `fit` is called for a part of them.
        steps: Steps of a whole epoch, where `fit` is called for the rest of one.
        clock: Where the time comes from.

    Example:
        >>> model.fit(images, epochs=100, callbacks=[TimeLeft()])
    """

    def __init__(self, epochs=None, steps=None, *, clock=time.monotonic):
        super().__init__()
        self._epochs, self._steps, self._clock = epochs, steps, clock

    def on_train_begin(self, logs=None):
        self._compiled = self._said = self._ended = None  # When.
        self._counts, self._between = [], []  # (steps, seconds) of epochs; seconds between them.

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        if self._ended is not None:
            self._between = [*self._between[-1:], self._clock() - self._ended]
            if self._due():
                self._say(0)

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 0:
            self._begun, self._skipped = self._clock(), 0
            self._counts = [*self._counts[-1:], (0, 0.0)]

    def on_train_batch_end(self, batch, logs=None):
        self._ended = self._clock()
        if self._compiled is None:  # In the first step of all, which is not counted.
            self._compiled, self._begun, self._skipped = self._ended, self._ended, batch + 1
            return
        self._counts[-1] = (batch + 1 - self._skipped, self._ended - self._begun)
        if self._said is None and self._due():
            self._say(batch + 1)

    def _due(self):
        return self._clock() - (self._said or self._compiled) >= _SECONDS

    def _say(self, done):
        steps, epochs = self.params["steps"], self._epochs or self.params["epochs"]
        counted, seconds = map(sum, zip(*self._counts, strict=True))
        if not steps or not counted:  # Nobody knows how long an epoch is.
            return
        self._said = self._clock()
        step = seconds / counted
        between = sum(self._between) / max(len(self._between), 1)
        later = epochs - self._epoch - 1
        left = steps - done + later * (self._steps or steps)
        rest = left * step + (later + 1) * between
        print(f"{chr(10) if done else ''}About {in_words(rest)} to go", flush=True)
