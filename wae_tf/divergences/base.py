"""What all divergences between codes and prior draws share."""

import tensorflow as tf

__all__ = ["Divergence", "batch_seed", "check_samples"]


class Divergence:
    """A divergence D_Z(Q_Z, P_Z) of Eq. (4), estimated from two samples.

    A subclass computes a scalar in `__call__`, differentiable in both arguments, and
    returns its constructor's arguments from `get_config`. Registered with Keras, it is
    saved with the model:

    Attributes:
        min_batch_size: Fewest codes that it works with.
        codes_per_image: Codes that a random encoder draws of each image; where it is
            more than 1, codes have shape `(n, codes_per_image, latent_dim)`.

    Example:
        >>> @keras.saving.register_keras_serializable(package="mine")
        ... class MeanDistance(wae_tf.divergences.Divergence):
        ...     def __call__(self, z, z_prior):
        ...         return tf.reduce_sum((tf.reduce_mean(z, 0) - tf.reduce_mean(z_prior, 0)) ** 2)
        >>> model = wae_tf.WAE(encoder, decoder, divergence=MeanDistance())
    """

    min_batch_size = 1
    codes_per_image = 1

    def __call__(self, z, z_prior):
        """Estimates the divergence.

        Args:
            z: Codes, shape `(n, latent_dim)`.
            z_prior: Draws from the prior, shape `(m, latent_dim)`.

        Returns:
            Scalar, float32.
        """
        raise NotImplementedError(
            "A divergence must compute a scalar in `__call__(z, z_prior)`. "
            f"Received: {type(self).__name__}, which does not"
        )

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def check_samples(z, z_prior, min_size=1, same_size=False):
    """Returns both samples as float32 tensors, or raises a ValueError if they do not fit.

    Args:
        z: Codes, shape `(n, latent_dim)`.
        z_prior: Draws from the prior, shape `(m, latent_dim)`.
        min_size: Fewest points in a sample.
        same_size: Whether `n` must be `m`.
    """
    z = tf.cast(tf.convert_to_tensor(z), tf.float32)
    z_prior = tf.cast(tf.convert_to_tensor(z_prior), tf.float32)
    for name, sample in (("z", z), ("z_prior", z_prior)):
        size = sample.shape[0] if sample.shape.rank == 2 else 0
        if sample.shape.rank != 2 or (size is not None and size < min_size):
            raise ValueError(
                f"`{name}` must have shape `(n, latent_dim)` with n >= {min_size}. "
                f"Received: {name}.shape={tuple(sample.shape)}"
            )
    if z.shape[1] != z_prior.shape[1]:
        raise ValueError(
            "`z` and `z_prior` must have one latent_dim. "
            f"Received: z.shape={tuple(z.shape)}, z_prior.shape={tuple(z_prior.shape)}"
        )
    sizes = z.shape[0], z_prior.shape[0]
    if same_size and None not in sizes and sizes[0] != sizes[1]:
        raise ValueError(
            "`z` and `z_prior` must hold as many points, because sorted points are paired. "
            f"Received: {sizes[0]} and {sizes[1]}"
        )
    return z, z_prior


def batch_seed(z_prior):
    """Returns two integers that differ from batch to batch, by the prior draws alone.

    Random directions and the like that are drawn with it are the same in a resumed
    training, and do not depend on the order of the draws.
    """
    extremes = tf.stack([tf.reduce_min(z_prior), tf.reduce_max(z_prior)])
    return tf.bitcast(tf.stop_gradient(extremes), tf.int32)
