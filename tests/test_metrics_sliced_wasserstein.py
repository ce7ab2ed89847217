"""Checks pyramid and sliced distances against slow forms, and what moves them."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage, stats

from wae_tf import metrics
from wae_tf.metrics.swd import laplacian_pyramid

TAPS = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256.0


def smooth(image):
    """Draws nearby pixels together, as digits and faces have them."""
    return ndimage.gaussian_filter(image, (0, 2, 2, 0), mode="wrap")


@pytest.fixture
def textures(rng):
    """Returns two sets of one distribution."""
    x = smooth(rng.normal(size=(120, 28, 28, 1)))
    x = (x - x.min()) / (x.max() - x.min())
    return x[:60], x[60:]


def distance(a, b, **options):
    options = {"patches_per_image": 32, "projections": 64, **options}
    return metrics.sliced_wasserstein(a, b, **options)


@pytest.mark.parametrize("size", [(28, 28), (16, 20), (17, 15)])
def test_pyramid_sums_up_to_the_image_the_slow_way(size, rng):
    image = rng.uniform(size=(1, *size, 1))
    levels = [level[0, :, :, 0] for level in laplacian_pyramid(image, min_size=4)]
    total = levels[-1]
    for level in levels[-2::-1]:
        enlarged = np.zeros(level.shape)
        enlarged[::2, ::2] = total
        total = level + ndimage.convolve(enlarged, 4.0 * TAPS, mode="mirror")
    np.testing.assert_allclose(total, image[0, :, :, 0], atol=1e-6)
    fine = ndimage.convolve(image[0, :, :, 0], TAPS, mode="mirror")[::2, ::2]
    if len(levels) == 2:
        np.testing.assert_allclose(levels[1], fine, atol=1e-6)


def test_flat_images_have_flat_details():
    *details, coarsest = laplacian_pyramid(np.full((1, 32, 32, 3), 51, "uint8"), min_size=14)
    np.testing.assert_allclose(coarsest, 0.2, rtol=1e-5)
    for level in details:
        np.testing.assert_allclose(level[:, 2:-2, 2:-2], 0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("size", "levels"), [(64, ["64", "32", "16"]), (28, ["28", "14"]), (32, ["32", "16"])]
)
def test_levels_halve_down_to_about_sixteen_pixels(size, levels):
    x = np.zeros((2, size, size, 3), "uint8")
    assert list(distance(x, x)["levels"]) == levels


def test_distance_equals_scipys_on_whole_images(rng):
    """Images of one patch each leave only the directions to chance."""
    a, b = rng.uniform(size=(50, 7, 7, 1)), rng.uniform(size=(50, 7, 7, 1)) ** 2
    got = distance(a, b, patches_per_image=1, projections=2000)["sliced_wasserstein"]
    flat = [((x - x.mean()) / x.std()).reshape(50, 49) for x in (a, b)]
    directions = np.random.default_rng(1).normal(size=(2000, 49))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    expected = np.mean([stats.wasserstein_distance(*(x @ d for x in flat)) for d in directions])
    assert got == pytest.approx(1e3 * expected, rel=0.05)


def test_equal_sets_are_at_zero_and_order_hardly_matters(textures, rng):
    a, b = textures
    assert distance(a, a)["sliced_wasserstein"] == 0.0
    floor = distance(a, b)["sliced_wasserstein"]
    shuffled = distance(a, b[rng.permutation(60)])["sliced_wasserstein"]
    assert shuffled == pytest.approx(floor, rel=0.3)


def test_blur_raises_it_and_noise_does_so_at_the_finest_level(textures):
    a, b = textures
    floor = distance(a, b)["levels"]
    blurred = distance(a, ndimage.gaussian_filter(b, (0, 1.5, 1.5, 0)))["levels"]
    noisy = distance(a, np.clip(b + 0.1 * np.random.default_rng(0).normal(size=b.shape), 0, 1))
    assert blurred["28"] > 1.5 * floor["28"]
    assert noisy["levels"]["28"] > 1.5 * floor["28"]
    assert noisy["levels"]["28"] > noisy["levels"]["14"]


def test_source_and_limit(textures):
    a, b = ((255 * x).astype("uint8") for x in textures)
    whole = distance(a[:20], b[:20])
    limited = distance(tf.data.Dataset.from_tensor_slices(a).batch(7), b, max_images=20)
    assert limited == whole
    assert whole["images"] == 20


def test_seed_fixes_the_value(textures):
    assert distance(*textures, seed=3) == distance(*textures, seed=3) != distance(*textures)


@pytest.mark.parametrize("shape", [(5, 28, 28, 1), (6, 28, 28, 3), (6, 14, 14, 1)])
def test_sets_that_differ_are_refused(shape):
    with pytest.raises(ValueError, match=r"as many, of one shape.*\(6, 28, 28, 1\)"):
        distance(np.zeros((6, 28, 28, 1)), np.zeros(shape))


def test_images_smaller_than_a_patch_are_refused():
    with pytest.raises(ValueError, match="7x7 pixels or more"):
        distance(np.zeros((6, 6, 28, 1)), np.zeros((6, 6, 28, 1)))
