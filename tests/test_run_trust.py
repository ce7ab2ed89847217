"""Runs: what is damaged is noticed, what is killed goes on bit for bit, nobody else is let in."""

import contextlib
import csv
import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf
from wae_tf import files, training
from wae_tf.files import checksums, locking
from wae_tf.files.tables import read_table, write_table
from wae_tf.runtime import signals
from wae_tf.training import checkpointing, interrupted, run_files

pytestmark = pytest.mark.usefixtures("models_kept")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(path, x_train=tiny.images(27), x_test=tiny.images(10, seed=1))
    return path


def config(**changes):
    return tiny.config(epochs=3, lr_schedule="plateau", **changes)


@pytest.fixture(scope="module")
def whole(source, tmp_path_factory):
    """Returns the directory of a run of three epochs that nothing has interrupted."""
    workdir = tmp_path_factory.mktemp("whole")
    training.train(config(), source, workdir, verbose=0)
    return workdir


@pytest.fixture
def run(whole, tmp_path):
    """Returns a copy of it that has not written its entry."""
    workdir = shutil.copytree(whole, tmp_path / "run")
    (workdir / "entry.json").unlink()
    (workdir / "model.weights.h5").unlink()
    return workdir


def flip(path, share=0.5, bit=3):
    """Flips one bit of a file."""
    content = bytearray(path.read_bytes())
    content[int(share * (len(content) - 1))] ^= 1 << bit
    path.write_bytes(content)


def assert_same_run(workdir, whole):
    tiny.assert_identical(wae_tf.load(workdir).get_weights(), wae_tf.load(whole).get_weights())
    names = (d / "history.csv" for d in (workdir, whole))
    left, right = (list(csv.DictReader(n.read_text().split("\n"))) for n in names)
    for row in left + right:
        row["seconds"] = 0
    assert left == right


def test_every_file_of_a_run_has_its_checksum(whole):
    sums = checksums.read_sums(whole)
    assert set(sums) == {
        "checkpoint-0002.weights.h5",
        "checkpoint-0003.weights.h5",
        "config.json",
        "training_data.json",
    }
    assert all(files.sha256(whole / name) == digest for name, digest in sums.items())


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.99])
def test_of_a_damaged_checkpoint_the_one_before_is_used(run, whole, source, capsys, share):
    flip(run / "checkpoint-0003.weights.h5", share)
    training.train(config(), source, run, verbose=2)
    lines = [line for line in capsys.readouterr().out.split("\n") if " is damaged: " in line]
    assert lines == [
        f"{run / 'checkpoint-0003.weights.h5'} is damaged: going on from the one before"
    ]
    assert_same_run(run, whole)


def test_it_is_said_where_nothing_is_printed(run):
    flip(run / "checkpoint-0003.weights.h5")
    model = training.compile_model(wae_tf.build_model(config()), config(), 3)
    with pytest.warns(UserWarning, match="is damaged: going on from the one before"):
        assert training.callbacks.Checkpoint(run).restore(model) == 2


def test_without_a_whole_checkpoint_nothing_is_lost_silently(run, source):
    for epoch in (2, 3):
        flip(run / f"checkpoint-000{epoch}.weights.h5")
    with pytest.raises(ValueError, match="must have a checkpoint that is whole.*Received: .*0002"):
        training.train(config(), source, run, verbose=0)
    for path in run.glob("checkpoint-*"):
        path.unlink()
    training.train(config(), source, run, verbose=0)  # As the error says.


def test_a_checkpoint_that_was_not_recorded_is_made_again(run, whole, source):
    text = (run / "SHA256SUMS").read_text().split("\n")
    kept = [line for line in text if "checkpoint-0003" not in line]
    (run / "SHA256SUMS").write_text("\n".join(kept))
    flip(run / "checkpoint-0003.weights.h5")
    training.train(config(), source, run, verbose=0)
    assert_same_run(run, whole)


def test_a_list_that_lost_its_lines_is_refused(run, source):
    (run / "SHA256SUMS").write_text("")
    with pytest.raises(ValueError, match="`SHA256SUMS` must list the checkpoints.*Received: "):
        training.train(config(), source, run, verbose=0)


@pytest.mark.parametrize("name", ["config.json", "training_data.json"])
def test_a_damaged_or_lost_run_file_is_refused(run, source, name):
    content = (run / name).read_bytes()
    flip(run / name, 0.4, 0)
    with pytest.raises(ValueError, match=f"Received: .*{name}.*the file is damaged"):
        training.train(config(), source, run, verbose=0)
    (run / name).unlink()
    with pytest.raises(ValueError, match=f"Received: .*{name}.*it is not there"):
        training.train(config(), source, run, verbose=0)
    (run / name).write_bytes(content)
    training.train(config(), source, run, verbose=0)


def test_a_run_of_a_version_before_goes_on_and_gets_its_checksums(run, whole, source):
    (run / "SHA256SUMS").unlink()
    (run / "checkpoint-0002.weights.h5").unlink()
    training.train(config(), source, run, verbose=0)
    assert_same_run(run, whole)
    assert "checkpoint-0003.weights.h5" in checksums.read_sums(run)


HISTORIES = [
    "",
    "epoch",
    "loss\n3.0\n",
    "epoch,loss\n1,x\n",
    "epoch,loss\n1\0,2",
    "\xff\xfe",
    "a\n1,2,3",
]


@pytest.mark.parametrize("content", HISTORIES)
def test_a_damaged_history_is_written_anew_from_the_checkpoint(run, whole, source, content):
    (run / "history.csv").write_bytes(content.encode("latin-1"))
    training.train(config(), source, run, verbose=0)
    assert_same_run(run, whole)


@pytest.mark.parametrize("content", HISTORIES[2:])
def test_reading_a_damaged_history_ends_in_one_sentence(tmp_path, content):
    (tmp_path / "history.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(ValueError, match=r"A history must be .*|at least one epoch"):
        wae_tf.plots.losses(tmp_path)


def test_tables_keep_every_bit(tmp_path, rng):
    rows = [{"epoch": i, "loss": float(v)} for i, v in enumerate(rng.normal(size=20))]
    rows[3]["more"] = 1e-300
    write_table(tmp_path / "a.csv", rows)
    assert read_table(tmp_path / "a.csv") == rows


class Stop(keras.callbacks.Callback):
    """Sends this process a signal in one step of one epoch, both counted from 0."""

    def __init__(self, number, epoch, step):
        super().__init__()
        self.number, self.place = number, (epoch, step)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            os.kill(os.getpid(), self.number)


@pytest.mark.parametrize(
    ("number", "place"),
    [
        (signal.SIGTERM, (0, 0)),
        (signal.SIGINT, (1, 1)),
        (signal.SIGHUP, (1, 2)),
        (signal.SIGTERM, (2, 0)),
    ],
)
def test_a_signal_ends_after_the_step_and_nothing_is_lost(
    whole, source, tmp_path, monkeypatch, number, place
):
    module = sys.modules["wae_tf.training.train"]
    before = module.writing_callbacks
    # A shell that starts the tests in the background has SIGINT ignored, and so would `train`.
    former = signal.signal(number, signal.default_int_handler)
    with contextlib.ExitStack() as stack:
        stack.callback(signal.signal, number, former)
        patch = stack.enter_context(monkeypatch.context())
        patch.setattr(module, "writing_callbacks", lambda *a: [Stop(number, *place), *before(*a)])
        with pytest.raises(signals.Stopped) as stopped:
            training.train(config(), source, tmp_path, verbose=0)
    assert stopped.value.number == number
    assert (tmp_path / interrupted.INTERRUPTED).exists() == (place[1] < 2)
    seen = []
    with monkeypatch.context() as patch:
        count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: seen.append(b))
        patch.setattr(module, "writing_callbacks", lambda *a: [count, *before(*a)])
        training.train(config(), source, tmp_path, verbose=0)
    assert len(seen) == 3 * 3 - (3 * place[0] + place[1] + 1)
    assert not (tmp_path / interrupted.INTERRUPTED).exists()
    assert_same_run(tmp_path, whole)


def test_a_damaged_interrupted_file_costs_its_epoch_alone(whole, source, tmp_path, monkeypatch):
    module = sys.modules["wae_tf.training.train"]
    before = module.writing_callbacks
    with monkeypatch.context() as patch:
        stop = Stop(signal.SIGTERM, 1, 0)
        patch.setattr(module, "writing_callbacks", lambda *a: [stop, *before(*a)])
        with pytest.raises(signals.Stopped):
            training.train(config(), source, tmp_path, verbose=0)
    flip(tmp_path / interrupted.INTERRUPTED)
    training.train(config(), source, tmp_path, verbose=0)
    assert_same_run(tmp_path, whole)


def test_signals_outside_of_training_end_the_process_as_ctrl_c():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt) as stopped, signals.raised():
        os.kill(os.getpid(), signal.SIGTERM)
    assert stopped.value.number == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_second_signal_no_longer_waits_and_ignored_ones_stay_so(capsys):
    with pytest.raises(signals.Stopped), signals.noted() as asked:
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked() == signal.SIGTERM
        os.kill(os.getpid(), signal.SIGTERM)
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # As `nohup` has it.
    try:
        with signals.noted() as asked:
            os.kill(os.getpid(), signal.SIGHUP)
            assert asked() is None
    finally:
        signal.signal(signal.SIGHUP, former)


@pytest.mark.slow
def test_two_runs_in_one_directory_are_refused_and_the_other_is_named(run, source):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\nfrom wae_tf.files.locking import locked\n"
            f"with locked({str(run)!r}):\n    print('locked', flush=True)\n    time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "locked\n"
        match = rf"one process at a time.*Received: workdir=.*process {holder.pid} of .* since 20"
        with pytest.raises(ValueError, match=match):
            training.train(config(), source, run, verbose=0)
    finally:
        holder.kill()
        holder.wait()
    assert (run / locking.LOCK).exists()  # It was killed: nobody has removed it.
    training.train(config(), source, run, verbose=0)
    assert not (run / locking.LOCK).exists()


def test_a_lock_may_be_taken_again_by_its_own_thread_alone(tmp_path):
    with locking.locked(tmp_path):
        with locking.locked(str(tmp_path)):
            pass
        found = json.loads((tmp_path / locking.LOCK).read_text())
        assert found["process"] == os.getpid()
        descriptor = os.open(tmp_path / locking.LOCK, os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)
    assert list(tmp_path.iterdir()) == []


def test_a_drive_without_locks_goes_by_what_the_file_says(tmp_path, monkeypatch):
    def unknown(*args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)
    with locking.locked(tmp_path):
        pass
    here = {"host": locking.socket.gethostname(), "process": os.getppid(), "since": "then"}
    (tmp_path / locking.LOCK).write_text(json.dumps(here))
    with pytest.raises(ValueError, match=f"process {os.getppid()} of"), locking.locked(tmp_path):
        pass
    (tmp_path / locking.LOCK).write_text(json.dumps({**here, "process": 2**22 + 7}))
    with locking.locked(tmp_path):
        pass


def test_temporary_files_of_the_dead_are_removed_at_the_next_start(run, source):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (run / "pictures").mkdir(exist_ok=True)
    left = [
        run / f".tmp-{dead.pid}-checkpoint-0003.weights.h5",
        run / "pictures" / f".tmp-{dead.pid}-samples-0001.png",
    ]
    kept = [run / f".tmp-{os.getppid()}-entry.json", run / ".tmp-notes"]
    for path in left + kept:
        path.write_text("half of")
    training.train(config(), source, run, verbose=0)
    assert not any(path.exists() for path in left) and all(path.exists() for path in kept)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_full_or_lost_disk_ends_in_one_sentence_and_the_run_goes_on(
    whole, source, tmp_path, monkeypatch, number
):
    write = checkpointing.write_table

    def lost(path, rows):
        if len(rows) == 2:
            raise OSError(number, os.strerror(number))
        write(path, rows)

    with monkeypatch.context() as patch:
        patch.setattr(checkpointing, "write_table", lost)
        with pytest.raises(OSError, match=r"same command goes on; .* epoch 1 is whole. Received: "):
            training.train(config(), source, tmp_path, verbose=0)
    training.train(config(), source, tmp_path, verbose=0)
    assert_same_run(tmp_path, whole)


def test_a_disk_too_full_for_tensorboard_ends_in_one_sentence_and_the_run_goes_on(
    whole, source, tmp_path, monkeypatch
):
    create = tf.summary.create_file_writer

    def full(logdir, **options):
        text = f"{logdir}/events.v2; No space left on device\n\tCreating writable file"
        raise tf.errors.ResourceExhaustedError(None, None, text)

    with monkeypatch.context() as patch:
        patch.setattr(tf.summary, "create_file_writer", full)
        with pytest.raises(OSError, match=r"same command goes on; .* whole. Received: .* is full"):
            training.train(config(), source, tmp_path, verbose=0)
    assert tf.summary.create_file_writer is create
    training.train(config(), source, tmp_path, verbose=0)
    assert_same_run(tmp_path, whole)


def test_a_full_disk_is_told_by_number_or_text():
    assert files.full(OSError(errno.ENOSPC, "No space left on device"))
    assert files.full(RuntimeError("Can't write (errno = 28, error message = 'No space left')"))
    assert not files.full(OSError(errno.EIO, "Input/output error"))


def test_reasons_are_kept_with_their_checksum(tmp_path):
    run_files.write_reasons(tmp_path, {"epochs": "given"})
    assert run_files.stored_reasons(tmp_path) == {"epochs": "given"}
    flip(tmp_path / "reasons.json")
    with pytest.raises(ValueError, match=r"Received: .*reasons.json.*the file is damaged"):
        run_files.stored_reasons(tmp_path)
