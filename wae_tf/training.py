"""From a config and images to a trained model and its zoo entry."""

import json
import platform
import time

import keras
import tensorflow as tf

from wae_tf import callbacks, data, files, zoo
from wae_tf.config import WAEConfig
from wae_tf.models.build import build_model
from wae_tf.models.wae_gan import WAEGAN
from wae_tf.schedules import EpochSchedule

__all__ = ["compile_model", "test_losses", "train"]


def compile_model(model, config, steps_per_epoch, **kwargs):
    """Compiles a model with the config's optimizers: Adam, and its rate schedule.

    Args:
        model: What `build_model(config)` or `load` returned.
        config: `WAEConfig`.
        steps_per_epoch: Training images divided by the batch size, rounded down.
        **kwargs: Other arguments of `WAE.compile`, such as `jit_compile`.

    Returns:
        The same model.

    Example:
        >>> config = wae_tf.load_config("mnist_wae_mmd")
        >>> model = compile_model(wae_tf.load("mnist_wae_mmd"), config, steps_per_epoch=600)
    """

    def adam(learning_rate):
        schedule = EpochSchedule(
            learning_rate,
            config.lr_schedule,
            epochs=config.epochs,
            steps_per_epoch=steps_per_epoch,
        )
        return keras.optimizers.Adam(schedule, beta_1=config.adam_beta_1)

    if isinstance(model, WAEGAN):
        kwargs["discriminator_optimizer"] = adam(config.discriminator_learning_rate)
    model.compile(adam(config.learning_rate), **kwargs)
    return model


def train(
    config,
    source,
    workdir,
    *,
    split="train",
    test_split="test",
    data_dir=None,
    download=False,
    monitored=1000,
    jit_compile="auto",
    verbose="auto",
    provenance=None,
):
    """Trains a model, resuming where an earlier call stopped, and writes a zoo entry.

    `workdir` gets `config.json`, `history.csv`, a checkpoint after each epoch,
    `pictures/`, `tensorboard/`, and at the end `entry.json` and `model.weights.h5`,
    so that `wae_tf.load(workdir)` returns the model.

    Args:
        config: `WAEConfig`.
        source: Images, anything that `wae_tf.data.load_images` takes.
        workdir: Directory of this run; made if it is not there.
        split: Training images.
        test_split: Images that training does not see: the first `monitored` are followed
            in each epoch, all make the entry's results. None does without.
        data_dir: Where TensorFlow Datasets keeps its data.
        download: Whether a missing data set may be downloaded.
        monitored: Number of test images to follow.
        jit_compile: As in `WAE.compile`.
        verbose: As in `keras.Model.fit`.
        provenance: Dict to keep in the entry beside what is measured here.

    Returns:
        The trained model, compiled.

    Raises:
        ValueError: The images are none, `workdir` cannot be written to or holds a run of
            another config.
        FileNotFoundError: `source` is not there.

    Example:
        >>> config = dataclasses.replace(wae_tf.load_config("mnist_wae_mmd"), epochs=5)
        >>> model = train(config, "mnist.npz", "runs/mnist")
    """
    workdir = files.writable_directory(workdir, "workdir")
    _check_same_run(workdir / "config.json", config)

    def images_of(split):
        return data.load_images(
            source,
            split,
            image_shape=config.image_shape,
            crop=config.crop,
            data_dir=data_dir,
            download=download,
        )

    images = images_of(split)
    test_images = None if test_split is None else images_of(test_split)
    steps_per_epoch = len(images) // config.batch_size
    model = compile_model(
        build_model(config), config, max(steps_per_epoch, 1), jit_compile=jit_compile
    )
    checkpoint = callbacks.Checkpoint(workdir)
    done = checkpoint.restore(model)
    followed = images[:monitored] if test_images is None else test_images[:monitored]
    batches = data.batches(
        images,
        config.batch_size,
        training=True,
        seed=config.seed,
        first_epoch=min(done, config.epochs - 1),
        epochs=config.epochs,
        horizontal_flip=config.horizontal_flip,
    )
    with files.replacing(workdir / "config.json") as temporary:
        temporary.write_text(config.to_json())
    clock = _Clock()
    model.fit(
        batches,
        initial_epoch=done,
        epochs=config.epochs,
        steps_per_epoch=steps_per_epoch,
        validation_data=None if test_images is None else data.batches(
            followed, config.batch_size, training=False
        ),
        callbacks=[
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.TensorBoard(workdir / "tensorboard", write_graph=False),
            callbacks.SampleGrid(
                workdir / "pictures", followed[:32], log_dir=workdir / "tensorboard" / "pictures"
            ),
            clock,
            checkpoint,
        ],
        verbose=verbose,
    )
    zoo.save_entry(
        workdir,
        model,
        config,
        provenance={
            "paper": "arXiv:1711.01558",
            **(provenance or {}),
            "training_images": len(images),
            "training_data_sha256": data.fingerprint(images),
            "epochs": config.epochs,
            "seconds": sum(row.get("seconds", 0.0) for row in _history(workdir)),
            "device": _device(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    )
    if test_images is not None:
        _add_results(workdir, config, test_images)
    return model


def test_losses(model, images, batch_size):
    """Measures the terms of the objective on images that training did not see.

    Prior draws are the same each time, so the numbers are too.

    Returns:
        Dict: the losses that `evaluate` gives, and `squared_error`, the summed squared
        error of an image in [0, 1], mean over the images.
    """
    if not model.compiled:
        model.compile()
    losses = model.evaluate(
        data.batches(images, batch_size, training=False), return_dict=True, verbose=0
    )
    squared = 0.0
    for start in range(0, len(images), 1000):
        batch = images[start : start + 1000]
        squared += float(((batch / 255.0 - model.reconstruct(batch)) ** 2).sum())
    return {**losses, "squared_error": squared / len(images)}


class _Clock(keras.callbacks.Callback):
    """Logs the wall-clock seconds of each epoch, so that they add up over resumed runs."""

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.monotonic() - self._start


def _history(workdir):
    return callbacks.read_history(workdir / "history.csv")


def _check_same_run(path, config):
    if not path.exists():
        return
    before = WAEConfig.from_json(path.read_text()).to_dict()
    changed = {k: (before[k], v) for k, v in config.to_dict().items() if before[k] != v}
    if changed:
        raise ValueError(
            "`workdir` must be new, or hold a run of this very config to resume: choose another "
            "directory, or take the changes back. "
            f"Received: {path} with other values, (there, now): {changed}"
        )


def _add_results(workdir, config, test_images):
    """Measures the entry as others will load it, and writes the numbers into it."""
    losses = test_losses(zoo.load(workdir), test_images, config.batch_size)
    entry = zoo.read_entry(workdir)
    entry["results"] = {
        "test_images": len(test_images),
        "test_data_sha256": data.fingerprint(test_images),
        "batch_size": config.batch_size,
        "losses": losses,
        "measured_by": "wae_tf.training.test_losses, at the end of wae-train",
    }
    with files.replacing(workdir / "entry.json") as temporary:
        temporary.write_text(json.dumps(entry, indent=2) + "\n")


def _device():
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
    return platform.processor() or platform.machine()
