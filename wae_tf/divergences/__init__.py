"""Divergences D_Z between codes and prior draws, under one protocol.

Each is a callable `(z, z_prior) -> scalar`; `Divergence` shows how to write one in ten lines.
Those of `DIVERGENCES` go by name too: `wae_tf.WAE(encoder, decoder, divergence="sinkhorn")`.
Adversarial ones need a discriminator, and so a model of their own: `wae_tf.WAEGAN`.

| name | cost | bias |
| --- | --- | --- |
| `mmd` | n^2 d | none |
| `mmdpp`, `mmdpp_1d` | n^2 k^2 d, k codes an image | none |
| `sliced_wasserstein` | L n (d + log n), L directions | up, 1/n |
| `cramer_wold` | n^2 d | up, 1/n |
| `sinkhorn` | n^2 (d + iterations) | up, 1/sqrt(n) |
| `moment_matching` | n d^2 | up, 1/n; sees two moments only |
| `gan`, `gan_hinge`, `wgan_gp` | n times the discriminator | depends on the discriminator |
"""

from wae_tf.divergences.adversarial import ADVERSARIAL
from wae_tf.divergences.base import Divergence
from wae_tf.divergences.build import DIVERGENCES, get_divergence
from wae_tf.divergences.cramer_wold import CramerWold
from wae_tf.divergences.kernels import energy_kernel, laplace_kernel
from wae_tf.divergences.mmd import MMD
from wae_tf.divergences.mmd_plus_plus import MMDPlusPlus
from wae_tf.divergences.moment_matching import MomentMatching
from wae_tf.divergences.named_kernels import KERNELS, KernelSum, MedianRBF, get_kernel
from wae_tf.divergences.sinkhorn import Sinkhorn
from wae_tf.divergences.sliced_wasserstein import SlicedWasserstein

__all__ = [
    "ADVERSARIAL",
    "DIVERGENCES",
    "KERNELS",
    "MMD",
    "CramerWold",
    "Divergence",
    "KernelSum",
    "MMDPlusPlus",
    "MedianRBF",
    "MomentMatching",
    "Sinkhorn",
    "SlicedWasserstein",
    "energy_kernel",
    "get_divergence",
    "get_kernel",
    "laplace_kernel",
]
