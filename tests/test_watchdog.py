"""Checks that workers end when one of them is gone; real processes, without TensorFlow."""

import contextlib
import json
import pathlib
import re
import socket
import subprocess
import sys

import pytest
import tiny

PROGRAM = pathlib.Path(__file__).parent / "watchdog_program.py"
KILLED = -9


def workers(*does, seconds=600):
    """Lets workers do each its thing; returns exit statuses and what they said."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in does]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    started = [
        subprocess.Popen(
            [sys.executable, PROGRAM, json.dumps([addresses, i, what, seconds])],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for i, what in enumerate(does)
    ]
    said = [""] * len(does)
    try:
        for i in sorted(range(len(does)), key=lambda i: does[i] == "vanishes"):
            if does[i] == "vanishes":
                started[i].terminate()
            said[i] = started[i].communicate(timeout=300)[0]
    finally:
        for process in started:
            process.kill()
    return [process.returncode for process in started], said


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("dies", "its process has ended"),
        ("fails", "FloatingPointError: the loss is nan"),
        tiny.slow("vanishes", r"silent for \d+ s"),
    ],
)
@pytest.mark.parametrize("gone", tiny.slow_but([0], [0, 1]))
def test_a_lost_worker_is_named_to_all_others(does, why, gone):
    one, other = "waits", "asks"
    codes, said = workers(*((does, one, other) if gone == 0 else (one, does, other)))
    lost = rf"worker {gone} \(127\.0\.0\.1:\d+\) is gone \({why}\)"
    waiting, asking = said[1 - gone], said[2]
    assert (codes[1 - gone], codes[2]) == (KILLED, 0)
    assert re.search(f"^ConnectionError: All workers must train to the end.*{lost}$", waiting, re.M)
    assert re.search(f"^{lost}$", asking, re.M) and "ConnectionError" not in asking
    assert codes[gone] != 0 or does == "vanishes"


def test_one_that_has_done_its_part_leaves_the_others_alone():
    codes, said = workers("asks", "leaves", "dies")
    assert codes == [0, 0, KILLED]
    assert "worker 2" in said[0] and "worker 1" not in said[0]
    assert workers("leaves", "leaves") == ([0, 0], ["started\n"] * 2)


def test_a_worker_that_waits_for_the_others_to_start_can_be_ended():
    codes, said = workers("starts", "dies")
    assert codes == [KILLED, KILLED]
    assert "Received: worker 1 (127.0.0.1:" in said[0] and "is gone" in said[0]


def test_a_start_that_takes_too_long_is_ended():
    codes, said = workers("starts", "starts", seconds=2)
    assert codes == [KILLED, KILLED]
    started = r"TensorFlow (must start on all workers.*after|has not started within) 2 seconds"
    for text in said:
        assert re.search(rf"^ConnectionError: .*{started}", text, re.M)
