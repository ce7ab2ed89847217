"""MMD++, the maximum mean discrepancy of random encoders."""

import keras
import tensorflow as tf

from wae_tf.arguments import check_integer
from wae_tf.divergences.base import Divergence
from wae_tf.divergences.kernels import fit_kernel, imq_kernel

__all__ = ["MMDPlusPlus"]


@keras.saving.register_keras_serializable(package="wae_tf")
class MMDPlusPlus(Divergence):
    """Squared MMD to P_Z of the mixture of all images' code distributions.

    With `N` images, Q_Z is the mixture of `N` distributions, and a pair of independent
    codes comes from one image with probability `1 / N`. Of `k` codes `z_im` of each of
    `n` images, and `n` prior draws `p`:

        sum{ k(p_i, p_j) : i != j } / (n (n - 1))
      - 2 sum{ k(z_im, p_j) } / (k n**2)
      + (N - 1) / N * sum{ k(z_im, z_jl) : i != j } / (n (n - 1) k**2)
      + 1 / N * sum{ k(z_im, z_il) : m != l } / (n k (k - 1))

    (`mmdpp_penalty` in the authors' improved_wae.py, where N is the training set's size
    and k is 10.) With `per_coordinate` it is computed for each coordinate of the codes
    alone, and summed (`mmdpp_1d_penalty`): far cheaper to satisfy, and blind to how
    coordinates depend on each other.

    Bias: none; sometimes negative. Cost: `O(n**2 k**2 d)` time and `n**2 k**2` memory,
    `d` times the memory with `per_coordinate`.

    Args:
        kernel: Callable `(a, b) -> Gram matrix`.
        num_images: `N`, images of the training set; at least 2.
        codes_per_image: `k`, at least 2.
        per_coordinate: Whether to sum over coordinates; the kernel then gets codes of
            dimension 1.

    Raises:
        ValueError: A number is too small.

    Example:
        >>> codes = tf.random.normal((50, 10, 8))  # Ten codes of each of 50 images.
        >>> float(MMDPlusPlus(num_images=60_000)(codes, z_prior)) < 0.1
        True
    """

    min_batch_size = 2

    def __init__(
        self, kernel=imq_kernel, *, num_images=60_000, codes_per_image=10, per_coordinate=False
    ):
        self.kernel = kernel
        self.num_images = check_integer("num_images", num_images, 2)
        self.codes_per_image = check_integer("codes_per_image", codes_per_image, 2)
        self.per_coordinate = per_coordinate

    def __call__(self, z, z_prior):
        """Estimates it from codes `(n, k, latent_dim)` and prior draws `(n, latent_dim)`."""
        z, z_prior = tf.cast(z, tf.float32), tf.cast(z_prior, tf.float32)
        if z.shape.rank != 3 or (z.shape[0] or 2) < 2 or (z.shape[1] or 2) < 2:
            raise ValueError(
                "`z` must hold several codes of each of several images, shape "
                "`(n, codes_per_image, latent_dim)`, both at least 2: a random encoder draws "
                f"them. Received: z.shape={tuple(z.shape)}"
            )
        if not self.per_coordinate:
            return self._estimate(z, z_prior)
        return tf.add_n(
            [
                self._estimate(z[:, :, i : i + 1], z_prior[:, i : i + 1])
                for i in range(z_prior.shape[1])
            ]
        )

    def _estimate(self, z, z_prior):
        images, codes = tf.shape(z)[0], tf.shape(z)[1]
        flat = tf.reshape(z, (-1, z.shape[2]))
        kernel = fit_kernel(self.kernel, flat, z_prior)
        image = tf.repeat(tf.range(images), codes)
        same_image = image[:, None] == image[None, :]
        same_code = tf.eye(images * codes, dtype=tf.bool)
        gram = kernel(flat, flat)
        of_one = _mean(gram, tf.logical_and(same_image, tf.logical_not(same_code)))
        of_two = _mean(gram, tf.logical_not(same_image))
        count = tf.shape(z_prior)[0]
        of_prior = _mean(kernel(z_prior, z_prior), ~tf.eye(count, dtype=tf.bool))
        across = tf.reduce_mean(tf.cast(kernel(flat, z_prior), tf.float64))
        share = 1.0 / self.num_images
        total = of_prior - 2.0 * across + (1.0 - share) * of_two + share * of_one
        return tf.cast(total, tf.float32)

    def get_config(self):
        return {
            "kernel": keras.saving.serialize_keras_object(self.kernel),
            "num_images": self.num_images,
            "codes_per_image": self.codes_per_image,
            "per_coordinate": self.per_coordinate,
        }

    @classmethod
    def from_config(cls, config):
        kernel = keras.saving.deserialize_keras_object(config["kernel"])
        return cls(**{**config, "kernel": kernel})


def _mean(gram, counted):
    """Mean of the counted entries, summed in float64."""
    values = tf.where(counted, gram, 0.0)
    total = tf.reduce_sum(tf.cast(values, tf.float64))
    return total / tf.reduce_sum(tf.cast(counted, tf.float64))
