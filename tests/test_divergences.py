"""Checks `wae_tf.divergences`: slow NumPy and closed forms, gradients, invariances, power."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
from scipy import integrate, optimize, special, stats

from wae_tf import divergences, priors
from wae_tf.divergences import adversarial
from wae_tf.divergences.cramer_wold import smoothed_slice_kernel
from wae_tf.divergences.kernels import imq_kernel
from wae_tf.divergences.sinkhorn import entropic_cost

NORMAL = priors.get_prior("normal", 3)
KERNELS = ("imq", "rbf", "rbf_median", "energy", "laplace", "imq+energy")
NAMES = ("mmd", "sliced_wasserstein", "cramer_wold", "sinkhorn", "moment_matching")
ALL = [("mmd", kernel) for kernel in KERNELS] + [(name, "imq") for name in NAMES[1:]]


def make(name, kernel="imq"):
    return divergences.get_divergence(name, NORMAL, kernel=kernel)


def normal(seed, n=64, d=3, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(n, d)) + shift).astype("float32")


def pair_sums(k, z, p):
    """The unbiased squared MMD, pair by pair."""
    n = len(z)
    pairs = list(itertools.product(range(n), repeat=2))
    within = sum(k(z[i], z[j]) + k(p[i], p[j]) for i, j in pairs if i != j)
    return within / (n * (n - 1)) - 2 * sum(k(z[i], p[j]) for i, j in pairs) / n**2


@pytest.mark.parametrize("kernel", KERNELS)
def test_mmd_equals_the_pair_sums_of_each_kernel(kernel):
    z, p = normal(0, 7, shift=0.5), normal(1, 7)
    base = 6.0  # 2 d s**2

    def squared(a, b):
        return float(np.sum((a.astype("float64") - b) ** 2))

    def median(a, b):
        # Rank n (n - 1) / 2 from above among all n**2.
        return sorted((squared(x, y) for x in a for y in b), reverse=True)[7 * 6 // 2 - 1]

    width = median(z, p) + median(z, z)
    formulas = {
        "imq": lambda a, b: sum(
            s * base / (s * base + squared(a, b)) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10)
        ),
        "rbf": lambda a, b: np.exp(-squared(a, b) / (2 * base)),
        "rbf_median": lambda a, b: np.exp(-squared(a, b) / (2 * width)),
        "energy": lambda a, b: -np.sqrt(squared(a, b)),
        "laplace": lambda a, b: np.exp(-np.sqrt(squared(a, b) / base)),
    }

    def k(a, b):
        return sum(formulas[name](a, b) for name in kernel.split("+"))

    np.testing.assert_allclose(make("mmd", kernel)(z, p), pair_sums(k, z, p), rtol=2e-5, atol=2e-6)


def test_mmd_of_two_normals_is_near_its_closed_form():
    # E k = (v / (v + 2))**(d/2) * exp(-||m||**2 / (2 (v + 2))) for N(m, I) against N(0, I).
    shift, v = 1.0, 6.0
    factor = (v / (v + 2)) ** 1.5
    expected = 2 * factor - 2 * factor * np.exp(-3 * shift**2 / (2 * (v + 2)))
    got = make("mmd", "rbf")(normal(0, 1500, shift=shift), normal(1, 1500))
    assert float(got) == pytest.approx(expected, rel=0.05)


def test_energy_mmd_is_the_energy_distance():
    z, p = normal(0, 900, 1, shift=0.7), normal(1, 900, 1)
    # scipy returns the root of half of 2 E|Z - P| - E|Z - Z'| - E|P - P'|, biased by 1/n.
    expected = 2.0 * stats.energy_distance(z[:, 0], p[:, 0]) ** 2 / 2.0
    assert float(make("mmd", "energy")(z, p)) == pytest.approx(expected, abs=4e-3)


def test_a_kernel_discriminates_in_64_dimensions():
    # A kernel averaged over dimensions, or of a bandwidth squared twice, is near 1 everywhere.
    prior = priors.get_prior("normal", 64)
    z, far = normal(0, 50, 64), normal(1, 50, 64, shift=1.0)
    for name in ("imq", "rbf", "laplace"):
        kernel = divergences.get_kernel(name, prior.squared_distance)
        same = kernel(z[:1], z[:1]).numpy().mean()
        assert 0.2 < kernel(z[:25], z[25:]).numpy().mean() / same < 0.9
        assert float(divergences.MMD(kernel)(far, z)) > 0.02 * same


def test_rbf_takes_its_variance_once():
    kernel = divergences.get_kernel("rbf", 4.0)
    gram = kernel(tf.zeros((1, 1)), tf.constant([[8.0**0.5]]))
    assert float(gram[0, 0]) == pytest.approx(np.exp(-1.0), rel=1e-5)  # 8 / (2 * 4), not 8 / 32.


def test_the_cross_term_has_its_diagonal():
    z = normal(0, 10)
    gram = np.asarray(divergences.get_kernel("rbf", 6.0)(z, z), "float64")
    off = gram.sum() - 10.0
    expected = 2 * off / 90 - 2 * (off + 10.0) / 100
    assert float(make("mmd", "rbf")(z, z)) == pytest.approx(expected, rel=1e-4)


def test_mmd_plus_plus_equals_its_four_sums():
    rng = np.random.default_rng(0)
    n, k, d, images = 4, 3, 2, 50
    z = rng.normal(size=(n, k, d)).astype("float32")
    p = rng.normal(size=(n, d)).astype("float32")

    def slow(z, p, kernel):
        def value(a, b):
            return float(kernel(a[None], b[None])[0, 0])

        of_prior = sum(value(p[i], p[j]) for i in range(n) for j in range(n) if i != j)
        across = sum(value(z[i, m], p[j]) for i in range(n) for m in range(k) for j in range(n))
        two = sum(
            value(z[i, m], z[j, el])
            for i in range(n)
            for j in range(n)
            for m in range(k)
            for el in range(k)
            if i != j
        )
        one = sum(
            value(z[i, m], z[i, el])
            for i in range(n)
            for m in range(k)
            for el in range(k)
            if m != el
        )
        return (
            of_prior / (n * (n - 1))
            - 2 * across / (k * n * n)
            + (images - 1) / images * two / (n * (n - 1) * k * k)
            + one / (images * n * k * (k - 1))
        )

    whole = divergences.MMDPlusPlus(num_images=images)
    assert float(whole(z, p)) == pytest.approx(slow(z, p, imq_kernel), rel=1e-4, abs=1e-6)
    alone = divergences.MMDPlusPlus(num_images=images, per_coordinate=True)
    expected = sum(slow(z[..., i : i + 1], p[:, i : i + 1], imq_kernel) for i in range(d))
    assert float(alone(z, p)) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_sliced_wasserstein_on_a_line_is_optimal_transport():
    z, p = normal(0, 40, 1, shift=1.0), normal(1, 40, 1)
    expected = np.mean((np.sort(z[:, 0]) - np.sort(p[:, 0])) ** 2)
    assert float(divergences.SlicedWasserstein(5)(z, p)) == pytest.approx(expected, rel=1e-5)


def test_sliced_wasserstein_of_shifted_normals():
    # Along a random unit vector a shift m has mean square ||m||**2 / d.
    z, p = normal(0, 4000, shift=2.0), normal(1, 4000)
    assert float(divergences.SlicedWasserstein(3000)(z, p)) == pytest.approx(4.0, rel=0.05)


def test_sliced_wasserstein_directions_change_with_the_prior_draws_only():
    divergence = divergences.SlicedWasserstein(10)
    a, b = tf.constant(normal(0)), tf.constant(normal(1))
    np.testing.assert_array_equal(divergence.directions(a), divergence.directions(a[::-1]))
    assert np.abs(divergence.directions(a) - divergence.directions(b)).max() > 0.1
    np.testing.assert_allclose(np.linalg.norm(divergence.directions(a), axis=0), 1.0, rtol=1e-5)


@pytest.mark.parametrize("d, tolerance", [(1, 1e-6), (2, 1e-6), (3, 0.1), (8, 0.025), (64, 3e-3)])
def test_smoothed_slice_kernel_is_kummers_function(d, tolerance):
    s = np.linspace(0.0, 100.0, 401).astype("float32")
    expected = special.hyp1f1(0.5, d / 2, -s.astype("float64"))
    np.testing.assert_allclose(smoothed_slice_kernel(tf.constant(s), d), expected, atol=tolerance)


def test_cramer_wold_is_the_distance_of_smoothed_densities():
    z, p, g = normal(0, 5, 2, shift=0.5), normal(1, 5, 2), 0.3

    def distance(angle):
        direction = np.array([np.cos(angle), np.sin(angle)])
        grid = np.linspace(-8, 8, 1601)
        densities = [
            stats.norm.pdf(grid[:, None], s @ direction, np.sqrt(g)).mean(1) for s in (z, p)
        ]
        return integrate.trapezoid((densities[0] - densities[1]) ** 2, grid)

    expected = np.mean([distance(a) for a in np.linspace(0, np.pi, 60, endpoint=False)])
    assert float(divergences.CramerWold(g)(z, p)) == pytest.approx(expected, rel=1e-3)


def test_sinkhorn_nears_optimal_transport_for_small_epsilon():
    z, p = normal(0, 12, shift=1.0), normal(1, 12)
    costs = ((z[:, None] - p[None]) ** 2).sum(-1)
    rows, columns = optimize.linear_sum_assignment(costs)
    got = tf.function(divergences.Sinkhorn(epsilon=0.02, iterations=3000))(z, p)
    assert float(got) == pytest.approx(costs[rows, columns].mean(), rel=0.02)


def test_sinkhorn_nears_the_distance_of_means_for_large_epsilon():
    z, p = normal(0, shift=1.0), normal(1)
    expected = np.sum((z.mean(0) - p.mean(0)) ** 2)
    assert float(divergences.Sinkhorn(epsilon=1e4)(z, p)) == pytest.approx(expected, rel=0.02)


def test_entropic_cost_equals_plain_sinkhorn():
    costs = ((normal(0, 6)[:, None] - normal(1, 4)[None]) ** 2).sum(-1).astype("float64")
    kernel, u = np.exp(-costs / 2.0), np.ones(6)
    for _ in range(500):
        v = (1 / 4) / (kernel.T @ u)
        u = (1 / 6) / (kernel @ v)
    plan = u[:, None] * kernel * v[None]
    expected = np.sum(plan * costs) + 2.0 * np.sum(plan * np.log(plan * 24))
    got = entropic_cost(tf.constant(costs, tf.float32), 2.0, 200)
    assert float(got) == pytest.approx(expected, rel=1e-4)


def test_moment_matching_equals_numpy():
    z, p = normal(0, shift=1.0) * 2.0, normal(1)
    means = np.mean((z.mean(0) - p.mean(0)) ** 2)
    covariances = np.mean((np.cov(z.T) - np.cov(p.T)) ** 2)
    assert float(divergences.MomentMatching()(z, p)) == pytest.approx(means + covariances, rel=1e-4)


@pytest.mark.parametrize("name, kernel", [row for row in ALL if row[1] != "rbf_median"])
def test_gradient_equals_finite_differences(name, kernel):
    # As a graph: hundreds of iterations take seconds eagerly.
    sinkhorn = tf.function(divergences.Sinkhorn(1.0, 300))
    divergence = sinkhorn if name == "sinkhorn" else make(name, kernel)
    z, p = tf.constant(normal(0, 12, shift=0.5)), tf.constant(normal(1, 12))
    rng = np.random.default_rng(2)
    for argument in (0, 1):
        if argument == 1 and name == "sliced_wasserstein":
            continue  # Its directions move with the prior draws.
        direction = rng.normal(size=z.shape).astype("float32")
        direction /= np.linalg.norm(direction)

        def along(t, argument=argument, direction=direction):
            return divergence(*(s + t * direction * (i == argument) for i, s in enumerate((z, p))))

        with tf.GradientTape() as tape:
            t = tf.constant(0.0)
            tape.watch(t)
            value = along(t)
        step = 2e-2
        expected = (float(along(step)) - float(along(-step))) / (2 * step)
        assert float(tape.gradient(value, t)) == pytest.approx(expected, rel=0.03, abs=3e-4)


@pytest.mark.parametrize("name, kernel", ALL)
def test_gradient_is_finite_where_codes_coincide(name, kernel):
    z = tf.ones((8, 3))
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = make(name, kernel)(z, tf.concat([z[:4], tf.zeros((4, 3))], 0))
    assert np.all(np.isfinite(tape.gradient(value, z)))


@pytest.mark.parametrize("name, kernel", ALL)
def test_order_of_points_does_not_matter(name, kernel):
    z, p = normal(0, shift=0.5), normal(1)
    shuffled = make(name, kernel)(z[::-1], np.roll(p, 5, axis=0))
    assert float(shuffled) == pytest.approx(float(make(name, kernel)(z, p)), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name, kernel", [row for row in ALL if row[0] != "sliced_wasserstein"])
def test_rotation_does_not_matter(name, kernel):
    z, p = normal(0, shift=0.5), normal(1)
    rotation = np.linalg.qr(normal(2, 3))[0]
    rotated = make(name, kernel)(z @ rotation, p @ rotation)
    assert float(rotated) == pytest.approx(float(make(name, kernel)(z, p)), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", NAMES[1:])
def test_biased_ones_are_zero_for_one_and_the_same_sample(name):
    z = normal(0)
    assert float(make(name)(z, z)) == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_mmd_of_equal_distributions_is_zero_on_average(kernel):
    values = [float(make("mmd", kernel)(normal(i), normal(100 + i))) for i in range(40)]
    slack = 0.02 if kernel == "rbf_median" else 0.0  # Its width depends on the sample.
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(40) + slack * np.std(values)
    assert min(values) < 0 < max(values)


def test_mmd_plus_plus_of_equal_distributions_is_zero_on_average():
    # Each image's codes: N(c, 1/4) with c ~ N(0, 3/4), so that their mixture is N(0, 1).
    rng = np.random.default_rng(0)
    divergence = divergences.MMDPlusPlus(num_images=10**9, codes_per_image=4)
    values = []
    for _ in range(40):
        centres = rng.normal(0, 0.75**0.5, size=(32, 1, 3))
        z = rng.normal(centres, 0.5, size=(32, 4, 3)).astype("float32")
        values.append(float(divergence(z, rng.normal(size=(32, 3)).astype("float32"))))
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(40)


@pytest.mark.parametrize("name, kernel", ALL)
def test_falls_as_two_normals_approach(name, kernel):
    divergence, p = make(name, kernel), normal(1, 400)
    values = [float(divergence(normal(0, 400, shift=s), p)) for s in (2.0, 1.0, 0.5, 0.0)]
    assert values[0] > 1.5 * values[1] > 1.5**2 * values[2] > 1.5**2 * abs(values[3])


@pytest.mark.parametrize(
    "name, kernel",
    [case if case in (("mmd", "imq"), ("sinkhorn", "imq")) else tiny.slow(*case) for case in ALL],
)
def test_traces_with_an_unknown_batch_size(name, kernel):
    divergence = make(name, kernel)
    traced = tf.function(
        lambda z, p: divergence(z, p), input_signature=[tf.TensorSpec((None, 3))] * 2
    )
    z, p = normal(0, 10, shift=0.5), normal(1, 10)
    assert float(traced(z, p)) == pytest.approx(float(divergence(z, p)), rel=1e-4, abs=1e-6)


def test_a_user_writes_a_divergence_and_it_is_saved():
    @keras.saving.register_keras_serializable(package="tests")
    class MeanDistance(divergences.Divergence):
        def __call__(self, z, z_prior):
            return tf.reduce_sum((tf.reduce_mean(z, 0) - tf.reduce_mean(z_prior, 0)) ** 2)

    for divergence in (
        MeanDistance(),
        divergences.Sinkhorn(0.5, iterations=7),
        divergences.MMD(divergences.KernelSum([divergences.energy_kernel])),
        divergences.MMD(divergences.MedianRBF()),
    ):
        again = keras.saving.deserialize_keras_object(
            keras.saving.serialize_keras_object(divergence)
        )
        assert type(again) is type(divergence)
        z, p = normal(0, shift=1.0), normal(1)
        assert float(again(z, p)) == float(divergence(z, p))


def test_hinge_loss_equals_numpy():
    p, z = normal(0, 50, 1) * 2, normal(1, 50, 1) * 2
    expected = np.maximum(0, 1 - p).mean() + np.maximum(0, 1 + z).mean()
    assert float(adversarial.hinge_discriminator_loss(p, z)) == pytest.approx(expected, rel=1e-5)


def test_wasserstein_losses_have_opposite_signs():
    p, z = tf.fill((4, 1), 3.0), tf.fill((4, 1), 1.0)
    assert float(adversarial.wasserstein_discriminator_loss(p, z)) == -2.0  # It can tell.
    assert float(adversarial.wasserstein_matching_loss(z)) == -1.0


def test_gradient_penalty_of_a_linear_score():
    direction = tf.constant([[3.0], [4.0], [0.0]])
    value = adversarial.gradient_penalty(lambda y: y @ direction, normal(0), normal(1), (0, 0))
    assert float(value) == pytest.approx((5.0 - 1.0) ** 2, rel=1e-5)


def test_gradient_penalty_looks_between_codes_and_prior_draws():
    z, p = tf.zeros((500, 1)), tf.ones((500, 1))
    seen = []
    adversarial.gradient_penalty(lambda y: seen.append(y) or y, z, p, (0, 0))
    assert 0.0 <= seen[0].numpy().min() < 0.05 < 0.95 < seen[0].numpy().max() <= 1.0


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: make("mmd", "cosine"), "`kernel` must be one of .* Received: kernel='cosine'"),
        (lambda: make("wasserstein"), "`divergence` must be one of .* Received: divergence='wass"),
        (lambda: make("mmdpp")(normal(0), normal(1)), "several codes .* z.shape=\\(64, 3\\)"),
        (lambda: make("sinkhorn")(normal(0), normal(1, d=2)), "one latent_dim.*\\(64, 2\\)"),
        (lambda: make("mmd")(normal(0, 1), normal(1)), "n >= 2.*Received: z.shape=\\(1, 3\\)"),
        (
            lambda: make("sliced_wasserstein")(normal(0, 5), normal(1)),
            "as many points.* Received: 5 and 64",
        ),
        (
            lambda: divergences.Sinkhorn(0.0),
            "`epsilon` must be positive and finite. Received: epsilon=0.0",
        ),
        (lambda: divergences.Sinkhorn(1.0, 0), "`iterations` must be an integer, at least 1"),
        (lambda: divergences.CramerWold(-1.0), "`variance` must be positive and finite. Received"),
        (
            lambda: divergences.SlicedWasserstein(0),
            "`num_projections` must be an integer, at least 1",
        ),
        (
            lambda: divergences.MMDPlusPlus(num_images=1),
            "`num_images` must be an integer, at least 2",
        ),
        (lambda: divergences.KernelSum([]), "at least one kernel. Received"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
