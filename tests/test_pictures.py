"""Checks grids pixel by pixel, and the PNG files that they become."""

import numpy as np
import pytest
from PIL import Image

from wae_tf.plots import pictures


def numbered(n, channels=1):
    """Returns n grey images of 2 x 3 pixels, each filled with its own number."""
    return np.broadcast_to(
        np.arange(1, n + 1, dtype="uint8")[:, None, None, None], (n, 2, 3, channels)
    )


def test_grid_places_each_image_on_white():
    expected = np.full((5, 7), 255)
    expected[:2, :3], expected[:2, 4:], expected[3:, :3] = 1, 2, 3
    picture = pictures.grid(numbered(3), columns=2)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture[..., 0], expected)


def test_grid_without_gap_is_a_reshape(rng):
    images = rng.integers(256, size=(6, 2, 3, 3), dtype="uint8")
    expected = images.reshape(2, 3, 2, 3, 3).transpose(0, 2, 1, 3, 4).reshape(4, 9, 3)
    np.testing.assert_array_equal(pictures.grid(images, columns=3, gap=0), expected)


@pytest.mark.parametrize("n, rows, columns", [(1, 1, 1), (2, 1, 2), (9, 3, 3), (10, 3, 4)])
def test_grid_is_about_square_by_default(n, rows, columns):
    assert pictures.grid(numbered(n), gap=0).shape == (2 * rows, 3 * columns, 1)


def test_floats_are_rounded_and_cut_off():
    pixels = np.array([-0.5, 0.0, 0.5, 1.0, 7.0], "float32").reshape(1, 1, 5, 1)
    np.testing.assert_array_equal(pictures.grid(pixels).ravel(), [0, 0, 128, 255, 255])


def test_comparison_puts_reconstructions_below_their_images():
    images, reconstructions = numbered(3), numbered(3) + np.uint8(100)
    picture = pictures.comparison(images, reconstructions, columns=2, gap=0)
    np.testing.assert_array_equal(picture[::2, ::3, 0], [[1, 2], [101, 102], [3, 255], [103, 255]])


@pytest.mark.parametrize("channels", [1, 3])
def test_saved_picture_has_each_pixel_scaled(rng, tmp_path, channels):
    image = rng.integers(256, size=(2, 3, channels), dtype="uint8")
    pictures.save(tmp_path / "picture.png", image, scale=3)
    with Image.open(tmp_path / "picture.png") as picture:
        assert (picture.format, picture.mode) == ("PNG", "L" if channels == 1 else "RGB")
        pixels = np.asarray(picture).reshape(6, 9, channels)
    np.testing.assert_array_equal(pixels, np.kron(image, np.ones((3, 3, 1), "uint8")))
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


@pytest.mark.parametrize("shape", [(0, 2, 3, 1), (2, 3, 1), (4, 4)])
def test_grid_of_no_images_is_refused(shape):
    with pytest.raises(ValueError, match=r"\(n, height, width, channels\), n >= 1. Received: "):
        pictures.grid(np.zeros(shape))


@pytest.mark.parametrize("reconstructions", [numbered(2), numbered(3, channels=3)])
def test_comparison_needs_pairs(reconstructions):
    with pytest.raises(ValueError, match=r"one shape.*Received: \(3, 2, 3, 1\) and \("):
        pictures.comparison(numbered(3), reconstructions)


def test_comparison_of_no_images_is_refused():
    with pytest.raises(ValueError, match=r"at least one image. Received: \(0, 2, 3, 1\)"):
        pictures.comparison(numbered(0), numbered(0))


@pytest.mark.parametrize("channels, quality", [(1, None), (3, 101)])
def test_an_animation_has_each_frame_as_it_is(tmp_path, rng, channels, quality):
    frames = rng.random((3, 4, 5, channels))
    pictures.save_animation(tmp_path / "a.webp", frames, scale=2, fps=25, quality=quality)
    with Image.open(tmp_path / "a.webp") as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (3, (10, 8), 0)
        for place, frame in enumerate(frames):
            image.seek(place)
            image.load()
            assert image.info["duration"] == 40
            shown = np.asarray(image.convert("RGB"))[::2, ::2]
            expected = np.broadcast_to(pictures.to_uint8(frame), (4, 5, 3))
            np.testing.assert_array_equal(shown, expected)
    assert [path.name for path in tmp_path.iterdir()] == ["a.webp"]


def test_colours_are_smaller_and_nearly_the_same(tmp_path):
    ramp = np.linspace(0, 1, 64)
    frames = np.stack([ramp[:, None] * ramp * t for t in (0.5, 1.0)])[..., None] * [1.0, 0.5, 0.2]
    frames = np.clip(frames + np.random.default_rng(0).normal(0, 0.02, frames.shape), 0, 1)
    for name, quality in (("a", None), ("b", 101)):
        pictures.save_animation(tmp_path / f"{name}.webp", frames, scale=1, quality=quality)
    sizes = [(tmp_path / f"{name}.webp").stat().st_size for name in "ab"]
    assert sizes[0] < 0.5 * sizes[1]
    with Image.open(tmp_path / "a.webp") as image:
        image.seek(1)
        gap = np.asarray(image.convert("RGB"), "float64") - pictures.to_uint8(frames[1])
    assert np.abs(gap).mean() < 6


@pytest.mark.parametrize(
    "frames, fps", [([], 12), ([np.zeros((2, 2, 1)), np.zeros((3, 2, 1))], 12), ([[[[0.0]]]], 0)]
)
def test_what_is_no_animation_is_refused(frames, fps, tmp_path):
    with pytest.raises(ValueError, match="`frames` must be images of one shape"):
        pictures.save_animation(tmp_path / "a.webp", frames, fps=fps)
    assert not list(tmp_path.iterdir())
