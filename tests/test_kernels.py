"""Checks the kernels: closed forms, distances the slow way, behaviour in many dimensions."""

import math

import numpy as np
import pytest
import tensorflow as tf

import wae_tf
from wae_tf.divergences.kernels import IMQ_SCALES, imq_kernel, rbf_kernel, squared_distances
from wae_tf.priors.named import get_prior

# sum(s / (s + 1)): the IMQ kernel of two points at the squared distance `base`.
AT_BASE = 1 / 11 + 1 / 6 + 1 / 3 + 1 / 2 + 2 / 3 + 5 / 6 + 10 / 11


def pair(squared_distance, latent_dim):
    """Returns two codes, shape `(1, latent_dim)` each, that far apart, away from the origin."""
    a = np.full((1, latent_dim), 0.25, "float32")
    return a, a + np.float32(math.sqrt(squared_distance / latent_dim))


def value(kernel, squared_distance, latent_dim, **options):
    return kernel(*pair(squared_distance, latent_dim), **options).numpy().item()


def slow_distances(a, b):
    a, b = a.astype("float64"), b.astype("float64")
    return np.array([[sum((p - q) ** 2) for q in b] for p in a])


def test_distances_equal_those_of_each_pair(rng):
    a, b = rng.normal(size=(5, 3)).astype("float32"), rng.normal(size=(7, 3)).astype("float32")
    np.testing.assert_allclose(squared_distances(a, b), slow_distances(a, b), rtol=1e-5)


def test_distances_take_one_matrix_product_and_no_tensor_of_all_differences():
    spec = tf.TensorSpec((11, 5))
    graph = tf.function(squared_distances).get_concrete_function(spec, spec).graph
    operations = graph.get_operations()
    assert [op.type for op in operations].count("MatMul") == 1
    assert max(out.shape.rank for op in operations for out in op.outputs) == 2


@pytest.mark.parametrize("offset", [0.0, 1e3, -1e5])
def test_distances_of_close_points_far_away_are_right_and_never_negative(rng, offset):
    z = (offset + rng.normal(scale=1e-5 * abs(offset) + 1e-3, size=(40, 64))).astype("float32")
    distances = squared_distances(z, z).numpy()
    assert np.all(distances >= 0.0)
    expected = slow_distances(z, z)
    np.testing.assert_allclose(distances, expected, rtol=1e-4, atol=1e-4 * expected.max())
    nearly_equal = np.nextafter(z, np.float32(np.inf))
    assert np.all(squared_distances(z, nearly_equal).numpy() >= 0.0)


@pytest.mark.parametrize("latent_dim", [1, 8, 64])
def test_imq_of_equal_points_is_the_number_of_scales(latent_dim):
    assert value(imq_kernel, 0.0, latent_dim) == 7.0


@pytest.mark.parametrize("latent_dim", [1, 8, 64])
def test_imq_takes_its_base_from_the_standard_normal_prior(latent_dim):
    assert value(imq_kernel, 2 * latent_dim, latent_dim) == pytest.approx(AT_BASE, rel=1e-5)


@pytest.mark.parametrize(
    "name, stddev, base",
    [("normal", 1.0, 16.0), ("normal", 0.5, 4.0), ("sphere", 1.0, 2.0), ("uniform", 1.0, 8.0)],
)
def test_imq_with_the_base_of_each_prior(name, stddev, base):
    assert get_prior(name, 8, stddev).squared_distance == base
    for distance in (0.1, base, 10.0):
        expected = sum(s * base / (s * base + distance) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10))
        assert value(imq_kernel, distance, 8, base=base) == pytest.approx(expected, rel=1e-5)


def test_imq_scales_are_those_of_the_paper():
    assert IMQ_SCALES == (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def test_imq_with_one_scale_of_ones_own():
    assert value(imq_kernel, 6.0, 3, base=1.0, scales=[2.0]) == pytest.approx(2 / 8, rel=1e-5)


@pytest.mark.parametrize("latent_dim", [1, 8, 64])
def test_rbf_takes_its_variance_from_the_standard_normal_prior(latent_dim):
    assert value(rbf_kernel, 0.0, latent_dim) == 1.0
    assert value(rbf_kernel, 4 * latent_dim, latent_dim) == pytest.approx(math.exp(-1), rel=1e-5)


def test_rbf_with_a_variance_of_ones_own():
    assert value(rbf_kernel, 5.0, 3, variance=0.5) == pytest.approx(math.exp(-5), rel=1e-5)


@pytest.mark.parametrize("kernel, typical", [(imq_kernel, AT_BASE), (rbf_kernel, math.exp(-0.5))])
def test_kernels_tell_draws_apart_in_64_dimensions(rng, kernel, typical):
    """A width that ignores the dimension makes all entries nearly the largest, or nearly 0."""
    z = rng.normal(size=(200, 64)).astype("float32")
    gram = kernel(z, z).numpy()
    different = gram[~np.eye(200, dtype=bool)]
    assert np.mean(different) == pytest.approx(typical, rel=0.03)
    assert np.max(different) < 0.9 * gram[0, 0]
    assert np.std(different) > 0.02 * gram[0, 0]


@pytest.mark.parametrize("kernel", [imq_kernel, rbf_kernel])
def test_gram_matrices_are_symmetric_and_positive_definite(rng, kernel):
    a, b = rng.normal(size=(2, 30, 4)).astype("float32")
    np.testing.assert_allclose(kernel(a, b), kernel(b, a).numpy().T, rtol=1e-5)
    assert np.linalg.eigvalsh(kernel(a, a).numpy().astype("float64")).min() > 0.0


@pytest.mark.parametrize("kernel", [imq_kernel, rbf_kernel])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_codes_are_compared_in_float32(rng, kernel, dtype):
    a, b = (tf.cast(z, dtype) for z in 40.0 * rng.normal(size=(2, 6, 64)))  # Norms beyond float16.
    gram = kernel(a, b)
    assert gram.dtype == tf.float32
    assert np.all(np.isfinite(gram))
    np.testing.assert_array_equal(gram, kernel(tf.cast(a, tf.float32), tf.cast(b, tf.float32)))


def test_kernels_take_numpy_arrays_of_float64():
    assert wae_tf.imq_kernel(np.zeros((2, 3)), np.ones((4, 3))).shape == (2, 4)
    assert wae_tf.rbf_kernel(np.zeros((2, 3)), np.ones((4, 3))).dtype == tf.float32


@pytest.mark.parametrize("kernel", [imq_kernel, rbf_kernel])
def test_gradient_at_equal_points_is_zero(kernel):
    a = tf.constant([[1.0, -2.0]])
    with tf.GradientTape() as tape:
        tape.watch(a)
        gram = kernel(a, tf.constant([[1.0, -2.0]]))
    np.testing.assert_array_equal(tape.gradient(gram, a), [[0.0, 0.0]])


@pytest.mark.parametrize(
    "call, match",
    [
        (lambda z: imq_kernel(z[0], z), r"shape `\(n, latent_dim\)`.*Received: shape=\(3,\)"),
        (lambda z: rbf_kernel(z, z[None]), r"shape `\(n, latent_dim\)`.*shape=\(1, 2, 3\)"),
        (lambda z: imq_kernel(z, z, base=0.0), r"`base` must be positive.*Received: base=0.0"),
        (lambda z: imq_kernel(z, z, base=math.nan), r"`base` must be positive.*base=nan"),
        (lambda z: imq_kernel(z, z, scales=(1.0, -2.0)), r"`scales` must be positive.*scales=-2.0"),
        (lambda z: imq_kernel(z, z, scales=()), r"`scales` must hold at least one.*scales=\(\)"),
        (lambda z: rbf_kernel(z, z, variance=-1.0), r"`variance` must be positive.*variance=-1.0"),
    ],
)
def test_errors_name_what_was_received(call, match):
    with pytest.raises(ValueError, match=match):
        call(np.zeros((2, 3), "float32"))
