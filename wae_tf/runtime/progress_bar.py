"""What a program shows while it works: Keras's bar, once there is something to wait for."""

import time

import keras

__all__ = ["ProgressBar", "in_words"]

_PATIENCE = 2.0  # Seconds without a bar: most work is over by then.


class ProgressBar:
    """Keras's progress bar with the time left, for work in units of about the same cost.

    Args:
        total: Units in all; None where nobody knows.
        unit: What one is called, such as "image".
        verbose: True or 1 shows the bar at once, "auto" only where the work takes more than two
            seconds, False or 0 never.
        title: A line above the bar.

    Example:
        >>> bar = ProgressBar(len(images), "image", "auto")
        >>> for start in range(0, len(images), 100):
        ...     work(images[start : start + 100])
        ...     bar.update(min(start + 100, len(images)))
    """

    def __init__(self, total, unit, verbose="auto", title=None):
        self._total, self._title = total, title
        self._shown, self._waits = bool(verbose), verbose == "auto"
        self._bar = keras.utils.Progbar(total, unit_name=unit, interval=0.5)
        self._start = time.monotonic()
        self._last = 0, {}

    def update(self, done, **values):
        """Says how many units are done, and numbers to show beside."""
        if not self._shown:
            return
        over = self._total is not None and done >= self._total
        if self._waits and (over or time.monotonic() - self._start < _PATIENCE):
            return
        if self._title is not None:
            print(self._title, flush=True)
        self._waits, self._title, self._last = False, None, (done, values)
        self._bar.stateful_metrics.update(values)
        self._bar.update(done, list(values.items()), finalize=over)

    def close(self):
        """Ends the bar of work that was over before its last unit."""
        done, values = self._last
        if done and done != self._total:
            self._bar.update(done, list(values.items()), finalize=True)


def in_words(seconds):
    """Returns a duration as people say it, with two digits that count.

    Example:
        >>> in_words(150.0)
        '2.5 min'
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 10:
        return f"{minutes:.1f} min"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
