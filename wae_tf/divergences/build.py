"""From a divergence's name and the prior to the divergence."""

from wae_tf.arguments import check_choice
from wae_tf.divergences.cramer_wold import CramerWold
from wae_tf.divergences.mmd import MMD
from wae_tf.divergences.mmd_plus_plus import MMDPlusPlus
from wae_tf.divergences.moment_matching import MomentMatching
from wae_tf.divergences.named_kernels import get_kernel
from wae_tf.divergences.sinkhorn import Sinkhorn
from wae_tf.divergences.sliced_wasserstein import SlicedWasserstein

__all__ = ["DIVERGENCES", "get_divergence"]

DIVERGENCES = (
    "mmd",
    "mmdpp",
    "mmdpp_1d",
    "sliced_wasserstein",
    "cramer_wold",
    "sinkhorn",
    "moment_matching",
)


def get_divergence(divergence, prior, *, kernel="imq", num_images=60_000):
    """Makes a divergence, with kernel widths and the like that follow from the prior.

    Args:
        divergence: One of `DIVERGENCES`, or a callable `(z, z_prior) -> scalar`, such as
            a `Divergence`, which comes back as it is.
        prior: `wae_tf.priors.Prior`.
        kernel: As in `get_kernel`, for `"mmd"`, `"mmdpp"` and `"mmdpp_1d"`.
        num_images: Images of the training set, for MMD++.

    Raises:
        ValueError: There is no such divergence or kernel.

    Example:
        >>> get_divergence("sinkhorn", get_prior("normal", 8)).epsilon
        0.8
    """
    if callable(divergence):
        return divergence
    others = "or a callable `(z, z_prior) -> scalar`; 'gan' and its kin belong to `WAEGAN`"
    check_choice("divergence", divergence, DIVERGENCES, others)
    if divergence == "mmd":
        return MMD(get_kernel(kernel, prior.squared_distance))
    if divergence in ("mmdpp", "mmdpp_1d"):
        alone = divergence == "mmdpp_1d"
        base = prior.squared_distance / (prior.latent_dim if alone else 1)
        return MMDPlusPlus(get_kernel(kernel, base), num_images=num_images, per_coordinate=alone)
    if divergence == "sinkhorn":
        return Sinkhorn(epsilon=0.05 * prior.squared_distance)
    plain = {
        "sliced_wasserstein": SlicedWasserstein,
        "cramer_wold": CramerWold,
        "moment_matching": MomentMatching,
    }
    return plain[divergence]()
