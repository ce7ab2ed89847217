"""Checks what the callbacks write, and when they stop a training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
from PIL import Image

import wae_tf
from wae_tf import schedules
from wae_tf.training import callbacks


def compiled(**changes):
    model = wae_tf.build_model(tiny.config(**changes))
    schedule = schedules.EpochSchedule(1e-2, "manual_smooth", epochs=3, steps_per_epoch=2)
    model.compile(keras.optimizers.Adam(schedule))
    return model


def fit(model, *used, **arguments):
    x = tiny.images()
    return model.fit(x, batch_size=8, callbacks=list(used), verbose=0, **arguments)


def summaries(directory):
    """Returns the (tag, step) of all TensorBoard summaries, with scalar values where there are."""
    found = {}
    for path in sorted(directory.rglob("events.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                tensor = tf.make_ndarray(value.tensor)
                scalar = float(tensor) if tensor.shape == () else None
                found[value.tag, event.step] = scalar
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Trains three epochs with all callbacks, and returns the directory and history."""
    directory = tmp_path_factory.mktemp("run")
    model = compiled()
    history = fit(
        model,
        callbacks.EpochLog(),
        callbacks.FiniteLoss(),
        callbacks.TensorBoard(directory / "logs", write_graph=False),
        callbacks.SampleGrid(
            directory / "pictures",
            tiny.images(3),
            num_samples=4,
            every=2,
            seed=1,
            log_dir=directory / "images",
        ),
        callbacks.Checkpoint(directory),
        epochs=3,
        validation_data=tiny.images(8, seed=1),
    )
    return directory, history.history, model


def test_grids_show_samples_and_reconstructions(run):
    directory, _, model = run
    assert sorted(p.name for p in (directory / "pictures").iterdir()) == [
        "reconstructions-0002.png",
        "samples-0002.png",
    ]
    picture = np.asarray(Image.open(directory / "pictures" / "samples-0002.png"))
    assert picture.shape == (2 * 17, 2 * 17)  # 2 x 2 images of 8 with a gap, at twice the size.
    callback = callbacks.SampleGrid(directory / "again", tiny.images(3), num_samples=4, seed=1)
    callback.set_model(model)
    callback.on_epoch_end(4)
    picture = np.asarray(Image.open(directory / "again" / "samples-0005.png"))
    samples = np.rint(255.0 * model.sample(4, seed=1)[..., 0])
    np.testing.assert_array_equal(picture[:16:2, :16:2], samples[0])
    np.testing.assert_array_equal(picture[18::2, 18::2], samples[3])
    picture = np.asarray(Image.open(directory / "again" / "reconstructions-0005.png"))
    images = tiny.images(3)[..., 0]
    np.testing.assert_array_equal(picture[:16:2, 18:34:2], images[1])
    rebuilt = np.rint(255.0 * model.reconstruct(images[..., None])[..., 0])
    np.testing.assert_array_equal(picture[18::2, 18:34:2], rebuilt[1])


def test_tensorboard_gets_pictures_losses_and_the_rate_of_each_epoch(run):
    directory, history, _ = run
    assert set(summaries(directory / "images")) == {("samples", 1), ("reconstructions", 1)}
    logged = summaries(directory / "logs" / "train")
    for epoch in range(3):
        rate = 1e-2 * 100 ** (-(epoch + 1) / 10)  # As of ten epochs, which three are fewer than.
        assert logged["epoch_learning_rate", epoch] == pytest.approx(rate)
        assert logged["epoch_divergence", epoch] == pytest.approx(history["divergence"][epoch])


def test_history_file_has_a_line_for_each_epoch(run):
    directory, history, _ = run
    rows = callbacks.Checkpoint(directory).history()
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert set(rows[0]) == {"epoch", *history}
    assert {"loss", "val_loss", "learning_rate", "seconds"} <= set(history)
    for name, values in history.items():
        np.testing.assert_allclose([row[name] for row in rows], values, rtol=1e-6)
    assert all(row["seconds"] > 0.0 for row in rows)


def test_the_newest_two_checkpoints_stay_and_the_last_restores(run):
    directory, _, model = run
    names = ["checkpoint-0002.weights.h5", "checkpoint-0003.weights.h5"]
    assert sorted(p.name for p in directory.glob("*.h5")) == names
    fresh = compiled(seed=5)
    assert callbacks.Checkpoint(directory).restore(fresh) == 3
    tiny.assert_identical(fresh.get_weights(), model.get_weights())
    tiny.assert_identical(
        [np.array(v) for v in fresh.optimizer.variables],
        [np.array(v) for v in model.optimizer.variables],
    )


def test_a_new_directory_has_nothing_to_restore(tmp_path):
    model = compiled()
    before = tiny.weights(model)
    checkpoint = callbacks.Checkpoint(tmp_path / "new" / "er")
    (tmp_path / "new" / "er" / "checkpoint-best.weights.h5").write_text("of someone else")
    assert checkpoint.restore(model) == 0 and checkpoint.history() == []
    tiny.assert_identical(before, model.get_weights())


def test_a_resumed_history_has_each_epoch_once(tmp_path):
    model = compiled()
    checkpoint = callbacks.Checkpoint(tmp_path)
    fit(model, checkpoint, epochs=2)
    fit(model, callbacks.EpochLog(), checkpoint, epochs=3, initial_epoch=1)
    rows = checkpoint.history()
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert ["seconds" in row for row in rows] == [False, True, True]


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Then refused.
def test_checkpoints_that_do_not_fit_are_refused(run, tmp_path):
    directory, _, _ = run
    with pytest.raises(ValueError, match="must be compiled.*Received: .*not compiled"):
        callbacks.Checkpoint(directory).restore(wae_tf.build_model(tiny.config()))
    with pytest.raises(ValueError, match="must fit the model.*Received: .*0003.weights.h5"):
        callbacks.Checkpoint(directory).restore(compiled(latent_dim=4))
    whole = (directory / "checkpoint-0003.weights.h5").read_bytes()
    (tmp_path / "checkpoint-0009.weights.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="must fit the model.*Received: .*0009.weights.h5"):
        callbacks.Checkpoint(tmp_path).restore(compiled())


def test_a_loss_that_is_not_finite_ends_training_before_it_is_saved(tmp_path):
    model = compiled()
    used = (callbacks.FiniteLoss(), callbacks.Checkpoint(tmp_path))
    fit(model, *used)
    good = tiny.weights(model)
    model.set_weights([np.full_like(w, np.nan) for w in good])
    with pytest.raises(FloatingPointError, match="must stay finite.*Received: loss=nan"):
        fit(model, *used, initial_epoch=1, epochs=2)
    assert callbacks.Checkpoint(tmp_path).restore(model) == 1
    tiny.assert_identical(good, model.get_weights())
    callback = callbacks.FiniteLoss()
    callback.on_epoch_end(0, {"loss": 1.0})
    with pytest.raises(FloatingPointError, match="Received: loss=inf"):
        callback.on_epoch_end(0, {"loss": float("inf")})


def test_pictures_that_cannot_be_made_are_refused_before_training(tmp_path):
    model = compiled()
    before = tiny.weights(model)
    grid = callbacks.SampleGrid(tmp_path, tiny.images(2, shape=(4, 4, 1)))
    with pytest.raises(ValueError, match=r"`images` must have shape \(n, 8, 8, 1\)"):
        fit(model, grid)
    tiny.assert_identical(before, model.get_weights())


@pytest.mark.parametrize("make", [callbacks.Checkpoint, lambda p: callbacks.SampleGrid(p, None)])
def test_a_directory_that_cannot_be_written_to_is_refused(tmp_path, make):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="`directory` must be a directory that can be written"):
        make(tmp_path / "file")
