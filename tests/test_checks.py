"""Checks that bad networks, arguments and images are refused before anything runs."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
import tiny

import wae_tf


@pytest.fixture(scope="module")
def model():
    model = wae_tf.build_model(tiny.config())
    model.compile()
    return model


def wae(**arguments):
    encoder, decoder = tiny.networks()
    return wae_tf.WAEMMD(
        arguments.pop("encoder", encoder), arguments.pop("decoder", decoder), **arguments
    )


def sequential(*layers):
    return keras.Sequential(list(layers))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"encoder": "dcgan"}, "`encoder` must be a Keras model or layer. Received: .*'dcgan'"),
        (
            {"encoder": sequential(keras.layers.Flatten(), keras.layers.Dense(3))},
            r"`image_shape=\(height, width, channels\)` is needed .*Received",
        ),
        (
            {"encoder": sequential(keras.Input((8, 8, 1)), keras.layers.Conv2D(3, 3))},
            r"one tensor of codes.*Received: \(None, 6, 6, 3\)",
        ),
        (
            {"decoder": tiny.networks(latent_dim=4)[1]},
            r"shape \(n, 3\). Received: decoder.input_shape=\(None, 4\)",
        ),
        (
            {"decoder": tiny.networks(shape=(4, 4, 3))[1]},
            r"shape \(8, 8, 1\). Received: \(None, 4, 4, 3\)",
        ),
        ({"prior": "gauss"}, "`prior` must be one of .*'normal'.*Received: prior='gauss'"),
        ({"prior": "sphere", "prior_stddev": 2.0}, "Received: prior='sphere', prior_stddev=2.0"),
        (
            {"prior": tfp.distributions.MultivariateNormalDiag([0.0] * 5)},
            r"event shape \(3,\)",
        ),
        ({"prior": tfp.distributions.Normal([0.0] * 3, 1.0)}, r"batch shape \(\)"),
        ({"cost": "l3"}, "`cost` must be one of .*Received: cost='l3'"),
        (
            {"cost": lambda x, y: tf.square(x - y)},
            r"sum over all axes but the first. Received: shape \(3, 8, 8, 1\)",
        ),
        ({"cost": "binary_cross_entropy", "pixel_range": (-1, 1)}, "needs `pixel_range="),
        ({"pixel_range": (0, 255)}, r"Received: pixel_range=\(0, 255\)"),
        ({"reg_weight": 0.0}, "`reg_weight` must be positive.*Received: reg_weight=0.0"),
        ({"reg_weight": "10"}, "`reg_weight` must be a number. Received: reg_weight='10'"),
        ({"cost_scale": float("nan")}, "`cost_scale` must be positive and finite"),
        ({"seed": -1}, r"`seed` must be an integer from 0 to 2147483647. Received: seed=-1"),
        ({"seed": 0.5}, "Received: seed=0.5"),
    ],
)
def test_a_model_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        wae(**arguments)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"discriminator": None}, "`WAEGAN` has a `discriminator`. Received: .'discriminator'"),
        ({"latent_dim": 4}, "`latent_dim` is the length of what the encoder returns. Received"),
        ({"depth": 3}, r"`WAEMMD` must have no arguments but.*Received: \['depth'\]"),
    ],
)
def test_unknown_arguments_are_refused(arguments, message):
    with pytest.raises(TypeError, match=message):
        wae(**arguments)


def test_a_decoder_of_two_outputs_is_refused():
    inputs = keras.Input((3,))
    image = tiny.networks()[1](inputs)
    with pytest.raises(ValueError, match="one tensor of images"):
        wae(decoder=keras.Model(inputs, [image, image]))


def test_the_base_has_no_divergence():
    model = wae_tf.WAE(*tiny.networks())
    with pytest.raises(NotImplementedError, match="use `WAEMMD` or `WAEGAN`"):
        model.objective(tiny.images())


def test_an_unknown_jit_compile_is_refused():
    with pytest.raises(ValueError, match="'auto', True or False. Received: jit_compile='yes'"):
        wae().compile(jit_compile="yes")


@pytest.mark.parametrize(
    "arguments",
    [{"loss": "mse"}, {"weighted_metrics": ["mae"]}, {"discriminator_optimizer": "adam"}],
    ids=lambda arguments: next(iter(arguments)),
)
def test_the_objective_is_built_in(arguments):
    (name,) = arguments
    message = f"objective is built in.*`WAEGAN` `disc.*Received: WAEMMD with .'{name}'"
    with pytest.raises(TypeError, match=message):
        wae().compile("adam", **arguments)


BAD = {
    "one image": (np.zeros((8, 8, 1), "uint8"), r"of one image, make a batch by x\[None\]"),
    "no channel axis": (np.zeros((8, 8, 8), "uint8"), "add the channel axis"),
    "wrong size": (np.zeros((8, 9, 8, 1), "uint8"), r"must have shape \(n, 8, 8, 1\)"),
    "wrong channels": (np.zeros((8, 8, 8, 3), "uint8"), r"Received: shape=\(\w+, 8, 8, 3\)"),
    "wrong dtype": (np.zeros((8, 8, 8, 1), "int64"), "Received: dtype=int64"),
    "above 1": (np.full((8, 8, 8, 1), 255.0, "float32"), r"divide 0..255 by 255.*\[255, 255\]"),
    "below 0": (np.full((8, 8, 8, 1), -1.0, "float32"), r"\(x \+ 1\) / 2.*Received"),
    "NaN": (np.full((8, 8, 8, 1), np.nan, "float32"), r"Received: NaN in (\d) of \1 images"),
    "none": (np.zeros((0, 8, 8, 1), "uint8"), "at least one image"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_images_are_refused_everywhere(model, name):
    x, message = BAD[name]
    good = tiny.images(8)
    for use in (
        model.fit,
        model.evaluate,
        model.predict,
        model.encode,
        model.reconstruct,
        lambda x: model.interpolate(good, x),
        lambda x: model.fit(good, validation_data=x),
        lambda x: model.fit(good, validation_data=(x, None)),
    ):
        with pytest.raises(ValueError, match=message):
            use(x)


def test_labels_beside_the_images_are_refused(model):
    x = tiny.images(8)
    for use in (model.fit, model.evaluate, model.predict):
        for pair in ((x, np.zeros(8)), [x, x], {"image": x}):
            with pytest.raises(ValueError, match=f"as `y`. Received: a {type(pair).__name__} of"):
                use(pair)


def test_data_sets_have_no_place_where_arrays_come_back(model):
    data = tf.data.Dataset.from_tensor_slices(tiny.images(8)).batch(4)
    for use in (model.encode, model.reconstruct):
        with pytest.raises(ValueError, match="`predict` gives.*draw_codes.*a tf.data.Dataset"):
            use(data)


@pytest.mark.parametrize("name", sorted(set(BAD) - {"one image"}))
def test_bad_data_sets_are_refused(model, name):
    x, message = BAD[name]
    if name == "none":
        message = "at least one batch"
    for data in (
        tf.data.Dataset.from_tensor_slices(x).batch(4),
        tf.data.Dataset.from_tensor_slices((x, np.zeros(len(x)))).batch(4),
    ):
        for use in (model.fit, model.evaluate, model.predict):
            with pytest.raises(ValueError, match=message):
                use(data)


def test_data_sets_of_another_structure_are_refused(model):
    x = tiny.images(8)
    with pytest.raises(ValueError, match=r"append `.batch\(100, drop_remainder=True\)`"):
        model.fit(tf.data.Dataset.from_tensor_slices(x))
    with pytest.raises(ValueError, match=r"\.map\(lambda d: d\['image'\]\)"):
        model.fit(tf.data.Dataset.from_tensor_slices({"image": x}).batch(4))


def test_a_batch_of_one_is_refused_for_the_mmd(model):
    x = tiny.images(8)
    one_by_one = tf.data.Dataset.from_tensor_slices(x).batch(1)
    for use in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match="at least 2: the divergence.*Received: batch_size=1"):
            use(x, batch_size=1)
        with pytest.raises(ValueError, match="at least 2 images.*Received: a batch of 1"):
            use(one_by_one)
        with pytest.raises(ValueError, match="at least 2 images.*Received: 1"):
            use(x[:1])
    with pytest.raises(ValueError, match="`validation_data` must hold at least 2 images"):
        model.fit(x, validation_data=x[:1])
    assert model.predict(x[:1], batch_size=1, verbose=0).shape == (1, 8, 8, 1)


def test_a_batch_of_one_is_enough_for_the_gan():
    gan = wae_tf.build_model(tiny.config(divergence="gan"))
    gan.compile()
    assert np.isfinite(gan.fit(tiny.images(2), batch_size=1, verbose=0).history["loss"][0])


def test_weights_of_samples_are_refused(model):
    x = tiny.images(8)
    for use in (
        lambda: model.fit(x, sample_weight=np.ones(8)),
        lambda: model.fit(x, class_weight={0: 1.0}),
        lambda: model.evaluate(x, sample_weight=np.ones(8)),
        lambda: model.fit(
            tf.data.Dataset.from_tensor_slices((x, np.zeros(8), np.ones(8))).batch(4)
        ),
    ):
        with pytest.raises(ValueError, match="`sample_weight` and `class_weight` are not supp"):
            use()


def test_codes_and_counts_are_checked(model):
    z = np.zeros((2, 3), "float32")
    x = tiny.images(2)
    for use, message in (
        (lambda: model.decode(z[:, :2]), r"shape \(n, 3\), n >= 1. Received: z.shape=\(2, 2\)"),
        (lambda: model.decode(z[0]), r"Received: z.shape=\(3,\)"),
        (lambda: model.decode(z[:0]), r"Received: z.shape=\(0, 3\)"),
        (lambda: model.decode(z + np.nan), "`z` must be finite"),
        (lambda: model.decode(z, batch_size=0), "Received: batch_size=0"),
        (lambda: model.sample(0), "`n` must be an integer, at least 1. Received: n=0"),
        (lambda: model.sample(2.5), "Received: n=2.5"),
        (lambda: model.sample(2, seed=-1), "Received: seed=-1"),
        (lambda: model.sample(2, seed="a"), "Received: seed='a'"),
        (lambda: model.interpolate(x, x, steps=1), "`steps` must be an integer, at least 2"),
        (lambda: model.interpolate(x, x[:1]), "Received: 2 and 1 images"),
    ):
        with pytest.raises(ValueError, match=message):
            use()
