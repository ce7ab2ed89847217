"""Checks that nothing needs a home directory that can be written to."""

import os
import pathlib
import subprocess
import sys

import pytest
import tiny

import wae_tf

HOME = "/proc/self/no_home"  # Not even root can make it.

STEPS = """
import pathlib, sys
import keras, numpy as np
import wae_tf
from wae_tf.bin import evaluate, export, sample, train

folder = pathlib.Path(sys.argv[1])
assert not pathlib.Path.home().exists()
model = wae_tf.load(folder / "entry")
assert model.sample(2, seed=0).shape == (2, 8, 8, 1)
images = np.random.default_rng(0).integers(256, size=(16, 8, 8, 1), dtype="uint8")
np.savez(folder / "images.npz", x_train=images, x_test=images)
model.compile("adam")
model.fit(images, batch_size=8, verbose=0)
model.save(folder / "model.keras")
assert keras.models.load_model(folder / "model.keras").sample(2, seed=0).shape == (2, 8, 8, 1)

def program(module, *arguments):
    sys.argv = ["program", *arguments]
    try:
        module.run()
    except SystemExit as error:
        assert not error.code, error.code

entry, data = f"{folder / 'entry'}", f"--data={folder / 'images.npz'}"
program(sample, f"--model={entry}", "--num=4", f"--output={folder / 'a.png'}")
run = f"--workdir={folder / 'run'}"
program(train, f"--config={entry}", data, run, "--epochs=1", "--verbose=0")
program(evaluate, f"--model={folder / 'run'}", data, "--num=4", f"--output={folder / 'report'}")
program(export, f"--model={folder / 'run'}", f"--output={folder / 'served'}")
print("all done")
"""


@pytest.mark.slow
@pytest.mark.skipif(not pathlib.Path("/proc/self").exists(), reason="the home is below /proc")
def test_models_and_programs_work_without_a_home(tmp_path):
    config = tiny.config(epochs=1)
    wae_tf.save_entry(tmp_path / "entry", wae_tf.build_model(config), config)
    private = ("XDG", "MPL", "KERAS", "HF_", "TFDS")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(private)}
    environment |= {"HOME": HOME, "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run(
        [sys.executable, "-c", STEPS, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert run.stdout.splitlines()[-1] == "all done"
    for name in ("a.png", "run/entry.json", "report/report.html", "served/saved_model.pb"):
        assert (tmp_path / name).is_file(), name
