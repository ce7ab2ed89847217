"""Checks when a bar is shown, and the time that it, and a training, say is left."""

import re
import types

import keras
import numpy as np
import pytest
import tiny

from wae_tf import training
from wae_tf.evaluation.expected_time import ExpectedTime, expected_seconds
from wae_tf.runtime import progress_bar
from wae_tf.runtime.progress_bar import ProgressBar, in_words
from wae_tf.training import time_left
from wae_tf.training.time_left import TimeLeft


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress_bar.time, "monotonic", clock)
    monkeypatch.setattr(progress_bar.time, "time", clock)
    return clock


def work(clock, verbose, seconds, units=10, **options):
    bar = ProgressBar(units, "image", verbose, **options)
    for done in range(1, units + 1):
        clock.wait(seconds / units)
        bar.update(done, loss=0.5)
    bar.close()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (89.0, "89 s"),
        (90.0, "1.5 min"),
        (599.0, "10.0 min"),
        (3600, "60 min"),
        (9000, "2.5 h"),
    ],
)
def test_durations_in_words(seconds, words):
    assert in_words(seconds) == words


def test_short_work_shows_nothing_unless_asked(clock, capsys):
    work(clock, "auto", 1.9)
    work(clock, False, 100.0)
    work(clock, 0, 100.0)
    assert capsys.readouterr().out == ""
    work(clock, True, 0.1)
    assert "10/10" in capsys.readouterr().out


def test_long_work_shows_title_count_value_and_time_left(clock, capsys):
    work(clock, "auto", 100.0, title="Drawing")
    text = capsys.readouterr().out
    assert text.startswith("Drawing\n") and text.endswith("\n")
    assert "10/10" in text and "loss: 0.5000" in text
    # After 50 of 100 seconds.
    assert re.search(r"5/10\x1b\[0m .*\x1b\[1m50s\x1b\[0m 10s/image", text)


def test_a_bar_that_ends_early_ends_its_line(clock, capsys):
    bar = ProgressBar(100, "epoch", "auto")
    clock.wait(5.0)
    bar.update(7)
    assert not capsys.readouterr().out.endswith("\n")
    bar.close()
    text = capsys.readouterr().out
    assert text.endswith("\n") and "7/100" in text


def train(clock, epochs, steps, step, between=0.0, first=30.0):
    """Plays a training to a `TimeLeft`, and yields when it says what, and how long it took."""
    callback = TimeLeft(clock=clock)
    callback.set_params({"steps": steps, "epochs": epochs})
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        for batch in range(steps):
            callback.on_train_batch_begin(batch)
            clock.wait(first if epoch == batch == 0 else step(epoch, batch))
            callback.on_train_batch_end(batch)
        callback.on_epoch_end(epoch)
        clock.wait(between)


def said(monkeypatch, clock):
    found = []
    monkeypatch.setattr(time_left, "in_words", lambda s: found.append((clock.now, s)) or "x")
    return found


def test_time_left_is_right_from_the_first_minute_on(monkeypatch):
    clock = Clock()
    found = said(monkeypatch, clock)
    train(clock, epochs=5, steps=100, step=lambda epoch, batch: 2.0, between=20.0)
    left = [(clock.now - when, seconds) for when, seconds in found]
    assert len(left) == 5  # After a minute, and where each further epoch begins.
    assert found[0][0] == 1000.0 + 30.0 + 60.0
    assert left[0][1] == pytest.approx(left[0][0] - 4 * 20.0 - 20.0, rel=0.02)  # Epochs' ends.
    for real, seconds in left[1:]:
        assert seconds == pytest.approx(real, rel=0.03)


def test_time_left_follows_a_step_that_gets_slower(monkeypatch):
    clock = Clock()
    found = said(monkeypatch, clock)
    train(clock, epochs=6, steps=50, step=lambda epoch, batch: 2.0 if epoch < 2 else 6.0)
    left = [(clock.now - when, seconds) for when, seconds in found]
    assert left[0][1] < 0.5 * left[0][0]
    for real, seconds in left[-2:]:
        assert seconds == pytest.approx(real, rel=0.01)


def test_many_short_epochs_count_what_is_between_them(monkeypatch):
    clock = Clock()
    found = said(monkeypatch, clock)
    train(clock, epochs=300, steps=10, step=lambda epoch, batch: 0.05, between=1.0)
    left = [(clock.now - when, seconds) for when, seconds in found]
    assert 3 <= len(left) <= 8  # At most one each minute.
    for real, seconds in left:
        assert seconds == pytest.approx(real, rel=0.1, abs=2.0)


def test_the_rest_of_an_epoch_is_not_taken_for_all(monkeypatch):
    clock = Clock()
    found = said(monkeypatch, clock)
    callback = TimeLeft(5, 100, clock=clock)  # Of the second epoch, 70 steps are left.
    callback.set_params({"steps": 70, "epochs": 2})
    callback.on_train_begin()
    callback.on_epoch_begin(1)
    for batch in range(70):
        callback.on_train_batch_begin(batch)
        clock.wait(2.0)
        callback.on_train_batch_end(batch)
    when, seconds = found[0]
    assert seconds == pytest.approx(70 * 2.0 - (when - 1000.0) + 3 * 100 * 2.0)


def test_short_trainings_and_unknown_lengths_say_nothing(capsys):
    clock = Clock()
    train(clock, epochs=2, steps=10, step=lambda epoch, batch: 1.0)
    callback = TimeLeft(clock=clock)
    callback.set_params({"steps": None, "epochs": 2})
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    for batch in range(3):
        callback.on_train_batch_begin(batch)
        clock.wait(50.0)
        callback.on_train_batch_end(batch)
    assert capsys.readouterr().out == ""


def test_wae_train_says_the_time_left(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(time_left, "_SECONDS", 0.0)
    training.train(tiny.config(epochs=3), tiny.images(), tmp_path, test_split=None, verbose=2)
    assert re.search(r"^About \d+ s to go$", capsys.readouterr().out, re.MULTILINE)


def test_keras_tells_what_is_counted():
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(self.params)

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(
        keras.ops.ones((6, 2)),
        keras.ops.ones((6, 1)),
        batch_size=2,
        epochs=3,
        verbose=0,
        callbacks=[Look()],
    )
    assert seen[0]["steps"] == 3 and seen[0]["epochs"] == 3


class Shape:
    """What `ExpectedTime` looks at of a material."""

    n, seeds, held_out, train = 1500, [0], range(10_000), np.empty((60_000, 1))
    model = types.SimpleNamespace(image_shape=(28, 28, 1))
    extractor = types.SimpleNamespace(name="lenet", dim=128)


# As it was on one core: seconds of the processor.
MEASURED = {
    "reconstruction": 15.27,
    "sharpness": 15.72,
    "power spectrum": 2.14,
    "Frechet distance": 0.49,
    "kernel distance": 2.86,
    "precision, recall": 0.24,
    "sliced Wasserstein distance": 25.18,
    "diversity": 0.25,
    "memorisation": 15.44,
}


def test_time_left_of_an_evaluation_is_right_within_a_third():
    expected = ExpectedTime(Shape, MEASURED)
    assert expected.left() is None
    rest = sum(MEASURED.values())
    for title, seconds in MEASURED.items():
        expected.add(title, seconds)
        rest -= seconds
        assert expected.left() == pytest.approx(rest, rel=0.3, abs=1.0)


def test_time_left_of_an_evaluation_follows_a_slower_machine():
    expected = ExpectedTime(Shape, MEASURED)
    for title in list(MEASURED)[:-1]:
        expected.add(title, 3.0 * MEASURED[title])
    assert expected.left() == pytest.approx(3.0 * MEASURED["memorisation"], rel=0.3)


def test_more_seeds_and_images_take_longer():
    few, many = expected_seconds(Shape, 1e-3), expected_seconds(Shape, 2e-3)
    assert many["reconstruction"] == 2 * few["reconstruction"]
    assert many["memorisation"] == few["memorisation"]
