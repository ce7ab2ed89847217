"""Signals that end a process: from a keyboard, a queue's scheduler, a terminal that is closed."""

import contextlib
import signal
import sys
import threading

__all__ = ["Stopped", "noted", "raised"]

_NAMES = ("SIGTERM", "SIGHUP")  # SIGINT, Python itself turns into KeyboardInterrupt.


class Stopped(KeyboardInterrupt):
    """A signal has asked the process to end.

    Attributes:
        number: The signal's number.
    """

    def __init__(self, number, *args):
        super().__init__(*args)
        self.number = number


@contextlib.contextmanager
def raised():
    """Turns SIGTERM and SIGHUP into `Stopped` while the block runs, unless they are ignored.

    So files are closed and temporary ones removed, as after Ctrl-C. `nohup` ignores SIGHUP.
    """

    def handler(number, frame):
        raise Stopped(number)

    with _handling(handler, _NAMES):
        yield


@contextlib.contextmanager
def noted():
    """Notes signals that ask to end, for the block to end where nothing is lost.

    A second one no longer waits.

    Yields:
        Callable that returns the number of the signal, None before there is one.
    """
    found = []

    def handler(number, frame):
        if found:
            raise Stopped(number)
        found.append(number)
        print("\nStopping after this step; once more stops at once", file=sys.stderr, flush=True)

    with _handling(handler, ("SIGINT", *_NAMES)):
        yield lambda: found[0] if found else None


@contextlib.contextmanager
def _handling(handler, names):
    """Sets a handler for signals that are not ignored, and the former ones in the end."""
    former = {}
    if threading.current_thread() is threading.main_thread():  # Others cannot.
        for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                former[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, before in former.items():
            signal.signal(number, before)
