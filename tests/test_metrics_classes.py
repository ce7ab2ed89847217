"""Checks shares of classes against closed forms and the definition of total variation."""

import itertools
import json

import numpy as np
import pytest

from wae_tf import metrics
from wae_tf.features import Head


def logits_of(counts):
    """Returns one-hot logits with so many images of each class."""
    return np.repeat(np.eye(len(counts)), counts, axis=0)


def test_shares_count_the_largest_logit():
    logits = [[1.0, 0.0, -1.0], [0.2, 0.3, 0.1], [5.0, 4.0, 4.9], [-3.0, -2.0, -4.0]]
    np.testing.assert_array_equal(metrics.class_shares(logits), [0.5, 0.5, 0.0])


def test_shares_of_a_linear_classifier_are_lengths_of_intervals():
    x = (np.arange(1000)[:, None] + 0.5) / 1000
    head = Head(np.array([[0.0, 1.0, 3.0]]), np.array([0.0, -0.25, -1.75]), ("a", "b", "c"))
    # b beats a from 0.25 on, and c beats b from 0.75 on.
    np.testing.assert_allclose(metrics.class_shares(head(x)), [0.25, 0.5, 0.25])


def test_shares_ignore_order_scale_and_what_all_logits_share(rng):
    logits = rng.normal(size=(200, 5))
    expected = metrics.class_shares(logits)
    changed = 3.0 * logits + rng.normal(size=(200, 1))
    np.testing.assert_array_equal(metrics.class_shares(rng.permutation(changed)), expected)
    batches = (logits[i : i + 7] for i in range(0, 200, 7))
    np.testing.assert_array_equal(metrics.class_shares(batches), expected)
    assert expected.sum() == pytest.approx(1.0)


def test_distance_is_the_largest_difference_of_any_event(rng):
    real, fake = rng.multinomial(60, np.ones(4) / 4), rng.multinomial(40, [0.6, 0.1, 0.2, 0.1])
    events = itertools.chain.from_iterable(
        itertools.combinations(range(4), size) for size in range(5)
    )
    expected = max(abs(real[list(e)].sum() / 60 - fake[list(e)].sum() / 40) for e in events)
    got = metrics.class_coverage(logits_of(real), logits_of(fake))
    assert got["class_distance"] == pytest.approx(expected)
    back = metrics.class_coverage(logits_of(fake), logits_of(real))
    assert back["class_distance"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("real", "fake", "expected"),
    [
        ([5, 3, 2], [2, 3, 5], (3, 0.2, 0.3)),
        ([5, 3, 2], [10, 6, 4], (3, 0.2, 0.0)),
        ([4, 4, 0], [0, 0, 4], (1, 0.0, 1.0)),
        ([100] * 10, [7] + [0] * 9, (1, 0.0, 0.9)),  # A model of one class.
        ([100] * 10, [999] + [0] * 8 + [1], (2, 0.0, 0.899)),
    ],
)
def test_coverage_by_hand(real, fake, expected):
    got = metrics.class_coverage(logits_of(real), logits_of(fake))
    assert tuple(got.values()) == pytest.approx(expected)
    assert list(got) == ["classes_found", "rarest_class_share", "class_distance"]
    assert json.loads(json.dumps(got)) == got


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (np.zeros((3, 4)), np.zeros((0, 4)), "`logits_fake` must hold at least one row"),
        (np.zeros((3, 4)), np.zeros(4), r"`logits_fake` must have shape \(n, dim\)"),
        (np.full((3, 4), np.nan), np.zeros((3, 4)), "`logits_real` must be finite"),
        (np.zeros((3, 4)), np.zeros((3, 5)), "one extractor. Received: 4 and 5 dimensions"),
        (np.zeros((3, 1)), np.zeros((3, 1)), r"at least two classes.*Received: shape=\(3, 1\)"),
    ],
)
def test_bad_logits_are_refused(real, fake, message):
    with pytest.raises(ValueError, match=message):
        metrics.class_coverage(real, fake)
