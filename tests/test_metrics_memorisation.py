"""Checks nearest images against all pairs, and that copies are found."""

import json

import numpy as np
import pytest
import tensorflow as tf

from wae_tf import metrics
from wae_tf.metrics import memorisation as function


@pytest.fixture
def images(rng):
    return [rng.integers(256, size=(n, 6, 5, 3), dtype="uint8") for n in (30, 80, 40)]


def test_nearest_images_equal_all_pairs_in_any_blocks(images, monkeypatch):
    import sys

    samples, train, _ = images
    apart = (samples[:, None] / 255.0 - train[None] / 255.0) ** 2
    expected = np.sqrt(apart.sum(axis=(2, 3, 4)))
    for block in (4096, 7):
        monkeypatch.setattr(sys.modules[function.__module__], "_BLOCK", block)
        distances, indices = metrics.nearest_images([samples], train)
        np.testing.assert_allclose(distances, expected.min(axis=1), rtol=1e-5)
        np.testing.assert_array_equal(indices, expected.argmin(axis=1))


def test_copies_are_found(images):
    samples, train, test = images
    samples = samples.copy()
    samples[4], samples[9] = train[17], train[60]
    samples[9, 0, 0, 0] ^= 1
    got = metrics.memorisation(samples, train, test, closest=2)
    assert [(pair["sample"], pair["train"]) for pair in got["closest"]] == [(4, 17), (9, 60)]
    assert got["closest"][0]["distance"] == pytest.approx(0.0, abs=1e-3)
    assert got["closest"][1]["distance"] == pytest.approx(1 / 255, rel=0.1)
    assert got["close_share"] == pytest.approx(2 / 30, abs=0.04)
    assert json.loads(json.dumps(got)) == got


def test_ratio_is_one_for_unseen_and_zero_for_remembered_images(images):
    _, train, test = images
    assert metrics.memorisation(test, train, test)["ratio"] == 1.0
    assert metrics.memorisation(train[:20], train, test)["ratio"] < 1e-3
    assert metrics.memorisation(test, train, train)["ratio"] != 1.0


def test_sources_orders_and_limits(images, rng):
    samples, train, test = images
    whole = metrics.memorisation(samples, train, test)
    dataset = tf.data.Dataset.from_tensor_slices(train).batch(9)
    assert metrics.memorisation(samples, dataset, test) == whole
    shuffled = metrics.memorisation(samples, train[rng.permutation(80)], test)
    assert shuffled["ratio"] == pytest.approx(whole["ratio"])
    limited = metrics.memorisation(samples, train, test, max_queries=10)
    assert limited == metrics.memorisation(samples[:10], train, test[:10])
    assert limited["queries"] == 10


def test_shapes_that_differ_are_refused(images):
    samples, train, test = images
    with pytest.raises(ValueError, match="`samples` and `test_images` must have .* one shape"):
        metrics.memorisation(samples[:, :4], train, test)
    with pytest.raises(ValueError, match="`train_images` must have the shape of the samples"):
        metrics.memorisation(samples, train[:, :4], test)
