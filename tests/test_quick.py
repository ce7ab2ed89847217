"""A minute's walk through the package, for environments that nobody tests in full."""

import keras
import numpy as np
import tiny

import wae_tf


def test_a_model_of_the_zoo_samples_and_reconstructs():
    model = wae_tf.load("mnist_wae_mmd")
    images = model.sample(4, seed=0)
    assert images.shape == (4, 28, 28, 1) and 0.05 < images.mean() < 0.3  # Digits, mostly black.
    again = model.reconstruct(images)
    assert np.mean((again - images) ** 2) < 0.02


def test_a_model_trains_and_comes_back(tmp_path):
    config = tiny.config(epochs=3, precision="auto", learning_rate=1e-2)
    images = tiny.images(64)
    model = wae_tf.training.train(config, images, tmp_path / "run", test_split=None, verbose=0)
    losses = wae_tf.callbacks.Checkpoint(tmp_path / "run").history()
    assert losses[-1]["loss"] < losses[0]["loss"]
    loaded = wae_tf.load(tmp_path / "run")
    tiny.assert_identical(loaded.get_weights(), model.get_weights())
    model.save(tmp_path / "model.keras")
    saved = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        saved.sample(3, seed=1), model.sample(3, seed=1), rtol=1e-5, atol=1e-5
    )


def test_adversarial_training_takes_a_step():
    config = tiny.config(divergence="gan", precision="auto")
    model = wae_tf.training.compile_model(wae_tf.build_model(config), config, steps_per_epoch=2)
    history = model.fit(tiny.images(), batch_size=8, verbose=0).history
    assert all(np.isfinite(values[-1]) for values in history.values())


def test_a_sampler_is_fitted_and_saved(tmp_path):
    config = tiny.config()
    model = wae_tf.build_model(config)
    wae_tf.samplers.fit(model, tiny.images(32), kind="gmm", components=2)
    wae_tf.save_entry(tmp_path, model, config)
    loaded = wae_tf.load(tmp_path)
    np.testing.assert_array_equal(
        loaded.sample(3, seed=0, sampler="gmm"), model.sample(3, seed=0, sampler="gmm")
    )


def test_images_of_a_folder_become_batches(tmp_path):
    wae_tf.pictures.save(tmp_path / "a.png", tiny.images(1, shape=(12, 10, 3))[0], scale=1)
    wae_tf.pictures.save(tmp_path / "b.png", tiny.images(1, 1, shape=(10, 12, 3))[0], scale=1)
    images = wae_tf.data.load_images(tmp_path, image_shape=(8, 8, 3), verbose=False)
    assert images.shape == (2, 8, 8, 3) and images.dtype == np.uint8
    (batch,) = wae_tf.data.batches(images, 2, training=False)
    assert batch.shape == (2, 8, 8, 3)


def test_metrics_and_plots_are_there(tmp_path):
    codes = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    assert abs(wae_tf.metrics.latent(codes, "normal", permutations=20)["mmd"]) < 0.5
    figure = wae_tf.plots.latent_scatter(codes[:, :2], codes[20:, :2])
    wae_tf.plots.save(tmp_path / "codes.png", figure)
    assert (tmp_path / "codes.png").stat().st_size > 0
