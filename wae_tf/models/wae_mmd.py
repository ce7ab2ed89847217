"""WAE-MMD: the maximum mean discrepancy as latent divergence."""

import keras
import tensorflow as tf

from wae_tf.kernels import imq_kernel, rbf_kernel
from wae_tf.mmd import mmd
from wae_tf.models.checks import check_kernel
from wae_tf.models.wae import WAE

__all__ = ["WAEMMD"]


@keras.saving.register_keras_serializable(package="wae_tf")
class WAEMMD(WAE):
    """Wasserstein Auto-Encoder with the MMD as latent divergence.

    Minimises Eq. (4) of [1] by Algorithm 2. The estimate of the MMD is unbiased, so the
    logged `divergence` goes below zero where Q_Z is close to the prior.

    Args:
        encoder: As in `WAE`, like all arguments but the last.
        decoder: As in `WAE`.
        kernel: `"imq"` or `"rbf"`, with widths that follow from the prior, or a callable
            `(a, b) -> Gram matrix`.

    Raises:
        ValueError: As in `WAE`, or the kernel is unknown.

    Example:
        >>> model = WAEMMD(
        ...     dcgan_encoder((28, 28, 1), 8, width=64, kernel_size=4),
        ...     dcgan_decoder((28, 28, 1), 8, width=64, num_layers=3, kernel_size=4),
        ... )
        >>> model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5))
        >>> history = model.fit(images, batch_size=100, epochs=10)

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """

    min_batch_size = 2

    def __init__(self, encoder, decoder, *, kernel="imq", **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        if not callable(kernel) and kernel not in ("imq", "rbf"):
            raise ValueError(
                "`kernel` must be 'imq', 'rbf' or a callable `(a, b) -> Gram matrix`. "
                f"Received: kernel={kernel!r}"
            )
        self.kernel = kernel
        if callable(kernel):
            check_kernel(kernel, self.latent_dim)
        else:
            self.prior.squared_distance  # noqa: B018 -- raises now, not in the first step.

    def gram(self, a, b):
        """Kernel between codes `(n, latent_dim)` and `(m, latent_dim)`, shape `(n, m)`."""
        if self.kernel == "imq":
            return imq_kernel(a, b, base=self.prior.squared_distance)
        if self.kernel == "rbf":
            return rbf_kernel(a, b, variance=self.prior.squared_distance)
        return self.kernel(a, b)

    def divergence(self, z, z_prior, training=False):
        """Returns `mmd(z, z_prior)`; 0 for the single image that may end a data set."""
        if z.shape[0] is not None and z.shape[0] > 1:
            return mmd(z, z_prior, self.gram)
        # A lone code is doubled, so that nothing is divided by zero; a branch instead would
        # hold loops of `mmd`, through which TensorFlow fails to differentiate.
        lone = tf.shape(z)[0] < 2
        copies = [tf.where(lone, 2, 1), 1]
        return tf.where(lone, 0.0, mmd(tf.tile(z, copies), tf.tile(z_prior, copies), self.gram))

    def get_config(self):
        kernel = self.kernel
        if callable(kernel):
            kernel = keras.saving.serialize_keras_object(kernel)
        return {**super().get_config(), "kernel": kernel}
