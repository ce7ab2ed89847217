"""Checks the networks: parameter counts of the paper, layers, initial weights."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from wae_tf import WAEConfig
from wae_tf.networks import (
    InputNoise,
    build_discriminator,
    build_networks,
    dcgan_decoder,
    dcgan_encoder,
    latent_discriminator,
    mlp_decoder,
    mlp_encoder,
)

SMALL = WAEConfig(encoder_width=16, decoder_width=8, discriminator_width=8, divergence="gan")
PAIRS = {
    "dcgan": (dcgan_encoder, dcgan_decoder, {"width": 16, "num_layers": 3}),
    "mlp": (mlp_encoder, mlp_decoder, {"width": 12, "num_layers": 2}),
}


def kinds(network):
    return [type(layer).__name__ for layer in network.layers]


def of_kind(network, kind):
    return [layer for layer in network.layers if isinstance(layer, kind)]


def trainable(network):
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


@pytest.mark.parametrize(
    "build, expected",
    [
        (lambda: dcgan_encoder((64, 64, 3), 64), 18_267_200),
        (lambda: dcgan_decoder((64, 64, 3), 64), 21_475_331),
        (lambda: latent_discriminator(64, width=1024), 3_216_385),
        (lambda: dcgan_encoder((28, 28, 1), 8, kernel_size=4), 11_050_632),
        (lambda: dcgan_decoder((28, 28, 1), 8, num_layers=3, kernel_size=4), 10_943_745),
        (lambda: latent_discriminator(8), 793_089),
    ],
    ids=[f"{data} {name}" for data in ("CelebA", "MNIST") for name in ("Q", "G", "D")],
)
def test_the_paper_networks_have_its_parameters(build, expected):
    assert trainable(build()) == expected


def test_default_config_is_the_paper_setting_on_mnist():
    built = [*build_networks(WAEConfig()), build_discriminator(WAEConfig())]
    assert [trainable(network) for network in built] == [11_050_632, 10_943_745, 793_089]


def test_dcgan_encoder_layer_by_layer():
    encoder = dcgan_encoder((28, 28, 1), 8, width=16, num_layers=3, kernel_size=4)
    block = ["Conv2D", "BatchNormalization", "ReLU"]
    assert kinds(encoder) == ["InputLayer", *3 * block, "Flatten", "Dense", "Activation"]
    convolutions = of_kind(encoder, keras.layers.Conv2D)
    assert [layer.filters for layer in convolutions] == [4, 8, 16]
    assert {layer.strides for layer in convolutions} == {(2, 2)}
    assert {layer.kernel_size for layer in convolutions} == {(4, 4)}


def test_a_resizing_decoder_leaves_no_checkerboard():
    """From equal weights and a flat image, strides of 2 make a pattern and resizing makes none."""
    flat = np.ones((1, 3), "float32")

    def inside(**options):
        network = dcgan_decoder((16, 16, 1), 3, width=4, num_layers=3, kernel_size=3, **options)
        for weight in network.trainable_weights:
            weight.assign(np.full(weight.shape, 0.05))
        return network.predict(flat, verbose=0)[0, 6:10, 6:10, 0]

    assert np.ptp(inside(resize=True)) < 1e-7
    assert np.ptp(inside()) > 1e-5
    small = tiny.config(image_shape=(16, 16, 1), decoder="dcgan_resize", decoder_width=8)
    network = build_networks(dataclasses.replace(small, decoder_layers=3, kernel_size=3)).decoder
    strides = [x.strides for x in network.layers if isinstance(x, keras.layers.Conv2D)]
    assert strides == [(1, 1)] * 3 and network.output_shape == (None, 16, 16, 1)


def test_the_decoder_can_have_kernels_of_its_own():
    config = tiny.config(
        encoder="dcgan", decoder="dcgan_mod", decoder_layers=2, encoder_layers=2, kernel_size=3
    )
    for size, expected in ((0, 3), (4, 4)):
        networks = build_networks(dataclasses.replace(config, decoder_kernel_size=size))
        sizes = [
            {x.kernel_size for x in network.layers if "conv" in x.name} for network in networks
        ]
        assert sizes == [{(3, 3)}, {(expected, expected)}]


@pytest.mark.parametrize("modified, last_stride, grid", [(True, 1, 7), (False, 2, 4)])
def test_dcgan_decoder_layer_by_layer(modified, last_stride, grid):
    size = grid * 4 * last_stride
    decoder = dcgan_decoder(
        (size, size, 3), 8, width=16, num_layers=3, kernel_size=4, modified=modified
    )
    block = ["Conv2DTranspose", "BatchNormalization", "ReLU"]
    start = ["InputLayer", "Dense", "ReLU", "Reshape"]  # No batch norm here.
    assert kinds(decoder) == [*start, *2 * block, "Conv2DTranspose", "Activation"]
    deconvolutions = of_kind(decoder, keras.layers.Conv2DTranspose)
    assert [layer.filters for layer in deconvolutions] == [8, 4, 3]
    assert [layer.strides[0] for layer in deconvolutions] == [2, 2, last_stride]
    assert decoder.get_layer("grid").output.shape == (None, grid, grid, 16)
    assert decoder.output_shape == (None, size, size, 3)


def test_mlps_layer_by_layer():
    """The authors' decoder normalises after the ReLU, their encoder before it."""
    encoder = mlp_encoder((4, 4, 1), 3, width=12, num_layers=2)
    decoder = mlp_decoder((4, 4, 1), 3, width=12, num_layers=2)
    before, after = ["BatchNormalization", "ReLU"], ["ReLU", "BatchNormalization"]
    assert kinds(encoder) == [
        "InputLayer", "Flatten", *2 * ["Dense", *before], "Dense", "Activation",
    ]  # fmt: skip
    assert kinds(decoder) == [
        "InputLayer", *2 * ["Dense", *after], "Dense", "Reshape", "Activation",
    ]  # fmt: skip
    assert trainable(encoder) == (16 + 1 + 2) * 12 + (12 + 1 + 2) * 12 + 13 * 3


def test_discriminator_layer_by_layer():
    discriminator = latent_discriminator(5, width=8, num_layers=2)
    assert kinds(discriminator) == ["InputLayer", *2 * ["Dense", "ReLU"], "Dense"]
    assert discriminator.layers[-1].activation is keras.activations.linear
    assert discriminator.output_shape == (None, 1)


@pytest.mark.parametrize("build", [pair[i] for pair in PAIRS.values() for i in (0, 1)])
def test_batch_norm_has_the_authors_settings(build):
    norms = of_kind(build((8, 8, 1), 3, width=8, num_layers=3), keras.layers.BatchNormalization)
    assert {(norm.epsilon, norm.momentum) for norm in norms} == {(1e-5, 0.9)}


@pytest.mark.parametrize(
    "network",
    [
        dcgan_encoder((8, 8, 3), 300, width=64, num_layers=2, seed=0),
        dcgan_decoder((8, 8, 3), 50, width=64, num_layers=2, seed=0),
        latent_discriminator(100, width=100, num_layers=2, seed=0),
    ],
    ids=["encoder", "decoder", "discriminator"],
)
def test_initial_kernels_have_standard_deviation_one_hundredth_and_biases_are_zero(network):
    kernels = [v.numpy() for v in network.trainable_variables if v.path.endswith("kernel")]
    biases = [v.numpy() for v in network.trainable_variables if v.path.endswith("bias")]
    assert len(kernels) == len(biases) == 3
    for kernel in kernels:
        tolerance = 4.0 / np.sqrt(kernel.size)
        assert np.std(kernel) == pytest.approx(0.01, rel=tolerance)
        assert abs(np.mean(kernel)) < 0.01 * tolerance
    assert not any(np.any(bias) for bias in biases)


@pytest.mark.parametrize("build, source", [(latent_discriminator, 6), (mlp_encoder, (6, 1, 1))])
def test_a_seed_fixes_weights_that_differ_from_layer_to_layer(build, source):
    options = {"width": 6, "num_layers": 2} | ({"latent_dim": 6} if build is mlp_encoder else {})
    first, again, other = (build(source, seed=seed, **options) for seed in (3, 3, 4))
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    kernels = [layer.kernel.numpy() for layer in of_kind(first, keras.layers.Dense)]
    assert np.all(kernels[0] != kernels[1])
    assert np.all(kernels[0] != of_kind(other, keras.layers.Dense)[0].kernel.numpy())


def test_without_a_seed_each_network_is_new():
    a, b = (latent_discriminator(6, width=6, num_layers=1) for _ in range(2))
    assert np.all(a.get_weights()[0] != b.get_weights()[0])


def test_a_config_fixes_all_networks_and_no_two_share_weights():
    square = dataclasses.replace(
        SMALL, encoder="mlp", decoder="mlp", image_shape=(4, 2, 1), latent_dim=8, encoder_width=8
    )
    first, again = ([*build_networks(square), build_discriminator(square)] for _ in range(2))
    for network, twin in zip(first, again, strict=True):
        for a, b in zip(network.get_weights(), twin.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    kernels = [of_kind(network, keras.layers.Dense)[0].kernel.numpy() for network in first]
    assert np.all(kernels[0] != kernels[1]) and np.all(kernels[1] != kernels[2])
    other = build_networks(dataclasses.replace(square, seed=1))
    assert np.all(kernels[0] != of_kind(other.encoder, keras.layers.Dense)[0].kernel.numpy())


def test_networks_follow_their_config():
    built = build_networks(
        dataclasses.replace(SMALL, kernel_size=3, encoder_layers=2, pixel_range=(-1.0, 1.0))
    )
    assert [c.kernel_size for c in of_kind(built.encoder, keras.layers.Conv2D)] == [(3, 3)] * 2
    assert of_kind(built.encoder, InputNoise)[0].stddev == 0.01
    assert built.decoder.layers[-1].activation is keras.activations.tanh
    discriminator = build_discriminator(dataclasses.replace(SMALL, discriminator_layers=2))
    assert len(of_kind(discriminator, keras.layers.Dense)) == 3


@pytest.mark.parametrize("stddev", [0.01, 0.0])
def test_only_what_a_config_asks_for_is_built(stddev):
    built = build_networks(dataclasses.replace(SMALL, input_noise_stddev=stddev))
    assert built._fields == ("encoder", "decoder")
    assert ("InputNoise" in kinds(built.encoder)) == (stddev > 0)


@pytest.mark.parametrize("encoder", ["dcgan", "mlp"])
@pytest.mark.parametrize("decoder", ["dcgan", "dcgan_mod", "mlp"])
def test_every_pair_of_names_makes_a_whole(encoder, decoder):
    built = build_networks(
        dataclasses.replace(SMALL, image_shape=(16, 24, 3), encoder=encoder, decoder=decoder)
    )
    x = np.random.default_rng(0).uniform(size=(2, 16, 24, 3)).astype("float32")
    assert built.encoder(x).shape == (2, 8)
    assert built.decoder(built.encoder(x)).shape == (2, 16, 24, 3)


@pytest.mark.parametrize("architecture", PAIRS)
@pytest.mark.parametrize("pixel_range", [(0, 1), (-1, 1)])
def test_decoders_stay_in_the_pixel_range_and_use_all_of_it(architecture, pixel_range):
    _, build, options = PAIRS[architecture]
    decoder = build((8, 8, 1), 3, pixel_range=pixel_range, seed=0, **options)
    codes = np.random.default_rng(0).normal(scale=1e9, size=(20, 3)).astype("float32")
    images = decoder(codes).numpy()
    assert images.min() == pytest.approx(pixel_range[0], abs=1e-3)
    assert images.max() == pytest.approx(pixel_range[1], abs=1e-3)


@pytest.mark.parametrize("architecture", PAIRS)
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_weights_and_outputs_in_float32(architecture, policy):
    encoder, decoder, options = PAIRS[architecture]
    encoder = encoder((8, 8, 1), 3, noise_stddev=0.01, dtype=policy, seed=0, **options)
    decoder = decoder((8, 8, 1), 3, dtype=policy, seed=0, **options)
    weighty = (keras.layers.Conv2D, keras.layers.Conv2DTranspose, keras.layers.Dense)
    for network in (encoder, decoder):
        assert {layer.compute_dtype for layer in of_kind(network, weighty)} == {policy[6:]}
        assert {v.dtype for v in network.trainable_variables} == {"float32"}
    codes = encoder(np.ones((2, 8, 8, 1), "float32"), training=True)
    assert codes.dtype == decoder(codes).dtype == tf.float32


def test_the_discriminator_stays_in_float32():
    config = dataclasses.replace(SMALL, precision="mixed_float16")
    assert {layer.compute_dtype for layer in build_discriminator(config).layers} == {"float32"}


@pytest.mark.parametrize(
    "image_shape, num_layers, modified, sizes",
    [
        ((30, 30, 1), 3, True, r"multiples of 4: .*\[28, 32\]"),
        ((28, 30, 1), 3, True, r"multiples of 4: .*\[28, 32\]"),
        ((28, 28, 1), 3, False, r"multiples of 8: .*\[24, 32\]"),
        ((3, 3, 1), 4, True, r"multiples of 8: .*\[8\]"),
    ],
)
def test_image_sizes_that_do_not_fit_name_some_that_do(image_shape, num_layers, modified, sizes):
    received = rf"Received: image_shape=\({image_shape[0]}, .*decoder_layers={num_layers}"
    with pytest.raises(ValueError, match=f"{sizes}.*{received}"):
        dcgan_decoder(image_shape, 3, width=16, num_layers=num_layers, modified=modified)


@pytest.mark.parametrize("build", [dcgan_encoder, dcgan_decoder])
def test_widths_that_cannot_be_halved_are_refused(build):
    name = build.__name__.removeprefix("dcgan_") + "_width"
    with pytest.raises(ValueError, match=f"`{name}` must be a multiple of 8.*Received: {name}=20"):
        build((16, 16, 1), 3, width=20, num_layers=4)


@pytest.mark.parametrize("build", [dcgan_decoder, mlp_decoder])
def test_other_pixel_ranges_are_refused(build):
    match = r"`pixel_range` must be \(0, 1\) or \(-1, 1\). Received: pixel_range=\(0, 255\)"
    with pytest.raises(ValueError, match=match):
        build((8, 8, 1), 3, width=8, num_layers=2, pixel_range=(0, 255))
