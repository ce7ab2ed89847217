"""Checks the command with which a card says to train on all of CelebA, on the faces at hand."""

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

FACES = [name for name in wae_tf.list_models() if "retrain" in zoo.read_entry(name)["provenance"]]


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


@pytest.mark.parametrize("name", FACES)
def test_the_command_for_all_of_celeba_trains(name, celeba, run_program, tmp_path):
    command = zoo.read_entry(name)["provenance"]["retrain"]["command"]
    program, *flags = shlex.split(command)
    assert program == "wae-train" and f"--config={name}_paper" in flags
    replaced = {
        "--data=img_align_celeba.zip": f"--data={celeba}",
        "--split=train[:162770]": "--split=train[:16]",
        "--test_split=train[182637:]": "--test_split=train[20:]",
        "--workdir=DIR": f"--workdir={tmp_path / 'run'}",
    }
    assert set(replaced) <= set(flags)
    small = ["--encoder_width=8", "--decoder_width=8", "--batch_size=8", "--epochs=1"]
    run_program(train, *(replaced.get(flag, flag) for flag in flags), *small, "--verbose=0")
    entry = zoo.read_entry(tmp_path / "run")
    assert entry["provenance"]["training_images"] == 16 and entry["results"]["test_images"] == 4
    assert np.isfinite(entry["results"]["losses"]["squared_error"])
