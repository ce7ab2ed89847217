"""The authors' pretraining of the encoder: first the moments, then the rest."""

import keras
import numpy as np
import tensorflow as tf

from wae_tf import pixels as image_format
from wae_tf import replicas
from wae_tf.divergences.moment_matching import MomentMatching
from wae_tf.runtime.progress_bar import ProgressBar

__all__ = ["PretrainEncoder", "pretrain_encoder"]


def pretrain_encoder(
    model,
    images,
    *,
    steps=200,
    batch_size=1000,
    threshold=0.1,
    learning_rate=1e-3,
    seed=0,
    verbose=False,
):
    """Matches mean and covariance of Q_Z to those of P_Z before training.

    Adam on `wae_tf.divergences.MomentMatching` of codes and prior draws moves the
    encoder only, until the loss falls below `threshold` or `steps` are done
    (`pretrain_encoder` in the authors' wae.py: 200 steps, 0.1; batches of 1,000 on MNIST,
    256 on CelebA).

    Args:
        model: `AE` or a subclass; it need not be compiled.
        images: Array of images, uint8 or floats in [0, 1].
        steps: Most steps.
        batch_size: Images in a step, at least 2; all of them where there are fewer.
        threshold: Loss under which it ends.
        learning_rate: Adam's rate.
        seed: Fixes batches and prior draws, in [0, 2**31).
        verbose: Whether to show a progress bar; "auto" where it takes over two seconds.

    Returns:
        List of losses, one for each step.

    Raises:
        ValueError: The images are none of the model, or fewer than two.

    Example:
        >>> losses = pretrain_encoder(model, images)
        >>> history = model.fit(images, batch_size=100)
    """
    images = image_format.check_images(images, model.image_shape, "images")
    if min(len(images), batch_size) < 2:
        raise ValueError(
            "`images` and `batch_size` must be at least 2: one code has no covariance. "
            f"Received: {len(images)} images, batch_size={batch_size}"
        )
    strategy = model.distribute_strategy
    count = strategy.num_replicas_in_sync
    variables = model.encoder.trainable_variables
    with strategy.scope():
        optimizer = keras.optimizers.Adam(learning_rate)
        optimizer.build(variables)
    distance = MomentMatching()

    def step(batch, seeds):
        x = image_format.to_model_range(batch, model.pixel_range)
        z_prior = tf.stop_gradient(model.prior.sample(replicas.place(x).total, seeds))
        with tf.GradientTape() as tape:
            z = replicas.gather(model.codes(x, training=True, seed=seeds))
            losses = replicas.share({"loss": distance(z, z_prior)}, x)
        optimizer.apply(tape.gradient(losses["loss"], variables), variables)
        return replicas.add(losses)["loss"]

    @tf.function
    def run(batch, seeds):
        return step(batch, seeds) if count == 1 else strategy.run(step, (batch, seeds))

    def shared(chosen):
        if count == 1:
            return tf.constant(images[chosen])
        parts = np.split(chosen[: len(chosen) // count * count], count)
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(images[parts[context.replica_id_in_sync_group]])
        )

    rng = np.random.default_rng(seed)
    losses = []
    bar = ProgressBar(steps, "step", verbose, title="Pretraining the encoder; it may end sooner")
    for i in range(steps):
        chosen = np.sort(rng.choice(len(images), min(len(images), batch_size), replace=False))
        seeds = tf.constant([seed, -1 - i], tf.int32)  # Training counts its steps upwards.
        loss = strategy.experimental_local_results(run(shared(chosen), seeds))[0]
        losses.append(float(loss))
        bar.update(i + 1, loss=losses[-1])
        if losses[-1] < threshold:
            break
    bar.close()
    return losses


class PretrainEncoder(keras.callbacks.Callback):
    """Calls `pretrain_encoder` before the first step of `fit`.

    A model that has been trained before, such as one from a checkpoint, is left alone, so
    that a resumed run goes on where it was.

    Args:
        images: As in `pretrain_encoder`, like the options.

    Example:
        >>> model.fit(images, callbacks=[PretrainEncoder(images, batch_size=256)])
    """

    def __init__(self, images, **options):
        super().__init__()
        self.images = images
        self.options = options
        self.losses = []

    def on_train_begin(self, logs=None):
        if int(keras.ops.convert_to_numpy(self.model.step_counter())) == 0:
            options = {"verbose": "auto" if self.params.get("verbose") else False, **self.options}
            self.losses = pretrain_encoder(self.model, self.images, **options)
