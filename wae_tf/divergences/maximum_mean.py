"""The maximum mean discrepancy as a divergence object."""

import keras

from wae_tf.divergences.base import Divergence, check_samples
from wae_tf.divergences.kernels import fit_kernel
from wae_tf.kernels import imq_kernel
from wae_tf.mmd import mmd

__all__ = ["MMD"]


@keras.saving.register_keras_serializable(package="wae_tf")
class MMD(Divergence):
    """Squared maximum mean discrepancy ([1], Algorithm 2): `wae_tf.mmd` with a kernel.

    Bias: none, so that it is sometimes negative; with `MedianRBF` the width depends on
    the sample, which brings in a little. Cost: `O(n**2 * d)` time; memory for `n**2`
    numbers, above 2,048 codes for 4 million.

    Args:
        kernel: Callable `(a, b) -> Gram matrix`, a `MedianRBF` or a `KernelSum`.

    Example:
        >>> MMD(energy_kernel)(z, z_prior)

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """

    min_batch_size = 2

    def __init__(self, kernel=imq_kernel):
        self.kernel = kernel

    def __call__(self, z, z_prior):
        z, z_prior = check_samples(z, z_prior, min_size=2)
        return mmd(z, z_prior, fit_kernel(self.kernel, z, z_prior))

    def get_config(self):
        return {"kernel": keras.saving.serialize_keras_object(self.kernel)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["kernel"]))
