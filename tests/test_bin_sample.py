"""Checks `wae-sample`: what it writes, that a seed fixes it, and its errors."""

import re

import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf.bin import sample
from wae_tf.plots import pictures

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Returns the directory of a model of images 8x8x1."""
    return tiny.saved_model(tmp_path_factory.mktemp("bin") / "model")


@pytest.fixture
def run(model, tmp_path, monkeypatch, run_program):
    """Returns a function that runs the program in an empty directory, and returns its exit code."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return run_program(sample, f"--model={model}", *arguments)

    return run


def pixels(path):
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image)


def test_a_grid_of_draws_is_written(run, model, tmp_path, capsys):
    assert not run("--num=6", "--columns=3", "--scale=1", "--seed=4", "--output=six.png")
    expected = pictures.grid(wae_tf.load(model).sample(6, seed=4), columns=3)
    assert expected.shape == (2 * 8 + 1, 3 * 8 + 2, 1)
    np.testing.assert_array_equal(pixels(tmp_path / "six.png"), expected[..., 0])
    assert "Wrote 6 samples" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["six.png"]


def test_by_default_a_square_of_64_at_double_size(run, tmp_path):
    assert not run()
    assert pixels(tmp_path / "samples.png").shape == (2 * (8 * 9 - 1), 2 * (8 * 9 - 1))


def test_a_fitted_sampler_draws(run, model, tmp_path):
    assert not run("--num=4", "--columns=2", "--scale=1", "--sampler=gmm")
    draws = wae_tf.load(model).sample(4, seed=0, sampler="gmm")
    expected = pictures.grid(draws, columns=2)[..., 0]
    np.testing.assert_array_equal(pixels(tmp_path / "samples.png"), expected)


def test_a_seed_fixes_the_file(run, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert not run("--num=4", f"--seed={seed}", f"--output={name}.PNG")
    a, b, c = ((tmp_path / f"{name}.PNG").read_bytes() for name in "abc")
    assert a == b and a != c


def test_a_folder_holds_the_draws_numbered(run, model, tmp_path):
    assert not run("--num=11", "--scale=1", "--seed=3", "--output=draws")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["draws"]
    paths = sorted((tmp_path / "draws").iterdir())
    assert [path.name for path in paths] == [f"{i:02}.png" for i in range(11)]
    expected = pictures.to_uint8(wae_tf.load(model).sample(11, seed=3))[..., 0]
    np.testing.assert_array_equal([pixels(path) for path in paths], expected)


def test_an_array_holds_the_draws(run, model, tmp_path):
    assert not run("--num=5", "--seed=3", "--output=draws.npz")
    expected = pictures.to_uint8(wae_tf.load(model).sample(5, seed=3))
    with np.load(tmp_path / "draws.npz") as arrays:
        assert list(arrays) == ["images"]
        np.testing.assert_array_equal(arrays["images"], expected)
    assert [path.name for path in tmp_path.iterdir()] == ["draws.npz"]


WALK = ("--walk", "--num=3", "--stops=2", "--steps=4", "--seed=3", "--scale=1")


def test_a_walk_is_an_animation_that_begins_and_ends_with_the_draws(run, model, tmp_path, capsys):
    assert not run(*WALK, "--columns=3", "--output=walk.webp", "--fps=10")
    assert "Wrote 3 walks of 8 frames" in capsys.readouterr().out
    loaded = wae_tf.load(model)
    walk = wae_tf.plots.closed_walk(loaded, 3, stops=2, steps=4, seed=3)
    with Image.open(tmp_path / "walk.webp") as image:
        assert (image.format, image.n_frames, image.info["loop"]) == ("WEBP", 8, 0)
        for frame in range(8):
            image.seek(frame)
            image.load()
            assert image.info["duration"] == 100
            expected = pictures.grid(walk[frame], columns=3)
            shown = np.asarray(image.convert("RGB"))
            np.testing.assert_array_equal(shown, np.repeat(expected, 3, axis=-1))
    np.testing.assert_allclose(walk[0], loaded.sample(3, seed=3), atol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["walk.webp"]


def test_a_walk_as_other_files(run, model, tmp_path):
    walk = wae_tf.plots.closed_walk(wae_tf.load(model), 3, stops=2, steps=4, seed=3, sampler="gmm")
    expected = pictures.to_uint8(walk)
    for output in ("walk.npz", "walk.png", "walk"):
        assert not run(*WALK, "--sampler=gmm", f"--output={output}")
    with np.load(tmp_path / "walk.npz") as arrays:
        np.testing.assert_array_equal(arrays["images"], expected)
    rows = expected.swapaxes(0, 1).reshape(-1, 8, 8, 1)
    np.testing.assert_array_equal(
        pixels(tmp_path / "walk.png"), pictures.grid(rows, columns=8)[..., 0]
    )
    paths = sorted((tmp_path / "walk").iterdir())
    assert [path.name for path in paths] == [f"{i}.png" for i in range(8)]
    np.testing.assert_array_equal(pixels(paths[5]), pictures.grid(expected[5])[..., 0])


def test_a_folder_with_files_is_refused_and_with_overwrite_keeps_others(run, tmp_path):
    folder = tmp_path / "draws"
    folder.mkdir()
    (folder / "note.txt").write_text("mine")
    (folder / "7.png").write_bytes(b"of an earlier draw")
    assert re.search("must be new or empty.*--overwrite", run("--num=2", "--output=draws"))
    assert sorted(path.name for path in folder.iterdir()) == ["7.png", "note.txt"]
    assert not run("--num=2", "--output=draws", "--overwrite")
    assert sorted(path.name for path in folder.iterdir()) == ["0.png", "1.png", "7.png", "note.txt"]
    assert (folder / "7.png").read_bytes() == b"of an earlier draw"
    assert (folder / "note.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--output=x.jpg"], "must end in .png.*Received: --output=x.jpg"),
        (["--output=x.webp"], "no suffix for a folder.*Received: --output=x.webp"),
        (["--walk", "--output=x.gif"], "in .webp for an animation.*Received: --output=x.gif"),
        (["--steps=3"], "--steps is a flag of --walk"),
        (["--walk", "--stops=1"], "--stops"),
        (["--output=absent/x.png"], "make 'absent', or choose.*Received: --output=absent/x.png"),
        (["--num=0"], "--num"),
        (["--seed=-1"], "--seed"),
        (["--model=mnist_wae_mdm"], r"a zoo model, such as one of \['mnist_wae_mmd'"),
        (
            ["--sampler=flow"],
            r"`--sampler` must be.*\['prior', 'gmm'\].*--sampler='flow'",
        ),
        (["more"], "Only flags are accepted.*Received: more"),
    ],
)
def test_bad_input_is_one_clear_line_and_writes_nothing(run, arguments, message, tmp_path):
    code = run(*arguments)
    assert isinstance(code, str) and "\n" not in code
    assert re.search(message, code), code
    assert not list(tmp_path.iterdir())


def test_the_model_is_required(run_program):
    assert run_program(sample).startswith("--model is required: Zoo entry, or a directory that")
