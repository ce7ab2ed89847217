"""How far the codes Q_Z are from the prior P_Z."""

import functools

import numpy as np

from wae_tf.divergences.kernels import imq_kernel
from wae_tf.divergences.mmd import mmd
from wae_tf.metrics.inputs import check_same_dim, feature_array
from wae_tf.metrics.mardia import mardia
from wae_tf.metrics.permutation import mmd_test
from wae_tf.priors.named import get_prior
from wae_tf.runtime.requirements import need

__all__ = ["effective_dimension", "latent"]


def latent(z, prior, kernel=None, *, permutations=200, seed=0, reg_weight=None, cost=None):
    """Compares codes with as many draws from the prior, and these with as many others.

    Each `..._floor` is the same number between (or of) prior draws: what codes that follow
    the prior exactly would have at this n.

    Args:
        z: Codes, shape `(n, latent_dim)`, n >= 2.
        prior: `model.prior`, a prior's name, a TensorFlow Probability distribution, or an
            array of at least `2 * n` draws.
        kernel: Callable `(a, b) -> Gram matrix`, such as `model.gram` of a `WAEMMD`. By
            default `imq_kernel`, with the width that fits the prior.
        permutations: Random assignments behind the p-value, see `mmd_test`.
        seed: Fixes prior draws and assignments.
        reg_weight: lambda in Eq. (4) of [1]. With `cost`, their balance is checked.
        cost: Mean cost of reconstruction, times `cost_scale`: the `reconstruction_loss`
            that training logs.

    Returns:
        Dict of
        - `mmd`, `mmd_floor`, `mmd_p_value`, `mmd_null_stddev`: the squared MMD, unbiased;
        - `mean_error`, `mean_error_floor`: length of the difference of the means;
        - `covariance_error`, `covariance_error_floor`: Frobenius norm of the difference of
            the covariances; `covariance_rank` of the codes' own, less than `latent_dim` where
            they do not vary in some directions;
        - `mardia_skewness`, `mardia_kurtosis`, each also with `_floor` and with `_normal`,
            the expected value for a normal distribution of any mean and covariance;
        - `ks_statistic`, `ks_p_value`: lists, two-sample Kolmogorov-Smirnov per dimension;
            `ks_max` and `ks_max_floor`, the largest statistic;
        - `effective_dimension`, `effective_dimension_floor`: see `effective_dimension`;
        - `regularisation_share`: `reg_weight * mmd / cost`, None unless both are given;
        - `warning`: a text or None. Where the share is below 1% and chance does not explain
            the MMD (p < 0.05), the encoder gains nothing by matching the prior.

    Raises:
        ValueError: There are fewer than two codes, one is not finite, or the prior has
            another dimension or too few draws.

    Example:
        >>> latent(model.encode(test_images), model.prior, model.gram)["mmd_p_value"]

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """
    z = feature_array(z, "z", purpose="a covariance").astype("float32")
    z_prior, other, kernel = _draws(z, prior, kernel, seed)
    test = mmd_test(z, z_prior, kernel, permutations=permutations, seed=seed)
    shape, prior_shape = mardia(z), mardia(z_prior)
    ks, ks_floor = _kolmogorov_smirnov(z, z_prior), _kolmogorov_smirnov(other, z_prior)
    share, warning = _balance(test, reg_weight, cost)
    return {
        "mmd": test["mmd"],
        "mmd_floor": float(mmd(other, z_prior, kernel)),
        "mmd_p_value": test["p_value"],
        "mmd_null_stddev": test["null_stddev"],
        **_moment_errors(z, z_prior, ""),
        **_moment_errors(other, z_prior, "_floor"),
        "covariance_rank": shape["rank"],
        "mardia_skewness": shape["skewness"],
        "mardia_skewness_floor": prior_shape["skewness"],
        "mardia_skewness_normal": shape["skewness_normal"],
        "mardia_kurtosis": shape["kurtosis"],
        "mardia_kurtosis_floor": prior_shape["kurtosis"],
        "mardia_kurtosis_normal": shape["kurtosis_normal"],
        "ks_statistic": [statistic for statistic, _ in ks],
        "ks_p_value": [p_value for _, p_value in ks],
        "ks_max": max(statistic for statistic, _ in ks),
        "ks_max_floor": max(statistic for statistic, _ in ks_floor),
        "effective_dimension": effective_dimension(z),
        "effective_dimension_floor": effective_dimension(z_prior),
        "regularisation_share": share,
        "warning": warning,
    }


def effective_dimension(z):
    """Returns `tr(C)**2 / tr(C @ C)` of the codes' covariance C, the participation ratio.

    `dim` where all directions vary alike, 1 where one does all the varying, 0 where none
    does.

    Args:
        z: Codes, shape `(n, dim)`, n >= 2.

    Example:
        >>> round(effective_dimension(np.eye(3)), 6)  # The points lie in a plane.
        2.0
    """
    covariance = np.atleast_2d(np.cov(np.asarray(z, "float64"), rowvar=False))
    squares = np.sum(np.square(covariance))
    return float(np.trace(covariance) ** 2 / squares) if squares > 0.0 else 0.0


def _draws(z, prior, kernel, seed):
    """Returns two independent samples of the prior, of the size of z, and the kernel."""
    n, dim = z.shape
    if hasattr(prior, "__array__"):
        draws = feature_array(prior, "prior", at_least=2 * n, purpose="a value and its floor")
        check_same_dim(z, draws, ("z", "prior"), "have one latent_dim")
        draws = draws.astype("float32")
        return draws[:n], draws[n : 2 * n], kernel or imq_kernel
    prior = get_prior(prior, dim)
    if kernel is None:
        kernel = functools.partial(imq_kernel, base=prior.squared_distance)
    return *(prior.sample(n, seed=(seed, i)).numpy() for i in range(2)), kernel


def _moment_errors(z, z_prior, suffix):
    z, z_prior = z.astype("float64"), z_prior.astype("float64")
    covariances = [np.atleast_2d(np.cov(x, rowvar=False)) for x in (z, z_prior)]
    return {
        f"mean_error{suffix}": float(np.linalg.norm(z.mean(axis=0) - z_prior.mean(axis=0))),
        f"covariance_error{suffix}": float(np.linalg.norm(covariances[0] - covariances[1])),
    }


def _kolmogorov_smirnov(z, z_prior):
    stats = need("scipy.stats", "A Kolmogorov-Smirnov test")

    tests = [stats.ks_2samp(a, b, method="asymp") for a, b in zip(z.T, z_prior.T, strict=True)]
    return [(float(test.statistic), float(test.pvalue)) for test in tests]


def _balance(test, reg_weight, cost):
    """Returns the divergence's share of the cost, and a warning where it is too small."""
    if reg_weight is None or cost is None:
        return None, None
    share = reg_weight * test["mmd"] / cost if cost > 0.0 else None
    if share is None or share >= 0.01 or test["p_value"] >= 0.05:
        return share, None
    return share, (
        f"reg_weight * MMD is {share:.2%} of the cost, so training hardly sees it, yet the codes "
        f"differ from the prior (p = {test['p_value']:.3g}): samples will be worse than "
        "reconstructions. Raise `reg_weight`, tenfold to begin with."
    )
