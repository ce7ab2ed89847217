"""Checks `wae-apply`: what it writes of one's own images, and its errors."""

import csv
import re

import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf import data
from wae_tf.bin import apply
from wae_tf.plots import pictures

Image = pytest.importorskip("PIL.Image")

NAMES = ["a.png", "cats/b.png", "cats/c d.jpeg.png", "dogs/b.png", "z.png"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Returns the directory of a model of images 8x8x1."""
    directory = tmp_path_factory.mktemp("apply") / "model"
    model = wae_tf.build_model(tiny.config())
    for variable in model.trainable_variables:
        variable.assign(30.0 * variable)  # So that no two images come out alike.
    wae_tf.save_entry(directory, model, tiny.config())
    return directory


@pytest.fixture
def photos(tmp_path):
    """Returns photographs of 8x8 by their names, which lie in a folder `photos`."""
    images = dict(zip(NAMES, tiny.images(len(NAMES), seed=2)))
    for name, image in images.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
    (tmp_path / "photos" / "notes.txt").write_text("not an image")
    return images


@pytest.fixture
def run(model, photos, tmp_path, monkeypatch, run_program):
    """Returns a function that runs the program on the photos, and returns its exit code."""
    monkeypatch.chdir(tmp_path)

    def run(task, *arguments):
        return run_program(
            apply, f"--model={model}", "--data=./photos", f"--task={task}", *arguments
        )

    return run


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def written(tmp_path):
    return sorted(path.name for path in tmp_path.iterdir() if path.name != "photos")


def read(photos):
    """Returns the images of the folder as they are read, and their names."""
    images, names = data.load_images("./photos", "all", image_shape=(8, 8, 1), names=True)
    assert sorted(names) == sorted(NAMES)
    for image, name in zip(images, names, strict=True):
        np.testing.assert_array_equal(image, photos[name])
    return images, names


def test_codes_carry_the_names_of_their_files(run, model, tmp_path, photos, capsys):
    assert not run("encode", "--output=codes.csv")
    assert not run("encode", "--output=codes.npz")
    loaded = wae_tf.load(model)
    with open(tmp_path / "codes.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["file", "z0", "z1", "z2"]
    assert sorted(row[0] for row in rows[1:]) == sorted(NAMES)
    for name, *code in rows[1:]:
        expected = loaded.encode(photos[name][None])[0]
        np.testing.assert_allclose(np.array(code, "float32"), expected, rtol=1e-5, atol=1e-6)
    with np.load(tmp_path / "codes.npz") as arrays:
        assert list(arrays["files"]) == [row[0] for row in rows[1:]]
        np.testing.assert_array_equal(arrays["codes"], np.array(rows[1:])[:, 1:].astype("float32"))
    assert "encode, 5 images" in capsys.readouterr().out
    assert written(tmp_path) == ["codes.csv", "codes.npz"]


def test_reconstructions_stand_beside_their_images(run, model, tmp_path, photos):
    images, names = read(photos)
    again = pictures.to_uint8(wae_tf.load(model).reconstruct(images))
    for output in ("pairs.png", "pairs.npz", "pairs"):
        assert not run("reconstruct", "--scale=1", f"--output={output}")
    picture = pixels(tmp_path / "pairs.png")
    np.testing.assert_array_equal(picture, pictures.comparison(images, again, 5)[..., 0])
    with np.load(tmp_path / "pairs.npz") as arrays:
        np.testing.assert_array_equal(arrays["images"], images)
        np.testing.assert_array_equal(arrays["reconstructions"], again)
        np.testing.assert_array_equal(arrays["files"], names)
    paths = sorted((tmp_path / "pairs").iterdir())
    stems = [re.sub(r"[^\w.]+", "_", name.removesuffix(".png")) for name in names]
    assert [path.name for path in paths] == [f"{i}_{stem}.png" for i, stem in enumerate(stems)]
    for path, pair in zip(paths, zip(images, again)):
        np.testing.assert_array_equal(pixels(path)[:, :8], pair[0][..., 0])
        np.testing.assert_array_equal(pixels(path)[:, 9:], pair[1][..., 0])


def test_ways_go_from_each_image_to_the_next(run, model, tmp_path, photos):
    images, names = read(photos)
    loaded = wae_tf.load(model)
    ways = pictures.to_uint8(loaded.interpolate(images[:-1], images[1:], steps=4))
    flags = ("--steps=4", "--scale=1")
    for output in ("ways.npz", "ways.png", "ways", "ways.webp"):
        assert not run("interpolate", *flags, f"--output={output}")
    with np.load(tmp_path / "ways.npz") as arrays:
        np.testing.assert_array_equal(arrays["interpolations"], ways)
        np.testing.assert_array_equal(arrays["files"], np.stack([names[:-1], names[1:]], axis=1))
    strips = np.concatenate([images[:-1, None], ways, images[1:, None]], axis=1)
    np.testing.assert_array_equal(
        pixels(tmp_path / "ways.png"), pictures.grid(strips.reshape(-1, 8, 8, 1), 6)[..., 0]
    )
    paths = sorted((tmp_path / "ways").iterdir())
    assert len(paths) == 4
    np.testing.assert_array_equal(pixels(paths[2]), pictures.grid(strips[2], 6)[..., 0])
    back = pictures.to_uint8(loaded.interpolate(images[-1:], images[:1], steps=4))
    frames = np.concatenate([ways, back])[:, :-1].reshape(-1, 8, 8)
    with Image.open(tmp_path / "ways.webp") as image:
        assert image.n_frames == len(frames) == 15
        for place, frame in enumerate(frames):
            image.seek(place)
            np.testing.assert_array_equal(np.asarray(image.convert("L")), frame)


def test_a_picture_has_the_first_images_and_says_so(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(apply, "_SHOWN", 2)
    assert not run("reconstruct", "--scale=1", "--output=pairs.png")
    assert "2 images of 5; --num=N takes more" in capsys.readouterr().out
    assert pixels(tmp_path / "pairs.png").shape == (17, 17)
    assert not run("reconstruct", "--scale=1", "--num=4", "--output=pairs.png")
    assert "4 images\n" in capsys.readouterr().out
    assert pixels(tmp_path / "pairs.png").shape == (17, 35)


def test_a_broken_image_is_left_out_with_its_name(run, tmp_path):
    (tmp_path / "photos" / "b.png").write_bytes(b"no image")
    with pytest.warns(UserWarning, match="b.png"):
        assert not run("encode", "--output=codes.npz")
    with np.load(tmp_path / "codes.npz") as arrays:
        assert sorted(arrays["files"]) == sorted(NAMES) and arrays["codes"].shape == (5, 3)


def test_arrays_are_named_by_their_places(run_program, model, tmp_path):
    np.savez(tmp_path / "x.npz", x_train=tiny.images(2), x_test=tiny.images(3))
    flags = [f"--model={model}", f"--data={tmp_path / 'x.npz'}", "--task=encode"]
    assert not run_program(apply, *flags, f"--output={tmp_path / 'codes.npz'}")
    with np.load(tmp_path / "codes.npz") as arrays:
        expected = [*(f"x_train[{i}]" for i in range(2)), *(f"x_test[{i}]" for i in range(3))]
        assert list(arrays["files"]) == expected


@pytest.mark.parametrize(
    "task, arguments, message",
    [
        ("encode", ["--output=x.png"], "in .csv for a table, in .npz.*Received: --output=x.png"),
        ("reconstruct", ["--output=x.webp"], "no suffix for a folder of pictures"),
        ("interpolate", ["--output=x.csv"], "in .webp for an animation"),
        ("interpolate", ["--output=x.png", "--num=1"], "at least two images.*Received: 1 image"),
        ("encode", ["--output=absent/x.csv"], "make 'absent'"),
        ("dream", ["--output=x.png"], "--task"),
        ("encode", ["--output=x.csv", "--split=validation"], "`--split` must name a part"),
    ],
)
def test_bad_input_is_one_clear_line_and_writes_nothing(run, tmp_path, task, arguments, message):
    code = run(task, *arguments)
    assert isinstance(code, str) and "\n" not in code
    assert re.search(message, code), code
    assert written(tmp_path) == []


def test_a_folder_with_files_is_refused(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years")
    assert re.search("must be new or empty.*--overwrite", run("reconstruct", "--output=out"))
    assert not run("reconstruct", "--output=out", "--overwrite")
    assert (tmp_path / "out" / "thesis.txt").read_text() == "years"
    assert len(list((tmp_path / "out").iterdir())) == 6
