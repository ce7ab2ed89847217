"""Checks fitted samplers: their densities first, then how they are saved, then errors."""

import json

import h5py
import numpy as np
import pytest
import tensorflow as tf
import tiny
from scipy import stats

import wae_tf
from wae_tf import samplers, zoo
from wae_tf.samplers import support, two_stage

QUICK = {
    "gmm": {"components": 3},
    "flow": {"layers": 2, "units": 16, "epochs": 3, "batch_size": 100},
    "two_stage": {"units": 16, "steps": 20, "batch_size": 100},
}


def clusters(n, seed=0):
    """Draws from two clusters in three dimensions, far from the standard normal."""
    rng = np.random.default_rng(seed)
    side = rng.choice([-1.5, 1.5], size=(n, 1), p=[0.25, 0.75])
    return np.concatenate([side, 0.0 * side, 0.5 * side], axis=1) + 0.3 * rng.normal(size=(n, 3))


@pytest.fixture(scope="module")
def fitted():
    """Returns one sampler of each kind, fitted to `clusters(1000)`."""
    return {
        kind: samplers.fit_codes(clusters(1000), kind, seed=1, **options)
        for kind, options in QUICK.items()
    }


@pytest.fixture
def model():
    return wae_tf.build_model(tiny.config())


# Densities.


def test_mixture_of_one_is_the_gaussian_of_mean_and_covariance():
    codes = clusters(500)
    sampler = samplers.fit_codes(codes, "gmm", components=1)
    np.testing.assert_allclose(sampler.arrays["means"][0], codes.mean(axis=0), atol=1e-5)
    factor = sampler.arrays["factors"][0]
    np.testing.assert_allclose(factor @ factor.T, np.cov(codes.T, ddof=0), atol=1e-4)
    draws = sampler.sample(20_000, seed=0)
    np.testing.assert_allclose(draws.mean(axis=0), codes.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(draws.T), np.cov(codes.T), atol=0.06)


def test_mixture_finds_the_clusters_and_draws_from_each_by_its_weight():
    sampler = samplers.fit_codes(clusters(2000), "gmm", components=2)
    order = np.argsort(sampler.arrays["means"][:, 0])
    np.testing.assert_allclose(sampler.arrays["weights"][order], [0.25, 0.75], atol=0.03)
    draws = sampler.sample(10_000, seed=0)
    assert np.mean(draws[:, 0] > 0) == pytest.approx(0.75, abs=0.03)
    for i, mean in zip(order, ((-1.5, 0.0, -0.75), (1.5, 0.0, 0.75)), strict=True):
        np.testing.assert_allclose(sampler.arrays["means"][i], mean, atol=0.06)


def test_flow_networks_stay_autoregressive_in_training(fitted):
    for network in fitted["flow"]._networks:
        z = tf.constant(clusters(5, seed=3), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(z)
            parameters = network(z)
        jacobian = tape.batch_jacobian(parameters, z).numpy()  # (n, dimension, parameter, input)
        for i in range(3):
            np.testing.assert_array_equal(jacobian[:, i, :, i:], 0.0)
        assert np.abs(jacobian[:, 2, :, :2]).max() > 0.0


def test_flow_likelihood_is_that_of_a_normal_distribution_it_is_given():
    codes = np.random.default_rng(0).normal(size=(2000, 2)) * [0.5, 3.0] + [7.0, -2.0]
    sampler = samplers.fit_codes(codes, "flow", layers=1, units=8, epochs=4, batch_size=100)
    entropy = stats.multivariate_normal(cov=np.diag([0.25, 9.0])).entropy()
    assert sampler.settings["held_out_nats"] == pytest.approx(entropy, abs=0.1)
    draws = sampler.sample(20_000, seed=0)
    np.testing.assert_allclose(draws.mean(axis=0), [7.0, -2.0], atol=0.2)
    np.testing.assert_allclose(draws.std(axis=0), [0.5, 3.0], rtol=0.1)


def test_second_stage_starts_as_the_gaussian_of_mean_and_covariance():
    codes = clusters(2000)
    sampler = samplers.fit_codes(
        codes, "two_stage", units=8, steps=1, learning_rate=1e-12, batch_size=100
    )
    draws = sampler.sample(20_000, seed=0)
    np.testing.assert_allclose(draws.mean(axis=0), codes.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(draws.T), np.cov(codes.T), atol=0.06)


def test_whitening_makes_covariance_one_and_colouring_undoes_it():
    codes = clusters(1000)
    mean, colour, whitened = two_stage._whiten(codes)
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(3), atol=1e-4)
    np.testing.assert_allclose(mean + whitened @ colour, codes, atol=1e-4)


@pytest.mark.parametrize("kind", samplers.KINDS)
def test_draws_are_nearer_to_codes_than_the_prior_is(fitted, kind):
    codes = clusters(1000, seed=5).astype("float32")
    prior = np.random.default_rng(0).normal(size=(1000, 3)).astype("float32")
    ours = float(wae_tf.mmd(fitted[kind].sample(1000, seed=0), codes, wae_tf.imq_kernel))
    assert ours < 0.7 * float(wae_tf.mmd(prior, codes, wae_tf.imq_kernel))


# Draws.


@pytest.mark.parametrize("kind", samplers.KINDS)
def test_a_seed_fixes_the_draws_and_fewer_are_the_first_of_more(fitted, kind):
    sampler = fitted[kind]
    draws = sampler.sample(9, seed=3)
    assert draws.shape == (9, 3) and draws.dtype == np.float32
    np.testing.assert_array_equal(draws, sampler.sample(9, seed=3))
    np.testing.assert_allclose(draws[:4], sampler.sample(4, seed=3), atol=1e-5)
    assert np.abs(draws - sampler.sample(9, seed=4)).max() > 0.1


@pytest.mark.slow
def test_the_same_fit_twice_is_the_same_sampler():
    for kind, options in QUICK.items():
        first, second = (
            samplers.fit_codes(clusters(300), kind, seed=2, **options) for _ in range(2)
        )
        for name, values in first.arrays.items():
            np.testing.assert_allclose(values, second.arrays[name], atol=1e-5)


def test_draws_return_to_the_sphere():
    codes = clusters(500)
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    draws = samplers.fit_codes(codes, "gmm", support="sphere", components=2).sample(500, seed=0)
    np.testing.assert_allclose(np.linalg.norm(draws, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(draws.mean(axis=0), codes.mean(axis=0), atol=0.1)


def test_draws_stay_in_the_cube():
    codes = np.tanh(clusters(500) * 3.0)
    draws = samplers.fit_codes(codes, "gmm", support="cube", components=2).sample(500, seed=0)
    assert np.abs(draws).max() <= 1.0
    np.testing.assert_allclose(draws.mean(axis=0), codes.mean(axis=0), atol=0.1)


@pytest.mark.parametrize("name", support.SUPPORTS)
def test_folding_undoes_unfolding(name):
    codes = np.tanh(clusters(50))
    codes /= np.linalg.norm(codes, axis=1, keepdims=True) if name == "sphere" else 1.0
    unfolded = support.unfold(codes, name)
    np.testing.assert_allclose(support.fold(unfolded, name), codes, atol=1e-6)
    assert np.isfinite(support.unfold(np.ones((2, 2)), name)).all()


@pytest.mark.parametrize("prior, expected", [("normal", "space"), ("uniform", "cube")])
def test_support_follows_the_prior(prior, expected):
    assert support.support_of(wae_tf.build_model(tiny.config(prior=prior)).prior) == expected


def test_codes_that_lie_in_a_plane_are_fitted_with_a_warning():
    codes = clusters(500)
    codes[:, 1] = 2.0
    for kind in ("gmm", "two_stage"):
        with pytest.warns(UserWarning, match="no variance in 1 of 3 directions"):
            sampler = samplers.fit_codes(codes, kind, **QUICK[kind])
        draws = sampler.sample(100, seed=0)
        np.testing.assert_allclose(draws[:, 1], 2.0, atol=0.1)


# With a model.


def test_fit_attaches_a_sampler_that_sample_decodes(model):
    images = tiny.images(40)
    sampler = samplers.fit(model, images, kind="gmm", components=2)
    assert model.samplers == {"gmm": sampler}
    np.testing.assert_array_equal(
        model.sample(5, seed=3, sampler="gmm"), model.decode(sampler.sample(5, seed=3))
    )
    np.testing.assert_array_equal(model.sample(5, seed=3), model.sample(5, seed=3, sampler="prior"))
    assert np.any(model.sample(5, seed=3) != model.sample(5, seed=3, sampler="gmm"))


def test_a_data_set_serves_as_an_array_does(model):
    images = tiny.images(40)
    dataset = tf.data.Dataset.from_tensor_slices((images, np.arange(40))).batch(16)
    ours, theirs = (
        samplers.fit(model, data, components=2).arrays["means"] for data in (images, dataset)
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_codes_of_a_random_encoder_are_drawn():
    class Random:
        """What a model with a Gaussian encoder has, as far as its codes are concerned."""

        code_kind, image_shape, pixel_range = "gaussian", (8, 8, 1), (-1.0, 1.0)

        def codes(self, x, training, seed):
            assert not training and x.dtype == tf.float32
            return tf.reduce_min(x) + tf.random.stateless_normal((len(x), 3), seed)

    same = np.zeros((300, 8, 8, 1), "uint8")
    draws = samplers.draw_codes(Random(), same, seed=4)
    np.testing.assert_allclose(draws.std(axis=0), 1.0, atol=0.2)
    np.testing.assert_allclose(draws.mean(axis=0), -1.0, atol=0.2)  # Black, in the model's range.
    assert len(np.unique(draws[:, 0])) == 300
    np.testing.assert_array_equal(draws, samplers.draw_codes(Random(), same, seed=4))


# Files.


@pytest.mark.parametrize("kind", samplers.KINDS)
def test_a_file_brings_back_the_same_draws(fitted, kind, tmp_path):
    path = tmp_path / "sampler.h5"
    samplers.write(path, fitted[kind])
    again = samplers.read(path)
    np.testing.assert_array_equal(again.sample(50, seed=0), fitted[kind].sample(50, seed=0))
    assert again.settings == fitted[kind].settings
    with h5py.File(path) as file:  # Plain arrays, and one text.
        assert list(file.attrs) == ["settings"]
        assert all(values.dtype == np.float32 for values in file.values())


def test_an_entry_brings_back_its_samplers(model, tmp_path):
    config = tiny.config()
    for kind in ("gmm", "two_stage"):
        samplers.fit(model, tiny.images(120), kind=kind, **QUICK[kind])
    wae_tf.save_entry(tmp_path, model, config)
    loaded = wae_tf.load(tmp_path)
    assert list(loaded.samplers) == ["gmm", "two_stage"]
    for kind in loaded.samplers:
        np.testing.assert_array_equal(
            loaded.sample(4, seed=0, sampler=kind), model.sample(4, seed=0, sampler=kind)
        )
    assert not list(tmp_path.glob("*.pkl")) and len(list(tmp_path.iterdir())) == 4


@pytest.mark.slow
def test_samplers_are_added_to_an_entry_that_is_there(model, tmp_path):
    wae_tf.save_entry(tmp_path, model, tiny.config(), results={"fid": 1.0})
    before = json.loads((tmp_path / "entry.json").read_text())
    assert "samplers" not in before
    samplers.fit(model, tiny.images(40), components=2)
    zoo.save_samplers(tmp_path, model)
    after = json.loads((tmp_path / "entry.json").read_text())
    assert after.pop("samplers")["gmm"]["settings"]["components"] == 2
    assert after.pop("model_sha256") != before.pop("model_sha256")  # Which covers them.
    assert after == before
    assert list(wae_tf.load(tmp_path).samplers) == ["gmm"]


def test_samplers_of_other_weights_are_not_added(model, tmp_path):
    wae_tf.save_entry(tmp_path, model, tiny.config())
    before = (tmp_path / "entry.json").read_bytes()
    other = wae_tf.build_model(tiny.config(seed=1))
    samplers.fit(other, tiny.images(40), components=2)
    for wrong in (other, wae_tf.build_model(tiny.config(latent_dim=4))):
        with pytest.raises(ValueError, match="must have the entry's weights.*Received: another"):
            zoo.save_samplers(tmp_path, wrong)
    assert (tmp_path / "entry.json").read_bytes() == before
    assert not (tmp_path / "sampler_gmm.h5").exists()


def test_a_damaged_sampler_can_be_replaced(model, tmp_path):
    samplers.fit(model, tiny.images(40), components=2)
    wae_tf.save_entry(tmp_path, model, tiny.config())
    cut_off(tmp_path, None)
    zoo.save_samplers(tmp_path, model)
    assert list(wae_tf.load(tmp_path).samplers) == ["gmm"]


# Errors.


def entry_with(tmp_path, model, damage):
    """Writes an entry with a sampler, damages it, and loads it."""
    samplers.fit(model, tiny.images(40), components=2)
    wae_tf.save_entry(tmp_path, model, tiny.config())
    path = tmp_path / "entry.json"
    entry = json.loads(path.read_text())
    del entry["model_sha256"]
    damage(tmp_path, entry["samplers"])
    path.write_text(json.dumps(entry))
    return wae_tf.load(tmp_path)


def cut_off(folder, records):
    path = folder / "sampler_gmm.h5"
    path.write_bytes(path.read_bytes()[:-8])


@pytest.mark.parametrize(
    "damage, message",
    [
        (cut_off, r"must have the SHA-256 .* restore it"),
        (lambda folder, _: (folder / "sampler_gmm.h5").unlink(), "with no file, expected"),
        (lambda _, records: records["gmm"].update(file="../gmm.h5"), "in files such as"),
        (lambda _, records: records.update(other={}), r"must be among .*'other'"),
    ],
)
def test_a_damaged_sampler_is_refused(model, tmp_path, damage, message):
    with pytest.raises(ValueError, match=message):
        entry_with(tmp_path, model, damage)


def test_a_file_that_is_no_sampler_is_refused(tmp_path):
    path = tmp_path / "sampler.h5"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"one that `wae_tf.samplers.write` wrote.*sampler\.h5"):
        samplers.read(path)
    sampler = samplers.fit_codes(clusters(50), "gmm", components=2)
    sampler.arrays["means"] = sampler.arrays["means"][:, :2]
    samplers.write(path, sampler)
    with pytest.raises(ValueError, match="the array .means. is float32.*must have the shape"):
        samplers.read(path)


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"kind": "vae"}, r"`kind` must be one of \['gmm', 'flow', 'two_stage'\]\. Received"),
        ({"kind": "flow", "components": 3}, r"takes the options .*'epochs'.* Received: \['comp"),
        ({"components": 0}, "`components` must be an integer, at least 1. Received: components=0"),
        ({"components": 16}, "at least 32 codes: pass more images.* Received: 30 codes"),
        ({"kind": "flow"}, "A flow needs at least 100 codes.* Received: 30 codes"),
        ({"kind": "two_stage"}, "needs at least 100 codes.* Received: 30 codes"),
    ],
)
def test_a_fit_that_cannot_be_is_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        samplers.fit_codes(clusters(30), **kwargs)


def test_too_few_codes_are_refused_without_a_warning(recwarn):
    codes = np.random.default_rng(0).normal(size=(5, 8))
    with pytest.raises(ValueError, match="A mixture of 10 needs at least 20 codes"):
        samplers.fit_codes(codes, "gmm")
    assert not recwarn.list


def test_bad_codes_are_refused():
    codes = clusters(30)
    codes[3] = np.nan
    with pytest.raises(ValueError, match="Codes must be finite.* NaN or infinity in 1 of 30"):
        samplers.fit_codes(codes)
    with pytest.raises(ValueError, match=r"must have shape \(n, latent_dim\).*shape=\(30,\)"):
        samplers.fit_codes(codes[:, 0])


def test_bad_data_sets_are_refused(model):
    dataset = tf.data.Dataset.from_tensor_slices(tiny.images(4)).batch(2)
    with pytest.raises(ValueError, match="must end.* Received: an endless data set"):
        samplers.fit(model, dataset.repeat())
    with pytest.raises(ValueError, match="Received: an empty data set"):
        samplers.fit(model, dataset.take(0))
    with pytest.raises(ValueError, match=r"`data` must have shape \(n, 8, 8, 1\)"):
        samplers.fit(model, tiny.images(4, shape=(9, 8, 1)))


def test_an_unknown_sampler_is_refused(model):
    message = r"one of \['prior'\]; those of \['gmm', 'flow', 'two_stage'\] can be fitted.*'gmm'"
    with pytest.raises(ValueError, match=message):
        model.sample(2, sampler="gmm")


def test_a_number_of_draws_below_one_is_refused(fitted):
    with pytest.raises(ValueError, match="`n` must be an integer, at least 1. Received: n=0"):
        fitted["gmm"].sample(0)
