"""Trains every config of the zoo for a moment, on real images and narrow networks."""

import dataclasses

import numpy as np
import pytest

import wae_tf

SOURCES = {
    "mnist": ("mnist.npz", "train[:192]", None),
    "celeba": ("celeba_9k_89x109.zip", "train[:192]", (70, 70)),  # Images at half size.
    "image": ("celeba_9k_89x109.zip", "train[:192]", (70, 70)),
    "cifar10": ("cifar10_jpg.zip", "train[:192]", None),
}


@pytest.fixture(scope="module")
def images(shared_data):
    """Returns a function from a config's name to 192 real images for it."""
    loaded = {}

    def of(name, config):
        source, split, crop = SOURCES[name.split("_")[0]]
        path = shared_data / source
        if not path.exists():
            pytest.skip(f"{path} is absent")
        if source not in loaded:
            loaded[source] = wae_tf.data.load_images(
                path, split, image_shape=config.image_shape, crop=crop
            )
        return loaded[source]

    return of


@pytest.mark.slow
@pytest.mark.parametrize("name", wae_tf.list_configs())
def test_config_trains_on_real_images(name, images):
    config = wae_tf.load_config(name)
    x = images(name, config)
    config = dataclasses.replace(
        config,
        encoder_width=16,
        decoder_width=16,
        discriminator_width=16,
        critic_width=8,
        batch_size=32,
        precision="float32",
        learning_rate=2e-3,  # Narrow networks bear more, and have few steps.
    )
    model = wae_tf.training.compile_model(
        wae_tf.build_model(config), config, steps_per_epoch=6, run_eagerly=True
    )  # Tracing takes longer than these few steps.
    history = model.fit(x, batch_size=32, epochs=4, verbose=0).history
    assert all(np.all(np.isfinite(values)) for values in history.values())
    assert history["loss"][-1] < 0.97 * history["loss"][0]
    assert history["reconstruction_loss"][-1] < history["reconstruction_loss"][0]
    samples = model.sample(4, seed=0)
    assert samples.shape == (4, *config.image_shape) and np.all(np.isfinite(samples))


def test_every_value_that_differs_from_the_default_has_a_source():
    default = wae_tf.WAEConfig().to_dict()
    for name in wae_tf.list_configs():
        entry = wae_tf.zoo.read_entry(name)
        if "sources" not in entry:
            continue  # An entry that `wae-train` wrote has its command instead.
        changed = {k for k, v in entry["config"].items() if v != default[k]}
        assert changed <= set(entry["sources"]), (name, changed - set(entry["sources"]))
        assert set(entry["sources"]) <= set(default)


def test_the_papers_configs_are_there():
    names = wae_tf.list_configs()
    assert {"mnist_vae", "mnist_aae", "mnist_ae", "celeba_wae_mmd_paper"} <= set(names)
    assert {"celeba_wae_gan_paper", "celeba_vae_paper"} <= set(names)
    assert len([name for name in names if name.startswith("mnist_wae") and "_2d" in name]) == 8
    of_photographs = {"gan", "gan_sphere", "gan_squared", "mmd", "mmd_sphere", "mmd_squared"}
    assert set(wae_tf.list_configs("cifar10_wae_*")) == {f"cifar10_wae_{k}" for k in of_photographs}
    mmd, gan = (wae_tf.load_config(f"celeba_wae_{kind}_paper") for kind in ("mmd", "gan"))
    assert mmd.prior_stddev**2 == pytest.approx(2.0)
    assert (mmd.encoder_width, mmd.batch_size, mmd.crop) == (1024, 100, (140, 140))
    assert (mmd.reg_weight, gan.reg_weight) == (100.0, 1.0)
