"""Checks that replicas and workers give one device's numbers; each strategy in its own process."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf
from wae_tf import data, replicas
from wae_tf.data.augmentation import mirrored, shifted
from wae_tf.training.cluster import find_cluster, read_tf_config
from wae_tf.training.distribution import check_batch_size, open_devices
from wae_tf.training.rendezvous import meet, odd_ones, silent

HERE = pathlib.Path(__file__).parent
TOLERANCE = 1e-4
QUICK = ("mmd_gaussian", "wgan_gp")
MORE = (
    "ae", "vae", "vae_vamp", "mmd", "mmd_noise", "mmd_median", "mmd_vamp", "mmd_implicit",
    "mmd_adaptive", "mmdpp", "sinkhorn", "sliced_wasserstein", "cramer_wold", "moment_matching",
    "gan", "gan_hinge", "critic",
)  # fmt: skip
TINY = [
    "--config=mnist_wae_mmd", "--image_shape=8,8,1", "--encoder=mlp", "--decoder=mlp",
    "--encoder_width=16", "--encoder_layers=1", "--decoder_width=16", "--decoder_layers=1",
    "--latent_dim=3", "--batch_size=16", "--precision=float32", "--horizontal_flip=true",
    "--verbose=2",
]  # fmt: skip


def environment(**more):
    path = os.pathsep.join([str(HERE.parent), str(HERE)])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TF_CONFIG", "SLURM_"))}
    return {**kept, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3", **more}


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def start_workers(count, command):
    """Starts `count` processes that find each other, and returns them."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(count)]
    started = []
    for i in range(count):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": i}}
        started.append(
            subprocess.Popen(
                [sys.executable, *command(i)],
                env=environment(TF_CONFIG=json.dumps(config), TF_NUM_INTRAOP_THREADS="1"),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    return started


def ended(processes, seconds=900):
    """Waits for processes; returns exit statuses and what they said."""
    try:
        said = [process.communicate(timeout=seconds)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [process.returncode for process in processes], said


def differences(count, names, *options):
    program = HERE / "replicas_program.py"
    process = subprocess.run(
        [sys.executable, "-W", "ignore", program, str(count), *names, *options],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    found = {}
    for line in process.stdout.splitlines():
        found.update(json.loads(line))
    assert list(found) == list(names)
    return found


def write_images(path, n=64, seed=0):
    np.savez(path, x_train=tiny.images(n, seed), x_test=tiny.images(21, seed + 1))
    return path


# One replica: nothing is added.


def test_one_replica_has_the_whole_batch():
    rows = tf.ones((5, 2))
    assert replicas.count() == 1
    assert [int(v) for v in replicas.place(rows)] == [5, 5, 0]
    for same in (replicas.gather(rows), replicas.own(rows, rows)):
        assert same is rows
    losses = {"loss": tf.constant(2.0)}
    assert replicas.share(losses, rows) is losses
    assert replicas.add(losses) is losses
    assert float(replicas.norm(tf.constant([3.0, 4.0]))) == 5.0


# Parts of batches are those of the whole ones.


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_parts_of_batches_make_up_the_batches(training, count):
    images = tiny.images(22)
    changes = {"seed": 3, "epochs": 2, "horizontal_flip": True, "max_shift": 2} if training else {}
    whole = list(data.batches(images, 8, training=training, **changes).as_numpy_iterator())
    parts = [
        list(
            data.batches(
                images, 8, training=training, parts=(i, i + 1, count), **changes
            ).as_numpy_iterator()
        )
        for i in range(count)
    ]
    assert {len(part) for part in parts} == {len(whole)}
    for batch, *shares in zip(whole, *parts):
        np.testing.assert_array_equal(np.concatenate(shares), batch)
    together = list(
        data.batches(
            images, 8, training=training, parts=(0, count, count), **changes
        ).as_numpy_iterator()
    )
    np.testing.assert_array_equal(np.concatenate(together), np.concatenate(whole))


def test_a_part_reads_no_other_images(tmp_path):
    """Of a file, rows that are no worker's own are never touched."""
    read = []

    class Recorded(np.memmap):
        def __getitem__(self, places):
            read.append(np.asarray(places))
            return np.asarray(super().__getitem__(places))

    np.save(tmp_path / "images.npy", tiny.images(16))
    images = np.load(tmp_path / "images.npy", mmap_mode="r").view(Recorded)
    list(data.batches(images, 8, training=True, seed=1, parts=(1, 2, 2)))
    rows = np.concatenate([places for places in read if places.ndim == 1])
    assert len(rows) == 8 and len(set(rows.tolist())) == 8


def test_flips_and_shifts_follow_from_the_place_in_the_batch():
    images, key = tf.constant(tiny.images(10)), (3, 4)
    for change in (mirrored, lambda *a, **k: shifted(*a[:2], 2, **k)):
        whole = change(images, key)
        np.testing.assert_array_equal(change(images[4:7], key, place=(4, 10)), whole[4:7])


@pytest.mark.parametrize("parts", [(0, 1, 3), (1, 1, 2), (0, 3, 2), (-1, 1, 2)])
def test_parts_that_are_none(parts):
    with pytest.raises(ValueError, match=r"`parts` must be .*Received: parts="):
        data.batches(tiny.images(8), 8, training=True, parts=parts)


# Equality.


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_two_replicas_give_the_numbers_of_one(name):
    found = differences(2, [name])[name]
    assert max(found.values()) < TOLERANCE, found


@pytest.mark.slow
def test_a_learning_rate_off_by_a_percent_shows():
    found = differences(1, ["mmd_gaussian"], "--factor=1.01")["mmd_gaussian"]
    assert found["weights"] > 10 * TOLERANCE, found


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 4])
def test_all_models_give_the_numbers_of_one_device(count):
    found = differences(count, [*QUICK, *MORE])
    too_far = {k: v for k, v in found.items() if max(v.values()) >= TOLERANCE}
    assert not too_far


@pytest.mark.slow
def test_two_workers_give_the_numbers_of_one_device(tmp_path):
    program = str(HERE / "workers_program.py")
    codes, said = ended(
        start_workers(2, lambda i: ["-W", "ignore", program, str(tmp_path / f"{i}.npz")])
    )
    assert codes == [0, 0], said
    subprocess.run(
        [sys.executable, "-W", "ignore", program, tmp_path / "one.npz"],
        env=environment(),
        check=True,
    )
    one, *workers = (dict(np.load(tmp_path / f"{name}.npz")) for name in ("one", 0, 1))
    assert {"loss", "evaluated_loss", "predicted", "weight_0"} <= set(one)
    for key, value in one.items():
        np.testing.assert_array_equal(workers[0][key], workers[1][key])
        scale = max(np.max(np.abs(value)), 1e-3)
        np.testing.assert_allclose(workers[0][key], value, rtol=0, atol=TOLERANCE * scale)


# Manners of several replicas.


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    directory = tmp_path_factory.mktemp("manners")
    program = HERE / "replicas_manners_program.py"
    process = subprocess.run(
        [sys.executable, program, directory], env=environment(), capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return json.loads(process.stdout.splitlines()[-1])


@pytest.mark.slow
def test_what_was_made_outside_of_the_scope_is_refused(said):
    assert said["inside"] == 2
    assert "`with strategy.scope():`. Received: [" in said["outside"]
    assert "made outside of it, 2 replicas" in said["outside"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "sizes"), [("indivisible", "[2, 5]"), ("rest", "[6, 8]"), ("unknown size", "[None]")]
)
def test_batches_that_replicas_cannot_share_are_refused(said, case, sizes):
    assert "Batches must have one size, a multiple of the number of replicas" in said[case]
    assert said[case].endswith(f"Received: batches of {sizes} images, 2 replicas")


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", ["steps_per_epoch", "validation_steps", "steps", "steps of predict"]
)
def test_data_sets_that_never_end_need_a_number_of_steps(said, case):
    name = case.partition(" ")[0]
    assert said[case].startswith(f"`{name}` must say how many batches to take of a data set that ")
    assert said[case].endswith(f"Received: {name}=None")


@pytest.mark.slow
def test_steps_per_execution_and_xla(said):
    assert "Received: steps_per_execution=2" in said["steps_per_execution"]
    assert len(said["warnings"]) == 2  # Of batch norm once, though it is looked at twice.
    assert "not compiled by XLA" in said["warnings"][0]
    assert "takes its statistics from each of 2 replicas" in said["warnings"][1]


@pytest.mark.slow
def test_train_on_two_replicas_writes_what_one_device_writes(said):
    one, two = said["history"]["none"], said["history"]["mirrored"]
    assert [row["epoch"] for row in two] == [1, 2]
    for left, right in zip(one, two, strict=True):
        for key in set(left) - {"seconds"}:
            # Adam moves biases before batch norm at random: moving means lag behind them.
            rel = 1e-2 if key.startswith("val_") else 1e-5
            assert right[key] == pytest.approx(left[key], rel=rel), key
    assert said["mirrored"] == pytest.approx(said["none"], rel=1e-2)
    assert said["provenance"] == 2


@pytest.mark.slow
def test_pretraining_on_two_replicas_is_that_of_one_device(said):
    one, two = said["pretraining"]
    assert len(one) == 100 and one[-1] < 0.7 * one[0]
    assert two == pytest.approx(one, rel=1e-5)


@pytest.mark.slow
def test_codes_of_a_model_on_two_replicas_are_matched(said):
    np.testing.assert_allclose(said["covariance"], np.eye(3), atol=1e-3)


# wae-train on workers.


@pytest.mark.slow
def test_workers_resume_bit_for_bit_and_the_first_one_writes(tmp_path):
    images = write_images(tmp_path / "images.npz")

    def train(workdir, epochs):
        flags = [*TINY, f"--data={images}", f"--workdir={workdir}", f"--epochs={epochs}"]
        return start_workers(2, lambda i: ["-m", "wae_tf.bin.train", *flags])

    codes, said = ended(train(tmp_path / "whole", 3))
    assert codes == [0, 0], said
    assert said[1].strip() == ""
    begun = train(tmp_path / "resumed", 3)
    first = tmp_path / "resumed" / "checkpoint-0001.weights.h5"
    for line in begun[0].stdout:  # Killed in the second epoch or the third.
        if first.exists() or "Epoch 2" in line:
            break
    for process in begun:
        process.kill()
    ended(begun)
    shutil.copytree(tmp_path / "resumed", tmp_path / "alone")
    codes, said = ended(train(tmp_path / "resumed", 3))
    assert codes == [0, 0], said
    assert "goes on on these" not in said[0]
    models = [wae_tf.load(tmp_path / name) for name in ("whole", "resumed")]
    tiny.assert_identical(*map(tiny.weights, models))
    provenance = wae_tf.zoo.read_entry(tmp_path / "whole")["provenance"]
    assert (provenance["workers"], provenance["replicas"]) == (2, 2)
    flags = [*TINY, f"--data={images}", f"--workdir={tmp_path / 'alone'}", "--epochs=3"]
    process = subprocess.run(
        [sys.executable, "-m", "wae_tf.bin.train", *flags],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (
        "was on other devices (replicas=2, workers=2) and goes on on these (one)" in process.stdout
    )
    whole, alone = (
        [row["loss"] for row in wae_tf.callbacks.Checkpoint(tmp_path / name).history()]
        for name in ("whole", "alone")
    )
    assert len(whole) == 3 and alone == pytest.approx(whole, rel=1e-5)


@pytest.mark.slow
def test_a_worker_that_dies_ends_the_others_with_its_name(tmp_path):
    images = write_images(tmp_path / "images.npz")
    flags = [*TINY, f"--data={images}", f"--workdir={tmp_path / 'run'}", "--epochs=100000"]
    workers = start_workers(2, lambda i: ["-m", "wae_tf.bin.train", *flags])
    for line in workers[0].stdout:
        if "Epoch 2" in line:
            break
    workers[1].kill()
    codes, said = ended(workers, seconds=120)
    assert codes[0] in (1, -9)  # By itself, or by its watchdog if leaving TensorFlow takes long.
    assert re.search(
        r"ConnectionError: All workers must train.*worker 1 \(127\.0\.0\.1:\d+\) is gone", said[0]
    )
    assert (tmp_path / "run" / "checkpoint-0001.weights.h5").exists()


@pytest.mark.slow
def test_workers_with_other_configs_are_refused(tmp_path):
    images = write_images(tmp_path / "images.npz")
    flags = [*TINY, f"--data={images}", f"--workdir={tmp_path / 'run'}"]
    codes, said = ended(
        start_workers(2, lambda i: ["-m", "wae_tf.bin.train", *flags, f"--reg_weight={i + 1}"])
    )
    assert codes == [1, 1]
    for text in said:
        assert "Received: worker 1 has --reg_weight='2.0', worker 0 has '1.0'" in text


@pytest.mark.slow
def test_workers_with_other_images_are_refused(tmp_path):
    for i in range(2):
        write_images(tmp_path / f"{i}.npz", seed=i)
    flags = [*TINY, f"--workdir={tmp_path / 'run'}"]
    codes, said = ended(
        start_workers(2, lambda i: ["-m", "wae_tf.bin.train", *flags, f"--data={tmp_path}/{i}.npz"])
    )
    assert all(codes)
    for text in said:
        assert "All workers must train on the same images" in text
        assert "Received, by hash: worker 1 has train=" in text
    assert not (tmp_path / "run" / "config.json").exists()


# How workers meet.


def together(count, identities, **options):
    """Lets workers meet in threads; returns their errors, None where there was none."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(count)]
    errors = [None] * count

    def one(i):
        try:
            for call in meet(addresses, i, identities[i], **options).values():
                call.close()
        except (ValueError, ConnectionError) as error:
            errors[i] = error

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors, addresses


def test_workers_that_agree_meet():
    errors, addresses = together(3, [{"seed": "0"}] * 3, seconds=30)
    assert errors == [None] * 3
    assert len(silent(addresses, 0)) == 2  # Nothing is left open.


def test_the_odd_worker_is_named_everywhere():
    errors, _ = together(3, [{"seed": "0"}, {"seed": "7"}, {"seed": "0"}], seconds=30)
    for error in errors:
        assert isinstance(error, ValueError)
        assert "Received: worker 1 has seed='7', the others '0'" in str(error)


def test_a_worker_that_does_not_come_is_named():
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    with pytest.raises(ConnectionError, match="within 1 seconds.*no answer from worker 1 at"):
        meet(addresses, 0, {}, seconds=1)
    with pytest.raises(ConnectionError, match="Received: no call from worker 0 at"):
        meet(addresses, 1, {}, seconds=1)


def test_a_port_that_is_taken():
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConnectionError, match="must be free.*Received: worker 0 at"):
            meet([address, "127.0.0.1:1"], 0, {}, seconds=1)


def test_who_is_odd():
    assert odd_ones([{"a": "1"}] * 2) is None
    assert odd_ones([{"a": "1"}, {}]) == "worker 1 has a=None, worker 0 has '1'"
    three = [{"a": "1", "b": "2"}, {"a": "1", "b": "3"}, {"a": "1", "b": "2"}]
    assert odd_ones(three) == "worker 1 has b='3', the others '2'"


# What TF_CONFIG and the flag say.


def test_tf_config_with_a_chief():
    cluster = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}
    for kind, index, place in (("chief", 0, 0), ("worker", 0, 1), ("worker", 1, 2)):
        text = json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})
        assert read_tf_config(text) == (["a:1", "b:1", "c:1"], place)


@pytest.mark.parametrize(
    "text",
    [
        "{not json",
        "[]",
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a:1", "a:1"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a", "b"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "evaluator", "index": 0}}',
    ],
)
def test_tf_config_that_is_none(text):
    with pytest.raises(ValueError, match=r"TF_CONFIG must be JSON.*Received: TF_CONFIG="):
        read_tf_config(text)


def test_one_worker_alone_is_no_cluster(monkeypatch):
    one = '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}'
    assert find_cluster({}) is None
    assert find_cluster({"TF_CONFIG": one}) is None
    assert find_cluster({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}) is None


def test_tasks_of_slurm(monkeypatch):
    for name, value in {
        "PROCID": "2", "NTASKS": "4", "STEP_NUM_TASKS": "4",
        "STEP_NODELIST": "node[9-10]", "STEP_TASKS_PER_NODE": "2(x2)",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    cluster = find_cluster()
    assert cluster.addresses == ["node9:8888", "node9:8889", "node10:8888", "node10:8889"]
    assert (cluster.index, cluster.resolver.task_id) == (2, 2)
    assert cluster.resolver.num_accelerators() == {"GPU": 0}


def test_ways_to_distribute(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    assert open_devices("none").replicas == open_devices("auto").replicas == 1
    with pytest.raises(ValueError, match="must be one of.*Received: distribute='both'"):
        open_devices("both")
    with pytest.raises(ValueError, match="needs several workers"):
        open_devices("multi_worker")
    with pytest.raises(ValueError, match="multiple of the number of replicas.*batch_size=10, 4"):
        check_batch_size(10, 4)
