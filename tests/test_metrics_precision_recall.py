"""Checks precision, recall, density and coverage against loops, and what moves them."""

import numpy as np
import pytest

from wae_tf import metrics
from wae_tf.metrics import precision_recall as function


def slow(real, fake, k):
    """The definitions, with a loop for each 'for all' and 'exists'."""

    def distance(a, b):
        return float(np.linalg.norm(a - b))

    def radii(points):
        return [
            sorted(distance(p, q) for j, q in enumerate(points) if j != i)[k - 1]
            for i, p in enumerate(points)
        ]

    real_radii, fake_radii = radii(real), radii(fake)
    inside = [[distance(f, r) <= radius for r, radius in zip(real, real_radii)] for f in fake]
    recalled = [any(distance(r, f) <= radius for f, radius in zip(fake, fake_radii)) for r in real]
    return {
        "precision": np.mean([any(row) for row in inside]),
        "recall": np.mean(recalled),
        "density": np.sum(inside) / (k * len(fake)),
        "coverage": np.mean(np.any(inside, axis=0)),
    }


@pytest.mark.parametrize("k", [1, 5])
def test_values_equal_the_definitions(k, rng):
    real, fake = rng.normal(size=(60, 3)), 0.2 + rng.normal(size=(40, 3))
    assert metrics.precision_recall(real, fake, k=k) == pytest.approx(slow(real, fake, k))


def test_blocks_do_not_matter(rng, monkeypatch):
    import sys

    module = sys.modules["wae_tf.metrics.precision_recall"]
    real, fake = rng.normal(size=(2, 300, 3))
    expected = metrics.precision_recall(real, fake)
    monkeypatch.setattr(module, "_MEBIBYTES", 300 * 8 * 7 / 2**20)  # Seven rows at a time.
    assert function(real, fake) == pytest.approx(expected)


def test_order_does_not_matter(rng):
    real, fake = rng.normal(size=(2, 100, 3))
    shuffled = real[rng.permutation(100)], fake[rng.permutation(100)]
    assert metrics.precision_recall(*shuffled) == pytest.approx(
        metrics.precision_recall(real, fake)
    )


def test_equal_distributions_have_all_four_near_one(rng):
    got = metrics.precision_recall(*rng.normal(size=(2, 1000, 2)))
    assert min(got.values()) > 0.9
    assert got["density"] == pytest.approx(1.0, abs=0.1)


def test_dropped_mode_costs_recall_not_precision(rng):
    real = rng.normal(size=(600, 2)) + 20.0 * (np.arange(600) % 3)[:, None]
    fake = rng.normal(size=(600, 2))  # One of the three modes.
    got = metrics.precision_recall(real, fake)
    assert got["precision"] > 0.9
    assert got["recall"] < 0.4
    assert got["coverage"] < 0.4


def test_collapsed_generator_has_no_recall(rng):
    real = rng.normal(size=(500, 4))
    collapsed = 1e-3 * rng.normal(size=(500, 4))
    got = metrics.precision_recall(real, collapsed)
    assert got["precision"] == 1.0
    assert got["recall"] < 0.01
    assert got["coverage"] < 0.2


def test_far_fakes_have_nothing(rng):
    real, fake = rng.normal(size=(2, 100, 2))
    got = metrics.precision_recall(real, fake + 100.0)
    assert got == {"precision": 0.0, "recall": 0.0, "density": 0.0, "coverage": 0.0}


@pytest.mark.parametrize(
    ("real", "fake", "k", "message"),
    [
        (np.zeros((5, 2)), np.zeros((9, 2)), 5, "`features_real` .* at least 6 images .*: 5"),
        (np.zeros((9, 2)), np.zeros((5, 2)), 5, "`features_fake` .* at least 6 images .*: 5"),
        (np.zeros((9, 2)), np.zeros((9, 3)), 5, "Received: 2 and 3 dimensions"),
        (np.zeros((9, 2)), np.zeros((9, 2)), 0, "`k` must be an integer, at least 1"),
    ],
)
def test_bad_features_are_refused(real, fake, k, message):
    with pytest.raises(ValueError, match=message):
        metrics.precision_recall(real, fake, k=k)
