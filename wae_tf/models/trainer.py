"""Keras's training loop around an objective, and the parts that all objectives share."""

import keras
import tensorflow as tf

from wae_tf import pixels, replicas
from wae_tf.models.fit_callbacks import completed
from wae_tf.models.replica_trainer import ReplicaTrainer, check_ends
from wae_tf.priors.code_distribution import CodeDistribution
from wae_tf.priors.vamp import VampPrior

__all__ = ["ObjectiveTrainer"]


class ObjectiveTrainer(ReplicaTrainer):
    """`fit`, `evaluate` and `predict` of the Wasserstein Auto-Encoders.

    A subclass sets the attributes of `AE`, and computes a dict of its `loss_names` in
    `objective(x, training, seed, real)` from `codes` and `reconstruction_terms`.
    """

    min_batch_size = 1

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

        `x` is an array of images, or a `tf.data.Dataset`, a `keras.utils.PyDataset` or a
        generator of batches. Labels, in `y` or as second part of a pair, are ignored. Arrays
        are shuffled as `keras.utils.set_random_seed` decides, not the model's `seed`. A critic
        takes the same images for real, unless `wae_tf.data.with_real_images` has added others.

        Samplers that were fitted to the codes so far are stale from here on.

        Raises:
            ValueError: The images have the wrong shape, type or range, or NaN, or the
                batch is too small for the divergence; of batches, the first is looked at.
                Or nothing is trainable, or a distributed data set would never end.
        """
        check_unweighted(kwargs.get("sample_weight"), kwargs.get("class_weight"))
        if not self.autoencoder_variables:
            raise ValueError(
                "The encoder or the decoder must be trainable, or there is nothing to fit: set "
                f"`trainable = True` and compile again. Received: {self.name!r}, all of it frozen"
            )
        self.check_replicas(x, batch_size, shuffled=kwargs.get("shuffle", True))
        check_ends(x, kwargs.get("steps_per_epoch"), "steps_per_epoch")
        check_ends(validation_data, kwargs.get("validation_steps"), "validation_steps")
        x = pixels.check_data(x, self.image_shape, batch_size, self.min_batch_size)
        if isinstance(x, (tf.data.Dataset, tf.distribute.DistributedDataset)):
            kwargs.setdefault("shuffle", False)  # Keras warns that it cannot, though unasked.
        if validation_data is not None:
            pair = isinstance(validation_data, (list, tuple)) and len(validation_data) > 0
            checked = pixels.check_data(
                validation_data[0] if pair else validation_data,
                self.image_shape,
                kwargs.get("validation_batch_size"),
                self.min_batch_size,
                "validation_data",
            )
            validation_data = (checked, *validation_data[1:]) if pair else checked
        if self.compiled:  # Otherwise Keras says so.
            self.mark_samplers_stale()
            callbacks = completed(callbacks, self)
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
            self.check_scope()
            check_ends(x, steps, "steps")
            x = pixels.check_data(x, self.image_shape, batch_size, self.min_batch_size)
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
            ValueError: The images have the wrong shape, type or range, or NaN; or a distributed
                data set would never end.
        """
        check_ends(x, steps, "steps")
        x = pixels.check_data(x, self.image_shape, batch_size)
        return super().predict(
            x, batch_size=batch_size, verbose=verbose, steps=steps, callbacks=callbacks
        )

    @property
    def autoencoder_variables(self):
        """Trainable variables of encoder, decoder and, if learned, prior."""
        learned = self.prior.trainable_variables if isinstance(self.prior, VampPrior) else []
        return self.encoder.trainable_variables + self.decoder.trainable_variables + learned

    def train_step(self, data):
        """Descends the objective on one batch: Algorithm 2 of the paper for `WAEMMD`."""
        x, real = unpack_images(data)
        with tf.GradientTape() as tape:
            losses = self.objective(x, training=True, seed=self.step_seed(), **real)
            losses["loss"] += self.added_losses()
            losses = self._share_losses(losses, x)
            targets = self._targets(losses)
        self._descend(tape, targets)
        losses = self._sum_shares(losses)
        self.after_step(losses)
        return self._track(losses, x)

    def _targets(self, losses):
        """Returns what a step descends, scaled as its optimizers need: the loss, and a critic's."""
        targets = [self.optimizer.scale_loss(losses["loss"])]
        if "critic_loss" in losses:
            targets.append(self.critic_optimizer.scale_loss(losses["critic_loss"]))
        return targets

    def _descend(self, tape, targets):
        """Moves the networks, and a critic whose loss is among the targets, down the gradient."""
        networks = self.autoencoder_variables
        if len(targets) == 1:
            self.optimizer.apply(tape.gradient(targets, networks), networks)
            return
        # One way back for both: neither loss has a gradient at the other's variables.
        critic = self.critic.trainable_variables
        gradients = tape.gradient(targets, [networks, critic])
        self.optimizer.apply(gradients[0], networks)
        self.critic_optimizer.apply(gradients[1], critic)

    def code_distribution(self, x, training=False):
        """Returns the `CodeDistribution` of images in `pixel_range`."""
        return CodeDistribution.of(self.encoder(x, training=training))

    def codes(self, x, training=False, seed=None):
        """Encodes images in `pixel_range` to float32 codes on the prior's support.

        `seed`, two integers, fixes the draws of a random encoder; None takes its means.
        """
        if self.code_kind == "deterministic":
            z = keras.tree.flatten(self.encoder(x, training=training))[0]
            return self.prior.to_support(tf.cast(z, tf.float32))
        distribution = self.code_distribution(x, training)
        z = distribution.location if seed is None else distribution.sample(self.code_seed(seed))
        return self.prior.to_support(z)

    def code_seed(self, seed):
        """Turns a step's seed, which draws from the prior, into one that draws codes."""
        return tf.random.experimental.stateless_fold_in(tf.cast(seed, tf.int32), 1)

    def reconstruction_terms(self, x, z, training=False, real=None):
        """Returns what the objective says of decoded codes: the cost, and a critic's terms."""
        if self.critic is not None and self.critic_active:
            return self.terms_with_critic(x, z, training, real)
        loss = self.reconstruction_loss(x, z, training)
        return {"loss": loss, "reconstruction_loss": loss}

    def reconstruction_loss(self, x, z, training=False):
        """Returns the cost of decoding codes, times `cost_scale`, mean over the batch."""
        return self.mean_cost(x, self.decoder(z, training=training))

    def mean_cost(self, x, y):
        """Returns the cost of reconstructions `y`, times `cost_scale`, mean over the batch."""
        return self.cost_scale * tf.reduce_mean(tf.cast(self.cost(x, y), tf.float32))

    def test_step(self, data):
        x, real = unpack_images(data)
        # The count starts at 0 in each evaluation: new draws each batch, the same each time.
        count = replicas.add({"count": tf.convert_to_tensor(self._trackers["loss"].count)})
        seed = tf.stack([-1 - self.seed, tf.cast(count["count"], tf.int32)])
        with replicas.filled(x) as images:
            losses = self.objective(images, training=False, seed=seed, **real)
            losses["loss"] += self.added_losses()
            losses = self._sum_shares(self._share_losses(losses, images))
        return self._track(losses, x)

    def predict_step(self, data):
        x = keras.utils.unpack_x_y_sample_weight(data)[0]
        return self.reconstruct_part(x)

    @property
    def on_replicas(self):
        """Whether several replicas train in step; one does without what they hand each other."""
        return self.distribute_strategy.num_replicas_in_sync > 1

    def _share_losses(self, losses, x):
        """Returns what the losses of replicas add to those of the global batch."""
        return replicas.share(losses, x) if self.on_replicas else losses

    def _sum_shares(self, losses):
        """Sums the shares of all replicas."""
        return replicas.add(losses) if self.on_replicas else losses

    def added_losses(self):
        """Sums what the networks added in their last call: regularizers and `add_loss`."""
        return sum_losses(self.encoder) + sum_losses(self.decoder)

    def after_step(self, losses):
        """Called at the end of each training step, with its losses."""

    def step_seed(self):
        """Seed of this training step: a resumed training draws what an uninterrupted one does."""
        step = tf.cast(tf.convert_to_tensor(self.step_counter()), tf.int32)
        return tf.stack([tf.constant(self.seed, tf.int32), step])

    def step_counter(self):
        """Returns the variable, of the optimizer's state, that counts training batches.

        With `gradient_accumulation_steps`, `optimizer.iterations` counts fewer: the updates.
        """
        return getattr(self.optimizer, "inner_optimizer", self.optimizer).variables[0]


def sum_losses(network):
    """Sums a network's regularizers and what `add_loss` added in its last call."""
    return sum(tf.reduce_sum(tf.cast(loss, tf.float32)) for loss in network.losses)


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
