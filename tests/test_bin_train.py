"""Checks `wae-train`: its flags, its errors, and that it resumes."""

import dataclasses
import errno
import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf
from wae_tf import training
from wae_tf.bin import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Returns a directory with a config-only entry, `tiny`, and images."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "tiny").mkdir()
    entry = {"config": tiny.config().to_dict()}
    (folder / "tiny" / "entry.json").write_text(json.dumps(entry))
    np.savez(folder / "images.npz", x_train=tiny.images(17), x_test=tiny.images(8, seed=1))
    return folder


@pytest.fixture
def run(folder, run_program):
    """Returns a function that runs the program here, and returns its exit status or message."""

    def run(*arguments, required=True):
        given = [f"--config={folder / 'tiny'}", f"--data={folder / 'images.npz'}"]
        given.append(f"--workdir={folder / 'run'}")
        return run_program(train, *(given if required else []), *arguments)

    return run


@pytest.fixture
def calls(monkeypatch):
    """Records the calls of `training.train` in its stead."""
    calls = []
    monkeypatch.setattr(training, "train", lambda *args, **kwargs: calls.append((args, kwargs)))
    return calls


def test_flags_override_the_fields_of_the_config(run, calls, folder):
    assert not run()
    assert not run(
        "--epochs=7",
        "--reg_weight=2.5",
        "--prior=uniform",
        "--divergence=gan",
        "--nohorizontal_flip",
        "--pixel_range=-1,1",
        "--image_shape=8,8,3",
        "--crop=6,7",
        "--learning_rate=1e-4",
        "--precision=mixed_bfloat16",
    )
    (plain, _), (changed, kwargs) = calls
    assert plain == (tiny.config(), str(folder / "images.npz"), str(folder / "run"))
    assert changed[0] == dataclasses.replace(
        tiny.config(),
        epochs=7,
        reg_weight=2.5,
        prior="uniform",
        divergence="gan",
        pixel_range=(-1.0, 1.0),
        image_shape=(8, 8, 3),
        crop=(6, 7),
        learning_rate=1e-4,
        precision="mixed_bfloat16",
    )
    assert kwargs["provenance"]["command"].endswith(
        "--data=images.npz --image_shape=8,8,3 --crop=6,7 --horizontal_flip=False "
        "--pixel_range=-1,1 --divergence=gan --reg_weight=2.5 --prior=uniform "
        "--learning_rate=0.0001 --epochs=7 --precision=mixed_bfloat16 --workdir=DIR"
    )


def test_other_flags_are_arguments_of_train(run, calls):
    assert not run()
    assert not run(
        "--split=train[:9]",
        "--test_split=",
        "--data_dir=there",
        "--download",
        "--cache=false",
        "--jit_compile=true",
        "--verbose=2",
        "--crop=",
        "--critic_data=a.zip,b.zip",
        "--critic_split=train[:5],train",
        "--distribute=none",
    )
    defaults, given = (kwargs for _, kwargs in calls)
    for kwargs in (defaults, given):
        kwargs.pop("provenance")
    assert defaults == {
        "split": "train",
        "test_split": "test",
        "data_dir": None,
        "download": False,
        "cache": "auto",
        "jit_compile": "auto",
        "verbose": 1,
        "init_from": None,
        "distribute": "auto",
        "stop_on_failure": False,
        "critic_data": None,
        "critic_split": None,
        "keep_critic": False,
    }
    assert given == {
        "split": "train[:9]",
        "test_split": None,
        "data_dir": "there",
        "download": True,
        "cache": False,
        "jit_compile": True,
        "verbose": 2,
        "init_from": None,
        "distribute": "none",
        "stop_on_failure": False,
        "critic_data": ["a.zip", "b.zip"],
        "critic_split": "train[:5],train",
        "keep_critic": False,
    }


def test_image_size_stands_for_the_first_two_numbers_of_the_shape(run, calls):
    assert not run("--image_size=12")
    ((config, *_), _), *_ = calls
    assert config.image_shape == (12, 12, 1)


def test_every_field_of_a_config_is_a_flag():
    assert set(train._OVERRIDES) == {f.name for f in dataclasses.fields(wae_tf.WAEConfig)}


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--epoch=3"], "Unknown command line flag 'epoch'. Did you mean: epochs"),
        (["--epochs=three"], "flag --epochs=three"),
        (["--jit_compile=maybe"], "flag --jit_compile=maybe: value should be one of"),
        (
            ["--epochs=0"],
            "ValueError: `--epochs` must be an integer from 1 to 1000000. .*--epochs=0",
        ),
        (["--cost=l3"], "`--cost` must be one of .*Received: --cost='l3'"),
        (
            ["--image_size=4"],
            "`--image_size` must be an integer, at least 8. .*--image_size=4",
        ),
        (
            ["--image_size=8", "--image_shape=8,8,3"],
            "Either `--image_size` or `--image_shape`",
        ),
        (["--image_shape=8,8,x"], "must be numbers with commas between.*--image_shape=8,8,x"),
        (["--prior=sphere", "--latent_dim=1"], "needs `--latent_dim` >= 2"),
        (["--image_shape=8,8,2"], "`--image_shape` must be .*Received: --image_shape=8,8,2$"),
        (["--max_shift=8"], "`--max_shift` must be .*Received: --max_shift=8, images of 8 x 8"),
        (["--prior=vamp", "--data=absent"], "`--prior='vamp'` needs .*such as by `--codes='gaus"),
        (["--config=mnist_wae_mdm"], r"`--config` must be a zoo config, .*of \['mnist_wae_mmd'"),
        (["--init_from=none"], "`--init_from` must be a zoo model, .*Received: 'none'"),
        (["--init_from=mnist_ae"], "`--init_from` must have weights.*--init_from='mnist_ae'"),
        (["--config=cifar"], "'celeba_vae', .*'mnist_wae_mmd_2d', .*Received: 'cifar'"),
        (["--prior=gaussian"], r"'sphere', 'mixture', 'vamp'\]\. Received: --prior='gaussian'"),
        (["--data=absent.npz"], "FileNotFoundError: `--data` must .*Received: --data='absent.npz'"),
        (
            ["--critic_weight=0.5", "--critic_layers=1", "--critic_data=none.zip"],
            "FileNotFoundError: .*Received: --critic_data='none.zip'",
        ),
        (["--test_split=holdout"], "holdout"),
        (["--workdir=/proc/none"], "`--workdir` must be a directory that can be written to"),
        (["extra"], "Only flags are accepted.*Received: extra"),
    ],
)
def test_bad_input_is_one_clear_line(run, arguments, message):
    code = run(*arguments)
    assert isinstance(code, str)  # Which `sys.exit` prints, with status 1.
    assert "\n" not in code
    assert re.search(message, code)


def test_required_flags_are_named(run):
    code = run(required=False)
    assert code.startswith("--config is required: Zoo entry, trained or not, whose config")
    assert "--data is required: Images: an .npz" in code and "\n" not in code
    assert "--workdir is required: Directory of this run" in code


@pytest.mark.slow
def test_an_interruption_says_where_the_same_command_goes_on(run, folder, monkeypatch, capsys):
    workdir = f"--workdir={folder / 'interrupted'}"

    def interrupt(callback, epoch, logs=None):
        if epoch == remaining[0]:
            raise KeyboardInterrupt

    monkeypatch.setattr(wae_tf.callbacks.SampleGrid, "on_epoch_end", interrupt)
    remaining = [0, 1, None]
    for how in ("starts anew", "resumes after epoch 1"):
        assert run(workdir, "--verbose=2") == 130
        last = capsys.readouterr().err.splitlines()[-1]
        assert last == f"Interrupted; the same command {how}"
        del remaining[0]
    assert not run(workdir, "--verbose=2")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Resuming {folder / 'interrupted'} after epoch 1 of 2"
    done = wae_tf.zoo.read_entry(folder / "interrupted")["results"]["losses"]["squared_error"]
    outcome = (
        f"squared error {done:.2f} on 8 test images; "
        f"wae_tf.load('{folder / 'interrupted'}') returns the model"
    )
    assert lines[-1] == f"Wrote {folder / 'interrupted'}: {outcome}"
    assert not run(workdir, "--verbose=2")
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{folder / 'interrupted'} is complete already: {outcome}"]


@pytest.mark.slow
def test_run_again_it_resumes(run, folder, monkeypatch):
    def stop(*args, **kwargs):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(wae_tf.callbacks.SampleGrid, "on_epoch_end", stop)
        said = run("--verbose=0")
    assert said.startswith("OSError: No space left on device. Free space on the disk")
    assert not run("--verbose=0")
    model = wae_tf.load(folder / "run")
    assert model.sample(2, seed=0).shape == (2, 8, 8, 1)
    assert "reg_weight" in run("--reg_weight=3")  # Another config: refused.
    assert not run("--verbose=0")
    tiny.assert_identical(wae_tf.load(folder / "run").get_weights(), model.get_weights())


@pytest.mark.slow
def test_help_of_the_module_lists_every_flag_with_its_text():
    for module in ("wae_tf.bin.train",):
        shown = subprocess.run(
            [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True
        ).stdout
        words = " ".join(shown.split())
        assert words.startswith("Trains a model of the zoo")
        assert "wae-train --config=mnist_wae_mmd --data=mnist.npz" in words
        for field in dataclasses.fields(wae_tf.WAEConfig):
            flag = f"--[no]{field.name}:" if field.type is bool else f"--{field.name}:"
            assert f"{flag} {' '.join(field.metadata['help'].split())}" in words
        for flag in ("config", "data", "workdir", "split", "test_split", "data_dir", "verbose"):
            assert f"--{flag}: " in words
        assert "--[no]download: " in words and "--jit_compile: <auto|true|false>: " in words


def test_help_of_the_installed_program_is_the_same(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["wae-train", "--help"])
    with pytest.raises(SystemExit) as exit:
        train.run()
    assert exit.value.code == 0
    shown = capsys.readouterr().out
    assert "--workdir" in shown and "--reg_weight" in shown


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_program_as_shells_expect_it(
    run, folder, monkeypatch, capsys, number, status
):
    workdir = f"--workdir={folder / f'ended_by_{number}'}"
    step = training.callbacks.FiniteLoss.on_train_batch_end
    before = signal.signal(number, signal.SIG_DFL)  # `nohup` ignores it, and programs go on then.

    def signalled(callback, batch, logs=None):
        os.kill(os.getpid(), number)
        return step(callback, batch, logs)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(training.callbacks.FiniteLoss, "on_train_batch_end", signalled)
            assert run(workdir) == status
    finally:
        signal.signal(number, before)
    last = capsys.readouterr().err.strip().split("\n")[-1]
    how = "resumes in epoch 1, after the step that it stopped in"
    assert last == f"Interrupted; the same command {how}"
    assert run(workdir) in (None, 0)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "Free space on the disk"),
        pytest.param(
            tf.errors.PermissionDeniedError(None, None, "events.v2; Permission denied"),
            "denied",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            tf.errors.ResourceExhaustedError(None, None, "a; No space left on device"),
            "Free space",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            OSError(errno.EIO, "Input/output error"),
            "Input/output error",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_a_disk_does_not_do_ends_in_one_line(run, folder, monkeypatch, error, said):
    def failing(*args, **kwargs):
        raise error

    monkeypatch.setattr(training.callbacks.SampleGrid, "on_epoch_end", failing)
    said_last = run(f"--workdir={folder / 'failing'}")
    assert said in said_last and "\n" not in said_last
