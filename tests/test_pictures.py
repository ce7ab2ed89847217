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
