"""Between the directories of `wae-train` and exported ones."""

import pathlib
import shutil

import keras
import numpy as np
import tensorflow as tf

from wae_tf import files, training, zoo
from wae_tf.config import WAEConfig
from wae_tf.data.augmentation import check_max_shift
from wae_tf.export.xla_step.program import export_train_step
from wae_tf.export.xla_step.state import SIGNATURE, STATE, import_state, read_signature
from wae_tf.files import hdf5
from wae_tf.models.build import build_model
from wae_tf.training import callbacks, run_files
from wae_tf.training.alone import alone_in_workdir

__all__ = ["export_run", "import_run"]


def export_run(config, directory, images, *, workdir=None, pretrained=None):
    """Exports the training step of a config, with images to train on.

    Args:
        config: `WAEConfig`.
        directory: Where `export_train_step` writes; `images.npy` goes there too.
        images: uint8, shape `(n, height, width, channels)`, as `load_images` returns; or a
            function that reads them, which is called once the model is built.
        workdir: Directory of a `wae-train` run to go on from, or None.
        pretrained: Zoo entry whose weights to start from, or None.

    Returns:
        The exported model.

    Raises:
        ValueError: There is no whole batch of images, or no such run or entry, or it
            does not fit the config or the images; or as `export_train_step`.

    Example:
        >>> config = wae_tf.load_config("mnist_wae_mmd")
        >>> images = wae_tf.data.load_images("mnist.npz", "train", image_shape=(28, 28, 1))
        >>> export_run(config, "exported", images)
    """
    directory = pathlib.Path(directory).expanduser()
    check_max_shift(config.max_shift, config.image_shape)
    config, _ = run_files.with_precision(workdir and pathlib.Path(workdir), config)
    model = build_model(config)  # Before images are read: it refuses values that do not fit.
    images = images() if callable(images) else images
    steps_per_epoch = len(images) // config.batch_size
    if steps_per_epoch == 0:
        raise ValueError(
            "`images` must fill a batch: take more images, or a smaller `batch_size`. "
            f"Received: {len(images)} images, batch_size={config.batch_size}"
        )
    training.compile_model(model, config, steps_per_epoch)
    if pretrained is not None:
        model.set_weights(zoo.load(pretrained).get_weights())
    if workdir is not None and (
        not pathlib.Path(workdir).is_dir() or callbacks.Checkpoint(workdir).restore(model) == 0
    ):
        raise ValueError(
            "`workdir` must hold a checkpoint, which `wae-train` writes after each epoch. "
            f"Received: workdir={str(workdir)!r}"
        )
    described = run_files.describe_images(images)
    if workdir is not None:
        run_files.check_images(pathlib.Path(workdir), described)
    origin = {"images": len(images), "sha256": described["training_data_sha256"]}
    export_train_step(model, config.batch_size, directory, config=config, data=origin)
    try:
        with files.replacing(pathlib.Path(directory, "images.npy")) as temporary:
            np.save(temporary, images)
        if workdir is not None and pathlib.Path(workdir, "history.csv").exists():
            shutil.copy(pathlib.Path(workdir, "history.csv"), directory)
    except BaseException:
        pathlib.Path(directory, SIGNATURE).unlink()  # What is there is no whole export.
        raise
    return model


def import_run(directory, workdir, test_images=None, provenance=None):
    """Makes what `run_exported.py` trained a zoo entry and a run that `wae-train` resumes.

    `workdir` gets `entry.json` and `model.weights.h5`, so that `wae_tf.load(workdir)`
    returns the model. Where the state is that of a whole epoch, it also gets
    `config.json`, `history.csv` and the epoch's checkpoint, from which `wae-train` with
    the same config goes on.

    Args:
        directory: Exported directory, made with a config.
        workdir: New directory, or that of the run which was exported.
        test_images: uint8 images for the entry's results; None leaves them out.
        provenance: Dict to keep in the entry beside what is known here.

    Returns:
        The trained model, compiled.

    Raises:
        ValueError: `directory` has no config or has not been trained, or `workdir` holds a
            run of another config or on other images, or one that another process goes on with.
    """
    directory, workdir = pathlib.Path(directory), pathlib.Path(workdir).expanduser()
    signature = read_signature(directory)
    config = _config(directory)
    run_files.check_config(workdir, config)
    origin = signature["data"]
    described = {
        "training_images": origin.get("images"),
        "training_data_sha256": origin.get("sha256"),
    }
    if None not in described.values():  # `export_train_step` alone knows no images.
        run_files.check_images(workdir, described)
    steps_per_epoch = signature["training"]["steps_per_epoch"]
    model = training.compile_model(build_model(config), config, steps_per_epoch)
    import_state(model, directory)
    if int(model.optimizer.iterations) == 0:
        raise ValueError(
            "`directory` must hold a training: run its `run_exported.py` first, where JAX is. "
            f"Received: directory={str(directory)!r}, after 0 steps"
        )
    results = None
    if test_images is not None:
        results = training.test_results(
            model, config, test_images, measured_at="the end of wae-export-step"
        )
    _write_run(
        workdir,
        directory,
        model,
        config,
        described,
        steps_per_epoch=steps_per_epoch,
        results=results,
        provenance=provenance,
    )
    return model


@alone_in_workdir
def _write_run(
    workdir, directory, model, config, described, *, steps_per_epoch, results, provenance
):
    """Writes what was trained elsewhere into a directory that no other process trains in."""
    run_files.check_config(workdir, config)  # Again: nobody writes it from here on.
    known = None not in described.values()
    if known:
        run_files.check_images(workdir, described)
    epochs, rest = divmod(int(model.optimizer.iterations), steps_per_epoch)
    if (directory / "history.csv").exists():
        shutil.copyfile(directory / "history.csv", workdir / "history.csv")
    checkpoint = callbacks.Checkpoint(workdir)
    history = [row for row in checkpoint.history() if row["epoch"] <= epochs]
    if epochs > 0 and rest == 0:
        run_files.write(workdir, config, described if known else None)
        checkpoint.set_model(model)
        logs = history[-1] if history and history[-1]["epoch"] == epochs else {}
        checkpoint.on_epoch_end(epochs - 1, {k: v for k, v in logs.items() if k != "epoch"})
    with hdf5.open_file(directory / STATE) as file:
        ran = {name: file.attrs[name] for name in ("device", "jax") if name in file.attrs}
    zoo.save_entry(
        workdir,
        model,
        config,
        results=results,
        provenance={
            "paper": "arXiv:1711.01558",
            **(provenance or {}),
            **described,
            "epochs": epochs + rest / steps_per_epoch,
            "seconds": sum(row.get("seconds", 0.0) for row in history),
            **ran,
            "precision": config.precision,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    )


def _config(directory):
    try:
        return WAEConfig.from_json((directory / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(
            "There must be a `config.json`, as `wae-export-step` and `wae-train` write it. "
            f"Received: {directory} ({error})"
        ) from error
