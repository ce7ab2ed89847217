"""What an evaluation prints while it works."""

import sys

from wae_tf.runtime.progress_bar import in_words

__all__ = ["Progress", "details", "line", "number", "uncertainty"]

_BAR = 20


class Progress:
    """Prints a line for each result, and on a terminal a bar beneath them.

    Args:
        total: Number of steps.
        verbose: Whether to print at all.
    """

    def __init__(self, total, verbose=True):
        self._total, self._done, self._verbose = total, 0, verbose
        self._bar = verbose and sys.stdout.isatty()

    def start(self, text, left=None):
        """Says what is being worked on, and how many seconds are left, where there is a bar."""
        if self._bar:
            if left is not None:
                text += f", about {in_words(left)} to go"
            filled = _BAR * self._done // max(self._total, 1)
            bar = "#" * filled + "-" * (_BAR - filled)
            print(f"\r\033[K[{bar}] {self._done}/{self._total} {text}", end="", flush=True)

    def clear(self):
        """Removes the bar, for one of something else."""
        if self._bar:
            print("\r\033[K", end="", flush=True)

    def print(self, text):
        """Prints a line above the bar."""
        if self._verbose:
            print(f"\r\033[K{text}" if self._bar else text, flush=True)

    def finish(self):
        """Counts a step as done."""
        self._done += 1
        self.clear()


def line(name, record, data_sha256):
    """Returns one metric as a line: value, uncertainty, floor, n, hashes."""
    text = f"{name:<27} {number(record['value']):>9}"
    spread = uncertainty(record)
    text += f"  {spread:<20}"
    text += f" floor {number(record['floor']):>8}" if record["floor"] is not None else " " * 15
    text += f"  n={record['n']}  data {data_sha256[:8]}"
    if record.get("features_sha256"):
        text += f"  {record['features']} {record['features_sha256'][:8]}"
    return text.rstrip()


def number(value):
    """Returns a number with four digits that count."""
    if value is None:
        return "-"
    return f"{value:.4g}" if abs(value) < 1e5 else f"{value:.3e}"


def uncertainty(record):
    """Returns the spread over seeds or the interval of a record, as text."""
    if "stddev" in record:
        return f"+- {record['stddev']:.2g}"
    if "low" in record:
        return f"[{number(record['low'])}, {number(record['high'])}]"
    return ""


def details(record):
    """Yields, as texts, what changes how a record's number reads."""
    if record.get("of_mean_image") is not None:
        yield f"the mean image has {number(record['of_mean_image'])}"
    if record.get("ratio") is not None:
        yield f"{record['ratio']:.0%} of real"
    if record.get("lowest_ratio") is not None:
        yield f"{record['lowest_ratio']:.2f} to {record['highest_ratio']:.2f} of real power"
    if record.get("p_value") is not None:
        yield f"p = {record['p_value']:.2g}"
    if record.get("of_normal") is not None:
        yield f"{number(record['of_normal'])} expected of a normal distribution"
    if record.get("shares"):
        rarest = min(record["shares"].values())
        classes = [name for name, share in record["shares"].items() if share == rarest]
        yield f"rarest: {', '.join(classes)}"
