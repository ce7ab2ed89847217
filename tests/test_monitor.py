"""Checks the callback that follows the codes of a training."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf
from wae_tf.training import callbacks
from wae_tf.training.monitor import LatentMonitor


@pytest.fixture
def model():
    model = wae_tf.build_model(tiny.config())
    model.compile()
    return model


def test_each_second_epoch_has_pictures_and_the_mmd_with_its_floor(model, tmp_path):
    images, labels = tiny.images(40, seed=1), np.arange(40) % 3
    monitor = LatentMonitor(
        tmp_path / "pictures", images, labels, every=2, num_samples=4, log_dir=tmp_path / "board"
    )
    checkpoint = callbacks.Checkpoint(tmp_path)
    model.fit(tiny.images(16), batch_size=8, epochs=2, verbose=0, callbacks=[monitor, checkpoint])
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["codes-0002.png", "reconstructions-0002.png", "samples-0002.png"]
    first, second = checkpoint.history()
    assert "latent_mmd" not in first
    draws = model.prior.sample(40, (0, 0))
    expected = float(wae_tf.mmd(model.encode(images), draws, model.gram))
    assert second["latent_mmd"] == pytest.approx(expected, rel=1e-4)
    others = [
        float(wae_tf.mmd(model.prior.sample(40, (0, i)), draws, model.gram)) for i in range(1, 9)
    ]
    assert second["latent_mmd_floor"] == pytest.approx(
        np.sqrt(np.mean(np.square(others))), rel=1e-4
    )
    tags = set()
    for path in (tmp_path / "board").iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            tags |= {value.tag for value in event.summary.value}
    assert tags == {"samples", "reconstructions", "codes", "latent_mmd", "latent_mmd_floor"}


def test_one_image_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 2 images, for an MMD. Received: 1"):
        LatentMonitor(tmp_path, tiny.images(1))


def test_images_of_another_shape_are_refused_before_training(model, tmp_path):
    monitor = LatentMonitor(tmp_path, tiny.images(3, shape=(4, 4, 1)))
    with pytest.raises(ValueError, match="`images` must have shape"):
        model.fit(tiny.images(8), batch_size=4, verbose=0, callbacks=[monitor])
    assert list(tmp_path.iterdir()) == []
