"""Checks the networks `ali`, `began` and `resnet`, and the heads of random encoders."""

import numpy as np
import pytest

from wae_tf.networks.ali import ali_decoder, ali_encoder
from wae_tf.networks.began import began_decoder, began_encoder
from wae_tf.networks.heads import code_head
from wae_tf.networks.layers import LayerFactory
from wae_tf.networks.resnet import resnet_decoder, resnet_encoder

PAIRS = {
    "ali": (ali_encoder, ali_decoder),
    "began": (began_encoder, began_decoder),
    "resnet": (resnet_encoder, resnet_decoder),
}


@pytest.mark.parametrize(
    "name, shape",
    [("ali", (32, 32, 3)), ("ali", (28, 24, 1)), ("began", (32, 24, 1)), ("resnet", (16, 24, 3))],
)
def test_shapes_and_ranges(name, shape):
    encoder, decoder = PAIRS[name]
    x = np.random.default_rng(0).uniform(size=(2, *shape)).astype("float32")
    z = encoder(shape, 5, width=16, seed=0)(x)
    assert z.shape == (2, 5) and np.all(np.isfinite(z))
    y = np.asarray(decoder(shape, 5, width=16, pixel_range=(-1, 1), seed=0)(z))
    assert y.shape == x.shape and np.all(np.abs(y) <= 1.0)


def test_ali_has_the_channels_and_kernels_of_the_authors():
    encoder = ali_encoder((32, 32, 3), 64, width=64)
    shapes = [w.shape for w in encoder.weights if w.name == "kernel"]
    assert shapes == [
        (5, 5, 3, 8),
        (4, 4, 8, 16),
        (4, 4, 16, 32),
        (4, 4, 32, 64),
        (4, 4, 64, 128),
        (1, 1, 128, 128),
        (1, 1, 128, 32),
        (32, 64),
    ]
    decoder = ali_decoder((32, 32, 3), 64, width=64)
    shapes = [w.shape for w in decoder.weights if w.name == "kernel"]  # (h, w, out, in).
    assert shapes == [
        (4, 4, 64, 64),
        (4, 4, 32, 64),
        (4, 4, 16, 32),
        (4, 4, 8, 16),
        (5, 5, 8, 8),
        (1, 1, 8, 8),
        (1, 1, 8, 3),
    ]


def test_began_has_the_channels_of_the_authors():
    encoder = began_encoder((64, 64, 3), 64, width=8, num_layers=3)
    channels = [w.shape[-1] for w in encoder.weights if w.name == "kernel"]
    assert channels == [8, 8, 16, 16, 24, 24, 24, 64]
    assert encoder.get_layer("flat").output.shape == (None, 8 * 8 * 24)
    decoder = began_decoder((64, 64, 3), 64, width=8, num_layers=4)
    inputs = [w.shape[2] for w in decoder.weights if len(w.shape) == 4]
    assert inputs == [8, 8, 16, 8, 16, 8, 16, 8, 8]  # Each block takes the first grid as well.


@pytest.mark.parametrize("name", PAIRS)
def test_a_seed_fixes_the_weights(name):
    for build in PAIRS[name]:
        a, b, c = (build((32, 32, 1), 4, width=8, seed=seed).get_weights() for seed in (1, 1, 2))
        assert all(np.array_equal(u, v) for u, v in zip(a, b))
        assert not all(np.array_equal(u, v) for u, v in zip(a, c))


def test_heads_return_what_the_models_draw_from():
    encoder = ali_encoder((32, 32, 1), 6, width=8, codes="gaussian")
    assert [t.shape for t in encoder.outputs] == [(None, 6), (None, 6)]
    encoder = resnet_encoder((32, 32, 1), 6, width=8, codes="implicit", dtype="mixed_bfloat16")
    assert [t.shape for t in encoder.outputs] == [(None, 6), (None, 6, 6)]
    assert [t.dtype for t in encoder.outputs] == ["float32", "float32"]
    units = [encoder.get_layer(f"noise_{i}").units for i in range(3)]
    assert units == [4, 9, 18]  # 36 / 8, 36 / 4, 36 / 2.


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: ali_encoder((30, 32, 1), 4), "multiples of 4.*\\[28, 32, 36\\].*\\(30, 32, 1\\)"),
        (lambda: ali_decoder((16, 16, 1), 4), "at least 20.*\\[20\\].* Received"),
        (lambda: ali_encoder((32, 32, 1), 4, width=12), "`encoder_width` must be a multiple of 8"),
        (lambda: began_decoder((28, 28, 1), 4), "multiples of 8.*\\[24, 32\\].* decoder_layers=4"),
        (lambda: resnet_decoder((28, 28, 1), 4), "multiples of 8.*\\[24, 32\\].* Received"),
        (lambda: resnet_encoder((32, 32, 1), 4, width=6), "`encoder_width` must be a multiple"),
        (
            lambda: code_head(LayerFactory(), None, 4, "random"),
            "`codes` must be one of .* Received: codes='random'",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
