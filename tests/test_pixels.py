"""Checks what counts as an image, and the maps between the ranges."""

import numpy as np
import pytest
import tensorflow as tf

from wae_tf.pixels import check_images, check_spec, from_model_range, to_model_range

SHAPE = (2, 3, 1)
RANGES = [(0.0, 1.0), (-1.0, 1.0)]
ALL_BYTES = np.arange(256, dtype="uint8").reshape(-1, 2, 2, 1)


@pytest.mark.parametrize("pixel_range", RANGES)
def test_ends_and_middle_of_the_range(pixel_range):
    low, high = pixel_range
    mapped = to_model_range(tf.constant([[0.0, 0.5, 1.0]]), pixel_range)
    np.testing.assert_array_equal(mapped, [[low, (low + high) / 2, high]])
    np.testing.assert_array_equal(from_model_range(mapped, pixel_range), [[0.0, 0.5, 1.0]])


@pytest.mark.parametrize("pixel_range", RANGES)
def test_bytes_are_255ths_and_come_back(pixel_range):
    mapped = to_model_range(tf.constant(ALL_BYTES), pixel_range)
    same = to_model_range(tf.constant(ALL_BYTES / 255.0), pixel_range)
    assert mapped.dtype == tf.float32
    np.testing.assert_allclose(mapped, same, atol=1e-6)
    back = from_model_range(mapped, pixel_range)
    np.testing.assert_array_equal(np.rint(back.numpy() * 255), ALL_BYTES)


def test_what_networks_overshoot_is_cut_off():
    np.testing.assert_array_equal(from_model_range(tf.constant([-9.0, 9.0]), (-1.0, 1.0)), [0, 1])


def test_half_precision_comes_back_as_float32():
    assert from_model_range(tf.zeros(3, "bfloat16"), (0.0, 1.0)).dtype == tf.float32


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64"])
def test_images_come_back_as_they_are(dtype):
    x = np.ones((4, *SHAPE), dtype)
    assert check_images(x, SHAPE) is x
    np.testing.assert_array_equal(check_images(tf.constant(x), SHAPE), x)


def test_specs_may_leave_sizes_open():
    check_spec((None, None, None, 1), tf.uint8, SHAPE)
    check_spec((None, 2, 3, 1), tf.float32, SHAPE)


def with_pixel(value):
    x = np.full((4, *SHAPE), 0.5, "float32")
    x[1, 0, 0, 0] = value
    return x


@pytest.mark.parametrize(
    "x, match",
    [
        (with_pixel(np.nan), r"`x` must have no NaN. Received: NaN in 1 of 4 images"),
        (with_pixel(1.5), r"\[0, 1\]: divide 0..255 by 255.*Received: x in \[0.5, 1.5\]"),
        (with_pixel(-1.0), r"map -1..1 by \(x \+ 1\) / 2. Received: x in \[-1, 0.5\]"),
        (with_pixel(np.inf), r"Received: x in \[0.5, inf\]"),
        (np.zeros((0, *SHAPE)), r"at least one image. Received: shape=\(0, 2, 3, 1\)"),
        (np.zeros((4, 2, 3)), r"\(n, 2, 3, 1\); add the channel axis.*shape=\(4, 2, 3\)"),
        (np.zeros((4, 3, 2, 1)), r"shape \(n, 2, 3, 1\). Received: shape=\(4, 3, 2, 1\)"),
        (np.zeros((4, 2, 3, 3)), r"shape \(n, 2, 3, 1\). Received: shape=\(4, 2, 3, 3\)"),
        (np.zeros(SHAPE), r"; of one image.*by x\[None\]. Received: shape=\(2, 3, 1\)"),
        (np.zeros((4, *SHAPE), "int64"), r"uint8 in \[0, 255\] or floats.*dtype=int64"),
        (np.zeros((4, *SHAPE), "bool"), r"uint8 in \[0, 255\] or floats.*dtype=bool"),
    ],
)
def test_other_arrays_are_refused(x, match):
    with pytest.raises(ValueError, match=match):
        check_images(x, SHAPE)


def test_errors_use_the_name_of_the_argument():
    with pytest.raises(ValueError, match="`validation_data` must have no NaN"):
        check_images(with_pixel(np.nan), SHAPE, "validation_data")
