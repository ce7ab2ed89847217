"""What `compile` prepares: optimizers, logged losses and metrics."""

import warnings

import keras
import tensorflow as tf

from wae_tf import pixels, replicas
from wae_tf.arguments import check_auto

__all__ = ["CompiledModel", "resolve_jit_compile"]

_COMPILE_ARGUMENTS = (
    "metrics",
    "jit_compile",
    "steps_per_execution",
    "run_eagerly",
    "couple_learning_rates",
)
_COUNTS = {2: "two", 3: "three"}


class CompiledModel(keras.Model):
    """`compile` and the logs of a model with a built-in objective.

    A subclass lists what `optimizer` moves in `autoencoder_variables`, and the terms of its
    objective in `loss_names`.
    """

    loss_names = ("loss", "reconstruction_loss", "divergence")

    def __init__(self, **kwargs):
        # Images stay float32 under a mixed-precision policy; layers cast for themselves.
        super().__init__(autocast=False, **kwargs)
        self.jit_compile = resolve_jit_compile("auto")  # For `predict`, which needs no compile.
        self._trackers = {name: keras.metrics.Mean(name=name) for name in self.loss_names}
        self._compile_arguments = None

    @property
    def metrics(self):
        compiled = [] if self._compile_metrics is None else [self._compile_metrics]
        return [*self._trackers.values(), *compiled]

    @property
    def trainable_weights(self):
        """As in any Keras model; once compiled, in the order in which `optimizer` has its own.

        Keras hands these to `optimizer.finalize_variable_values`, which counts on the order.
        """
        weights = super().trainable_weights
        moved = self.autoencoder_variables if self.compiled else []
        known = {id(variable) for variable in moved}
        return [*moved, *(weight for weight in weights if id(weight) not in known)]

    def optimized_variables(self):
        """Returns what each optimizer moves: dict from the model's attribute for it."""
        return {"optimizer": self.autoencoder_variables}

    def compile(
        self,
        optimizer="adam",
        *,
        metrics=None,
        jit_compile="auto",
        steps_per_execution=1,
        run_eagerly=False,
        couple_learning_rates=True,
        **others,
    ):
        """Prepares the model for `fit`. The objective is built in: there is no `loss`.

        Args:
            optimizer: Keras optimizer, or its name, for encoder and decoder.
            metrics: As in `keras.Model.compile`; called with images in [0, 1] and their
                reconstructions, as `reconstruct` gives them. In training that is one more
                pass through both networks, after each step.
            jit_compile: Whether XLA compiles the steps. `"auto"` does so where a GPU or
                TPU is visible: on CPU XLA was measured 1.6 times slower than
                TensorFlow's own kernels.
            steps_per_execution: Batches in one call of the compiled step.
            run_eagerly: Whether to run the steps uncompiled, for debugging.
            couple_learning_rates: Whether, where a callback such as `ReduceLROnPlateau` or
                `LearningRateScheduler` changes the rate of `optimizer`, that of a model's other
                optimizers changes in proportion, at the beginning and end of an epoch.
            **others: The model's other optimizers by name, such as `discriminator_optimizer`.

        Raises:
            TypeError: There are other arguments, such as `loss`.
            ValueError: Two optimizers are one object.
        """
        names = list(self.optimized_variables())
        unknown = sorted(set(others) - set(names))
        if unknown:
            raise TypeError(
                "`compile` takes no loss and no weights, as the objective is built in and its "
                f"terms are logged: leave out all but {[*names, *_COMPILE_ARGUMENTS]}, and for "
                "`WAEGAN` `discriminator_optimizer`. "
                f"Received: {type(self).__name__} with {unknown}"
            )
        jit_compile = self._for_replicas(jit_compile, steps_per_execution, optimizer)
        optimizers = {"optimizer": optimizer, **{n: others.get(n, "adam") for n in names[1:]}}
        made = [id(o) for o in optimizers.values() if not isinstance(o, (str, dict))]
        if len(set(made)) < len(made):
            raise ValueError(
                f"{' and '.join(f'`{name}`' for name in names)} must be {_COUNTS[len(names)]} "
                "objects: each keeps state for its own variables. Received: the same object twice"
            )
        super().compile(
            optimizer=optimizer,
            metrics=metrics,
            jit_compile=resolve_jit_compile(jit_compile) and not run_eagerly,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
        )
        for name, variables in self.optimized_variables().items():
            if name != "optimizer":
                setattr(self, name, _like(keras.optimizers.get(optimizers[name]), self.optimizer))
            # Built now, so that a reloaded model finds optimizer state to restore.
            getattr(self, name).build(variables)
        self.couple_learning_rates = bool(couple_learning_rates)
        self._compile_arguments = {
            **{name: getattr(self, name) for name in names},
            "metrics": metrics,
            "jit_compile": jit_compile,
            "steps_per_execution": steps_per_execution,
            "run_eagerly": run_eagerly,
            "couple_learning_rates": couple_learning_rates,
        }

    def _for_replicas(self, jit_compile, steps_per_execution, optimizer):
        """Checks what does not go with several replicas; returns whether XLA compiles."""
        count = self.distribute_strategy.num_replicas_in_sync
        if count == 1:
            return jit_compile
        accumulation = getattr(optimizer, "gradient_accumulation_steps", None)
        if steps_per_execution != 1 or accumulation:
            raise ValueError(
                "`steps_per_execution` must be 1, and optimizers without "
                "`gradient_accumulation_steps`, on several replicas: neither runs under "
                f"tf.distribute. Received: steps_per_execution={steps_per_execution}, "
                f"gradient_accumulation_steps={accumulation}, {count} replicas"
            )
        if resolve_jit_compile(jit_compile):
            warnings.warn(
                f"Steps on {count} replicas are not compiled by XLA, which was not seen to work "
                "under tf.distribute: `jit_compile` counts as False.",
                stacklevel=4,
            )
        return False

    def get_compile_config(self):
        if self._compile_arguments is None:
            return None
        return {
            name: keras.saving.serialize_keras_object(value)
            for name, value in self._compile_arguments.items()
        }

    def compile_from_config(self, config):
        self.compile(**{k: keras.saving.deserialize_keras_object(v) for k, v in config.items()})

    def _track(self, losses, x):
        """Adds a batch's losses, and what `compile` asked for, to what is logged."""
        for name, value in losses.items():
            self._trackers[name].update_state(value, sample_weight=tf.shape(x)[0])
        reconstruction = None if self._compile_metrics is None else self.reconstruct_part(x)
        return self.compute_metrics(x, None, reconstruction)

    def reconstruct_part(self, x):
        """Reconstructs this replica's images of a batch, all of them where it has no other."""
        if replicas.count() == 1:
            return self(x, training=False)
        with replicas.filled(x) as images:
            return self(images, training=False)[: tf.shape(x)[0]]

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Updates the metrics of `compile` with images in [0, 1] and reconstructions `y_pred`."""
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(pixels.to_model_range(x, (0.0, 1.0)), y_pred)
        return self.get_metrics_result()


def _like(optimizer, first):
    """Adds to an optimizer the loss scaling that Keras may have added to the first one."""
    scaled = keras.optimizers.LossScaleOptimizer
    if isinstance(first, scaled) and not isinstance(optimizer, scaled):
        return scaled(optimizer)
    return optimizer


def resolve_jit_compile(jit_compile):
    """Turns `"auto"` into whether an accelerator is visible; True and False stay."""
    if check_auto("jit_compile", jit_compile) == "auto":
        return any(tf.config.list_physical_devices(kind) for kind in ("GPU", "TPU"))
    return jit_compile
