"""Batch normalisation over the global batch, on replicas that are CPUs."""

import tensorflow as tf

__all__ = ["normalise"]


def normalise(images, scale, offset, *, epsilon):
    """Normalises this replica's part of a batch by the statistics of all of it.

    Replicas add up sums twice in a step, once on each way through, and then do the rest by
    themselves. Keras's layer, which has the same numbers up to rounding, does so five times.

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
        pixels = tf.cast(images, tf.float32)
        own = tf.cast(tf.size(images) // images.shape[-1], tf.float32)
        axes = (0, 1, 2)
        sums = (tf.reduce_sum(pixels, axes), tf.reduce_sum(tf.square(pixels), axes))
        first, second, count = _add([*sums, tf.fill(tf.shape(scale), own)])
        mean = first / count
        variance = tf.maximum(second / count - tf.square(mean), 0.0)
        arguments = {"scale": scale, "epsilon": epsilon, "is_training": False}
        outputs, *_ = tf.raw_ops.FusedBatchNormV3(
            x=images, offset=offset, mean=mean, variance=variance, **arguments
        )

        def gradient(upstream, *_):
            direct, of_scale, of_offset, *_ = tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=upstream,
                x=images,
                reserve_space_1=mean,
                reserve_space_2=variance,
                reserve_space_3=[],
                **arguments,
            )
            all_scale, all_offset = _add([of_scale, of_offset])
            # What images change in the outputs of others, by mean and variance.
            inverse = tf.math.rsqrt(variance + epsilon)
            slope = scale * inverse**2 * all_scale / count
            level = scale * inverse * all_offset / count - slope * mean
            through_moments = slope * tf.cast(images, tf.float32) + level
            return direct - tf.cast(through_moments, direct.dtype), of_scale, of_offset

        return (outputs, mean, variance), gradient

    outputs, mean, variance = run(images, scale, offset)
    return outputs, tf.stop_gradient(mean), tf.stop_gradient(variance)


def _add(vectors):
    context = tf.distribute.get_replica_context()
    return tf.unstack(context.all_reduce(tf.distribute.ReduceOp.SUM, tf.stack(vectors)))
