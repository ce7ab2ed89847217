"""Training on several replicas at once, in the scope of a `tf.distribute` strategy."""

import warnings

import keras
import numpy as np
import tensorflow as tf

from wae_tf.models.compiling import CompiledModel

__all__ = ["ReplicaTrainer"]


class ReplicaTrainer(CompiledModel):
    """`CompiledModel` that a `tf.distribute` strategy may run on several replicas.

    Each replica computes its share of the loss (`wae_tf.replicas.share`), and optimizers sum
    the gradients. A model made in `strategy.scope()` trains there, on one machine or several;
    on one replica all is as without a strategy.

    Example:
        >>> strategy = tf.distribute.MirroredStrategy()
        >>> with strategy.scope():
        ...     model = WAEMMD(dcgan_encoder(shape, 8), dcgan_decoder(shape, 8))
        ...     model.compile(keras.optimizers.Adam(1e-3))
        >>> history = model.fit(images, batch_size=100 * strategy.num_replicas_in_sync)
    """

    def check_replicas(self, x, batch_size=None, shuffled=False):
        """Raises a ValueError unless all replicas can train on `x` alike; see `check_scope`.

        Warns of batch norm whose statistics would be those of each replica.

        Args:
            x: As in `fit`.
            batch_size: As in `fit`.
            shuffled: Whether `fit` shuffles arrays.
        """
        count = self.check_scope()
        if count == 1:
            return
        over_workers = _over_workers(self.distribute_strategy)
        distributed, rest = isinstance(x, tf.distribute.DistributedDataset), 0
        if isinstance(x, tf.data.Dataset):
            specs = keras.tree.flatten(x.element_spec)
            sizes = {spec.shape[0] if spec.shape.rank else None for spec in specs}
        elif isinstance(x, (np.ndarray, tf.Tensor)):
            size = min(batch_size or 32, len(x))  # 32: Keras's own.
            rest = len(x) % size
            sizes = {size, rest or size}
        else:
            sizes = {count if distributed else None}
        if not distributed and not isinstance(x, tf.data.Dataset) and shuffled and over_workers:
            raise ValueError(
                "`x` must be a data set where several workers train: each would shuffle images in "
                "an order of its own. Pass `wae_tf.data.batches(images, batch_size, "
                f"training=True, epochs=epochs)`. Received: x of type {type(x).__name__}"
            )
        if rest or any(size is None or size % count for size in sizes):
            raise ValueError(
                "Batches must have one size, a multiple of the number of replicas, which share "
                "each evenly: choose such a `batch_size` and drop the rest of the images, as "
                "`wae_tf.data.batches(images, batch_size, training=True)` and "
                "`dataset.batch(batch_size, drop_remainder=True)` do. "
                f"Received: batches of {sorted(sizes, key=str)} images, {count} replicas"
            )
        plain = [
            layer.name
            for layer in self._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization) and not layer.synchronized
        ]
        if plain and not getattr(self, "_warned_of_batch_norm", False):
            self._warned_of_batch_norm = True
            warnings.warn(
                f"The batch norm of {plain} takes its statistics from each of {count} replicas "
                "alone, and results depend on their number: make these layers with "
                "`synchronized=True`.",
                stacklevel=3,
            )

    def check_scope(self):
        """Returns the number of replicas; raises a ValueError if the model is not on them all."""
        strategy = self.distribute_strategy
        count = strategy.num_replicas_in_sync
        if count == 1:
            return count
        optimizers = [getattr(self, name, None) for name in self.optimized_variables()]
        variables = [*self.variables, *(v for o in optimizers if o for v in o.variables)]
        outside = [
            v.path for v in variables if not strategy.extended.variable_created_in_scope(v.value)
        ]
        if outside:
            raise ValueError(
                f"Networks, model and optimizers must be made, and the model compiled, in the "
                f"scope of the strategy that trains them: `with strategy.scope():`. "
                f"Received: {outside[:3]} and {max(len(outside) - 3, 0)} more made outside of it, "
                f"{count} replicas"
            )
        return count

    def make_train_function(self, force=False):
        if not _over_workers(self.distribute_strategy):
            return super().make_train_function(force)
        if self.train_function is None or force:
            self.train_function = self._over_workers_function(self.train_step)
        return self.train_function

    def make_test_function(self, force=False):
        if not _over_workers(self.distribute_strategy):
            return super().make_test_function(force)
        if self.test_function is None or force:
            self.test_function = self._over_workers_function(self.test_step)
        return self.test_function

    def _over_workers_function(self, step):
        """As Keras's own, whose mean over workers fails on scalars; logs are global already."""
        strategy = self.distribute_strategy

        def run(data):
            logs = strategy.run(step, args=(data,))
            return {k: strategy.experimental_local_results(v)[0] for k, v in logs.items()}

        if not self.run_eagerly:
            run = tf.function(run, reduce_retracing=True)

        def function(iterator):
            return run(next(iterator))

        return function

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Builds the metrics of `compile`; the rest is built. Keras's own averages uint8 images."""
        if self._distribute_strategy is None or self._compile_metrics is None:
            return
        if not self._compile_metrics.built:
            images = keras.KerasTensor((None, *self.image_shape), "float32")
            with self.distribute_strategy.scope():
                keras.src.backend.compute_output_spec(
                    self._compile_metrics.update_state, images, images
                )


def check_ends(x, steps, name):
    """Raises a ValueError if replicas would go through a data set that never ends.

    Args:
        x: What `fit`, `evaluate` or `predict` gets, such as `Devices.batches` returns.
        steps: How many batches it is told to take, or None.
        name: What that argument is called.
    """
    distributed = isinstance(x, tf.distribute.DistributedDataset)
    if steps is None and distributed and x.cardinality == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            f"`{name}` must say how many batches to take of a data set that never ends: as many as "
            f"its images make. Received: {name}=None"
        )


def _over_workers(strategy):
    """Whether a strategy spreads over several processes."""
    several = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    return several and strategy.num_replicas_in_sync > len(strategy.extended.worker_devices)
