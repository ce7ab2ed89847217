"""Checks the commands that entries record: quoted, and without paths of this machine."""

import shlex

import numpy as np

from wae_tf.zoo.commands import command_line, data_argument


def test_a_shell_reads_the_flags_as_they_were():
    flags = {"split": "train[:10]", "data": "my faces.zip", "epochs": 3}
    line = command_line("python -m program", flags)
    assert line == "python -m program '--split=train[:10]' '--data=my faces.zip' --epochs=3"
    assert shlex.split(line)[3:] == [f"--{name}={value}" for name, value in flags.items()]


def test_data_are_named_as_beside_them(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos.zip").touch()
    assert data_argument(tmp_path / "photos") == "./photos"
    assert data_argument(f"{tmp_path}/photos/") == "./photos"
    assert data_argument(tmp_path / "photos.zip") == "photos.zip"
    (tmp_path / "faces.zip").symlink_to(tmp_path / "photos.zip")
    assert data_argument(tmp_path / "faces.zip") == "faces.zip"
    monkeypatch.chdir(tmp_path / "photos")
    assert data_argument(".") == "./photos"
    assert data_argument("celeb_a_hq/256:2.0.0") == "celeb_a_hq/256:2.0.0"
    assert data_argument(np.zeros(3)) == "ARRAY"
