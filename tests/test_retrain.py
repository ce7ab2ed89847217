"""Checks the commands with which cards say to train on whole data sets, on images at hand."""

import io
import shlex
import zipfile

import numpy as np
import pytest
import tiny
from PIL import Image

import wae_tf
from wae_tf import zoo
from wae_tf.bin import train

pytestmark = pytest.mark.slow

AGAIN = {
    name: again["command"]
    for name in wae_tf.list_models()
    if (again := zoo.read_entry(name)["provenance"].get("retrain"))
}
SMALL = ["--encoder_width=8", "--decoder_width=8", "--batch_size=8", "--epochs=1", "--verbose=0"]


@pytest.fixture
def celeba(tmp_path):
    """Returns a zip as `img_align_celeba.zip`, of 24 faces at the full size of 178 x 218."""
    half = zipfile.ZipFile(tiny.real("celeba_9k_89x109.zip"))
    names = sorted(name for name in half.namelist() if name.endswith(".jpg"))[:24]
    with zipfile.ZipFile(tmp_path / "img_align_celeba.zip", "w") as whole:
        for name in names:
            face = Image.open(io.BytesIO(half.read(name))).resize((178, 218), Image.LANCZOS)
            content = io.BytesIO()
            face.save(content, "JPEG", quality=95)
            whole.writestr(f"img_align_celeba/{name.split('/')[-1]}", content.getvalue())
    return tmp_path / "img_align_celeba.zip"


def of(data_set):
    names = [name for name in AGAIN if name.startswith(data_set)]
    return pytest.mark.parametrize("name", names)


def check_command(name, config, replaced, run_program, workdir, *more):
    """Trains by a card's command, with some of its flags replaced, on 16 images."""
    program, *flags = shlex.split(AGAIN[name])
    assert program == "wae-train" and f"--config={config}" in flags
    replaced = {**replaced, "--workdir=DIR": f"--workdir={workdir}"}
    assert set(replaced) <= set(flags)
    run_program(train, *(replaced.get(flag, flag) for flag in flags), *SMALL, *more)
    entry = zoo.read_entry(workdir)
    assert entry["provenance"]["training_images"] == 16 and entry["results"]["test_images"] == 4
    assert np.isfinite(entry["results"]["losses"]["squared_error"])


@of("celeba")
def test_the_command_for_all_of_celeba_trains(name, celeba, run_program, tmp_path):
    replaced = {
        "--data=img_align_celeba.zip": f"--data={celeba}",
        "--split=train[:162770]": "--split=train[:16]",
        "--test_split=train[182637:]": "--test_split=train[20:]",
    }
    check_command(
        name, f"{name.partition('_squared')[0]}_paper", replaced, run_program, tmp_path / "run"
    )


@of("cifar10")
def test_the_command_for_cifar_as_published_trains(name, run_program, tmp_path):
    learned = f"{name}_squared" in AGAIN  # Its first stage is trained alone.
    config = f"{name}_squared" if learned else name
    replaced = {
        "--data=cifar10": f"--data={tiny.real('cifar10_jpg.zip')}",
        "--download": "--split=train[:16]",
    }
    part = "--test_split=test[:4]"  # The command takes the whole test set, by default.
    check_command(name, config, replaced, run_program, tmp_path / "run", part)
