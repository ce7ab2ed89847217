"""A process beside each worker, which ends it when another one is gone.

It is a process because no thread of Python runs while TensorFlow waits for other workers. Of
several workers the first one's watchdog is connected to all others, over the connections that
`rendezvous.meet` opened; nothing but the standard library is imported here.
"""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

__all__ = ["TO_THE_END", "Watchdog"]

TO_THE_END = (  # What to do where a worker is lost.
    "All workers must train to the end: look why this one ended, and start all of them again; they "
    "go on after the last checkpoint."
)

_LOOK = 0.5  # Seconds between two looks at the worker's process.
_SILENCE = 20.0  # Seconds without a sign of life after which a machine is gone: six were due.
_GRACE = 15.0  # Seconds that a worker has to end by itself, with an error of its own.


class Watchdog:
    """The side of the worker that is watched, and hears from its watchdog which others are gone.

    A watchdog says on stderr which worker was lost, and why. If its own worker has not ended
    `grace` seconds later, it kills it. A worker that ends without an error leaves the others alone.

    Args:
        addresses: `host:port` of each worker.
        index: Place of this worker among them.
        connections: Dict of sockets by worker, as `rendezvous.meet` returned; closed here.
        seconds: How long until the worker must have called `started`, or be killed too.
        silence: Seconds after which another one that sends nothing counts as lost.
        grace: Seconds that the worker has to end by itself.
    """

    def __init__(self, addresses, index, connections, seconds, *, silence=_SILENCE, grace=_GRACE):
        self._control, theirs = socket.socketpair()
        self._worker, self._ended = os.getpid(), False
        plan = {
            "names": [f"worker {i} ({address})" for i, address in enumerate(addresses)],
            "index": index,
            "peers": {i: call.fileno() for i, call in connections.items()},
            "control": theirs.fileno(),
            "worker": self._worker,
            "seconds": seconds,
            "silence": silence,
            "grace": grace,
        }
        with contextlib.ExitStack() as stack:
            for each in (theirs, *connections.values()):
                stack.enter_context(each)
            self._process = subprocess.Popen(
                [sys.executable, "-I", __file__, json.dumps(plan)],
                pass_fds=[theirs.fileno(), *plan["peers"].values()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C and Ctrl-Z are for the worker.
            )
        atexit.register(self._at_exit)

    def started(self):
        """Says that TensorFlow has started."""
        _send(self._control, {"started": True})

    def failed(self, error):
        """Says that this worker ends with an error, so that others end too, and name it."""
        self._end({"failed": f"{type(error).__name__}: {error}".split("\n")[0][:500]})

    def left(self):
        """Says that this worker has done its part; others may go on without it."""
        self._end({"left": True})

    def lost(self, seconds=5.0):
        """Returns what the watchdog says of another worker that is gone, None if none is.

        Args:
            seconds: How long to wait for it.
        """
        self._control.settimeout(seconds)
        try:
            return json.loads(self._control.makefile("rb").readline())["lost"]
        except (OSError, ValueError):
            return None

    def _end(self, message):
        if not self._ended:
            self._ended = True
            _send(self._control, message)

    def _at_exit(self):
        if os.getpid() == self._worker:  # Else it is a fork of it.
            error = getattr(sys, "last_value", None)  # Which has just been shown, if any.
            self.left() if error is None else self.failed(error)


class _Watch:
    """What the process of the watchdog does."""

    def __init__(self, names, index, peers, control, worker, seconds, silence, grace):
        self.names, self.index, self.worker = names, index, worker
        self.silence, self.grace = silence, grace
        self.peers = {int(i): _Line(socket.socket(fileno=fd)) for i, fd in peers.items()}
        self.control = _Line(socket.socket(fileno=control))
        self.seconds, self.deadline = seconds, time.monotonic() + seconds

    def run(self):
        beat = 0.0
        while self.peers:
            now = time.monotonic()
            ended = os.getppid() != self.worker  # Looked at before what it may have said.
            if now - beat >= self.silence / 6:
                beat = now
                self._tell({})
            lines = {line.socket: line for line in (self.control, *self.peers.values())}
            for ready in select.select(list(lines), [], [], _LOOK)[0]:
                lines[ready].read()
            if self._from_worker():
                return
            if ended:
                self._tell({"lost": self.index, "why": "its process has ended"})
                return
            if self._from_peers():
                return
            if self.deadline is not None and time.monotonic() > self.deadline:
                why = f"TensorFlow has not started within {self.seconds:g} seconds"
                self._tell({"lost": self.index, "why": why})
                self._end(
                    "TensorFlow must start on all workers, which have met: open all ports between "
                    f"them. Received: {self.names[self.index]} still waits for the others after "
                    f"{self.seconds:g} seconds"
                )
                return

    def _from_worker(self):
        """Returns whether this worker has ended, as it says."""
        for message in self.control.messages():
            if "started" in message:
                self.deadline = None
            elif "left" in message:
                self._tell({"left": self.index})
                return True
            elif "failed" in message:
                self._tell({"lost": self.index, "why": message["failed"]})
                return True
        return False

    def _from_peers(self):
        """Returns whether another worker is lost; this one has ended then."""
        for i, line in list(self.peers.items()):
            for message in line.messages():
                if "left" in message:
                    del self.peers[i]
                    break
                if "lost" in message:
                    self._lost(message["lost"], message["why"])
                    return True
            else:
                silence = time.monotonic() - line.heard
                if line.closed or silence > self.silence:
                    why = "its watchdog has ended" if line.closed else f"silent for {silence:.0f} s"
                    self._lost(i, why)
                    return True
        return False

    def _lost(self, i, why):
        self._tell({"lost": i, "why": why})  # From the first worker to all.
        name = f"{self.names[i]} is gone ({why})"
        _send(self.control.socket, {"lost": name})
        _say(f"{name}: {self.names[self.index]} ends within {self.grace:g} seconds")
        self._end(f"{TO_THE_END} Received: {name}", self.grace)

    def _end(self, text, grace=0.0):
        """Waits for the worker to end; if it does not, says why it must, and kills it."""
        until = time.monotonic() + grace
        while os.getppid() == self.worker:
            if time.monotonic() >= until:
                _say(f"ConnectionError: {text}")
                os.kill(self.worker, signal.SIGKILL)
                return
            time.sleep(_LOOK / 5)

    def _tell(self, message):
        for line in self.peers.values():
            _send(line.socket, message)


class _Line:
    """Messages that come over a connection, a line each."""

    def __init__(self, connection):
        connection.setblocking(False)
        self.socket, self.heard, self.closed = connection, time.monotonic(), False
        self._text = b""

    def read(self):
        try:
            text = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            text = b""
        self.closed = not text
        self.heard = time.monotonic()
        self._text += text

    def messages(self):
        *lines, self._text = self._text.split(b"\n")
        return [json.loads(line) for line in lines]


def _send(connection, message):
    with contextlib.suppress(OSError):  # Whoever is gone does not read, which is noticed elsewhere.
        connection.sendall(json.dumps(message).encode() + b"\n")


def _say(text):
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    _Watch(**json.loads(sys.argv[1])).run()
