"""What an entry records of a trained model: its losses on images that it was not trained on."""

import dataclasses

import keras
import numpy as np

from wae_tf import data
from wae_tf.models.build import build_trained
from wae_tf.runtime.progress_bar import ProgressBar

__all__ = ["fixed_order", "test_losses", "test_results"]


def test_losses(model, images, batch_size, verbose=False):
    """Measures the terms of the objective on images that training did not see.

    The images go in a fixed random order, because data sets are often sorted, and a batch of
    neighbours is further from the prior than a random one. Prior draws are the same each
    time too, and so are the numbers.

    Args:
        model: Model; compiled here if it is not yet.
        images: uint8 array, shape `(n, height, width, channels)`.
        batch_size: Images in a batch, which the divergence depends on.
        verbose: Whether to show a progress bar; "auto" where it takes over two seconds.

    Returns:
        Dict: the losses that `evaluate` gives, and `squared_error`, the summed squared
        error of an image in [0, 1], mean over the images.
    """
    if not model.compiled:
        model.compile()
    order = fixed_order(images)
    batches = data.batches(images, batch_size, training=False, order=order)
    bar = ProgressBar(2 * len(images), "image", verbose, title="Measuring on test images, twice")
    counted = keras.callbacks.LambdaCallback(
        on_test_batch_end=lambda batch, logs: bar.update((batch + 1) * batch_size)
    )
    losses = model.evaluate(batches, return_dict=True, verbose=0, callbacks=[counted])
    squared = 0.0
    for start in range(0, len(images), 1000):
        batch = images[order[start : start + 1000]]
        squared += float(((batch / 255.0 - model.reconstruct(batch)) ** 2).sum())
        bar.update(len(images) + start + len(batch))
    return {**losses, "squared_error": squared / len(images)}


def test_results(model, config, test_images, *, measured_at, verbose=False):
    """Measures a model as others will load it: in float32, whatever it was trained in.

    Args:
        model: Trained model.
        config: Its `WAEConfig`.
        test_images: uint8 array, shape `(n, height, width, channels)`.
        measured_at: When, for the record.
        verbose: As in `test_losses`.

    Returns:
        Dict, the `results` of a zoo entry: losses, and what they are of.
    """
    loaded = build_trained(dataclasses.replace(config, precision="float32"), model)
    return {
        "test_images": len(test_images),
        "test_data_sha256": data.fingerprint(test_images),
        "batch_size": config.batch_size,
        "losses": test_losses(loaded, test_images, config.batch_size, verbose),
        "measured_by": f"wae_tf.training.test_losses, at {measured_at}",
    }


# By their names pytest takes them for tests where a test module imports them.
test_losses.__test__ = test_results.__test__ = False


def fixed_order(images):
    """Returns places of all images in random order, the same one each time."""
    return np.random.default_rng(0).permutation(len(images))
