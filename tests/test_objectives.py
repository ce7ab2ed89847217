"""Checks the models beside WAE-MMD and WAE-GAN, and every switch of a config, on small networks."""

import dataclasses
import importlib

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
from scipy import stats

import wae_tf
from wae_tf.training.pretraining import pretrain_encoder

SWITCHES = {
    "ae": {"model": "ae"},
    "vae": {"model": "vae", "codes": "gaussian"},
    "vae learned": {"model": "vae", "codes": "gaussian", "likelihood": "learned"},
    "vae entropy": {"model": "vae", "codes": "gaussian", "likelihood": "cross_entropy"},
    "vae vamp": {"model": "vae", "codes": "gaussian", "prior": "vamp", "prior_components": 4},
    "sliced": {"divergence": "sliced_wasserstein"},
    "cramer-wold": {"divergence": "cramer_wold"},
    "sinkhorn": {"divergence": "sinkhorn", "codes": "implicit", "prior": "sphere"},
    "moments": {"divergence": "moment_matching", "prior": "mixture"},
    "mmd++": {"divergence": "mmdpp", "codes": "gaussian", "log_variance_weight": 0.1},
    "mmd++ 1d": {"divergence": "mmdpp_1d", "codes": "implicit", "kernel": "rbf_median"},
    "kernels": {"kernel": "imq+energy", "prior": "vamp", "codes": "gaussian"},
    "hinge": {"divergence": "gan_hinge", "codes": "gaussian"},
    "wgan": {"divergence": "wgan_gp", "prior": "uniform"},
    "adaptive": {"reg_weight_schedule": "adaptive"},
    "similarity": {"cost": "ms_ssim", "pixel_range": (-1, 1)},
    "pyramid": {"cost": "laplacian_l1"},
}


def trained(epochs=1, **changes):
    config = tiny.config(**changes)
    model = wae_tf.training.compile_model(wae_tf.build_model(config), config, steps_per_epoch=2)
    history = model.fit(tiny.images(), batch_size=8, epochs=epochs, verbose=0).history
    return model, history


QUICK = ("vae entropy", "wgan")


@pytest.mark.parametrize("name", tiny.slow_but(QUICK, SWITCHES))
def test_every_switch_trains_and_is_saved(name, tmp_path):
    model, history = trained(**SWITCHES[name])
    assert sorted(history) == sorted(model.loss_names)
    assert all(np.isfinite(values).all() for values in history.values())
    x = tiny.images(4)
    assert model.sample(3, seed=0).shape == (3, 8, 8, 1)
    np.testing.assert_array_equal(model.reconstruct(x), model.reconstruct(x))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.sample(3, seed=0), model.sample(3, seed=0))
    np.testing.assert_array_equal(again.encode(x), model.encode(x))
    first, second = (m.evaluate(x, verbose=0, return_dict=True) for m in (model, again))
    assert first == pytest.approx(second, rel=1e-6)


@pytest.mark.parametrize("likelihood", ["fixed", "learned", "cross_entropy"])
def test_vae_computes_the_bound(likelihood):
    config = tiny.config(
        model="vae", codes="gaussian", likelihood=likelihood, pixel_stddev=0.3, beta=2.0
    )
    model = wae_tf.build_model(config)
    x = tiny.images(5)
    seed = (3, 4)
    mean, log_variance = (t.numpy().astype("float64") for t in model.encoder(x / 255.0))
    inside = (x / 255.0).astype("float32")
    z = model.codes(inside, seed=seed)
    y = model.decoder(z).numpy().astype("float64")
    if likelihood == "cross_entropy":
        each = -(inside * np.log(y) + (1 - inside) * np.log(1 - y))
    else:
        each = -stats.norm.logpdf(inside, y, 0.3)
    kl = 0.5 * np.sum(np.exp(log_variance) + mean**2 - 1 - log_variance, axis=1).mean()
    losses = model.objective(x, seed=seed)
    reconstruction = each.reshape(5, -1).sum(1).mean()
    assert float(losses["reconstruction_loss"]) == pytest.approx(reconstruction, rel=1e-4)
    assert float(losses["kl_divergence"]) == pytest.approx(kl, rel=1e-3, abs=1e-5)
    assert float(losses["loss"]) == pytest.approx(reconstruction + 2.0 * kl, rel=1e-4)


@pytest.mark.slow
def test_a_learned_variance_nears_the_mean_squared_error():
    config = tiny.config(model="vae", codes="gaussian", likelihood="learned")
    model = wae_tf.build_model(config)
    model.encoder.trainable = model.decoder.trainable = False
    model.compile(keras.optimizers.Adam(0.1))
    model.fit(tiny.images(), batch_size=16, epochs=80, verbose=0)
    error = np.mean((model.reconstruct(tiny.images()) - tiny.images() / 255.0) ** 2)
    assert float(tf.exp(model.pixel_log_variance)) == pytest.approx(error, rel=0.05)


def test_kl_to_a_prior_without_closed_form_is_right_on_average():
    model = wae_tf.build_model(tiny.config(model="vae", codes="gaussian"))
    distribution = model.code_distribution(tf.zeros((1, 8, 8, 1)))
    closed = model.kl_divergence(distribution, None)
    draws = distribution.sample_many(20_000, (0, 0))[0]
    sampled = distribution.log_prob(draws) - model.prior.log_prob(draws)
    assert float(tf.reduce_mean(sampled)) == pytest.approx(float(closed[0]), abs=0.03)


def test_a_model_with_its_own_divergence_refuses_another():
    for kind in (wae_tf.WAEMMD, wae_tf.WAEGAN):
        with pytest.raises(ValueError, match="pass another one to `WAE`.*divergence='sinkhorn'"):
            kind(*tiny.networks(), divergence="sinkhorn")


def test_mmd_plus_plus_must_know_the_number_of_training_images(tmp_path):
    config = tiny.config(divergence="mmdpp", codes="gaussian", num_images=17)
    with pytest.raises(ValueError, match="`num_images` must be.*num_images=17, with 16 training"):
        wae_tf.training.train(config, tiny.images(16), tmp_path, test_split=None)


def test_lambda_is_used():
    x = tiny.images()
    for divergence in ("mmd", "gan", "sinkhorn"):
        loss = {}
        for reg_weight in (1.0, 50.0):
            config = tiny.config(divergence=divergence, reg_weight=reg_weight)
            terms = wae_tf.build_model(config).objective(x, seed=(0, 0))
            loss[reg_weight] = float(terms["loss"])
        assert loss[50.0] - loss[1.0] == pytest.approx(49.0 * float(terms["divergence"]), rel=1e-3)


def test_lambda_adapts_after_each_thousand_steps():
    model, _ = trained(reg_weight_schedule="adaptive", divergence="sinkhorn", reg_weight=3.0)
    losses = {"reconstruction_loss": tf.constant(8.0), "divergence": tf.constant(-2.0)}
    for step, expected in ((999, 3.0), (1000, 3.5), (1001, 3.5), (2000, 3.75)):
        model.optimizer.iterations.assign(step)
        model.after_step(losses)
        assert float(model.current_reg_weight) == pytest.approx(expected)
    again = wae_tf.build_model(tiny.config(reg_weight_schedule="adaptive", divergence="sinkhorn"))
    again.set_weights(model.get_weights())
    assert float(again.current_reg_weight) == pytest.approx(3.75)
    assert float(again.weight) == pytest.approx(3.75)  # The name of before.


def test_log_variance_penalty_enters_the_loss():
    config = tiny.config(codes="gaussian", log_variance_weight=2.0)
    model = wae_tf.build_model(config)
    losses = model.objective(tiny.images(), seed=(0, 0))
    distribution = model.code_distribution(tiny.images() / 255.0)
    rest = losses["loss"] - losses["reconstruction_loss"] - 10.0 * losses["divergence"]
    assert float(rest) == pytest.approx(2.0 * float(distribution.log_variance_l1()), rel=0.01)


def test_pretraining_matches_moments_and_leaves_the_decoder_alone():
    model = wae_tf.build_model(tiny.config(latent_dim=2, input_noise_stddev=0.0))
    x = tiny.images(200)
    before = tiny.weights(model.decoder)
    losses = pretrain_encoder(model, x, batch_size=100, learning_rate=1e-2)
    assert losses[0] > 0.5 and losses[-1] < 0.1 and len(losses) <= 200
    tiny.assert_identical(before, tiny.weights(model.decoder))
    again = wae_tf.build_model(tiny.config(latent_dim=2, input_noise_stddev=0.0))
    assert pretrain_encoder(again, x, batch_size=100, learning_rate=1e-2) == losses


@pytest.mark.slow
def test_a_resumed_training_is_not_pretrained_again(tmp_path):
    config = tiny.config(pretrain_encoder=True, pretrain_batch_size=8, epochs=1)
    np.savez(tmp_path / "data.npz", x_train=tiny.images(), x_test=tiny.images())
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    config = dataclasses.replace(config, epochs=2, lr_schedule="plateau")
    model = wae_tf.training.train(config, tmp_path / "data.npz", whole, verbose=0)
    stop = _StopAfter(1)
    module = importlib.import_module("wae_tf.training.train")
    original = module.writing_callbacks
    module.writing_callbacks = lambda *arguments: [*original(*arguments), stop]
    try:
        with pytest.raises(KeyboardInterrupt):
            wae_tf.training.train(config, tmp_path / "data.npz", parts, verbose=0)
    finally:
        module.writing_callbacks = original
    resumed = wae_tf.training.train(config, tmp_path / "data.npz", parts, verbose=0)
    tiny.assert_identical(tiny.weights(model), tiny.weights(resumed))


class _StopAfter(keras.callbacks.Callback):
    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epochs:
            raise KeyboardInterrupt


def test_vamp_prior_is_a_mixture_of_code_distributions():
    config = tiny.config(model="vae", codes="gaussian", prior="vamp", prior_components=3)
    prior = wae_tf.build_model(config).prior
    parts = prior.components()
    mean, stddev = parts.location.numpy(), np.exp(parts.log_variance.numpy() / 2)
    z = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    density = stats.norm.pdf(z[:, None], mean, stddev).prod(2).mean(1)
    np.testing.assert_allclose(prior.log_prob(z), np.log(density), rtol=1e-4)
    draws = prior.sample(5000, (0, 1)).numpy()
    np.testing.assert_allclose(draws.mean(0), mean.mean(0), atol=0.06)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(prior.sample(20, (0, 0)) ** 2)
    assert float(tf.reduce_max(tf.abs(tape.gradient(value, prior.pseudo_inputs)))) > 0.0


def test_mixture_prior_has_its_components():
    prior = wae_tf.priors.get_prior("mixture", 2, 2.0, components=3)
    draws = prior.sample(20_000, (0, 0)).numpy()
    spread = np.asarray(prior.distribution.components_distribution.loc)
    np.testing.assert_allclose(draws.mean(0), spread.mean(0), atol=0.06)
    np.testing.assert_allclose(draws.var(0), spread.var(0) + 1.0, rtol=0.05)  # (2 / 2)**2.


def test_exponential_schedule_falls_to_a_tenth_in_its_epochs():
    schedule = wae_tf.schedules.EpochSchedule(
        1.0, "exponential", epochs=100, steps_per_epoch=10, decay_epochs=4.0
    )
    for step, expected in ((0, 1.0), (9, 1.0), (20, 10**-0.5), (40, 0.1)):
        assert float(schedule(step)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "changes, match",
    [
        ({"codes": "gaussian", "prior": "sphere"}, "over all of space.*prior='sphere'"),
        ({"divergence": "mmdpp"}, "needs an encoder of random codes.*'gaussian' or 'implicit'"),
        ({"model": "vae"}, "`VAE` needs .*`codes='gaussian'`.*'deterministic'"),
        ({"prior": "vamp"}, "`prior='vamp'` needs .*`codes='gaussian'`"),
        ({"prior": "vamp", "codes": "gaussian", "divergence": "gan"}, "does not see its draws"),
        ({"log_variance_weight": 1.0, "codes": "implicit"}, "`log_variance_weight` needs"),
        ({"log_variance_weight": 1.0, "model": "ae"}, "`log_variance_weight` belongs to"),
        ({"log_variance_weight": -1.0}, "at least 0 and finite. Received: log_variance_weight=-1"),
        ({"model": "ae", "reg_weight_schedule": "adaptive"}, "belongs to `model='wae'`"),
        (
            {
                "model": "vae",
                "codes": "gaussian",
                "likelihood": "cross_entropy",
                "pixel_range": (-1, 1),
            },
            "takes pixels as probabilities",
        ),
        ({"kernel": "imq+cosine"}, "`kernel` must be one of .*kernel='imq.cosine'"),
        ({"encoder": "ali", "encoder_width": 16}, "multiples of 4, at least 20"),
        ({"decoder": "resnet", "decoder_layers": 4}, "multiples of 16"),
        ({"encoder": "resnet", "encoder_layers": 3, "encoder_width": 6}, "multiple of 4"),
        ({"prior_log_prob": True, "divergence": "gan_hinge"}, "needs the loss 'gan'"),
    ],
)
def test_senseless_combinations_are_refused(changes, match):
    with pytest.raises(ValueError, match=match):
        wae_tf.build_model(tiny.config(**changes))


def test_models_refuse_encoders_that_do_not_fit():
    networks = tiny.networks()
    for make, match in (
        (lambda: wae_tf.VAE(*networks), "`VAE` needs an encoder of random codes"),
        (lambda: wae_tf.WAE(*networks, prior="vamp"), "`prior='vamp'` needs an encoder"),
        (
            lambda: wae_tf.WAE(*networks, divergence=wae_tf.divergences.MMDPlusPlus()),
            "`MMDPlusPlus` needs an encoder of random codes",
        ),
        (lambda: wae_tf.WAE(*networks, divergence="kl"), "`divergence` must be one of"),
        (lambda: wae_tf.WAEGAN(*networks, adversarial_loss="ls"), "`adversarial_loss` must be"),
        (lambda: wae_tf.VAE(*networks, likelihood="poisson"), "`likelihood` must be one of"),
        (lambda: wae_tf.VAE(*networks, cost="l1"), "takes its cost from `likelihood`"),
    ):
        with pytest.raises(ValueError, match=match):
            make()
