"""WAE-MMD: the maximum mean discrepancy as latent divergence."""

import keras

from wae_tf.divergences.mmd import MMD
from wae_tf.divergences.named_kernels import (
    KernelSum,
    MedianRBF,
    check_kernel_name,
    fit_kernel,
    get_kernel,
)
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
        kernel: `"imq"`, `"rbf"`, `"energy"` or `"laplace"`, with widths that follow from
            the prior, `"rbf_median"`, or several joined by `+`; or a callable
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

    _brings_divergence = True

    def __init__(self, encoder, decoder, *, kernel="imq", **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        if not callable(kernel) and not isinstance(kernel, (MedianRBF, KernelSum)):
            check_kernel_name(kernel)
        self.kernel = kernel
        if callable(kernel):
            check_kernel(kernel, self.latent_dim)
        else:
            kernel = get_kernel(kernel, self.prior.squared_distance)
        self.use_divergence(MMD(kernel))

    def gram(self, a, b):
        """Kernel between codes `(n, latent_dim)` and `(m, latent_dim)`, shape `(n, m)`."""
        return fit_kernel(self.latent_divergence.kernel, a, b)(a, b)

    def get_config(self):
        kernel = keras.saving.serialize_keras_object(self.kernel)
        return {**super().get_config(), "kernel": kernel}
