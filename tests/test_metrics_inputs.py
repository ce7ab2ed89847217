"""Checks how metrics read images and features: the same numbers from any source, and errors."""

import numpy as np
import pytest
import tensorflow as tf

from wae_tf.metrics import inputs


def digits(n=10, shape=(4, 5, 1)):
    return np.random.default_rng(0).integers(256, size=(n, *shape), dtype="uint8")


def sources(images):
    dataset = tf.data.Dataset.from_tensor_slices(images)
    return {
        "array": images,
        "tensor": tf.constant(images),
        "floats": (images / 255.0).astype("float32"),
        "dataset": dataset.batch(3),
        "pairs": tf.data.Dataset.zip(dataset, tf.data.Dataset.range(len(images))).batch(4),
        "generator": (images[i : i + 1] for i in range(len(images))),
    }


@pytest.mark.parametrize("kind", sources(digits()))
@pytest.mark.parametrize("batch_size", [1, 4, 10, 99])
def test_batches_have_the_size_asked_for_whatever_the_source(kind, batch_size):
    images = digits()
    batches = list(inputs.image_batches(sources(images)[kind], batch_size))
    assert [len(b) for b in batches[:-1]] == [batch_size] * (len(batches) - 1)
    assert all(b.dtype == np.float32 for b in batches)
    np.testing.assert_allclose(np.concatenate(batches), images / 255.0, rtol=1e-6)


@pytest.mark.parametrize("limit", [1, 4, 10, None, 99])
def test_image_array_keeps_the_type_and_stops_at_the_limit(limit):
    images = digits()
    for kind in ("array", "dataset"):
        got = inputs.image_array(sources(images)[kind], limit=limit)
        assert got.dtype == np.uint8
        np.testing.assert_array_equal(got, images[:limit])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((0, 4, 4, 1), "uint8"), "at least one image. Received: none"),
        (np.zeros((2, 4, 4), "uint8"), r"`x\[..., None\]` adds the axis.*shape=\(2, 4, 4\)"),
        (np.zeros((2, 4, 4, 2), "uint8"), "1 or 3 channels"),
        (np.full((2, 4, 4, 1), np.nan, "float32"), "NaN in 2 of 2 images"),
        (np.full((2, 4, 4, 1), 2.0, "float32"), r"must lie in \[0, 1\]"),
        (np.zeros((2, 4, 4, 1), "int32"), "dtype=int32"),
        (iter([np.zeros((1, 4, 4, 1)), np.zeros((1, 5, 5, 1))]), r"\(n, 4, 4, 1\)"),
        (
            tf.data.Dataset.from_tensors({"image": 0, "label": 1}),
            r"dicts with \['image', 'label'\]",
        ),
        (tf.data.Dataset.from_tensors(np.zeros((4, 4, 1))), "batches a data set"),
    ],
)
def test_what_are_no_images_is_refused(images, message):
    with pytest.raises(ValueError, match=message):
        list(inputs.image_batches(images))


def test_too_few_images_are_counted():
    with pytest.raises(ValueError, match="`samples` must hold at least 11 images for x. .*: 10"):
        inputs.image_array(digits(10), "samples", at_least=11, purpose="x")


@pytest.mark.parametrize("other", [digits(9), digits(11), digits(10, (5, 4, 1))])
def test_sets_that_do_not_pair_up_are_refused(other):
    with pytest.raises(ValueError, match="`a` and `b` must hold as many images, of one shape"):
        list(inputs.paired_batches(digits(10), other, ("a", "b"), batch_size=4))


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((0, 3)), "at least one row"),
        (np.zeros((4, 2, 3)), "flatten or pool"),
        (np.array([["a", "b"]]), "must have shape"),
        (iter([np.zeros((2, 3)), np.zeros((2, 4))]), "Received: 3 and 4"),
        (np.array([[0.0, 1.0], [np.inf, 0.0]]), "NaN or infinity in 1 of 2 rows"),
        (np.zeros((1, 3)), "at least 2 images for this metric. Received: 1"),
    ],
)
def test_what_are_no_features_is_refused(features, message):
    with pytest.raises(ValueError, match=message):
        inputs.feature_array(features)
