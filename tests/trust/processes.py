"""Attacks in processes of their own, which may hang or die without taking the others along."""

import contextlib
import json
import os
import pathlib
import select
import signal
import sys
import time
import traceback

LIMIT = 60.0  # Seconds of an attack's own clock, after which it counts as a hang.


class Clock:
    """A process's own time: what has passed, but for what it stood in line for a processor.

    So a hang on an idle machine is one on a crowded machine, too, and a slow attack is neither.
    """

    def __init__(self, pid):
        self.pid = pid
        self.restart()

    def restart(self):
        self._waited, self._began = {}, 0.0
        self._began = self.seconds()

    def seconds(self):
        """Returns the seconds since the last `restart`."""
        for path in pathlib.Path(f"/proc/{self.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):  # The thread has ended.
                self._waited[path.parent.name] = int(path.read_text().split()[1])
        # Threads that wait at once count once each: rather too patient than unjust.
        return time.monotonic() - sum(self._waited.values()) / 1e9 - self._began


def quietly():
    """Sends what this process prints to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)


def start(function, *arguments):
    """Runs a function in a fork, and returns its process id; the status is 0 where it returns."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        if not os.environ.get("TRUST_VERBOSE"):
            quietly()
        status = function(*arguments) or 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def finish(pid, seconds=LIMIT):
    """Waits for a process, kills it after a time of its own, and returns its status; None if so."""
    clock = Clock(pid)
    while clock.seconds() < seconds:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def answer(pid, lines, seconds=LIMIT):
    """Returns the next line that a process writes, b"" at its end; None if it hangs."""
    clock = Clock(pid)
    while clock.seconds() < seconds:
        if select.select([lines], [], [], 0.5)[0]:
            return lines.readline()
    return None


def each(function, numbers, tally, until):
    """Calls `function(number)` for each number in forks, and counts `(kind, outcome, example)`.

    A fork goes on with the next number; one that hangs or dies is followed by another.

    Args:
        function: Returns `(kind, outcome, example)`; or, of a kind known before, has its name in
            `function.kind(number)`.
        numbers: List of numbers, which fix the attacks.
        tally: `Tally`.
        until: Time of `time.monotonic` after which no attack begins.
    """
    place = 0
    while place < len(numbers) and time.monotonic() < until:
        reader, writer = os.pipe()
        pid = start(_work, function, numbers[place:], writer, until)
        os.close(writer)
        with open(reader, "rb", buffering=0) as results:  # Or `select` would not see what is left.
            while line := answer(pid, results):
                tally.add(*json.loads(line))
                place += 1
        if line is None:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if line == b"" and status == 0:
            return
        outcome = "hang" if line is None else "unclear"
        if place < len(numbers):
            number = numbers[place]
            tally.add(function.kind(number), outcome, f"number {number}, status {status}")
        place += 1


def _work(function, numbers, writer, until):
    with open(writer, "w", encoding="utf-8") as results:
        for number in numbers:
            if time.monotonic() > until:
                break
            results.write(json.dumps(function(number)) + "\n")
            results.flush()
