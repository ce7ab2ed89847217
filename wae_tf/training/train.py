"""From a config and images to a trained model and its zoo entry."""

import functools
import warnings

import keras
import tensorflow as tf

from wae_tf import data, zoo
from wae_tf.data.augmentation import check_max_shift
from wae_tf.data.real_images import real_batches
from wae_tf.data.several import describe_sources, is_several
from wae_tf.models.build import build_model
from wae_tf.training import callbacks, findings_log, initial_weights, run_files
from wae_tf.training.alone import alone_in_workdir
from wae_tf.training.distribution import on_devices
from wae_tf.training.interrupted import fit, restore_interrupted
from wae_tf.training.matched_moments import check_can_match, match_at_end
from wae_tf.training.optimizers import compile_model, take_averages
from wae_tf.training.run_callbacks import schedules, writing_callbacks
from wae_tf.training.run_images import load_run_images
from wae_tf.training.time_left import TimeLeft
from wae_tf.training.words import device, outcome
from wae_tf.zoo.results import fixed_order, test_results

__all__ = ["train"]


@alone_in_workdir
@on_devices
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
    cache="auto",
    jit_compile="auto",
    verbose="auto",
    provenance=None,
    init_from=None,
    critic_data=None,
    critic_split=None,
    keep_critic=False,
    stop_on_failure=False,
    distribute="auto",
):
    """Trains a model, resuming where an earlier call stopped, and writes a zoo entry.

    `precision="auto"` is settled when a run begins, and stays where it resumes: `config.json`
    and the entry's provenance say what it was, the entry's config what was asked for.

    `workdir` gets `config.json`, `training_data.json` (number and hash of the training
    images), `history.csv`, a checkpoint after each epoch, the SHA-256 of these, `pictures/`,
    `tensorboard/`, and at the end `model.weights.h5` and `entry.json`, so that
    `wae_tf.load(workdir)` returns the model. A resumed training gives the weights, bit for bit
    on one CPU machine, that an uninterrupted one gives. Where all is done, nothing is written
    again. SIGINT, SIGTERM and SIGHUP end it after the step, from which another goes on.

    Args:
        config: `WAEConfig`.
        source: Images, anything that `wae_tf.data.load_images` takes, or a list of such.
        workdir: Directory of this run; made if it is not there.
        split: Training images; of several sources a list, or one for all.
        test_split: Images of the first source that training does not see: `monitored` of them
            are followed in each epoch, all make the entry's results. None does without.
        data_dir: Where TensorFlow Datasets keeps its data.
        download: Whether a missing data set may be downloaded.
        monitored: Number of test images to follow, chosen at random, the same ones each time:
            the first ones of a data set are often of one class.
        cache: Whether decoded images go to `workdir/cache/train.npy` and `test.npy`, from
            where they are read as needed; "auto" does so with those that would take more
            than a quarter of the memory there is. A finished run needs the files no more.
        jit_compile: As in `WAE.compile`.
        verbose: As in `keras.Model.fit`; 0 also leaves out what is resumed and written.
        provenance: Dict to keep in the entry beside what is measured here.
        init_from: Zoo name, or directory of an entry with weights, to start from: each layer
            whose name and shapes fit gets its weights, and the encoder is not pretrained. A
            run that resumes goes on from its own. None starts from random weights.
        critic_data: Source, or list of such, of what a critic takes for real images; None
            takes `source`.
        critic_split: Which of those images; None takes the training images themselves, or,
            with `critic_data`, "train".
        keep_critic: Whether the entry keeps the critic's weights, too, to start others from.
        stop_on_failure: Whether a finding that fails the model (`wae_tf.training.findings_log`)
            ends the run; the same call without it goes on.
        distribute: Devices to train on, as in `wae_tf.training.open_devices`: "auto", "none",
            "mirrored" or "multi_worker". `batch_size` is that of all devices together. Of several
            workers, which share `workdir`, the first one writes.

    Returns:
        The trained model, compiled.

    Raises:
        ValueError: Values of the config do not fit each other; there are no images; `workdir`
            cannot be written to or holds a run of another config, images or weights, a damaged
            one, or one that another process goes on with; or no layer of `init_from` fits.
        FileNotFoundError: `source` is not there.
        FloatingPointError: The loss is not finite, or a finding ended the run; checkpoints stay.
        OSError: The disk is full, or gone; what is done stays.
        ConnectionError: A worker did not come, or is gone; it is named.
        wae_tf.runtime.signals.Stopped: A signal asked to end; it is a `KeyboardInterrupt`.

    Example:
        >>> config = dataclasses.replace(wae_tf.load_config("mnist_wae_mmd"), epochs=5)
        >>> model = train(config, "mnist.npz", "runs/mnist")
    """
    devices = distribute  # Opened by `on_devices`.
    say, bars = print if verbose else (lambda line: None), "auto" if verbose else False
    asked = config
    config, note = run_files.with_precision(workdir, asked)
    if note:
        say(note)
    run_files.check_config(workdir, config)
    check_max_shift(config.max_shift, config.image_shape)
    with devices.strategy.scope():  # Before images are read: it refuses values that do not fit.
        model = build_model(config)
    if config.match_moments:
        check_can_match(model)
    initial = None if init_from is None else initial_weights.describe_weights(init_from)
    run_files.check_initial_weights(workdir, initial)

    wanted = {"train": (source, split)}
    if config.critic_weight and not (critic_data is None and critic_split is None):
        wanted["critic"] = (source if critic_data is None else critic_data, critic_split or "train")
    if test_split is not None:
        wanted["test"] = (source[0] if is_several(source) else source, test_split)
    loaded, alike = load_run_images(
        wanted,
        workdir,
        cache,
        devices,
        image_shape=config.image_shape,
        crop=config.crop,
        data_dir=data_dir,
        download=download,
        verbose=bars,
    )
    images, counts = loaded["train"]
    real = loaded["critic"][0] if "critic" in loaded else None
    test_images = loaded["test"][0] if "test" in loaded else None
    described = {}
    if devices.chief or not alike:  # Else all have the one cache, and one that reads it will do.
        described = run_files.describe_images(images)
        if len(counts) > 1:
            described["training_sources"] = describe_sources(images, counts, split)
        if real is not None:
            described["critic_sources"] = describe_sources(
                real, loaded["critic"][1], wanted["critic"][1]
            )
    run_files.check_images(workdir, described)
    _check_num_images(config, len(images))
    if config.match_moments:
        check_can_match(model, len(images))
    steps_per_epoch = len(images) // config.batch_size
    with devices.strategy.scope():
        compile_model(model, config, max(steps_per_epoch, 1), jit_compile=jit_compile)
    checkpoint = callbacks.Checkpoint(workdir)
    done = checkpoint.restore(model, say if verbose else warnings.warn)
    hashes = {} if alike else described
    devices.compare(**hashes, precision=config.precision, epochs_done=done)
    if done == config.epochs:
        take_averages(model)
    if done == config.epochs and zoo.is_entry(workdir):
        if config.match_moments:  # Checkpoints have the weights before that.
            model.set_weights_without_critic(zoo.load(workdir).get_weights())
        say(f"{workdir} is complete already: {outcome(workdir)}")
        return model
    progress = None if devices.workers > 1 else restore_interrupted(model, workdir, done)
    steps_done = progress["steps"] if progress else 0

    @functools.lru_cache(maxsize=1)  # As it copies the images.
    def batches(first_epoch, skipped):
        """Returns the training batches from a step of an epoch on."""
        changes = {"horizontal_flip": config.horizontal_flip, "max_shift": config.max_shift}

        def joined(parts=None):
            found = data.batches(
                images,
                config.batch_size,
                training=True,
                seed=config.seed,
                first_epoch=first_epoch,
                epochs=config.epochs,
                parts=parts,
                **changes,
            )
            found = found.skip(skipped * (1 if parts is None else parts[1] - parts[0]))
            if real is None:
                return found
            more = real_batches(
                real,
                min(config.batch_size, len(real)),
                seed=config.seed,
                skipped=first_epoch * steps_per_epoch + skipped,
                parts=parts,
                **changes,
            )
            return data.with_real_images(found, more)

        return devices.batches(joined)

    batches(done, steps_done)  # Which also checks them, before anything is written.
    followed, seen = (images, None) if test_images is None else (test_images, images)
    followed = followed[fixed_order(followed)[:monitored]]
    if initial is not None and done == steps_done == 0:
        for line in initial_weights.start_from(model, init_from):
            say(f"Weights of {initial['init_from']}, {line}")
    note = None
    if devices.chief:
        note = run_files.devices_note(workdir, devices.record())
        run_files.write(workdir, config, described, initial, devices.record())
    if done > 0 or progress:
        steps = f" and {steps_done} of {steps_per_epoch} steps" if progress else ""
        say(f"Resuming {workdir} after epoch {done} of {config.epochs}{steps}")
        if note:
            say(note)

    def followed_batches(parts=None):
        return data.batches(followed, config.batch_size, training=False, parts=parts)

    if done < config.epochs:
        found = []
        if devices.workers == 1:  # Of several, one alone could not end the training.
            found = findings_log.of_run(followed, seen, checkpoint.history(), stop_on_failure, say)
        fit(
            model,
            batches,
            steps_per_epoch,
            epochs=(done, config.epochs),
            progress=progress,
            checkpoint=checkpoint,
            callbacks=[
                *writing_callbacks(workdir, followed, devices),
                *schedules(config, images, checkpoint.history(), init_from),
                *([TimeLeft(config.epochs, steps_per_epoch)] if verbose else []),
                *found,
            ],
            devices=devices,
            validation_data=None if test_images is None else devices.batches(followed_batches),
            validation_steps=-(-len(followed) // config.batch_size),
            verbose=verbose,
        )
    if config.match_moments:
        match_at_end(model, config, images, verbose=bars)
    if not devices.chief:
        return model
    zoo.save_entry(
        workdir,
        model,
        asked,
        critic=keep_critic,
        results={}
        if test_images is None
        else test_results(
            model, config, test_images, measured_at="the end of wae-train", verbose=bars
        ),
        **findings_log.at_end(model, followed, seen, checkpoint.history(), config, say),
        provenance={
            "paper": "arXiv:1711.01558",
            **(provenance or {}),
            **described,
            **(initial or {}),
            "epochs": config.epochs,
            "seconds": sum(row.get("seconds", 0.0) for row in checkpoint.history()),
            "device": device(),
            **devices.record(),
            "precision": config.precision,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    )
    say(f"Wrote {workdir}: {outcome(workdir)}")
    return model


def _check_num_images(config, found):
    if config.divergence in ("mmdpp", "mmdpp_1d") and config.num_images != found:
        raise ValueError(
            "`num_images` must be the number of training images, which MMD++ weighs pairs of codes "
            f"by. Received: num_images={config.num_images}, with {found} training images"
        )
