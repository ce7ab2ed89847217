"""Batch normalisation whose training step is one kernel on a CPU."""

import keras
import tensorflow as tf

__all__ = ["BatchNormalization"]


@keras.saving.register_keras_serializable(package="wae_tf")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer, with the same numbers up to rounding, and fewer passes through memory.

    Keras makes the training step of a dozen operations, which took an eighth of the time of the
    MNIST networks. TensorFlow's fused kernel takes their place where it can: float32 images on a
    CPU, without a mask. Everything else, inference too, is Keras's. It is called as Keras's is,
    since weights are saved by that name.
    """

    def call(self, inputs, training=None, mask=None):
        if not (training and self.trainable and mask is None and self._fuses(inputs)):
            return super().call(inputs, training=training, mask=mask)
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
        variance *= (count - 1.0) / count  # The kernel's divides by one less than there are.
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + now * (1.0 - self.momentum))
        return y

    def _fuses(self, inputs):
        return (
            inputs.dtype == tf.float32
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and self.scale
            and self.center
            and not self.synchronized
            and not any(tf.config.get_visible_devices(kind) for kind in ("GPU", "TPU"))
        )
