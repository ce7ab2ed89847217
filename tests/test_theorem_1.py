"""Checks Theorem 1 where the Wasserstein distance is known: normal images, linear decoder."""

import keras
import numpy as np
import tensorflow as tf

import wae_tf

STDDEVS = np.array([0.12, 0.06, 0.03, 0.02])  # Of the images' independent pixels.


def train(stddevs, decoder_matrix):
    """Minimises Eq. (4) over linear encoders; returns cost, codes' covariance, images."""
    rng = np.random.default_rng(0)
    pixels = 0.5 + rng.normal(size=(4000, 4)) * stddevs
    x = pixels.reshape(-1, 2, 2, 1).astype("float32")
    latent_dim = decoder_matrix.shape[0]
    encoder = keras.Sequential(
        [keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(latent_dim)]
    )
    decoder = keras.Sequential(
        [keras.Input((latent_dim,)), keras.layers.Dense(4), keras.layers.Reshape((2, 2, 1))]
    )
    decoder.layers[0].set_weights([decoder_matrix, np.full(4, 0.5)])
    decoder.trainable = False
    start = np.zeros((4, latent_dim))
    start[np.arange(latent_dim), np.arange(latent_dim)] = 10.0
    encoder.layers[1].set_weights([start, -0.5 * start.sum(0)])
    model = wae_tf.WAE(
        encoder, decoder, divergence="moment_matching", reg_weight=400.0, cost_scale=300.0
    )
    rate = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=600)
    model.compile(keras.optimizers.Adam(rate), steps_per_execution=20)
    keras.utils.set_random_seed(0)
    passes = np.tile(x, (150, 1, 1, 1))  # One long epoch costs less than 150 short ones.
    model.fit(passes, batch_size=1000, epochs=1, verbose=0)
    cost = np.mean(np.sum((model(x).numpy() - x) ** 2, axis=(1, 2, 3)))
    return cost, np.cov(model.encode(x).T), x


def test_minimum_is_the_squared_distance_of_two_normals():
    # P_G = N(0.5, diag(g**2)) with two directions, against N(0.5, diag(s**2)):
    # W_2**2 = sum (s_i - g_i)**2, where g is 0 in the directions that the decoder leaves out.
    scales = np.array([0.1, 0.09])
    matrix = np.zeros((2, 4))
    matrix[0, 0], matrix[1, 1] = scales
    expected = np.sum((STDDEVS[:2] - scales) ** 2) + np.sum(STDDEVS[2:] ** 2)
    cost, covariance, _ = train(STDDEVS, matrix)
    np.testing.assert_allclose(covariance, np.eye(2), atol=0.05)  # Q_Z is P_Z.
    np.testing.assert_allclose(cost, expected, rtol=0.03)


def test_without_the_constraint_the_cost_is_no_distance():
    # The best encoder alone inverts the decoder: its cost lies below W_2**2.
    scales = np.array([0.1, 0.09])
    codes = STDDEVS[:2] / scales  # Standard deviations of the codes that invert it.
    assert np.all(np.abs(codes - 1.0) > 0.1)
    unconstrained = np.sum(STDDEVS[2:] ** 2)
    distance = np.sum((STDDEVS[:2] - scales) ** 2) + unconstrained
    rng = np.random.default_rng(0)
    x = 0.5 + rng.normal(size=(2000, 4)) * STDDEVS
    z = (x[:, :2] - 0.5) / scales
    reconstruction = np.concatenate([0.5 + z * scales, np.full((2000, 2), 0.5)], axis=1)
    cost = np.mean(np.sum((x - reconstruction) ** 2, axis=1))
    np.testing.assert_allclose(cost, unconstrained, rtol=0.1)
    assert cost < 0.8 * distance
    divergence = wae_tf.divergences.MomentMatching()
    prior = wae_tf.priors.get_prior("normal", 2).sample(2000, (0, 0))
    assert float(divergence(tf.constant(z, tf.float32), prior)) > 0.05
