"""Checks the paper's sharpness against SciPy and closed forms."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from wae_tf import metrics


def test_values_equal_the_filter_the_slow_way(rng):
    x = rng.integers(256, size=(5, 9, 7, 3), dtype="uint8")
    grey = x / 255.0 @ [0.2989, 0.587, 0.114]
    laplacian = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    expected = [np.var(ndimage.correlate(image, laplacian)[1:-1, 1:-1]) for image in grey]
    np.testing.assert_allclose(metrics.sharpness_per_image(x), expected, rtol=1e-4)
    assert metrics.sharpness(x) == pytest.approx(np.mean(expected), rel=1e-4)


def test_white_noise_has_twenty_times_its_variance(rng):
    x = 0.5 + 0.1 * rng.uniform(-1.0, 1.0, size=(200, 32, 32, 1))
    assert metrics.sharpness(x) == pytest.approx(20 * 0.01 / 3, rel=0.02)  # 4*1 + 4**2


def test_ramps_have_none():
    ramp = np.broadcast_to(np.linspace(0.0, 1.0, 16)[:, None, None], (2, 16, 16, 1))
    assert metrics.sharpness(ramp) == pytest.approx(0.0, abs=1e-10)


def test_blur_lowers_and_noise_raises_it(rng):
    x = rng.uniform(0.2, 0.8, size=(20, 16, 16, 1))
    blurred = ndimage.uniform_filter(x, (0, 3, 3, 0))
    noisy = x + rng.uniform(-0.2, 0.2, size=x.shape)
    assert metrics.sharpness(blurred) < 0.1 * metrics.sharpness(x)
    assert metrics.sharpness(noisy) > metrics.sharpness(x)


def test_source_and_order_do_not_matter(rng):
    x = rng.integers(256, size=(30, 8, 8, 1), dtype="uint8")
    shuffled = tf.data.Dataset.from_tensor_slices(x[rng.permutation(30)]).batch(7)
    assert metrics.sharpness(shuffled) == pytest.approx(metrics.sharpness(x), rel=1e-6)


def test_real_faces_have_that_of_the_paper(shared_data):
    import wae_tf.data

    path = shared_data / "celeba_9k_89x109.zip"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    faces = wae_tf.data.load_images(path, "all[:300]", image_shape=(64, 64, 3), crop=(70, 70))
    assert metrics.sharpness(faces) == pytest.approx(0.02, rel=0.25)  # The paper's Table 1.


def test_tiny_images_are_refused():
    with pytest.raises(ValueError, match="at least 3x3 pixels"):
        metrics.sharpness(np.zeros((1, 2, 9, 1)))
