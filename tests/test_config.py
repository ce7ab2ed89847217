"""Checks `WAEConfig`: round trips, every rule, and what its errors say."""

import dataclasses
import inspect
import json

import pytest

from wae_tf import WAEConfig

UNUSUAL = WAEConfig(
    image_shape=(64, 64, 3),
    crop=(140, 140),
    horizontal_flip=True,
    max_shift=2,
    pixel_range=(-1.0, 1.0),
    divergence="gan",
    prior_stddev=2.0,
    prior_log_prob=True,
    cost_scale=0.05,
    latent_dim=64,
    seed=7,
)


@pytest.mark.parametrize("config", [WAEConfig(), UNUSUAL])
def test_json_round_trip(config):
    again = WAEConfig.from_json(config.to_json())
    assert again == config
    assert hash(again) == hash(config)
    assert json.loads(config.to_json()) == config.to_dict()
    assert WAEConfig.from_dict(config.to_dict()) == config


def test_json_has_every_field_in_order():
    fields = [field.name for field in dataclasses.fields(WAEConfig)]
    assert list(json.loads(WAEConfig().to_json())) == fields


def test_defaults_are_those_of_the_paper_on_mnist():
    config = WAEConfig()
    assert config.image_shape == (28, 28, 1)
    assert (config.latent_dim, config.prior, config.reg_weight) == (8, "normal", 10.0)
    assert (config.encoder_width, config.decoder_width, config.kernel_size) == (1024, 1024, 4)
    assert (config.learning_rate, config.adam_beta_1, config.batch_size) == (1e-3, 0.5, 100)


def test_every_field_has_help_for_its_flag():
    assert all(field.metadata["help"].endswith(".") for field in dataclasses.fields(WAEConfig))


def test_the_docstring_says_what_each_field_means():
    words = " ".join(inspect.getdoc(WAEConfig).split())
    for field in dataclasses.fields(WAEConfig):
        assert f" {field.name}: {field.metadata['help']} Default: {field.default!r}." in words
    order = [words.index(part) for part in ("Attributes:", "Raises:", "Example:")]
    assert order == sorted(order) and words.count("Attributes:") == 1
    assert max(map(len, WAEConfig.__doc__.splitlines())) <= 100


def test_names_of_the_prior_are_all_that_a_config_takes():
    with pytest.raises(ValueError, match=r"'mixture', 'vamp'\]. Received: prior='gaussian'$"):
        WAEConfig(prior="gaussian")


def test_lists_become_tuples_and_integers_floats():
    config = WAEConfig(image_shape=[32, 32, 3], crop=[28, 28], pixel_range=[-1, 1], reg_weight=5)
    assert (config.image_shape, config.crop) == ((32, 32, 3), (28, 28))
    assert config.pixel_range == (-1.0, 1.0)
    assert [type(bound) for bound in config.pixel_range] == [float, float]
    assert type(config.reg_weight) is float


def test_nothing_changes_a_config_but_replace_changes_a_copy():
    config = WAEConfig()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.latent_dim = 3
    assert dataclasses.replace(config, latent_dim=3).latent_dim == 3
    with pytest.raises(ValueError, match="latent_dim=0"):
        dataclasses.replace(config, latent_dim=0)
    with pytest.raises(TypeError):
        WAEConfig((28, 28, 1))


INTEGERS = (
    "latent_dim",
    "encoder_width",
    "encoder_layers",
    "decoder_width",
    "decoder_layers",
    "kernel_size",
    "discriminator_width",
    "discriminator_layers",
    "epochs",
)


@pytest.mark.parametrize("name", INTEGERS)
def test_counts_are_positive_integers(name):
    with pytest.raises(ValueError, match=f"`{name}` must be at least 1. Received: {name}=0"):
        WAEConfig(**{name: 0})
    for value in (1.5, "8", None, True):
        match = f"`{name}` must be of type int. Received: {name}={value!r}"
        with pytest.raises(ValueError, match=match):
            WAEConfig(**{name: value})


@pytest.mark.parametrize(
    "name",
    ["reg_weight", "cost_scale", "prior_stddev", "learning_rate", "discriminator_learning_rate"],
)
@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_scales_are_positive_and_finite(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be positive.*Received: {name}={value}"):
        WAEConfig(**{name: value})


@pytest.mark.parametrize(
    "name",
    ["divergence", "kernel", "cost", "prior", "encoder", "decoder", "lr_schedule", "precision"],
)
def test_names_are_among_the_choices(name):
    with pytest.raises(ValueError, match=rf"`{name}` must be one of \[.*Received: {name}='other'"):
        WAEConfig(**{name: "other"})
    with pytest.raises(ValueError, match=f"`{name}` must be of type str. Received: {name}=1"):
        WAEConfig(**{name: 1})


@pytest.mark.parametrize(
    "changes, match",
    [
        ({"image_shape": (28, 28)}, r"\(height, width, channels\).*image_shape=\(28, 28\)"),
        ({"image_shape": (28, 0, 1)}, r"all positive. Received: image_shape=\(28, 0, 1\)"),
        ({"image_shape": (28, 28, 4)}, r"1 \(grey\) or 3 \(RGB\).*image_shape=\(28, 28, 4\)"),
        (
            {"image_shape": (28, 28, 1.0)},
            r"must be of type list\[int\].*image_shape=\(28, 28, 1.0\)",
        ),
        ({"image_shape": 28}, r"Received: image_shape=28"),
        ({"image_shape": None}, r"Received: image_shape=None"),
        ({"crop": (140,)}, r"`crop` must be \(height, width\). Received: crop=\(140,\)"),
        ({"crop": (0, 140)}, r"`crop` must be .*Received: crop=\(0, 140\)"),
        ({"crop": "140"}, r"`crop` must be of type list\[int\]. Received: crop='140'"),
        (
            {"image_shape": (16, 8, 1), "max_shift": 8},
            r"`max_shift` must be smaller than.*max_shift=8, image_shape=\(16, 8, 1\)",
        ),
        (
            {"horizontal_flip": 1},
            r"`horizontal_flip` must be of type bool. Received: horizontal_flip=1",
        ),
        ({"pixel_range": (0, 255)}, r"`pixel_range` must be one of .*Received: .*\(0.0, 255.0\)"),
        ({"batch_size": 1}, r"`batch_size` must be at least 2. Received: batch_size=1"),
        ({"adam_beta_1": 1.0}, r"`adam_beta_1` must be in \[0, 1\). Received: adam_beta_1=1.0"),
        ({"adam_beta_1": -0.1}, r"`adam_beta_1` must be .*adam_beta_1=-0.1"),
        ({"seed": -1}, r"`seed` must be in \[0, 2\*\*31\). Received: seed=-1"),
        ({"seed": 2**31}, r"`seed` must be .*Received: seed=2147483648"),
        ({"input_noise_stddev": -0.01}, r"must not be negative. .*input_noise_stddev=-0.01"),
        ({"input_noise_stddev": float("nan")}, r"must not be negative. .*=nan"),
        ({"reg_weight": "10"}, r"`reg_weight` must be of type float. Received: reg_weight='10'"),
        ({"reg_weight": True}, r"`reg_weight` must be of type float. Received: reg_weight=True"),
    ],
)
def test_values_out_of_range(changes, match):
    with pytest.raises(ValueError, match=match):
        WAEConfig(**changes)


@pytest.mark.parametrize(
    "changes, match",
    [
        ({"cost": "binary_cross_entropy", "pixel_range": (-1, 1)}, r"as probabilities.*-1.0, 1.0"),
        ({"prior_log_prob": True}, r"needs `divergence='gan'`.*divergence='mmd'"),
        (
            {"prior_log_prob": True, "divergence": "gan", "prior": "sphere"},
            r"needs .*`prior='normal'`.*prior='sphere'",
        ),
        ({"prior": "sphere", "latent_dim": 1}, r"`latent_dim` >= 2.*Received: latent_dim=1"),
        ({"prior": "uniform", "prior_stddev": 2.0}, r"belongs to the 'normal'.*prior='uniform'"),
        ({"encoder_width": 12}, r"`encoder_width` must be a multiple of 8.*encoder_width=12"),
        ({"decoder_width": 6}, r"`decoder_width` must be a multiple of 4.*decoder_width=6"),
        ({"image_shape": (30, 30, 1)}, r"multiples of 4.*\[28, 32\].*\(30, 30, 1\)"),
        ({"decoder": "dcgan"}, r"multiples of 8.*\[24, 32\].*\(28, 28, 1\)"),
    ],
)
def test_values_that_do_not_fit_each_other(changes, match):
    with pytest.raises(ValueError, match=match):
        WAEConfig(**changes)


def test_mlps_take_any_size_and_width():
    mlps = {"encoder": "mlp", "decoder": "mlp"}
    config = WAEConfig(image_shape=(30, 31, 1), encoder_width=3, decoder_width=5, **mlps)
    assert config.image_shape == (30, 31, 1)


def test_unknown_keys_are_named_beside_the_known():
    values = {**WAEConfig().to_dict(), "lambda": 10.0, "zdim": 8}
    with pytest.raises(ValueError, match=r"fields \['adam_beta_1'.*fields \['lambda', 'zdim'\]"):
        WAEConfig.from_dict(values)


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "null"])
def test_text_that_is_no_config_is_refused(text):
    with pytest.raises(ValueError, match="Expecting|Received"):
        WAEConfig.from_json(text)
