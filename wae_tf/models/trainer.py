"""Keras's training loop around an objective that the model computes itself."""

import keras
import tensorflow as tf

from wae_tf.models.checks import check_data

__all__ = ["ObjectiveTrainer"]


class ObjectiveTrainer(keras.Model):
    """`compile`, `fit`, `evaluate` and `predict` of the Wasserstein Auto-Encoders.

    A subclass sets `image_shape` and `seed`, lists what it optimises in
    `autoencoder_variables`, and computes a dict of its `loss_names` in
    `objective(x, training, seed)`.
    """

    loss_names = ("loss", "reconstruction_loss", "divergence")
    min_batch_size = 1

    def __init__(self, **kwargs):
        # Images stay float32 under a mixed-precision policy; layers cast for themselves.
        super().__init__(autocast=False, **kwargs)
        self.jit_compile = resolve_jit_compile("auto")  # For `predict`, which needs no compile.
        self._trackers = {name: keras.metrics.Mean(name=name) for name in self.loss_names}
        self._compile_arguments = None

    @property
    def metrics(self):
        return list(self._trackers.values())

    def compile(
        self,
        optimizer="adam",
        *,
        jit_compile="auto",
        steps_per_execution=1,
        run_eagerly=False,
        **unknown,
    ):
        """Prepares the model for `fit`. The objective is built in: there is no `loss`.

        Args:
            optimizer: Keras optimizer, or its name, for encoder and decoder.
            jit_compile: Whether XLA compiles the steps. `"auto"` does so where a GPU or
                TPU is visible: on CPU XLA was measured 1.6 times slower than
                TensorFlow's own kernels.
            steps_per_execution: Batches in one call of the compiled step.
            run_eagerly: Whether to run the steps uncompiled, for debugging.

        Raises:
            TypeError: There are other arguments, such as `loss`.
        """
        if unknown:
            raise TypeError(
                "`compile` takes no loss and no metrics, as the objective is built in and its "
                "terms are logged: leave out all but `optimizer`, `jit_compile`, "
                "`steps_per_execution`, `run_eagerly`, and for `WAEGAN` `discriminator_optimizer`. "
                f"Received: {type(self).__name__} with {sorted(unknown)}"
            )
        super().compile(
            optimizer=optimizer,
            jit_compile=resolve_jit_compile(jit_compile) and not run_eagerly,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
        )
        # Built now, so that a reloaded model finds optimizer state to restore.
        self.optimizer.build(self.autoencoder_variables)
        self._compile_arguments = {
            "optimizer": self.optimizer,
            "jit_compile": jit_compile,
            "steps_per_execution": steps_per_execution,
            "run_eagerly": run_eagerly,
        }

    def get_compile_config(self):
        if self._compile_arguments is None:
            return None
        return {
            name: keras.saving.serialize_keras_object(value)
            for name, value in self._compile_arguments.items()
        }

    def compile_from_config(self, config):
        self.compile(**{k: keras.saving.deserialize_keras_object(v) for k, v in config.items()})

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        **kwargs,
    ):
        """Trains on images; arguments and result are those of `keras.Model.fit`.

        `x` is an array of images or a `tf.data.Dataset` of batches. Labels, in `y` or as
        second part of a pair, are ignored. Arrays are shuffled as
        `keras.utils.set_random_seed` decides, not the model's `seed`. A critic takes the
        same images for real, unless `wae_tf.data.with_real_images` has added others.

        Raises:
            ValueError: The images have the wrong shape, type or range, or NaN, or the
                batch is too small for the divergence. Of a data set, the first batch is
                looked at.
        """
        check_unweighted(kwargs.get("sample_weight"), kwargs.get("class_weight"))
        check_data(x, self.image_shape, batch_size, self.min_batch_size)
        if isinstance(x, tf.data.Dataset):
            kwargs.setdefault("shuffle", False)  # Keras warns that it cannot, though unasked.
        if validation_data is not None:
            pair = isinstance(validation_data, (list, tuple)) and len(validation_data) > 0
            check_data(
                validation_data[0] if pair else validation_data,
                self.image_shape,
                kwargs.get("validation_batch_size"),
                self.min_batch_size,
                "validation_data",
            )
        return super().fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_data=validation_data,
            **kwargs,
        )

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **kwargs,
    ):
        """Measures the terms of the objective; arguments as in `keras.Model.evaluate`.

        Prior draws are the same each time, so the numbers are too.

        Raises:
            ValueError: As `fit`.
        """
        if not kwargs.get("_use_cached_eval_dataset"):  # Which `fit` sets, after its own checks.
            check_unweighted(sample_weight)
            check_data(x, self.image_shape, batch_size, self.min_batch_size)
        return super().evaluate(
            x,
            y,
            batch_size=batch_size,
            verbose=verbose,
            sample_weight=sample_weight,
            steps=steps,
            callbacks=callbacks,
            return_dict=return_dict,
            **kwargs,
        )

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Reconstructs images; arguments as in `keras.Model.predict`.

        Raises:
            ValueError: The images have the wrong shape, type or range, or NaN.
        """
        check_data(x, self.image_shape, batch_size)
        return super().predict(
            x, batch_size=batch_size, verbose=verbose, steps=steps, callbacks=callbacks
        )

    def train_step(self, data):
        x, real = unpack_images(data)
        with tf.GradientTape() as tape:
            losses = self.objective(x, training=True, seed=self.step_seed(), **real)
            targets = self.targets(losses)
        self.descend(tape, targets)
        self.after_step(losses)
        return self.track(losses, x)

    def targets(self, losses):
        """Returns the list of scalars that a step descends, scaled as their optimizers need."""
        return [self.optimizer.scale_loss(losses["loss"])]

    def descend(self, tape, targets):
        """Moves the networks along the gradient that a tape has recorded of `targets`."""
        variables = self.autoencoder_variables
        self.optimizer.apply(tape.gradient(targets, variables), variables)

    def after_step(self, losses):
        """Called at the end of each training step, with its losses."""

    def test_step(self, data):
        x, real = unpack_images(data)
        # The count starts at 0 in each evaluation: new draws each batch, the same each time.
        count = tf.cast(self._trackers["loss"].count, tf.int32)
        seed = tf.stack([tf.constant(-1 - self.seed, tf.int32), count])
        return self.track(self.objective(x, training=False, seed=seed, **real), x)

    def step_seed(self):
        """Seed of this training step: a resumed training draws what an uninterrupted one does."""
        step = tf.cast(tf.convert_to_tensor(self.optimizer.iterations), tf.int32)
        return tf.stack([tf.constant(self.seed, tf.int32), step])

    def track(self, losses, x):
        """Adds a batch's losses to the running means, and returns these."""
        for name, value in losses.items():
            self._trackers[name].update_state(value, sample_weight=tf.shape(x)[0])
        return {name: tracker.result() for name, tracker in self._trackers.items()}


def resolve_jit_compile(jit_compile):
    """Turns `"auto"` into whether an accelerator is visible; True and False stay."""
    if jit_compile == "auto":
        return any(tf.config.list_physical_devices(kind) for kind in ("GPU", "TPU"))
    if not isinstance(jit_compile, bool):
        raise ValueError(
            f"`jit_compile` must be 'auto', True or False. Received: jit_compile={jit_compile!r}"
        )
    return jit_compile


def unpack_images(data):
    """Takes the images out of what Keras hands to a step.

    Returns:
        The images, and a dict that is empty or has the critic's as `real`: see
        `wae_tf.data.with_real_images`.
    """
    x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    check_unweighted(sample_weight)
    return (x["images"], {"real": x["real"]}) if isinstance(x, dict) else (x, {})


def check_unweighted(*weights):
    """Raises a ValueError if any weights of samples or classes are given."""
    if any(weight is not None for weight in weights):
        raise ValueError(
            "`sample_weight` and `class_weight` are not supported: the divergence compares whole "
            "samples. Leave them out. Received: one of them"
        )
