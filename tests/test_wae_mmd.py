"""Checks `WAEMMD`: its objective against NumPy, then its training step, then its errors."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf


def slow_mmd(z, z_prior, kernel):
    """Sums over pairs as Algorithm 2 of the paper writes them."""
    n = len(z)
    pairs = list(itertools.product(range(n), repeat=2))
    within = sum(kernel(z[i], z[j]) + kernel(z_prior[i], z_prior[j]) for i, j in pairs if i != j)
    across = sum(kernel(z[i], z_prior[j]) for i, j in pairs)
    return within / (n * (n - 1)) - 2.0 * across / n**2


def imq(base):
    return lambda a, b: sum(
        s * base / (s * base + np.sum((a - b) ** 2)) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10)
    )


KERNELS = {
    # prior, kernel, the same in NumPy, with latent_dim 3.
    "normal": ({"prior_stddev": 2.0}, imq(2.0 * 3 * 4.0)),
    "uniform": ({"prior": "uniform"}, imq(3.0)),
    "sphere": ({"prior": "sphere"}, imq(2.0)),
    "rbf": (
        {"kernel": "rbf"},
        lambda a, b: np.exp(-np.sum((a - b) ** 2) / (2.0 * 2.0 * 3)),
    ),
    "callable": (
        {"kernel": lambda a, b: tf.matmul(a, b, transpose_b=True)},
        lambda a, b: np.dot(a, b),
    ),
}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("pixel_range", [(0, 1), (-1, 1)])
def test_objective_is_eq_4_computed_by_hand(name, pixel_range):
    arguments, kernel = KERNELS[name]
    x = tiny.images(6)
    model = wae_tf.WAEMMD(
        *tiny.networks(last="sigmoid" if pixel_range[0] == 0 else "tanh"),
        cost_scale=0.05,
        reg_weight=7.0,
        pixel_range=pixel_range,
        **arguments,
    )
    low, high = pixel_range
    inside = low + (high - low) * x.astype("float64") / 255.0
    z = inside.reshape(6, -1) @ model.encoder.get_weights()[0].astype("float64")
    if name == "uniform":
        z = np.tanh(z)
    if name == "sphere":
        z /= np.linalg.norm(z, axis=1, keepdims=True)
    logits = z @ model.decoder.get_weights()[0].astype("float64")
    y = 1.0 / (1.0 + np.exp(-logits)) if low == 0 else np.tanh(logits)
    reconstruction_loss = 0.05 * np.mean(np.sum((inside.reshape(6, -1) - y) ** 2, axis=1))
    z_prior = model.prior.sample(6, (3, 4)).numpy().astype("float64")
    divergence = slow_mmd(z, z_prior, kernel)

    losses = model.objective(x, seed=(3, 4))
    assert list(losses) == ["loss", "reconstruction_loss", "divergence"]
    np.testing.assert_allclose(losses["reconstruction_loss"], reconstruction_loss, rtol=1e-5)
    np.testing.assert_allclose(losses["divergence"], divergence, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        losses["loss"], reconstruction_loss + 7.0 * divergence, rtol=1e-4, atol=1e-5
    )


def test_a_training_step_descends_the_gradient_of_the_objective():
    model = wae_tf.WAEMMD(*tiny.networks(), seed=5)
    model.compile(keras.optimizers.SGD(0.1))
    x = tiny.images()
    with tf.GradientTape() as tape:
        losses = model.objective(x, training=True, seed=(5, 0))
    gradients = tape.gradient(losses["loss"], model.autoencoder_variables)
    expected = [
        v.numpy() - 0.1 * g.numpy()
        for v, g in zip(model.autoencoder_variables, gradients, strict=True)
    ]
    logs = model.train_on_batch(x, return_dict=True)
    for variable, value in zip(model.autoencoder_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-5, atol=1e-6)
    for name, value in losses.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-5)


def test_each_step_draws_anew_from_the_prior():
    model = wae_tf.WAEMMD(*tiny.networks())
    model.compile(keras.optimizers.SGD(0.0))
    x = tiny.images()
    first, second = (model.train_on_batch(x, return_dict=True) for _ in range(2))
    assert first["reconstruction_loss"] == second["reconstruction_loss"]
    assert first["divergence"] != second["divergence"]


def test_divergence_falls_below_zero_for_draws_from_the_prior():
    model = wae_tf.WAEMMD(*tiny.networks())
    draws = [
        float(model.divergence(model.prior.sample(50, (0, i)), model.prior.sample(50, (1, i))))
        for i in range(40)
    ]
    assert min(draws) < 0.0 < max(draws)
    assert abs(np.mean(draws)) < 3.0 * np.std(draws) / np.sqrt(40)  # Unbiased: around zero.


@pytest.mark.parametrize("source", tiny.slow_but(["array"], ["array", "dataset"]))
def test_a_last_batch_of_one_image_gives_no_nan(source):
    model = wae_tf.build_model(tiny.config())
    model.compile(keras.optimizers.Adam(1e-3))
    x = tiny.images(9)
    data = {"x": x, "batch_size": 4}
    if source == "dataset":
        data = {"x": tf.data.Dataset.from_tensor_slices(x).batch(4)}
    history = model.fit(**data, epochs=2, verbose=0).history
    assert np.all(np.isfinite(history["loss"]))
    assert all(np.all(np.isfinite(w)) for w in model.get_weights())
    assert np.isfinite(model.evaluate(**data, verbose=0)).all()
    # The lone image has a divergence of 0, and counts as one of nine.
    lone = model.objective(x[8:], seed=(-1, 8))
    assert float(lone["divergence"]) == 0.0


def test_kernels_that_are_none_are_refused():
    with pytest.raises(ValueError, match="`kernel` must be one of.*'rbf'.*Received: kernel='im'"):
        wae_tf.WAEMMD(*tiny.networks(), kernel="im")
    with pytest.raises(ValueError, match=r"Gram matrix.*Received: shape \(3,\)"):
        wae_tf.WAEMMD(*tiny.networks(), kernel=lambda a, b: tf.reduce_sum(a, axis=1))


def test_a_prior_without_variance_needs_a_kernel_of_ones_own():
    import tensorflow_probability as tfp

    cauchy = tfp.distributions.Independent(tfp.distributions.Cauchy([0.0] * 3, 1.0), 1)
    with pytest.raises(ValueError, match="Pass `kernel` as a callable"):
        wae_tf.WAEMMD(*tiny.networks(), prior=cauchy)
    model = wae_tf.WAEMMD(
        *tiny.networks(), prior=cauchy, kernel=lambda a, b: wae_tf.imq_kernel(a, b, base=6.0)
    )
    assert np.isfinite(float(model.objective(tiny.images())["loss"]))
