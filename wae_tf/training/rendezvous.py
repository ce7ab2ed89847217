"""How the workers of one training meet before TensorFlow starts, which would wait without end."""

import collections
import contextlib
import json
import socket
import time

__all__ = ["meet", "odd_ones", "silent"]

_SECONDS = 300


def meet(addresses, index, identity, seconds=_SECONDS):
    """Waits until all workers are there, and compares what they are about to train.

    The first worker calls each other one at its address, and that one calls back. Afterwards no
    port is taken, and the calls of the first worker are still open.

    Args:
        addresses: `host:port` of each worker, the same list everywhere.
        index: Place of this worker in it.
        identity: Dict of texts, the same on all workers that are to train together.
        seconds: How long to wait.

    Returns:
        Dict of connected sockets: to all others by index on the first worker, to it on these.

    Raises:
        ConnectionError: A worker did not come in time, or cannot be reached; it is named.
        ValueError: Identities differ; the odd worker and the values are named.
    """
    deadline = time.monotonic() + seconds
    with _listen(addresses[index], index) as listener:
        if index == 0:
            return _call_all(addresses, identity, deadline, seconds)
        return {0: _answer(addresses, index, identity, listener, deadline, seconds)}


def odd_ones(identities):
    """Returns a text that names the workers unlike most, and what differs; None if none does.

    Args:
        identities: List of dicts of texts, one for each worker.

    Example:
        >>> odd_ones([{"seed": "0"}, {"seed": "0"}, {"seed": "1"}])
        "worker 2 has seed='1', the others '0'"
    """
    for name in dict.fromkeys(name for identity in identities for name in identity):
        values = [identity.get(name) for identity in identities]
        usual = collections.Counter(values).most_common(1)[0][0]  # Of equals, the first.
        odd = [i for i, value in enumerate(values) if value != usual]
        if odd:
            others = "worker 0 has" if len(identities) == 2 else "the others"
            return "; ".join(f"worker {i} has {name}={values[i]!r}" for i in odd) + (
                f", {others} {usual!r}"
            )
    return None


def silent(addresses, index, seconds=5.0):
    """Returns which workers answer no call at their addresses: list of `worker 1 (host:port)`."""
    found = []
    for i, address in enumerate(addresses):
        if i != index:
            try:
                _connect(address, seconds).close()
            except OSError:
                found.append(f"worker {i} ({address})")
    return found


def _call_all(addresses, identity, deadline, seconds):
    calls, identities = [], [identity]
    try:
        for i, address in enumerate(addresses[1:], 1):
            call = _persist(address, deadline)
            if call is None:
                raise ConnectionError(
                    f"All workers must be there within {seconds:g} seconds, at the addresses in "
                    "TF_CONFIG: start them all, and open their ports to each other. "
                    f"Received: no answer from worker {i} at {address}"
                )
            calls.append(call)
            _send(call, {"calling": i})
        for i, call in enumerate(calls, 1):
            answer = _receive(call, deadline)
            if answer is None or not answer.get("back"):
                raise ConnectionError(
                    "Every worker must reach the first one at its address in TF_CONFIG. "
                    f"Received: worker {i} at {addresses[i]}, which cannot reach {addresses[0]}"
                )
            identities.append(answer["identity"])
        verdict = odd_ones(identities)
        for call in calls:
            _send(call, {"verdict": verdict})
        _judge(verdict)
    except (ConnectionError, ValueError) as error:
        for call in calls:
            if isinstance(error, ConnectionError):
                _send(call, {"error": str(error)})
            call.close()
        raise
    return dict(enumerate(calls, 1))


def _answer(addresses, index, identity, listener, deadline, seconds):
    listener.settimeout(max(deadline - time.monotonic(), 0.1))
    try:
        while True:
            call, _ = listener.accept()
            message = _receive(call, deadline)
            if message is not None:  # Else something that only looked whether the port is open.
                break
    except TimeoutError as error:
        raise ConnectionError(
            f"All workers must be there within {seconds:g} seconds, at the addresses in TF_CONFIG. "
            f"Received: no call from worker 0 at {addresses[0]} to worker {index}, this one, at "
            f"{addresses[index]}"
        ) from error
    try:
        if message["calling"] != index:
            raise ValueError(
                "TF_CONFIG must have the same list of workers everywhere, and each its own index. "
                f"Received: index {index} here, where worker 0 has {message['calling']}"
            )
        back = _persist(addresses[0], deadline)
        if back is not None:
            back.close()
        _send(call, {"back": back is not None, "identity": identity})
        message = _receive(call, deadline) or {"error": "Worker 0 ended before all had met"}
        if "error" in message:
            raise ConnectionError(message["error"])
        _judge(message["verdict"])
    except (ConnectionError, ValueError):
        call.close()
        raise
    return call


def _judge(verdict):
    if verdict is not None:
        raise ValueError(
            "All workers must have the same version, config and data: start them with the same "
            f"command on the same files. Received: {verdict}"
        )


def _listen(address, index):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("", int(address.rpartition(":")[2])))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConnectionError(
            "The port of this worker in TF_CONFIG must be free: end what has it, or take another "
            f"port everywhere. Received: worker {index} at {address} ({error})"
        ) from error
    return listener


def _connect(address, seconds):
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=seconds)


def _persist(address, deadline):
    """Returns a connection, tried again until the deadline; None without one."""
    while True:
        left = deadline - time.monotonic()
        try:
            return _connect(address, min(max(left, 0.1), 10.0))
        except OSError:
            if time.monotonic() + 0.2 > deadline:
                return None
            time.sleep(0.2)


def _send(connection, message):
    with contextlib.suppress(OSError):  # It is gone, and its silence says so.
        connection.sendall(json.dumps(message).encode() + b"\n")


def _receive(connection, deadline):
    """Returns a message, or None where the other side hangs up or is too late."""
    connection.settimeout(max(deadline - time.monotonic(), 0.1))
    text = b""
    try:
        while not text.endswith(b"\n"):  # Byte by byte: what follows is the watchdog's.
            text += connection.recv(1) or b"\n"
        return json.loads(text)
    except (OSError, ValueError):
        return None
