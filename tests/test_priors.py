"""Checks the priors: moments and densities, supports, seeds, serialization."""

import json

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp
import tiny

from wae_tf.priors import PRIORS, Prior, deserialize_prior, get_prior, serialize_prior

tfd = tfp.distributions

ZEROS, ONES = np.zeros(3, "float32"), np.ones(3, "float32")
CENTRES = np.array([[-2.0, 0.0, 1.0], [1.0, 2.0, 3.0]], "float32")

DISTRIBUTIONS = {
    "diagonal": lambda: tfd.MultivariateNormalDiag(ZEROS, 2.0 * ONES),
    "triangular": lambda: tfd.MultivariateNormalTriL(
        ONES, np.array([[1, 0, 0], [0.5, 2, 0], [0, -1, 0.5]], "float32")
    ),
    "float64": lambda: tfd.MultivariateNormalDiag(np.zeros(3), np.ones(3)),
    "independent": lambda: tfd.Independent(tfd.Laplace(ZEROS, 0.5), 1),
    "repeated": lambda: tfd.Sample(tfd.Normal(1.0, 0.5), 3),
    "sphere": lambda: tfd.SphericalUniform(3),
    "mixture": lambda: tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.3, 0.7]), tfd.MultivariateNormalDiag(CENTRES, np.ones((2, 3), "f"))
    ),
    "mixture of independents": lambda: tfd.MixtureSameFamily(
        tfd.Categorical(logits=np.array([0.0, 1.0], "float32")),
        tfd.Independent(tfd.Uniform(CENTRES, CENTRES + 1.0), 1),
    ),
}


def draw(prior, n, seed=(0, 0)):
    return prior.sample(n, seed).numpy()


@pytest.mark.parametrize(
    "name, stddev, variance",
    [("normal", 1.0, 1.0), ("normal", 2.0, 4.0), ("uniform", 1.0, 1 / 3), ("sphere", 1.0, 1 / 5)],
)
def test_draws_have_the_moments_of_the_prior(name, stddev, variance):
    z = draw(get_prior(name, 5, stddev), 40_000).astype("float64")
    np.testing.assert_allclose(z.mean(0), 0.0, atol=0.02 * stddev)
    np.testing.assert_allclose(np.cov(z.T), variance * np.eye(5), atol=0.03 * variance)


@pytest.mark.parametrize("name", PRIORS)
def test_a_named_distribution_is_made_where_it_is_first_used(name):
    prior = get_prior(name, 3)
    assert "distribution" not in vars(prior)
    first = tf.function(lambda: prior.sample(5, (0, 0)))()
    np.testing.assert_array_equal(draw(prior, 5), first)  # Though a trace made it.
    assert prior.distribution is prior.distribution


def test_uniform_draws_fill_the_cube():
    z = draw(get_prior("uniform", 5), 10_000)
    assert -1.0 <= z.min() < -0.999 and 0.999 < z.max() <= 1.0
    assert scipy.stats.kstest(z.ravel()[:5000], "uniform", args=(-1, 2)).pvalue > 0.01


def test_sphere_draws_have_length_one():
    z = draw(get_prior("sphere", 5), 10_000)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize(
    "name, stddev, base", [("normal", 1.0, 10.0), ("normal", 2.0, 40.0), ("sphere", 1.0, 2.0)]
)
def test_squared_distance_is_the_mean_of_it_between_draws(name, stddev, base):
    prior = get_prior(name, 5, stddev)
    assert prior.squared_distance == base
    a, b = draw(prior, 20_000, (0, 0)), draw(prior, 20_000, (0, 1))
    assert np.mean(np.sum((a - b) ** 2, axis=1)) == pytest.approx(base, rel=0.02)


def test_squared_distance_of_uniform_is_the_authors_and_of_others_follows_from_the_variance():
    assert get_prior("uniform", 5).squared_distance == 5.0
    assert get_prior(DISTRIBUTIONS["diagonal"](), 3).squared_distance == 2 * 3 * 4
    given = Prior(DISTRIBUTIONS["diagonal"](), squared_distance=7.0)
    assert get_prior(given, 3).squared_distance == 7.0


def test_support_maps(rng):
    z = rng.normal(scale=3.0, size=(50, 5)).astype("float32")
    np.testing.assert_array_equal(get_prior("normal", 5).to_support(z), z)
    np.testing.assert_allclose(get_prior("uniform", 5).to_support(z), np.tanh(z), rtol=1e-5)
    lengths = np.linalg.norm(z, axis=1, keepdims=True)
    np.testing.assert_allclose(get_prior("sphere", 5).to_support(z), z / lengths, rtol=1e-5)
    np.testing.assert_array_equal(get_prior(tfd.SphericalUniform(5), 5).to_support(z), z)


def test_a_code_at_the_centre_of_the_sphere_stays_finite_with_its_gradient():
    z = tf.zeros((2, 5))
    with tf.GradientTape() as tape:
        tape.watch(z)
        mapped = get_prior("sphere", 5).to_support(z)
    assert np.all(np.isfinite(mapped)) and np.all(np.isfinite(tape.gradient(mapped, z)))


@pytest.mark.parametrize(
    "name, spherical, constant",
    [("normal", False, False), ("uniform", False, True), ("sphere", True, True)],
)
def test_what_models_need_to_know(name, spherical, constant):
    prior = get_prior(name, 4)
    assert (prior.latent_dim, prior.spherical, prior.constant_density) == (4, spherical, constant)


def test_log_prob_equals_scipy():
    z = draw(get_prior("normal", 5, 2.0), 20)
    expected = scipy.stats.multivariate_normal(np.zeros(5), 4.0 * np.eye(5)).logpdf(z)
    np.testing.assert_allclose(get_prior("normal", 5, 2.0).log_prob(z), expected, rtol=1e-5)

    inside, outside = np.full((3, 5), 0.9, "float32"), np.full((3, 5), 1.1, "float32")
    uniform = get_prior("uniform", 5)
    np.testing.assert_allclose(uniform.log_prob(inside), [-5 * np.log(2)] * 3, rtol=1e-6)
    np.testing.assert_array_equal(uniform.log_prob(outside), [-np.inf] * 3)

    sphere = get_prior("sphere", 5)
    area = 2 * np.pi**2.5 / scipy.special.gamma(2.5)
    np.testing.assert_allclose(sphere.log_prob(draw(sphere, 3)), [-np.log(area)] * 3, rtol=1e-5)


@pytest.mark.parametrize("prior", [*PRIORS, *DISTRIBUTIONS])
def test_same_seed_same_draws(prior):
    prior = get_prior(DISTRIBUTIONS[prior]() if prior in DISTRIBUTIONS else prior, 3)
    z = draw(prior, 6, (3, 4))
    assert z.shape == (6, 3) and z.dtype == np.float32
    assert prior.log_prob(z).shape == (6,) and prior.log_prob(z).dtype == tf.float32
    np.testing.assert_array_equal(z, draw(prior, 6, (3, 4)))
    assert np.all(np.any(z != draw(prior, 6, (3, 5)), axis=1))
    assert np.all(np.any(z != draw(prior, 6, (4, 4)), axis=1))


@pytest.mark.parametrize("prior", tiny.slow_but(["normal", "mixture"], [*PRIORS, *DISTRIBUTIONS]))
def test_draws_compiled_by_xla_follow_their_seed_and_their_prior(prior):
    """XLA has random generators of its own: not the draws, but their distribution is the same."""
    prior = get_prior(DISTRIBUTIONS[prior]() if prior in DISTRIBUTIONS else prior, 3)
    compiled = tf.function(
        lambda x, seed: prior.sample(tf.shape(x)[0], seed),
        jit_compile=True,
        input_signature=[tf.TensorSpec((None, 1)), tf.TensorSpec((2,), tf.int32)],
    )
    x = np.zeros((40_000, 1), "float32")
    z, again, other = (compiled(x, seed).numpy() for seed in ([3, 4], [3, 4], [3, 5]))
    np.testing.assert_array_equal(z, again)
    assert np.mean(z == other) < 0.01
    expected = draw(prior, 40_000)
    np.testing.assert_allclose(z.mean(0), expected.mean(0), atol=0.03 * expected.std())
    np.testing.assert_allclose(z.std(0), expected.std(0), rtol=0.04)
    np.testing.assert_allclose(
        np.mean(prior.log_prob(z)), np.mean(prior.log_prob(expected)), atol=0.03
    )


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_distribution_survives_json(name):
    distribution = DISTRIBUTIONS[name]()
    again = deserialize_prior(json.loads(json.dumps(serialize_prior(distribution))))
    assert type(again) is type(distribution)
    before, after = get_prior(distribution, 3), get_prior(again, 3)
    z = draw(before, 5)
    np.testing.assert_array_equal(draw(after, 5), z)
    np.testing.assert_array_equal(after.log_prob(z), before.log_prob(z))


def test_a_name_is_its_own_serialization():
    assert deserialize_prior(serialize_prior("sphere")) == "sphere"


def test_functions_in_a_distribution_cannot_be_saved():
    distribution = tfd.TransformedDistribution(
        tfd.MultivariateNormalDiag(ZEROS), tfp.bijectors.Tanh()
    )
    with pytest.raises(ValueError, match="can be saved if its prior is .*Received: .*tanh"):
        serialize_prior(distribution)


@pytest.mark.parametrize("name", ["os.system", "Gaussian", "FULLY_REPARAMETERIZED"])
def test_only_distributions_are_made_from_a_file(name):
    with pytest.raises(ValueError, match=f"class of tensorflow_probability.*Received: '{name}'"):
        deserialize_prior({"distribution": name, "parameters": {}})


def test_without_a_known_variance_kernels_need_a_width_of_their_own():
    for scale_family in (tfd.Cauchy, tfd.LogitNormal):
        prior = get_prior(tfd.Independent(scale_family(ZEROS, 1.0), 1), 3)
        with pytest.raises(ValueError, match=r"variance.*Pass `kernel` as a callable.*Received"):
            _ = prior.squared_distance


@pytest.mark.parametrize(
    "distribution, received",
    [
        (lambda: tfd.Normal(0.0, 1.0), r"Received: prior=.*Normal"),
        (lambda: tfd.Normal(ZEROS, 1.0), r"batch_shape=\[3\]"),
        (lambda: tfd.MultivariateNormalDiag(np.zeros(4, "float32")), r"event_shape=\[4\]"),
        (lambda: Prior(tfd.SphericalUniform(4)), r"event_shape=\[4\]"),
    ],
)
def test_distributions_of_another_shape_are_refused(distribution, received):
    with pytest.raises(ValueError, match=r"event shape \(3,\);.*Independent.*" + received):
        get_prior(distribution(), 3)


@pytest.mark.parametrize(
    "arguments, match",
    [
        (
            ("gaussian", 3),
            r"\['normal', 'uniform', 'sphere', 'mixture'\].*Received: prior='gaussian'",
        ),
        ((None, 3), r"Received: prior=None"),
        (
            ("normal", 3, 0.0),
            r"`prior_stddev` must be positive and finite. Received: prior_stddev=0.0",
        ),
        (("normal", 3, float("nan")), r"`prior_stddev` must be positive.*nan"),
        (("uniform", 3, 2.0), r"belongs to the 'normal' prior.*prior='uniform', prior_stddev=2.0"),
        (("sphere", 1), r"needs `latent_dim` >= 2.*Received: latent_dim=1"),
        ((tfd.SphericalUniform(3), 3, 2.0), r"belongs to the 'normal' prior.*prior_stddev=2.0"),
    ],
)
def test_errors_name_what_was_received(arguments, match):
    with pytest.raises(ValueError, match=match):
        get_prior(*arguments)
