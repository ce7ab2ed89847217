"""Checks `WAEGAN`: its losses against NumPy, then the order of Algorithm 1, then its errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
import tiny

import wae_tf
from wae_tf.networks import latent_discriminator


def softplus(x):
    return np.log1p(np.exp(x))


def discriminator(seed=0, stddev=0.5):
    init = keras.initializers.RandomNormal(stddev=stddev, seed=seed)
    layers = [keras.Input((3,)), keras.layers.Dense(1, kernel_initializer=init)]
    return keras.Sequential(layers)


def gan(**arguments):
    return wae_tf.WAEGAN(*tiny.networks(), **{"discriminator": discriminator(), **arguments})


@pytest.mark.parametrize("prior_log_prob", [False, True])
def test_objective_is_algorithm_1_computed_by_hand(prior_log_prob):
    model = gan(cost_scale=0.05, reg_weight=7.0, prior_stddev=2.0, prior_log_prob=prior_log_prob)
    x = tiny.images(6)
    z, y = model.encode(x), model.reconstruct(x)
    z_prior = model.prior.sample(6, (3, 4)).numpy()
    kernel = model.discriminator.get_weights()[0]

    def logits(z):
        log_density = -0.5 * np.sum(z**2, axis=1) / 4.0 - 1.5 * np.log(2.0 * np.pi * 4.0)
        return (z @ kernel)[:, 0] + prior_log_prob * log_density

    reconstruction_loss = 0.05 * np.mean(np.sum((x / 255.0 - y) ** 2, axis=(1, 2, 3)))
    divergence = np.mean(softplus(-logits(z)))
    expected = {
        "loss": reconstruction_loss + 7.0 * divergence,
        "reconstruction_loss": reconstruction_loss,
        "divergence": divergence,
        "discriminator_loss": 7.0
        * (np.mean(softplus(-logits(z_prior))) + np.mean(softplus(logits(z)))),
    }
    losses = model.objective(x, seed=(3, 4))
    assert list(losses) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(losses[name], value, rtol=1e-5, err_msg=name)


def test_prior_log_prob_adds_one_number_to_each_code():
    plain, helped = gan(), gan(prior_log_prob=True)
    z = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    added = helped.logits(z) - plain.logits(z)
    assert added.shape == (5, 1)  # The authors' code has (5, 5).
    log_density = -0.5 * np.sum(z**2, axis=1) - 1.5 * np.log(2.0 * np.pi)
    np.testing.assert_allclose(added[:, 0], log_density, rtol=1e-5)


def test_a_step_improves_the_discriminator_first_and_the_encoder_against_the_improved_one():
    model = gan(reg_weight=7.0, seed=5)
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.5))
    x = tiny.images()
    scaled = tf.constant(x, tf.float32) / 255.0
    z_prior = model.prior.sample(len(x), (5, 0))
    kernel, bias = (tf.constant(w) for w in model.discriminator.get_weights())

    with tf.GradientTape() as tape:
        tape.watch([kernel, bias])
        z = model.encoder(scaled)
        discriminator_loss = 7.0 * tf.reduce_mean(
            tf.nn.softplus(-(z_prior @ kernel + bias)) + tf.nn.softplus(z @ kernel + bias)
        )
    slopes = tape.gradient(discriminator_loss, [kernel, bias])
    improved = [kernel - 0.5 * slopes[0], bias - 0.5 * slopes[1]]

    def autoencoder_after(kernel, bias):
        with tf.GradientTape() as tape:
            z = model.encoder(scaled)
            cost = tf.reduce_sum(tf.square(scaled - model.decoder(z)), axis=(1, 2, 3))
            loss = tf.reduce_mean(cost) + 7.0 * tf.reduce_mean(tf.nn.softplus(-(z @ kernel + bias)))
        variables = model.autoencoder_variables
        gradients = tape.gradient(loss, variables)
        return [v.numpy() - 0.1 * g.numpy() for v, g in zip(variables, gradients, strict=True)]

    expected, other_order = autoencoder_after(*improved), autoencoder_after(kernel, bias)
    logs = model.train_on_batch(x, return_dict=True)
    for got, want in zip(model.discriminator.get_weights(), improved, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-6)
    for variable, want in zip(model.autoencoder_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), want, rtol=1e-4, atol=1e-5)
    assert np.abs(expected[0] - other_order[0]).max() > 1e-3  # The order can be told.
    np.testing.assert_allclose(logs["discriminator_loss"], discriminator_loss, rtol=1e-5)


@pytest.mark.parametrize("still", ["autoencoder", "discriminator"])
def test_each_optimizer_moves_its_own_variables_only(still):
    model = gan()
    rates = {"autoencoder": 0.1, "discriminator": 0.1, still: 0.0}
    model.compile(
        keras.optimizers.SGD(rates["autoencoder"]), keras.optimizers.SGD(rates["discriminator"])
    )
    parts = {
        "autoencoder": model.autoencoder_variables,
        "discriminator": model.discriminator.trainable_variables,
    }
    before = {name: [v.numpy() for v in variables] for name, variables in parts.items()}
    model.fit(tiny.images(), batch_size=8, verbose=0)
    for name, variables in parts.items():
        same = [np.array_equal(v.numpy(), old) for v, old in zip(variables, before[name])]
        assert all(same) if name == still else not any(same)


def test_a_discriminator_that_cannot_tell_gives_the_documented_losses():
    model = gan(discriminator=discriminator(stddev=0.0), reg_weight=7.0)
    losses = model.objective(tiny.images())
    np.testing.assert_allclose(losses["divergence"], np.log(2.0), rtol=1e-6)
    np.testing.assert_allclose(losses["discriminator_loss"], 14.0 * np.log(2.0), rtol=1e-6)


def test_the_default_discriminator_is_the_papers():
    model = wae_tf.WAEGAN(*tiny.networks(latent_dim=8))
    assert model.discriminator.count_params() == 793_089


def test_a_discriminator_of_ones_own_is_in_training_mode_while_it_trains():
    own = keras.Sequential(
        [keras.Input((3,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    )
    model = gan(discriminator=own)
    model.compile()
    moving_mean = own.layers[0].moving_mean
    model.evaluate(tiny.images(), verbose=0)
    assert np.all(moving_mean.numpy() == 0.0)
    model.train_on_batch(tiny.images())
    assert np.all(moving_mean.numpy() != 0.0)


def test_any_density_of_the_prior_can_help_the_discriminator():
    prior = tfp.distributions.Independent(tfp.distributions.Laplace([0.0] * 3, 1.0), 1)
    z = np.float32([[0.0, 1.0, -2.0]])
    added = gan(prior=prior, prior_log_prob=True).logits(z) - gan(prior=prior).logits(z)
    np.testing.assert_allclose(added, [[-3.0 - 3.0 * np.log(2.0)]], rtol=1e-5)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match=r"logits \(n, 1\).*Received: logits of shape \(None, 2\)"):
        gan(discriminator=keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]))
    with pytest.raises(ValueError, match="`discriminator` must be a Keras model"):
        gan(discriminator=lambda z: z)
    with pytest.raises(
        ValueError,
        match="a prior whose density varies.*Received: adversarial_loss='gan', prior='sphere'",
    ):
        gan(prior="sphere", prior_log_prob=True)
    model = gan(discriminator=latent_discriminator(3, width=4, num_layers=1))
    same = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="must be two objects"):
        model.compile(same, same)
