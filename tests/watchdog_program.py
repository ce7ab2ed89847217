"""A worker that trains nothing: meets the others, has a watchdog, and does one thing.

Usage: python watchdog_program.py JSON, of addresses, index and `does`. Without TensorFlow.
"""

import ctypes
import importlib.util
import json
import os
import pathlib
import signal
import sys
import time

ROOM = pathlib.Path(__file__).parent.parent / "wae_tf" / "training"


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOM / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


addresses, index, does, seconds = json.loads(sys.argv[1])
connections = load("rendezvous").meet(addresses, index, {}, 60)
watchdog = load("watchdog").Watchdog(addresses, index, connections, seconds, silence=6.0, grace=1.0)
if does == "starts":  # Holds Python's lock, as TensorFlow does while it waits for others.
    ctypes.PyDLL(None).sleep(600)
watchdog.started()
print("started", flush=True)
if does == "waits":
    time.sleep(600)
elif does == "asks":
    print(watchdog.lost(60), flush=True)
    watchdog.failed(ConnectionError("as another is gone"))
elif does == "dies":
    os.kill(os.getpid(), signal.SIGKILL)
elif does == "fails":
    raise FloatingPointError("the loss is nan")
elif does == "vanishes":  # As a machine does whose cable is pulled; until SIGTERM.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.kill(watchdog._process.pid, signal.SIGSTOP)
    signal.sigwait({signal.SIGTERM})
    os.kill(watchdog._process.pid, signal.SIGKILL)
