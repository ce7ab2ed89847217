"""Checks what is said of codes: MMD test, moments, Mardia, Kolmogorov-Smirnov, balance."""

import json

import numpy as np
import pytest
from scipy import stats

import wae_tf
from wae_tf import metrics
from wae_tf.metrics import permutation
from wae_tf.priors.named import get_prior


@pytest.fixture
def codes(rng):
    return rng.normal(size=(200, 3)).astype("float32")


# The permutation test.


def slow_permutations(a, b, signs):
    """The MMD of each assignment of points to samples, by `wae_tf.mmd` itself."""
    points = np.concatenate([a, b])
    return [float(wae_tf.mmd(points[s > 0], points[s < 0], wae_tf.imq_kernel)) for s in signs]


def test_test_equals_the_mmd_of_each_assignment(rng):
    a, b = rng.normal(size=(2, 30, 3)).astype("float32")
    b += 0.3
    again = np.random.default_rng(5)
    ones = np.repeat([1.0, -1.0], 30)
    null = slow_permutations(a, b, [again.permutation(ones) for _ in range(20)])
    got = metrics.mmd_test(a, b, wae_tf.imq_kernel, permutations=20, seed=5)
    value = float(wae_tf.mmd(a, b, wae_tf.imq_kernel))
    assert got["mmd"] == pytest.approx(value, abs=1e-5)
    assert got["null_stddev"] == pytest.approx(np.std(null), rel=1e-3)
    assert got["p_value"] == pytest.approx((1 + sum(v >= value for v in null)) / 21)


def test_blocks_do_not_matter(rng, monkeypatch):
    a, b = rng.normal(size=(2, 40, 3)).astype("float32")
    whole = metrics.mmd_test(a, b, wae_tf.imq_kernel, permutations=30)
    monkeypatch.setattr(permutation, "_BLOCK_SIZE", 7 * 80)
    blocks = metrics.mmd_test(a, b, wae_tf.imq_kernel, permutations=30)
    assert blocks == pytest.approx(whole, abs=1e-5)


def test_p_values_are_uniform_where_nothing_differs(rng):
    draws = rng.normal(size=(60, 2, 20, 2)).astype("float32")
    values = [
        metrics.mmd_test(a, b, wae_tf.imq_kernel, permutations=39, seed=i)["p_value"]
        for i, (a, b) in enumerate(draws)
    ]
    assert stats.kstest(values, "uniform").pvalue > 0.01


def test_differences_have_the_smallest_p_value(codes, rng):
    shifted = rng.normal(size=codes.shape) + 0.5
    assert metrics.mmd_test(codes, shifted, wae_tf.imq_kernel)["p_value"] == 1 / 201


@pytest.mark.parametrize(("a", "b"), [((5, 2), (6, 2)), ((5, 2), (5, 3)), ((1, 2), (1, 2))])
def test_samples_that_do_not_fit_are_refused(a, b):
    with pytest.raises(ValueError, match="one shape"):
        metrics.mmd_test(np.zeros(a), np.zeros(b), wae_tf.imq_kernel)


# Mardia's moments.


def test_mardia_equals_its_pair_sums(rng):
    z = rng.exponential(size=(25, 3))
    centred = z - z.mean(axis=0)
    inverse = np.linalg.inv(np.cov(z.T, bias=True))
    g = [[a @ inverse @ b for b in centred] for a in centred]
    got = metrics.mardia(z)
    assert got["skewness"] == pytest.approx(np.mean(np.power(g, 3)))
    assert got["kurtosis"] == pytest.approx(np.mean(np.square(np.diag(g))))


def test_mardia_in_one_dimension_is_skewness_squared_and_kurtosis(rng):
    z = rng.exponential(size=(50, 1))
    got = metrics.mardia(z)
    assert got["skewness"] == pytest.approx(stats.skew(z[:, 0]) ** 2)
    assert got["kurtosis"] == pytest.approx(stats.kurtosis(z[:, 0], fisher=False))


@pytest.mark.parametrize(("n", "dim"), [(15, 2), (40, 5)])
def test_expected_values_are_those_of_normal_draws(n, dim, rng):
    draws = [metrics.mardia(z) for z in rng.normal(size=(600, n, dim))]
    for name in ("skewness", "kurtosis"):
        values = [draw[name] for draw in draws]
        error = stats.sem(values)
        assert abs(np.mean(values) - draws[0][f"{name}_normal"]) < 4 * error


def test_mardia_is_affine_invariant_and_leaves_flat_directions_out(codes, rng):
    moved = codes.astype("float64") @ rng.normal(size=(3, 3)) + 5.0
    expected = metrics.mardia(codes)
    assert metrics.mardia(moved) == pytest.approx(expected)
    flat = np.hstack([codes, np.full((200, 2), 0.25, "float32")])
    assert metrics.mardia(flat) == pytest.approx(expected)
    assert metrics.mardia(flat)["rank"] == 3


# The participation ratio.


def test_effective_dimension_has_the_closed_form(rng):
    basis = np.linalg.qr(rng.normal(size=(64, 4)) - 0.0)[0]
    basis -= basis.mean(axis=0)
    z = np.linalg.qr(basis)[0] * np.sqrt([4.0, 1.0, 1.0, 0.0])
    assert metrics.effective_dimension(z) == pytest.approx(6.0**2 / 18.0, rel=1e-6)
    assert metrics.effective_dimension(np.ones((5, 2))) == 0.0
    assert metrics.effective_dimension(np.arange(5.0)[:, None]) == pytest.approx(1.0)


# All together.


@pytest.mark.parametrize("name", ["normal", "uniform", "sphere"])
def test_draws_from_the_prior_are_at_the_floor(name):
    prior = get_prior(name, 3)
    z = prior.sample(500, seed=(3, 4)).numpy()
    got = metrics.latent(z, prior)
    assert json.loads(json.dumps(got)) == got
    assert got["mmd_p_value"] > 0.01
    assert abs(got["mmd"]) < 4 * got["mmd_null_stddev"]
    assert abs(got["mmd_floor"]) < 4 * got["mmd_null_stddev"]
    assert got["mean_error"] < 0.2
    assert got["covariance_error"] < 0.3
    assert got["ks_max"] < 0.12
    assert min(got["ks_p_value"]) > 1e-3
    assert got["covariance_rank"] == 3
    for key in ("mardia_kurtosis", "effective_dimension"):
        assert got[key] == pytest.approx(got[f"{key}_floor"], rel=0.2)


def test_normal_codes_have_normal_moments():
    got = metrics.latent(get_prior("normal", 4).sample(2000, seed=(1, 2)), "normal", permutations=5)
    assert got["mardia_kurtosis_normal"] == pytest.approx(24.0, rel=0.01)
    assert got["mardia_kurtosis"] == pytest.approx(24.0, rel=0.05)
    assert got["mardia_skewness"] == pytest.approx(got["mardia_skewness_normal"], abs=0.1)


def test_moments_of_shifted_and_scaled_codes(rng):
    draws = rng.normal(size=(3000, 2)).astype("float32")
    z = 2.0 * rng.normal(size=(1500, 2)).astype("float32") + [3.0, 4.0]
    got = metrics.latent(z, draws, permutations=10)
    assert got["mean_error"] == pytest.approx(5.0, rel=0.05)
    assert got["covariance_error"] == pytest.approx(3.0 * np.sqrt(2.0), rel=0.1)
    assert got["mean_error_floor"] < 0.1
    assert got["mmd_p_value"] == 1 / 11
    expected = stats.ks_2samp(z[:, 1].astype("float32"), draws[:1500, 1]).statistic
    assert got["ks_statistic"][1] == pytest.approx(expected)
    assert got["ks_max"] == max(got["ks_statistic"])


def test_collapsed_codes_are_seen(rng):
    z = rng.normal(size=(300, 4)) * [1.0, 1.0, 0.0, 0.0]
    got = metrics.latent(z, "normal", permutations=10)
    assert got["covariance_rank"] == 2
    assert got["effective_dimension"] == pytest.approx(2.0, rel=0.05)
    assert got["effective_dimension_floor"] > 3.5


def test_kernel_and_seed_are_used(codes):
    narrow = metrics.latent(codes, "normal", lambda a, b: wae_tf.rbf_kernel(a, b, variance=0.1))
    assert narrow["mmd"] != metrics.latent(codes, "normal")["mmd"]
    assert metrics.latent(codes, "normal", seed=1) == metrics.latent(codes, "normal", seed=1)


def test_warning_needs_a_small_share_and_a_real_difference(codes):
    balance = {"reg_weight": 0.01, "cost": 10.0, "permutations": 60}
    shifted = metrics.latent(codes + 1.0, "normal", **balance)
    expected = 0.01 * shifted["mmd"] / 10.0
    assert shifted["regularisation_share"] == pytest.approx(expected)
    assert "Raise `reg_weight`" in shifted["warning"]
    assert metrics.latent(codes, "normal", **balance)["warning"] is None  # Nothing to gain.
    heavy = metrics.latent(codes + 1.0, "normal", **{**balance, "reg_weight": 1e3})
    assert heavy["regularisation_share"] > 0.01
    assert heavy["warning"] is None
    assert metrics.latent(codes, "normal", permutations=1)["regularisation_share"] is None


@pytest.mark.parametrize(
    ("z", "prior", "message"),
    [
        (np.zeros((1, 3)), "normal", "at least 2 images for a covariance"),
        (np.full((5, 3), np.nan), "normal", "`z` must be finite"),
        (np.zeros((5, 3)), np.zeros((9, 3)), "`prior` must hold at least 10"),
        (np.zeros((5, 3)), np.zeros((10, 2)), "Received: 3 and 2 dimensions"),
        (np.zeros((5, 3)), "cauchy", "`prior` must be one of"),
    ],
)
def test_bad_codes_are_refused(z, prior, message):
    with pytest.raises(ValueError, match=message):
        metrics.latent(z, prior)
