"""Checks the costs: closed forms and NumPy, sums over pixels, gradients at hard places."""

import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from wae_tf.costs import COSTS, binary_cross_entropy, get_cost, l1, l2, squared_error

EPSILON = 1e-7


@pytest.fixture
def images(rng):
    """Returns five images and their reconstructions, pixels inside (0, 1)."""
    return rng.uniform(0.05, 0.95, size=(2, 5, 4, 6, 3)).astype("float32")


def gradient(cost, x, y, jit_compile=False):
    @tf.function(jit_compile=jit_compile)
    def compute(x, y):
        with tf.GradientTape() as tape:
            tape.watch(y)
            value = cost(x, y)
        return tape.gradient(value, y)

    return compute(tf.constant(x), tf.constant(y)).numpy()


@pytest.mark.parametrize(
    "cost, one_image",
    [
        (squared_error, lambda x, y: np.sum((x - y) ** 2)),
        (l2, lambda x, y: np.linalg.norm((x - y).ravel())),
        (l1, lambda x, y: np.sum(np.abs(x - y))),
        (binary_cross_entropy, lambda x, y: -np.sum(x * np.log(y) + (1 - x) * np.log(1 - y))),
    ],
)
def test_equals_numpy_on_each_image(images, cost, one_image):
    x, y = images
    expected = [one_image(*pair) for pair in zip(*images.astype("float64"))]
    np.testing.assert_allclose(cost(x, y), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "name, expected",
    [("squared_error", 4.0), ("l2", 2.0), ("l1", 8.0), ("binary_cross_entropy", 16 * np.log(2))],
)
def test_pixels_half_apart_have_closed_forms(name, expected):
    """Sums over the pixels, not means: 16 pixels of difference 1/2."""
    x, y = np.zeros((3, 4, 4, 1), "float32"), np.full((3, 4, 4, 1), 0.5, "float32")
    np.testing.assert_allclose(COSTS[name](x, y), [expected] * 3, rtol=1e-6)


@pytest.mark.parametrize("cost", COSTS.values())
def test_each_image_has_its_own_cost(images, cost):
    x, y = images
    alone = [cost(x[i : i + 1], y[i : i + 1]).numpy()[0] for i in range(5)]
    np.testing.assert_allclose(cost(x, y), alone, rtol=1e-6)
    assert len(set(alone)) == 5


@pytest.mark.parametrize("cost", COSTS.values())
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_images_are_summed_in_float32(cost, dtype):
    """float16 ends at 65,504, below the squared error of these 64 x 64 RGB images."""
    x = tf.zeros((2, 64, 64, 3), dtype)
    y = tf.fill((2, 64, 64, 3), tf.constant(0.75 if cost is binary_cross_entropy else 6.0, dtype))
    values = cost(x, y)
    assert values.dtype == tf.float32
    np.testing.assert_allclose(
        values, cost(tf.cast(x, tf.float32), tf.cast(y, tf.float32)), rtol=1e-6
    )
    assert np.all(np.isfinite(values))


@pytest.mark.parametrize("cost", [squared_error, l2, l1])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_distance_of_an_image_to_itself_is_zero_with_gradient_zero(images, cost, jit_compile):
    """XLA, unlike TensorFlow's own kernel, makes 0 / 0 of the slope of a plain square root."""
    x, _ = images
    np.testing.assert_array_equal(cost(x, x), np.zeros(5))
    np.testing.assert_array_equal(gradient(cost, x, x, jit_compile), np.zeros_like(x))


def test_l2_gradient_is_the_unit_vector_also_beside_an_equal_image(images):
    x, y = images.copy()
    y[2] = x[2]
    slope = gradient(l2, x, y)
    difference = y - x
    lengths = np.sqrt(np.sum(difference**2, axis=(1, 2, 3), keepdims=True))
    expected = np.divide(difference, lengths, out=np.zeros_like(x), where=lengths > 0)
    np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("x", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("y", [0.0, 1e-12, 0.3, 1.0 - 1e-6, 1.0])
def test_binary_cross_entropy_of_saturated_pixels_equals_scipy(x, y):
    kept = np.clip(np.float32(y), np.float32(EPSILON), np.float32(1.0 - EPSILON)).astype("float64")
    expected = -(scipy.special.xlogy(x, kept) + scipy.special.xlog1py(1.0 - x, -kept))
    pixel = np.full((1, 1, 1, 1), x, "float32"), np.full((1, 1, 1, 1), y, "float32")
    np.testing.assert_allclose(binary_cross_entropy(*pixel), [expected], rtol=1e-5, atol=1e-9)
    assert np.all(np.isfinite(gradient(binary_cross_entropy, *pixel)))


def test_binary_cross_entropy_is_least_at_the_image_itself(images):
    """There it is the entropy of the pixels; a gradient of zero says that it is least."""
    x, _ = images
    entropy = np.sum(scipy.special.entr(x) + scipy.special.entr(1.0 - x), axis=(1, 2, 3))
    np.testing.assert_allclose(binary_cross_entropy(x, x), entropy, rtol=1e-5)
    np.testing.assert_allclose(gradient(binary_cross_entropy, x, x), 0.0, atol=1e-5)


@pytest.mark.parametrize("name", sorted(COSTS))
def test_costs_are_found_by_name(name):
    assert get_cost(name).__name__ == name


def test_a_callable_is_its_own_cost():
    def cost(x, reconstruction):
        return tf.zeros(len(x))

    assert get_cost(cost) is cost


@pytest.mark.parametrize("cost", ["squared", None, ["l1"], 2])
def test_other_costs_are_refused(cost):
    with pytest.raises(ValueError, match=r"binary_cross_entropy.*callable.*Received: cost="):
        get_cost(cost)
