"""Checks the exported training step against TensorFlow's own, and the way there and back."""

import ast
import concurrent.futures
import csv
import dataclasses
import functools
import hashlib
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf
from wae_tf import data, export, training
from wae_tf.export.xla_step.naming import identity, named_variables
from wae_tf.files import locking
from wae_tf.training import callbacks

RUNNER = pathlib.Path(export.__file__).parent / "xla_step" / "run_exported.py"
BATCH = 20
STEPS = 10  # Of an epoch.

CONFIGS = {
    "small": tiny.config(batch_size=BATCH, horizontal_flip=True, learning_rate=0.01),
    "mmd": tiny.config(
        encoder="dcgan", encoder_layers=2, decoder="dcgan_mod", decoder_layers=2, kernel_size=3,
        batch_size=BATCH, epochs=8, lr_schedule="manual_smooth",
    ),
    "gan": tiny.config(
        divergence="gan", prior_log_prob=True, batch_size=BATCH, epochs=8,
        lr_schedule="manual_smooth",
    ),
    "critic": tiny.config(
        critic_weight=0.5, critic_width=4, critic_layers=1, batch_size=BATCH, epochs=8,
        lr_schedule="manual_smooth",
    ),
}  # fmt: skip
CONFIGS["bfloat16"] = dataclasses.replace(CONFIGS["gan"], precision="mixed_bfloat16")


@pytest.fixture(scope="module")
def runner():
    """Returns the runner as a module, or skips the test."""
    pytest.importorskip("jax", reason="the runner needs jax, which is absent")
    spec = importlib.util.spec_from_file_location("run_exported", RUNNER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def model_of(kind, **options):
    config = CONFIGS[kind]
    return training.compile_model(wae_tf.build_model(config), config, STEPS, **options)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Returns a function from a kind of model to the directory of its fresh export."""

    @functools.cache
    def exported(kind):
        directory = tmp_path_factory.mktemp(kind)
        export.export_train_step(model_of(kind), BATCH, directory, config=CONFIGS[kind])
        return directory

    return exported


@pytest.fixture
def copied(exported, tmp_path):
    """Returns a function that copies the fresh export of the small model."""

    def copied(name="copy"):
        return pathlib.Path(shutil.copytree(exported("small"), tmp_path / name))

    return copied


def spots(n=200, seed=0):
    """Returns images of one bright spot each: easy to learn, uint8, shape `(n, 8, 8, 1)`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:8, :8]
    centres = rng.uniform(1, 6, (n, 2, 1, 1))
    distances = (y - centres[:, 0]) ** 2 + (x - centres[:, 1]) ** 2
    return (255 * np.exp(-distances / 4)).astype("uint8")[..., None]


def state_of(directory):
    arrays = {}
    with h5py.File(directory / "state.h5") as file:
        file.visititems(
            lambda name, item: arrays.update({name: item[()]}) if hasattr(item, "dtype") else None
        )
    return arrays


def edited(directory, **changes):
    """Changes the signature of an exported directory."""
    path = directory / "signature.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def history_of(directory):
    with open(directory / "history.csv", newline="") as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]


# Fifty steps of Adam amplify the rounding of sums in another order. Measured, on these and on
# random images: losses to 3e-5 (WAE-MMD), 2e-7 (WAE-GAN) and 5e-5 (bfloat16).
TOLERANCES = {"mmd": 5e-4, "gan": 5e-5, "critic": 5e-4, "bfloat16": 5e-3}


@pytest.mark.slow
@pytest.mark.parametrize("kind", TOLERANCES)
def test_fifty_steps_agree_with_tensorflow(exported, runner, kind):
    import jax

    tolerance = TOLERANCES[kind]
    batches = [spots(BATCH, seed) for seed in range(50)]
    # Compiled by XLA as well: TensorFlow's own kernels draw other random numbers.
    model = model_of(kind, jit_compile=True)
    step = tf.function(model.train_step, jit_compile=True, autograph=False)
    expected = [{k: float(v) for k, v in step(tf.constant(batch)).items()} for batch in batches]
    program = runner.Program(exported(kind))
    losses = [program.step(jax.device_put(batch)) for batch in batches]
    for wanted, got in zip(expected, losses, strict=True):
        assert {k: float(v) for k, v in got.items()} == pytest.approx(wanted, rel=tolerance)
    assert program.steps_done() == 50

    # Kernels as well. (Biases before a batch norm have no gradient but rounding.)
    state, fresh = program.state(), state_of(exported(kind))
    off = learned = 0.0
    for name, variable in named_variables(model).items():
        if name.split("/")[0] in ("encoder", "decoder") and name.endswith("kernel"):
            name = next(n for n in state if identity(n) == identity(name))
            off += np.sum((state[name] - np.asarray(variable)) ** 2)
            learned += np.sum((fresh[name] - np.asarray(variable)) ** 2)
    assert off**0.5 < 10 * tolerance * learned**0.5


def test_bfloat16_stays_inside_the_program(exported):
    from tensorflow.compiler.xla import xla_data_pb2
    from tensorflow.compiler.xla.service import hlo_pb2

    def types_of_products(kind):
        hlo = (exported(kind) / "program.hlo.pb").read_bytes()
        module = hlo_pb2.HloModuleProto.FromString(hlo)
        return {
            xla_data_pb2.PrimitiveType.Name(instruction.shape.element_type)
            for computation in module.computations
            for instruction in computation.instructions
            if instruction.opcode == "dot"
        }

    assert types_of_products("gan") == {"F32"}
    assert types_of_products("bfloat16") == {"BF16", "F32"}  # The discriminator is float32.
    assert {v.dtype.name for v in state_of(exported("bfloat16")).values()} <= {
        "float32", "int32", "int64",
    }  # fmt: skip


def test_signature_says_what_goes_in_and_out(exported):
    directory = exported("gan")
    signature = json.loads((directory / "signature.json").read_text())
    inputs, outputs = signature["inputs"], signature["outputs"]
    assert inputs[0] == {
        "name": "batch", "shape": [BATCH, 8, 8, 1], "dtype": "uint8", "replaced_by": None,
    }  # fmt: skip
    assert [o["name"] for o in outputs[:4]] == [
        "discriminator_loss", "divergence", "loss", "reconstruction_loss",
    ]  # fmt: skip
    for described in inputs:
        if described["replaced_by"] is None:
            assert described["name"].startswith(("batch", "constants/"))
        else:
            assert outputs[described["replaced_by"]]["name"] == described["name"]
    names = [d["name"] for d in (*inputs[1:], *signature["untouched"])]
    state = state_of(directory)
    assert sorted(names) == sorted(state)
    assert len({identity(name) for name in names}) == len(names)
    for described in inputs[1:]:
        value = state[described["name"]]
        assert (list(value.shape), value.dtype.name) == (described["shape"], described["dtype"])
    assert state[signature["step_counter"]] == 0
    program = (directory / "program.hlo.pb").read_bytes()
    assert signature["program"]["sha256"] == hashlib.sha256(program).hexdigest()
    assert b".py" not in program  # Nor any other path of the machine that exported it.
    assert signature["training"] == {
        "batch_size": BATCH, "steps_per_epoch": STEPS, "epochs": 8, "seed": 0,
        "horizontal_flip": False, "max_shift": 0,
    }  # fmt: skip


def test_import_restores_every_variable(exported):
    model = model_of("gan")
    for variable in named_variables(model).values():
        variable.assign(np.full(variable.shape, 7, variable.dtype))
    assert export.import_state(model, exported("gan")) is model
    fresh = named_variables(model_of("gan"))
    for name, variable in named_variables(model).items():
        if not name.startswith("metrics/"):
            other = next(v for n, v in fresh.items() if identity(n) == identity(name))
            np.testing.assert_array_equal(np.asarray(variable), np.asarray(other), name)


@pytest.mark.slow
def test_a_resumed_training_is_the_uninterrupted_one(copied, runner):
    through, stopped = copied("through"), copied("stopped")
    said = []
    assert runner.train(through, spots(), epochs=2, report=said.append) == 2 * STEPS
    assert "epoch 2.00 of 2" in said[-1]
    assert runner.train(stopped, spots(), epochs=2, max_steps=7, report=said.append) == 7
    assert said[-1] == "Stopped after step 7 of 20; run again to resume."
    calls = iter([False] * 5 + [True])
    runner.train(stopped, spots(), epochs=2, stopped=lambda: next(calls), report=said.append)
    assert runner.train(stopped, spots(), epochs=2, max_seconds=0.0, report=said.append) == 14
    assert runner.train(stopped, spots(), epochs=2, report=said.append) == 20
    assert runner.train(stopped, spots(), epochs=2, report=said.append) == 20  # All is done.
    wanted, got = state_of(through), state_of(stopped)
    assert wanted.keys() == got.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(value, got[name], name)
    for left, right in zip(history_of(through), history_of(stopped), strict=True):
        del left["seconds"], right["seconds"]
        assert left == right
    assert not list(stopped.glob(".tmp-*"))
    with pytest.raises(ValueError, match="must not hold a training.*Received: .*stopped"):
        export.export_train_step(model_of("small"), BATCH, stopped)


def test_another_config_does_not_replace_an_export(copied):
    directory = copied()
    before = state_of(directory)
    other = dataclasses.replace(CONFIGS["small"], reg_weight=3.0)
    model = training.compile_model(wae_tf.build_model(other), other, STEPS)
    with pytest.raises(ValueError, match=r"very config.*\{'reg_weight': \(10.0, 3.0\)\}"):
        export.export_train_step(model, BATCH, directory, config=other)
    with pytest.raises(ValueError, match="very config.*Received: .* now without one"):
        export.export_train_step(model, BATCH, directory)
    export.export_train_step(model_of("small"), BATCH, directory, config=CONFIGS["small"])
    before = {identity(name): value for name, value in before.items()}
    for name, value in state_of(directory).items():
        np.testing.assert_array_equal(value, before[identity(name)], name)


def test_other_files_are_not_exported_among(copied, tmp_path):
    directory = copied()
    (directory / "thesis.txt").write_text("years")
    with pytest.raises(ValueError, match="must be new, empty or an export.*'thesis.txt'"):
        export.export_train_step(model_of("small"), BATCH, directory, config=CONFIGS["small"])
    assert (directory / "signature.json").is_file()


def test_half_an_export_is_none(tmp_path, monkeypatch):
    def full(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "save", full)
    config = dataclasses.replace(CONFIGS["small"], epochs=1)
    with pytest.raises(OSError, match="No space"):
        export.export_run(config, tmp_path, spots())
    assert not (tmp_path / "signature.json").exists()
    with pytest.raises(ValueError, match="`wae_tf.export_train_step` wrote"):
        export.import_run(tmp_path, tmp_path / "run")


def test_a_training_is_not_replaced(copied):
    directory = copied()
    with h5py.File(directory / "state.h5", "r+") as file:
        file.attrs["device"] = "cpu"  # As the runner does when it saves.
    with pytest.raises(ValueError, match="must not hold a training.*Received: .*copy"):
        export.export_train_step(model_of("small"), BATCH, directory, config=CONFIGS["small"])


def test_an_export_that_has_not_run_is_not_taken_back(copied, tmp_path):
    with pytest.raises(ValueError, match="run its `run_exported.py` first.*after 0 steps"):
        export.import_run(copied(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_run_keeps_its_images_on_the_way_there_and_back(tmp_path):
    images, config = spots(), dataclasses.replace(CONFIGS["small"], epochs=1)
    training.train(config, images, tmp_path / "run", test_split=None, verbose=0)
    with pytest.raises(ValueError, match="these very training images.*Received"):
        export.export_run(config, tmp_path / "out", spots(seed=1), workdir=tmp_path / "run")
    export.export_run(config, tmp_path / "out", images, workdir=tmp_path / "run")
    (tmp_path / "back").mkdir()
    with (
        locking.locked(tmp_path / "back"),  # Which another thread, like a process, must not take.
        concurrent.futures.ThreadPoolExecutor(1) as other,
        pytest.raises(ValueError, match="one process at a time.*Received: workdir="),
    ):
        other.submit(export.import_run, tmp_path / "out", tmp_path / "back").result()
    assert [path.name for path in (tmp_path / "back").iterdir()] == []
    export.import_run(tmp_path / "out", tmp_path / "back")  # It was trained before.
    with pytest.raises(ValueError, match="these very training images.*Received"):
        training.train(config, spots(seed=1), tmp_path / "back", test_split=None, verbose=0)
    training.train(config, images, tmp_path / "back", test_split=None, verbose=0)


def test_epochs_are_permutations_of_all_images(runner):
    orders = [np.asarray(runner._order(3, epoch, 50)[0]) for epoch in range(3)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(50))
    assert not np.array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(orders[1], runner._order(3, 1, 50)[0])
    assert not np.array_equal(orders[1], runner._order(4, 1, 50)[0])


def test_batches_follow_the_order_and_mirror_about_half(runner):
    pixels = tiny.images(50, shape=(4, 6, 3))
    order, key = runner._order(0, 0, 50)
    rows = np.asarray(order)[20:40]
    np.testing.assert_array_equal(runner._batch(pixels, order, key, 1, 20, False, 0), pixels[rows])
    flipped = np.asarray(runner._batch(pixels, order, key, 1, 20, True, 0))
    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(flipped, pixels[rows], strict=True)]
    kept = [np.array_equal(a, b) for a, b in zip(flipped, pixels[rows], strict=True)]
    assert 4 <= sum(mirrored) <= 16
    assert sum(mirrored) + sum(kept) == 20


def test_shifted_batches_are_windows_of_the_mirrored_images(runner):
    pixels = tiny.images(200, shape=(4, 6, 3))
    order, key = runner._order(0, 0, 200)
    shifted = np.asarray(runner._batch(pixels, order, key, 0, 200, False, 1))
    padded = np.pad(pixels[np.asarray(order)], ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    windows = [padded[:, y : y + 4, x : x + 6] for y in range(3) for x in range(3)]
    found = np.array([(window == shifted).all(axis=(1, 2, 3)) for window in windows])
    np.testing.assert_array_equal(found.sum(axis=0), 1)
    assert found.sum(axis=1).min() > 5  # Each of the nine moves.


@pytest.mark.slow
def test_fit_continues_where_the_runner_stopped(copied, runner, tmp_path):
    directory = copied()
    images, config = spots(), CONFIGS["small"]
    export.export_run(config, directory, images)
    runner.train(directory, images, epochs=40, report=lambda line: None)
    history = history_of(directory)
    losses = [row["reconstruction_loss"] for row in history]
    assert np.mean(losses[-10:]) < 0.1 * losses[0]

    model = export.import_run(directory, tmp_path / "run", test_images=spots(40, seed=1))
    assert int(model.optimizer.iterations) == 40 * STEPS
    batches = data.batches(images, BATCH, training=True, first_epoch=40, epochs=41)
    fit = model.fit(batches, epochs=41, initial_epoch=40, verbose=0)
    # Not the whole loss: the MMD of 20 codes is mostly noise.
    assert fit.history["reconstruction_loss"][0] < 2 * np.mean(losses[-10:])
    assert int(model.optimizer.iterations) == 41 * STEPS

    resumed = model_of("small")
    checkpoint = callbacks.Checkpoint(tmp_path / "run")
    assert checkpoint.restore(resumed) == 40
    assert [row["loss"] for row in checkpoint.history()] == [row["loss"] for row in history]
    entry = json.loads((tmp_path / "run" / "entry.json").read_text())
    assert entry["provenance"]["epochs"] == 40
    assert entry["provenance"]["training_images"] == 200
    losses = training.test_losses(wae_tf.load(tmp_path / "run"), spots(40, seed=1), BATCH)
    assert entry["results"]["losses"] == pytest.approx(losses, rel=1e-5)
    tiny.assert_identical(
        tiny.weights(resumed), tiny.weights(export.import_state(model_of("small"), directory))
    )


@pytest.mark.slow
def test_export_goes_on_from_a_run_of_wae_train(copied, runner, tmp_path):
    images, config = spots(), dataclasses.replace(CONFIGS["small"], epochs=1)
    training.train(config, images, tmp_path / "run", test_split=None, verbose=0)
    model = export.export_run(config, tmp_path / "out", images, workdir=tmp_path / "run")
    assert int(model.optimizer.iterations) == STEPS
    lines = []
    runner.train(tmp_path / "out", images, epochs=2, report=lines.append)
    assert lines[0].startswith("Step 10 of 20.")
    assert [row["epoch"] for row in history_of(tmp_path / "out")] == [1, 2]


def test_losses_that_are_not_finite_leave_the_last_state(copied, runner):
    directory = copied()
    name = next(n for n in state_of(directory) if n.startswith("decoder") and n.endswith("kernel"))
    with h5py.File(directory / "state.h5", "r+") as file:
        file[name][...] = np.nan
    before = (directory / "state.h5").read_bytes()
    with pytest.raises(FloatingPointError, match="must stay finite.*Received: .*loss nan"):
        runner.train(directory, spots(), epochs=1, report=lambda line: None)
    assert (directory / "state.h5").read_bytes() == before


def test_runner_is_one_file_that_needs_little():
    tree = ast.parse(RUNNER.read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - sys.stdlib_module_names == {"h5py", "jax", "jaxlib", "numpy"}
    code = f"import sys, runpy; sys.modules['jax'] = None; runpy.run_path({str(RUNNER)!r}, "
    done = subprocess.run(
        [sys.executable, "-c", code + "run_name='__main__')"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("JAX is needed: `pip install jax`")
    code = code.replace("import sys, ", "import sys; sys.argv = ['x', '--help']; import ")
    done = subprocess.run(
        [sys.executable, "-c", code + "run_name='__main__')"], capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stderr == ""
    assert "--checkpoint_seconds" in done.stdout


@pytest.mark.slow
def test_runner_works_from_the_command_line(copied, runner):
    directory = copied()
    np.savez(directory / "images.npz", x_train=spots()[..., 0])

    def run(*arguments):
        return subprocess.run(
            [sys.executable, directory / "run_exported.py", *arguments],
            capture_output=True,
            text=True,
        )

    done = run(f"--data={directory / 'images.npz'}", "--epochs=3", "--max_steps=4")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Stopped after step 4 of 30; run again to resume."
    done = run(f"--data={directory / 'images.npz'}", "--key=y")
    assert done.returncode == 1
    assert "`key` must be one of ['x_train']. Received: key='y'" in done.stderr


def test_images_must_fit_the_program(copied, runner):
    directory = copied()
    for images in (spots().astype("float32"), spots()[:, :4], spots(BATCH - 1)):
        with pytest.raises(ValueError, match=r"uint8 of shape \(n, 8, 8, 1\), n >= 20.*Received"):
            runner.train(directory, images)
    with pytest.raises(ValueError, match="epochs of 10 steps.*Received: 180 images"):
        runner.train(directory, spots(180))
    with pytest.raises(ValueError, match="`epochs` must be given.*epochs=0"):
        runner.train(directory, spots(), epochs=0)


def test_directories_of_another_format_are_refused(copied, runner):
    directory = copied()
    edited(directory, format=99)
    with pytest.raises(ValueError, match="directories of format 1.*of format 99"):
        runner.Program(directory)
    with pytest.raises(ValueError, match="must be of format 1.*of format 99"):
        export.import_state(model_of("small"), directory)
    for function in (runner.Program, functools.partial(export.import_state, model_of("small"))):
        with pytest.raises(ValueError, match="`wae_tf.export_train_step` wrote.*FileNotFoundError"):
            function(directory / "nowhere")


def test_damaged_programs_are_refused(copied, runner):
    directory = copied()
    (directory / "program.hlo.pb").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="signature's SHA-256.*Received: .*program.hlo.pb"):
        runner.Program(directory)


def test_states_that_do_not_fit_are_refused(copied, exported, runner):
    directory = copied()
    shutil.copy(exported("mmd") / "state.h5", directory)
    with pytest.raises(ValueError, match="`state.h5` must hold.*Received: .*misfits"):
        runner.Program(directory)
    with pytest.raises(ValueError, match="`state.h5` must hold the variables.*Received"):
        export.import_state(model_of("small"), directory)


def test_models_that_do_not_fit_are_refused(exported):
    model = model_of("small")
    before = tiny.weights(model)
    with pytest.raises(ValueError, match="built and compiled like.*discriminator/00 is absent in"):
        export.import_state(model, exported("gan"))
    tiny.assert_identical(tiny.weights(model), before)
    model.compile(keras.optimizers.SGD(0.1))
    with pytest.raises(ValueError, match="same optimizers. Received: .* optimizer/"):
        export.import_state(model, exported("small"))


def test_export_needs_a_compiled_model_and_pairs_of_codes(tmp_path):
    with pytest.raises(ValueError, match="must be compiled.*Received"):
        export.export_train_step(wae_tf.build_model(CONFIGS["small"]), BATCH, tmp_path)
    with pytest.raises(ValueError, match="`batch_size` must be at least 2. Received: batch_size=1"):
        export.export_train_step(model_of("small"), 1, tmp_path)
    with pytest.raises(ValueError, match="fill a batch.*Received: 19 images, batch_size=20"):
        export.export_run(CONFIGS["small"], tmp_path, spots(19))


def test_values_that_do_not_fit_are_refused_before_images_are_read(tmp_path):
    def read():
        pytest.fail("Images were read.")

    odd = tiny.config(image_shape=(9, 9, 1), decoder="dcgan_mod", decoder_layers=2)
    with pytest.raises(ValueError, match="multiples of 2"):
        export.export_run(odd, tmp_path, read)
    shifted = dataclasses.replace(CONFIGS["small"], max_shift=8)
    with pytest.raises(ValueError, match="`max_shift` must be"):
        export.export_run(shifted, tmp_path, read)


@pytest.mark.slow
def test_wae_export_step_from_the_command_line(tmp_path):
    (tmp_path / "tiny").mkdir()
    entry = {"config": CONFIGS["small"].to_dict()}
    (tmp_path / "tiny" / "entry.json").write_text(json.dumps(entry))
    np.savez(tmp_path / "spots.npz", x_train=spots(), x_test=spots(40, seed=1))

    def run(*arguments):
        command = [sys.executable, "-m", "wae_tf.bin.export_step", "--directory=out", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    done = run("--data=spots.npz", "--config=./tiny", "--epochs=5")
    assert done.returncode == 0, done.stderr
    signature = json.loads((tmp_path / "out" / "signature.json").read_text())
    assert signature["training"]["epochs"] == 5
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "images.npy"), spots())
    done = run("--back", "--workdir=run")
    assert done.returncode == 1
    assert "ValueError: `--directory` must hold a training" in done.stderr
    with h5py.File(tmp_path / "out" / "state.h5", "r+") as file:
        file[signature["step_counter"]][...] = 50
    done = run("--back", "--workdir=run")
    assert done.returncode == 0, done.stderr
    assert wae_tf.load(tmp_path / "run").latent_dim == 3
    done = run("--data=spots.npz")
    assert done.returncode == 1
    assert "Either --config or --workdir must say" in done.stderr
