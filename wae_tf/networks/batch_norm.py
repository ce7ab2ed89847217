"""Batch norm whose training step is one kernel of TensorFlow on a CPU, on replicas too."""

import keras
import tensorflow as tf

from wae_tf import replicas

__all__ = ["BatchNormalization", "normalise"]


@keras.saving.register_keras_serializable(package="wae_tf")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer; on a CPU, images in float32 or bfloat16 train by TensorFlow's fused kernel.

    Keras makes the step of a dozen operations, each of which goes through memory. The kernel has
    the same numbers up to rounding, and its statistics are float32. Several replicas take those
    of the global batch, see `normalise`. All else, inference too, is Keras's. It has the name of
    Keras's layer, since weights are saved by it.
    """

    def call(self, inputs, training=None, mask=None):
        if not (training and self.trainable and mask is None and self._fuses(inputs)):
            return super().call(inputs, training=training, mask=mask)
        step = normalise if self.synchronized and replicas.count() > 1 else _normalise_alone
        scale, offset = map(tf.convert_to_tensor, (self.gamma, self.beta))
        outputs, mean, variance = step(inputs, scale, offset, epsilon=self.epsilon)
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + now * (1.0 - self.momentum))
        return outputs

    def _fuses(self, inputs):
        return (
            inputs.dtype in (tf.float32, tf.bfloat16)
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and self.scale
            and self.center
            and not getattr(self, "renorm", False)
            and not any(tf.config.get_visible_devices(kind) for kind in ("GPU", "TPU"))
        )


def _normalise_alone(images, scale, offset, *, epsilon):
    """Does what `normalise` does, for a batch that no other replica has a part of."""
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=images,
        scale=scale,
        offset=offset,
        mean=[],
        variance=[],
        epsilon=epsilon,
        is_training=True,
    )
    count = _pixels(images)
    return outputs, mean, variance * (count - 1.0) / count  # The kernel divides by count - 1.


def _pixels(images):
    """Returns of how many values each channel's mean is."""
    return tf.cast(tf.size(images) // images.shape[-1], tf.float32)


def normalise(images, scale, offset, *, epsilon):
    """Normalises this replica's part of a batch by the statistics of all of it.

    Replicas add up sums twice in a step, once on each way through, and then do the rest by
    themselves. Keras's layer, which has the same numbers up to rounding, does so five times. What
    goes through all pixels is the kernel's: sums and products of TensorFlow's own take longer.

    Args:
        images: This replica's, shape `(n, height, width, channels)`, float32 or bfloat16.
        scale: Shape `(channels,)`, float32.
        offset: The same.
        epsilon: What is added to the variance.

    Returns:
        Images of the same shape and dtype; mean and variance of all replicas' images, shape
        `(channels,)`, float32, without gradient.
    """

    @tf.custom_gradient
    def run(images, scale, offset):
        _, own_mean, own_variance = _normalise_alone(images, scale, offset, epsilon=epsilon)
        own = tf.fill(tf.shape(scale), _pixels(images))
        sums = replicas.add(
            {
                "values": own * own_mean,
                "squares": own * (own_variance + tf.square(own_mean)),
                "count": own,
            }
        )
        count = sums["count"]
        mean = sums["values"] / count
        variance = tf.maximum(sums["squares"] / count - tf.square(mean), 0.0)
        outputs = _scaled(images, scale, offset, mean, variance, epsilon)

        def gradient(upstream, *_):
            direct, of_scale, of_offset, *_ = tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=upstream,
                x=images,
                scale=scale,
                reserve_space_1=mean,
                reserve_space_2=variance,
                reserve_space_3=[],
                epsilon=epsilon,
                is_training=False,
            )
            total = replicas.add({"scale": of_scale, "offset": of_offset})
            # What images change in the outputs of others, by mean and variance.
            inverse = tf.math.rsqrt(variance + epsilon)
            slope = scale * inverse**2 * total["scale"] / count
            level = scale * inverse * total["offset"] / count
            through_moments = _scaled(images, slope, level, mean, tf.ones_like(variance), 0.0)
            return direct - through_moments, of_scale, of_offset

        return (outputs, mean, variance), gradient

    outputs, mean, variance = run(images, scale, offset)
    return outputs, tf.stop_gradient(mean), tf.stop_gradient(variance)


def _scaled(images, scale, offset, mean, variance, epsilon):
    """Returns `(images - mean) / sqrt(variance + epsilon) * scale + offset`."""
    return tf.raw_ops.FusedBatchNormV3(
        x=images,
        scale=scale,
        offset=offset,
        mean=mean,
        variance=variance,
        epsilon=epsilon,
        is_training=False,
    )[0]
