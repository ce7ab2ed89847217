"""Checks the learning rate schedules at the borders of epochs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from wae_tf.schedules import SCHEDULES, EpochSchedule

STEPS = 7  # In an epoch.


def rates(schedule, epoch):
    """Returns the rates of the first and last step of an epoch, counted from 1."""
    return [float(schedule(step)) for step in (STEPS * (epoch - 1), STEPS * epoch - 1)]


@pytest.mark.parametrize("epoch", [1, 50, 1000])
def test_constant_stays(epoch):
    schedule = EpochSchedule(3e-4, "constant", epochs=100, steps_per_epoch=STEPS)
    np.testing.assert_allclose(rates(schedule, epoch), 3e-4, rtol=1e-6)


@pytest.mark.parametrize(
    "epoch, factor",
    [
        (1, 1.0), (30, 1.0), (31, 0.5), (50, 0.5), (51, 0.1), (100, 0.1), (101, 0.01), (500, 0.01),
    ],
)  # fmt: skip
def test_manual_changes_on_entering_epochs_31_51_and_101(epoch, factor):
    schedule = EpochSchedule(1e-3, "manual", epochs=100, steps_per_epoch=STEPS)
    np.testing.assert_allclose(rates(schedule, epoch), 1e-3 * factor, rtol=1e-6)


@pytest.mark.parametrize("epochs", [10, 30, 80])
def test_manual_smooth_falls_to_a_hundredth_in_the_last_epoch(epochs):
    schedule = EpochSchedule(1e-3, "manual_smooth", epochs=epochs, steps_per_epoch=STEPS)
    for epoch in {1, (epochs + 1) // 2, epochs}:
        expected = 1e-3 * 100 ** (-epoch / epochs)
        np.testing.assert_allclose(rates(schedule, epoch), expected, rtol=1e-5)
    np.testing.assert_allclose(rates(schedule, epochs), 1e-5, rtol=1e-5)


@pytest.mark.parametrize("epochs", [1, 2, 9])
def test_manual_smooth_falls_no_faster_in_few_epochs(epochs):
    schedule = EpochSchedule(1e-3, "manual_smooth", epochs=epochs, steps_per_epoch=STEPS)
    for epoch in range(1, epochs + 1):
        expected = 1e-3 * 100 ** (-epoch / 10)
        np.testing.assert_allclose(rates(schedule, epoch), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "epochs, epoch, factor",
    [(1, 1, 1.0), (4, 1, 1.0), (4, 3, 0.5), (4, 4, (1 - 0.5**0.5) / 2), (90, 31, 0.75)],
)
def test_cosine_falls_from_the_whole_rate_along_half_a_wave(epochs, epoch, factor):
    schedule = EpochSchedule(1e-3, "cosine", epochs=epochs, steps_per_epoch=STEPS)
    np.testing.assert_allclose(rates(schedule, epoch), 1e-3 * factor, rtol=1e-5)


@pytest.mark.parametrize("kind", SCHEDULES)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_graphs_give_the_eager_rates(kind, jit_compile):
    schedule = EpochSchedule(1e-3, kind, epochs=120, steps_per_epoch=STEPS)
    compiled = tf.function(schedule.__call__, jit_compile=jit_compile)
    for epoch in (1, 31, 120):
        step = STEPS * (epoch - 1)
        assert compiled(tf.constant(step)).dtype == tf.float32
        np.testing.assert_allclose(compiled(tf.constant(step)), schedule(step), rtol=1e-6)


def test_an_optimizer_follows_its_own_steps():
    optimizer = keras.optimizers.Adam(
        EpochSchedule(1e-3, "manual", epochs=100, steps_per_epoch=STEPS)
    )
    for epoch, expected in ((30, 1e-3), (31, 5e-4)):
        optimizer.iterations.assign(STEPS * (epoch - 1))
        assert float(optimizer.learning_rate) == pytest.approx(expected, rel=1e-6)


def test_config_round_trip():
    schedule = EpochSchedule(2e-3, "manual_smooth", epochs=9, steps_per_epoch=STEPS)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    assert isinstance(again, EpochSchedule)
    assert again.get_config() == schedule.get_config()
    assert rates(again, 4) == rates(schedule, 4)


@pytest.mark.parametrize(
    "changes, match",
    [
        ({"kind": "linear"}, r"`kind` must be one of \['constant', .*Received: kind='linear'"),
        ({"initial": 0.0}, r"`initial` must be positive and finite. Received: initial=0.0"),
        (
            {"initial": float("nan")},
            r"`initial` must be positive and finite. Received: initial=nan",
        ),
        ({"epochs": 0}, r"`epochs` must be positive and finite. Received: epochs=0"),
        ({"steps_per_epoch": -1}, r"`steps_per_epoch` must be positive and .*steps_per_epoch=-1"),
    ],
)
def test_errors_name_what_was_received(changes, match):
    arguments = {"initial": 1e-3, "kind": "manual", "epochs": 2, "steps_per_epoch": STEPS}
    with pytest.raises(ValueError, match=match):
        EpochSchedule(**{**arguments, **changes})
