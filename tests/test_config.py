"""Checks `WAEConfig`: round trips, every rule, and what its errors say."""

import dataclasses
import inspect
import json

import numpy as np
import pytest

from wae_tf import WAEConfig, build_model

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
    for value in (0, 1.5, "8", None, True):
        match = f"`{name}` must be an integer from 1 to [0-9]+. Received: {name}={value!r}"
        with pytest.raises(ValueError, match=match):
            WAEConfig(**{name: value})
    assert getattr(WAEConfig(**{name: np.int64(8)}), name) == 8


@pytest.mark.parametrize(
    "field", [f for f in dataclasses.fields(WAEConfig) if f.type is int], ids=lambda f: f.name
)
def test_every_integer_has_an_upper_bound_that_a_machine_could_hold(field):
    rule = field.metadata["rule"]
    assert rule["lowest"] <= field.default <= rule["highest"] < 2**31
    assert getattr(WAEConfig(**{field.name: rule["highest"]}), field.name) == rule["highest"]
    with pytest.raises(ValueError, match=f"from {rule['lowest']} to {rule['highest']}. Received"):
        WAEConfig(**{field.name: rule["highest"] + 1})


def test_the_description_of_each_field_holds_for_its_default_and_type():
    for field in dataclasses.fields(WAEConfig):
        rule = field.metadata["rule"]
        assert field.type in (bool, int, float, str, tuple, tuple | None)
        if field.type is str:
            assert "check" in rule or field.default in rule["choices"]
            assert all(choice in field.metadata["help"] for choice in rule.get("choices", ()))


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
    for value in (1, None, ["mmd"]):
        with pytest.raises(ValueError, match=rf"`{name}` must be one of \[.*Received: {name}="):
            WAEConfig(**{name: value})


@pytest.mark.parametrize(
    "changes, match",
    [
        ({"image_shape": (28, 28)}, r"\(height, width, channels\).*image_shape=\(28, 28\)"),
        ({"image_shape": (28, 0, 1)}, r"1 to 4096 a side.*Received: image_shape=\(28, 0, 1\)"),
        ({"image_shape": (28, 4097, 1)}, r"1 to 4096 a side.*image_shape=\(28, 4097, 1\)"),
        ({"image_shape": (28, 28, 4)}, r"1 \(grey\) or 3 \(RGB\).*image_shape=\(28, 28, 4\)"),
        ({"image_shape": (28, 28, 1.0)}, r"image_shape=\(28, 28, 1.0\)"),
        ({"image_shape": (28, 28, True)}, r"image_shape=\(28, 28, True\)"),
        ({"image_shape": 28}, r"Received: image_shape=28"),
        ({"image_shape": None}, r"Received: image_shape=None"),
        ({"crop": (140,)}, r"`crop` must be \(height, width\), .*or None. Received: crop=\(140,\)"),
        ({"crop": (0, 140)}, r"`crop` must be .*Received: crop=\(0, 140\)"),
        ({"crop": (140, 70_000)}, r"from 1 to 65535.*Received: crop=\(140, 70000\)"),
        ({"crop": "140"}, r"`crop` must be .*Received: crop='140'"),
        ({"max_shift": -1}, r"`max_shift` must be an integer from 0 to .*max_shift=-1"),
        (
            {"horizontal_flip": 1},
            r"`horizontal_flip` must be True or False. Received: horizontal_flip=1",
        ),
        ({"pixel_range": (0, 255)}, r"must be \(0, 1\) or \(-1, 1\).*Received: .*\(0, 255\)"),
        ({"pixel_range": None}, r"must be \(0, 1\) or \(-1, 1\).*Received: pixel_range=None"),
        ({"batch_size": 1}, r"`batch_size` must be an integer from 2 to .*Received: batch_size=1"),
        (
            {"adam_beta_1": 1.0},
            r"`adam_beta_1` must be at least 0 and below 1. Received: adam_beta_1=1.0",
        ),
        ({"adam_beta_1": -0.1}, r"`adam_beta_1` must be .*adam_beta_1=-0.1"),
        ({"seed": -1}, r"`seed` must be an integer from 0 to 2147483647. Received: seed=-1"),
        ({"seed": 2**31}, r"`seed` must be .*Received: seed=2147483648"),
        ({"input_noise_stddev": -0.01}, r"at least 0 and finite. .*input_noise_stddev=-0.01"),
        ({"input_noise_stddev": float("nan")}, r"at least 0 and finite. .*=nan"),
        ({"log_variance_weight": float("inf")}, r"at least 0 and finite. .*=inf"),
        (
            {"reg_weight": 0},
            "positive and finite: at 0 nothing ties .* noise. Received: reg_weight",
        ),
        ({"reg_weight": "10"}, r"`reg_weight` must be a number. Received: reg_weight='10'"),
        ({"reg_weight": True}, r"`reg_weight` must be a number. Received: reg_weight=True"),
    ],
)
def test_values_out_of_range(changes, match):
    with pytest.raises(ValueError, match=match):
        WAEConfig(**changes)


@pytest.mark.parametrize(
    "changes, match",
    [
        ({"cost": "binary_cross_entropy", "pixel_range": (-1, 1)}, r"as probabilities.*-1.0, 1.0"),
        ({"prior_log_prob": True}, r"with `divergence='gan'`.*divergence='mmd'"),
        ({"prior_log_prob": True, "model": "ae", "divergence": "gan"}, r"needs `model='wae'`"),
        (
            {"prior_log_prob": True, "divergence": "gan", "prior": "sphere"},
            r"whose density varies.*prior='sphere'",
        ),
        ({"prior": "sphere", "latent_dim": 1}, r"`latent_dim` >= 2.*Received: latent_dim=1"),
        ({"prior": "uniform", "prior_stddev": 2.0}, r"belongs to the 'normal'.*prior='uniform'"),
        ({"encoder_width": 12}, r"`encoder_width` must be a multiple of 8.*encoder_width=12"),
        ({"decoder_width": 6}, r"`decoder_width` must be a multiple of 4.*decoder_width=6"),
        ({"image_shape": (30, 30, 1)}, r"multiples of 4.*\[28, 32\].*\(30, 30, 1\)"),
        ({"decoder": "dcgan"}, r"multiples of 8.*\[24, 32\].*\(28, 28, 1\)"),
    ],
)
def test_values_that_do_not_fit_each_other_build_no_model(changes, match):
    narrow = {"encoder_width": 8, "decoder_width": 8, "discriminator_width": 8}
    config = WAEConfig(**{**narrow, **changes})  # Each of its values is one that may be.
    with pytest.raises(ValueError, match=match):
        build_model(config)


def test_mlps_take_any_size_and_width():
    mlps = {"encoder": "mlp", "decoder": "mlp"}
    config = WAEConfig(image_shape=(30, 31, 1), encoder_width=3, decoder_width=5, **mlps)
    assert config.image_shape == (30, 31, 1)


def test_unknown_keys_are_named_beside_the_known():
    values = {**WAEConfig().to_dict(), "lambda": 10.0, "zdim": 8}
    with pytest.raises(ValueError, match=r"fields \['adam_beta_1'.*fields \['lambda', 'zdim'\]"):
        WAEConfig.from_dict(values)


@pytest.mark.parametrize("changes", [{"beta": [1] * 1000}, {"cost": "x" * 10**6}, {"x" * 10**6: 1}])
def test_long_values_are_refused_in_a_short_sentence(changes):
    with pytest.raises(ValueError, match=r"Received: ") as error:
        WAEConfig.from_dict({**WAEConfig().to_dict(), **changes})
    assert len(str(error.value)) < 2000


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "null"])
def test_text_that_is_no_config_is_refused(text):
    with pytest.raises(ValueError, match="Expecting|Received"):
        WAEConfig.from_json(text)
