"""Attacks in processes of their own, which may hang or die without taking the others along."""

import json
import os
import select
import signal
import sys
import time
import traceback

LIMIT = 60.0  # Seconds, after which an attack counts as a hang.


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
    """Waits for a process, kills it after a time, and returns its status; None if it hung."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
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
        with open(reader, encoding="utf-8") as results:
            while True:
                ready, _, _ = select.select([results], [], [], LIMIT)
                line = results.readline() if ready else None
                if not line:
                    break
                tally.add(*json.loads(line))
                place += 1
        if line is None:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if line == "" and status == 0:
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
