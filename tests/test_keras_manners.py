"""What every Keras user takes for granted, in the words of their scripts."""

import itertools
import subprocess
import sys
import textwrap
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf
from wae_tf import samplers
from wae_tf.training.plateau import PlateauLearningRate

SHAPE = (8, 8, 1)
CLASSES = ("AE", "VAE", "WAE", "WAEMMD", "WAEGAN")


@pytest.fixture
def images():
    return tiny.images(32)


def build(name="WAEMMD", **options):
    """Returns a small model of a class, not compiled."""
    codes = "gaussian" if name == "VAE" else "deterministic"
    encoder = wae_tf.networks.mlp_encoder(SHAPE, 3, width=8, num_layers=1, seed=0, codes=codes)
    decoder = wae_tf.networks.mlp_decoder(SHAPE, 3, width=8, num_layers=1, seed=1)
    if name == "WAE":
        options.setdefault("divergence", "sinkhorn")
    if name == "WAEGAN":
        discriminator = wae_tf.networks.latent_discriminator(3, width=8, num_layers=1, seed=2)
        options.setdefault("discriminator", discriminator)
    return getattr(wae_tf, name)(encoder, decoder, **options)


def compiled(name="WAEMMD", **options):
    """Returns the same, compiled with plain gradient descent, whose steps are easy to follow."""
    model = build(name)
    if name == "WAEGAN":
        options.setdefault("discriminator_optimizer", keras.optimizers.SGD(5e-4))
    model.compile(options.pop("optimizer", keras.optimizers.SGD(1e-3)), **options)
    return model


def fit(model, images, **options):
    return model.fit(images, **{"batch_size": 16, "verbose": 0, "shuffle": False, **options})


# Importing.

AFTER_IMPORT = {
    "logical devices": """
        cpu = tf.config.list_physical_devices("CPU")[0]
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, two)
        assert len(tf.config.list_logical_devices("CPU")) == 2
    """,
    "threads": """
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.threading.set_intra_op_parallelism_threads(1)
        assert tf.config.threading.get_intra_op_parallelism_threads() == 1
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    """,
    "several workers": """
        tf.distribute.MultiWorkerMirroredStrategy()
    """,
}


@pytest.mark.slow
@pytest.mark.parametrize("case", AFTER_IMPORT)
def test_import_does_not_start_tensorflow(case):
    script = "import tensorflow as tf, wae_tf\nfrom wae_tf.bin import train\n"
    script += textwrap.dedent(AFTER_IMPORT[case])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


# Metrics.


def test_metrics_compare_images_in_0_1_with_their_reconstructions(images):
    def brightest(x, reconstruction):
        return keras.ops.max(x, axis=(1, 2, 3)) + 0.0 * keras.ops.mean(reconstruction)

    model = compiled(metrics=["mae", brightest, keras.metrics.MeanSquaredError(name="mse")])
    history = fit(model, images, validation_data=images, epochs=2).history
    for name in ("mae", "brightest", "mse"):
        assert len(history[name]) == len(history[f"val_{name}"]) == 2
    x = images / 255.0
    difference = model.reconstruct(images) - x
    assert history["val_mae"][-1] == pytest.approx(np.abs(difference).mean(), rel=1e-5)
    assert history["val_mse"][-1] == pytest.approx((difference**2).mean(), rel=1e-5)
    assert history["brightest"][-1] == pytest.approx(x.max(axis=(1, 2, 3)).mean(), rel=1e-6)
    # Floats are what bytes are.
    measured = model.evaluate(x.astype("float32"), batch_size=16, return_dict=True, verbose=0)
    assert measured["mae"] == pytest.approx(history["val_mae"][-1], rel=1e-5)
    ordered = model.evaluate(images, batch_size=16, verbose=0)
    order = ["loss", "reconstruction_loss", "divergence", "mae", "brightest", "mse"]
    assert ordered == pytest.approx([measured[name] for name in order], rel=1e-5)


def test_metrics_change_no_step(images):
    with_metrics, without = compiled(metrics=["mae"]), compiled()
    for model in (with_metrics, without):
        fit(model, images)
    tiny.assert_identical(tiny.weights(with_metrics), tiny.weights(without))


def test_metrics_survive_saving(images, tmp_path):
    model = compiled("WAEGAN", metrics=["mae", keras.metrics.MeanSquaredError(name="mse")])
    fit(model, images)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    wanted, got = (m.evaluate(images, verbose=0, return_dict=True) for m in (model, loaded))
    assert got == pytest.approx(wanted) and {"mae", "mse"} <= set(got)


@pytest.mark.parametrize("name", ["loss", "loss_weights", "weighted_metrics"])
def test_losses_of_keras_are_refused(name):
    with pytest.raises(TypeError, match=rf"objective is built in.*Received: .*{name}"):
        build().compile("adam", **{name: ["mse"]})


# Callbacks.


@pytest.mark.parametrize("name", tiny.slow_but(["WAEMMD"], CLASSES))
def test_callbacks_know_that_losses_are_to_fall(name, images, tmp_path):
    model = compiled(name)
    names = [f"{part}{loss}" for loss in model.loss_names for part in ("", "val_")]
    kinds = keras.callbacks
    callbacks = [
        *(kinds.EarlyStopping(name, patience=9, restore_best_weights=True) for name in names),
        *(kinds.ReduceLROnPlateau(name) for name in names),
        *(
            kinds.ModelCheckpoint(tmp_path / f"{name}.keras", monitor=name, save_best_only=True)
            for name in names
        ),
    ]
    fit(model, images, validation_data=images, callbacks=callbacks)
    for callback in callbacks:
        assert callback.monitor_op(1.0, 2.0) and not callback.monitor_op(2.0, 1.0)
    assert len(list(tmp_path.iterdir())) == len(names)


def test_callbacks_in_fit(images, tmp_path):
    model = compiled(optimizer=keras.optimizers.SGD(1e-3))
    path, monitor = tmp_path / "best.keras", "val_reconstruction_loss"
    history = fit(
        model,
        images,
        epochs=3,
        validation_data=images,
        callbacks=[
            keras.callbacks.EarlyStopping(monitor, min_delta=1e6, patience=1),
            keras.callbacks.ReduceLROnPlateau(monitor, factor=0.5, patience=1, min_delta=1e6),
            keras.callbacks.ModelCheckpoint(path, monitor=monitor, save_best_only=True),
        ],
    ).history
    assert len(history[monitor]) == 2  # No epoch is better by a million.
    assert float(model.optimizer.learning_rate) == pytest.approx(5e-4)
    best = keras.models.load_model(path).evaluate(
        images, batch_size=16, return_dict=True, verbose=0
    )
    assert best["reconstruction_loss"] == pytest.approx(min(history[monitor]), rel=1e-5)


# Exporting.


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_export(name, images, tmp_path):
    model = build(name)
    states = {"fresh": model}
    model.export(tmp_path / "fresh", verbose=False)
    model.compile("adam")
    fit(model, images)
    model.sample(2, seed=0)
    model.reconstruct(images)
    states["trained"] = model
    model.save(tmp_path / "model.keras")
    states["loaded"] = keras.models.load_model(tmp_path / "model.keras")
    states["loaded"].save(tmp_path / "again.keras")
    states["reloaded"] = keras.models.load_model(tmp_path / "again.keras")
    x = (images / 255.0).astype("float32")
    for state in ("trained", "loaded", "reloaded"):
        states[state].export(tmp_path / state, verbose=False)
        served = tf.saved_model.load(tmp_path / state)
        np.testing.assert_allclose(served.serve(x), states[state].reconstruct(x), atol=1e-6)
    served = tf.saved_model.load(tmp_path / "fresh")
    assert served.serve(x[:3]).shape == (3, *SHAPE)


# Seeds and precision.


def script_weights(seed):
    """Trains with nothing seeded but by `set_random_seed`, and returns weights and a sample."""
    keras.utils.set_random_seed(seed)
    encoder = wae_tf.networks.mlp_encoder(SHAPE, 3, width=8, num_layers=1, noise_stddev=0.1)
    decoder = wae_tf.networks.mlp_decoder(SHAPE, 3, width=8, num_layers=1)
    model = wae_tf.WAEGAN(encoder, decoder)
    model.compile("adam")
    model.fit(tiny.images(32), batch_size=8, verbose=0)
    return [*tiny.weights(model.encoder), *tiny.weights(model.decoder), model.sample(2)]


@pytest.mark.slow
def test_set_random_seed_alone_fixes_a_script():
    first, second, other = (script_weights(seed) for seed in (1, 1, 2))
    tiny.assert_identical(first, second)
    assert np.any(first[-1] != other[-1])
    assert any(np.any(a != b) for a, b in zip(first[:2], other[:2], strict=True))


@pytest.mark.parametrize("kind", ["mlp", "dcgan", "resnet", "ali", "began"])
def test_built_in_networks_follow_the_dtype_policy(kind):
    shape = (20, 20, 1) if kind == "ali" else (8, 8, 1)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        encoder = getattr(wae_tf.networks, f"{kind}_encoder")(shape, 2, width=8)
        decoder = getattr(wae_tf.networks, f"{kind}_decoder")(shape, 2, width=8)
    finally:
        keras.config.set_dtype_policy(before)
    for network in (encoder, decoder):
        dense = [layer for layer in network.layers if layer.name.startswith("dense")]
        learned = [layer for layer in network.layers if layer.trainable_weights]
        assert {layer.compute_dtype for layer in dense or learned} == {"bfloat16"}
        assert {weight.dtype for weight in network.weights} == {"float32"}
        assert network.outputs[0].dtype == "float32"


# Steps.


class Draws(keras.callbacks.Callback):
    """Collects the seed of each step."""

    def __init__(self):
        super().__init__()
        self.seeds = []

    def on_train_batch_begin(self, batch, logs=None):
        self.seeds.append(tuple(self.model.step_seed().numpy()))


@pytest.mark.parametrize("name", tiny.slow_but(["WAEMMD"], ["WAEMMD", "WAEGAN"]))
def test_gradient_accumulation_draws_anew_for_each_batch(name, images, tmp_path):
    draws = Draws()
    sgd = keras.optimizers.SGD(1e-3, gradient_accumulation_steps=2)
    model = compiled(name, optimizer=sgd)
    fit(model, images, batch_size=8, callbacks=[draws])
    assert draws.seeds == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert int(model.optimizer.iterations) == 2

    # The count is part of what is saved, in the middle of an accumulation too.
    fit(model, images[:24], batch_size=8)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    model.save_weights(tmp_path / "checkpoint.weights.h5")
    sgd = keras.optimizers.SGD(1e-3, gradient_accumulation_steps=2)
    resumed = compiled(name, optimizer=sgd)
    resumed.load_weights(tmp_path / "checkpoint.weights.h5")
    for each in (model, loaded, resumed):
        assert tuple(each.step_seed().numpy()) == (0, 7)
        fit(each, images, batch_size=8)
        tiny.assert_identical(tiny.weights(each), tiny.weights(model))


def test_accumulated_steps_are_one_step_on_the_mean_of_gradients(images):
    model = compiled(optimizer=keras.optimizers.SGD(0.1, gradient_accumulation_steps=2))
    before = [np.array(v) for v in model.autoencoder_variables]
    slow = build()
    gradients = []
    for step, batch in enumerate((images[:16], images[16:])):
        with tf.GradientTape() as tape:
            loss = slow.objective(batch, training=True, seed=(0, step))["loss"]
        gradients.append(tape.gradient(loss, slow.autoencoder_variables))
    fit(model, images)
    for now, old, a, b in zip(model.autoencoder_variables, before, *gradients, strict=True):
        np.testing.assert_allclose(now, old - 0.05 * (a + b), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "name", tiny.slow_but(["learned VAE", "WAEGAN"], [*CLASSES, "learned VAE"])
)
def test_averaged_weights_serve_once_training_ends(name, images, tmp_path):
    def averaging():
        return keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)

    others = {"discriminator_optimizer": averaging()} if name == "WAEGAN" else {}
    model = build("VAE", likelihood="learned") if name == "learned VAE" else build(name)
    model.compile(averaging(), **others)
    moved = {**model.optimized_variables()}
    paths, averages = [], {key: [np.array(v) for v in moved[key]] for key in moved}

    class Average(keras.callbacks.Callback):
        """The average in the slow and obvious way: half of the old, half of the new."""

        def on_train_batch_end(self, batch, logs=None):
            for key, variables in moved.items():
                now = [np.array(v) for v in variables]
                weight = 0.5 if paths else 0.0  # It begins with the first step's.
                averages[key] = [
                    weight * a + (1.0 - weight) * v for a, v in zip(averages[key], now, strict=True)
                ]
            paths.append(batch)

    fit(model, images, batch_size=8, callbacks=[Average()])
    for key, variables in moved.items():
        for variable, average in zip(variables, averages[key], strict=True):
            np.testing.assert_allclose(variable, average, rtol=1e-5, atol=1e-6)
    model.save(tmp_path / "model.keras")
    tiny.assert_identical(
        tiny.weights(keras.models.load_model(tmp_path / "model.keras")), tiny.weights(model)
    )


def test_averages_of_the_discriminator_alone(images):
    ema = keras.optimizers.SGD(0.1, use_ema=True)
    model = compiled("WAEGAN", discriminator_optimizer=ema)
    fit(model, images, batch_size=8)
    averages = ema._model_variables_moving_average
    for variable, average in zip(model.discriminator.variables, averages, strict=True):
        np.testing.assert_array_equal(variable, average)


def test_swapped_averages_serve_validation_of_both(images):
    seen = []

    class Look(keras.callbacks.Callback):
        def on_test_end(self, logs=None):
            kernels = [self.model.encoder.variables[0], self.model.discriminator.variables[0]]
            seen.append([np.array(kernel) for kernel in kernels])

    optimizers = [keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9) for _ in range(2)]
    model = compiled("WAEGAN", optimizer=optimizers[0], discriminator_optimizer=optimizers[1])
    fit(
        model,
        images,
        batch_size=8,
        validation_data=images,
        callbacks=[Look(), keras.callbacks.SwapEMAWeights()],
    )
    for kernel, network in zip(seen[0], (model.encoder, model.discriminator), strict=True):
        # The averages of the last step, now there for good. Keras swaps them by sums.
        np.testing.assert_allclose(kernel, network.variables[0], rtol=1e-4, atol=1e-6)


# Learning rates.


def rates(model):
    return [
        float(optimizer.learning_rate)
        for optimizer in (model.optimizer, model.discriminator_optimizer)
    ]


def test_scheduler_moves_both_rates_in_proportion(images):
    model = compiled("WAEGAN")
    seen = []

    def note(batch, logs=None):
        seen.append(rates(model))

    look = keras.callbacks.LambdaCallback(on_train_batch_begin=note)
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-3 * 0.1**epoch)
    fit(model, images, batch_size=32, epochs=3, callbacks=[look, scheduler])
    np.testing.assert_allclose(seen, [[1e-3, 5e-4], [1e-4, 5e-5], [1e-5, 5e-6]], rtol=1e-5)


@pytest.mark.parametrize(("coupled", "other"), [(True, 1e-4), (False, 5e-4)])
def test_plateau_moves_both_rates_unless_told_not_to(coupled, other, images):
    model = compiled("WAEGAN", couple_learning_rates=coupled)
    plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.2, patience=1, min_delta=1e6)
    fit(model, images, epochs=2, callbacks=[plateau])
    np.testing.assert_allclose(rates(model), [2e-4, other], rtol=1e-5)


def test_a_callback_that_moves_both_rates_itself_is_left_alone(images):
    model = compiled("WAEGAN")
    callback = PlateauLearningRate(first_epoch=0, window=1, patience=0, factor=2.0)
    history = fit(model, images, epochs=4, callbacks=[callback]).history["loss"]
    falls = sum(b >= a for a, b in itertools.pairwise(history))
    np.testing.assert_allclose(rates(model), [1e-3 / 2**falls, 5e-4 / 2**falls], rtol=1e-5)


# Data.


class Batches(keras.utils.PyDataset):
    """Batches of eight images, alone or with labels."""

    def __init__(self, images, labels=False):
        super().__init__()
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.images) // 8

    def __getitem__(self, place):
        batch = self.images[8 * place : 8 * place + 8]
        return (batch, np.zeros(8)) if self.labels else batch


def generator(images):
    for start in range(0, len(images), 8):
        yield images[start : start + 8]


SOURCES = {
    "PyDataset": Batches,
    "PyDataset with labels": lambda images: Batches(images, labels=True),
    "generator": generator,
    "tf.data": lambda images: tf.data.Dataset.from_tensor_slices(images).batch(8),
}


@pytest.mark.parametrize("source", tiny.slow_but(["PyDataset"], SOURCES))
def test_all_sources_train_alike(source, images):
    model, plain = compiled(), compiled()
    make = SOURCES[source]
    model.fit(make(images), shuffle=False, verbose=0, validation_data=make(images))
    fit(plain, images, batch_size=8)
    for a, b in zip(tiny.weights(model), tiny.weights(plain), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert np.shape(model.predict(make(images), verbose=0)) == (32, *SHAPE)


@pytest.mark.parametrize("source", SOURCES)
def test_floats_up_to_255_are_refused_from_all_sources(source, images):
    wrong = SOURCES[source](images.astype("float32"))
    with pytest.raises(ValueError, match="divide 0..255 by 255"):
        compiled().fit(wrong, verbose=0)
    with pytest.raises(ValueError, match="`validation_data`|divide 0..255 by 255"):
        compiled().fit(images, verbose=0, validation_data=SOURCES[source](images * 1.0))
    with pytest.raises(ValueError, match="divide 0..255 by 255"):
        compiled().evaluate(SOURCES[source](images * 1.0), verbose=0)


def test_an_empty_generator_is_refused():
    with pytest.raises(ValueError, match="at least one batch"):
        compiled().fit(generator([]), verbose=0)


# Samplers.


def test_samplers_come_back_with_a_keras_file(images, tmp_path):
    model = compiled()
    samplers.fit(model, images, kind="gmm", components=2)
    model.samplers["of two"] = samplers.fit(model, images, kind="gmm", components=1)
    samplers.fit(model, images, kind="gmm", components=2)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert list(loaded.samplers) == ["gmm", "of two"]
    for name in loaded.samplers:
        np.testing.assert_array_equal(
            loaded.sample(4, seed=0, sampler=name), model.sample(4, seed=0, sampler=name)
        )


def test_training_makes_samplers_stale(images, tmp_path):
    model = compiled()
    samplers.fit(model, images, kind="gmm", components=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.sample(2, seed=0, sampler="gmm")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="'gmm'.*fit them again"):
        fit(loaded, images)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(loaded, images)  # Said once.
    with pytest.warns(UserWarning, match="'gmm' is stale"):
        loaded.sample(2, seed=0, sampler="gmm")
    loaded.save(tmp_path / "stale.keras")
    assert keras.models.load_model(tmp_path / "stale.keras").samplers["gmm"].stale
    samplers.fit(loaded, images, kind="gmm", components=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded.sample(2, seed=0, sampler="gmm")


# Models as Keras sees them.


@pytest.mark.parametrize("name", tiny.slow_but(["WAEMMD", "WAEGAN"], CLASSES))
def test_clone_summary_and_get_layer(name, images):
    model = build(name)
    clone = keras.models.clone_model(model)
    assert type(clone) is type(model) and clone.get_config() == model.get_config()
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.reconstruct(images), model.reconstruct(images))

    lines = []
    model.summary(expand_nested=True, print_fn=lambda line, **_: lines.append(line))
    text = "\n".join(lines)
    assert "(None, 8, 8, 1)" in text and "(None, 3)" in text and "norm_0" in text
    networks = ["encoder", "decoder", *["discriminator"] * (name == "WAEGAN")]
    for network in networks:
        assert network in text
        assert model.get_layer(network) is getattr(model, network)


@pytest.mark.parametrize("name", tiny.slow_but(["WAEMMD", "WAEGAN"], CLASSES))
def test_a_frozen_encoder_stays_put(name, images):
    model = build(name)
    model.encoder.trainable = False
    model.compile("adam")
    before = tiny.weights(model.encoder), tiny.weights(model.decoder)
    fit(model, images)
    tiny.assert_identical(tiny.weights(model.encoder), before[0])  # Batch norm's state too.
    assert any(np.any(a != b) for a, b in zip(tiny.weights(model.decoder), before[1], strict=True))


def test_an_all_frozen_model_is_refused(images):
    model = build()
    model.trainable = False
    model.compile("adam")
    with pytest.raises(ValueError, match="must be trainable.*Received: .*all of it frozen"):
        fit(model, images)


@keras.saving.register_keras_serializable(package="manners")
class Sparse(keras.layers.Layer):
    """Adds a tenth of the codes' mean size to the loss."""

    def call(self, z):
        self.add_loss(0.1 * keras.ops.mean(keras.ops.abs(z)))
        return z


@pytest.mark.parametrize("name", tiny.slow_but(["WAEGAN"], ["AE", "WAE", "WAEMMD", "WAEGAN"]))
def test_what_a_users_encoder_adds_to_the_loss_counts(name, images):
    l2 = keras.regularizers.L2(0.5)
    encoder = keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Flatten(),
            keras.layers.Dense(3, kernel_regularizer=l2, name="code"),
            Sparse(),
        ]
    )
    _, decoder = tiny.networks()
    options = {"divergence": "sinkhorn"} if name == "WAE" else {}
    model = getattr(wae_tf, name)(encoder, decoder, **options)
    model.compile(keras.optimizers.SGD(0.0))
    measured = model.evaluate(images, batch_size=32, return_dict=True, verbose=0)
    plain = measured["reconstruction_loss"]
    if name != "AE":
        plain += 10.0 * measured["divergence"]
    kernel = np.array(encoder.get_layer("code").kernel)
    added = 0.5 * np.sum(kernel**2) + 0.1 * np.abs(model.encode(images)).mean()
    assert measured["loss"] == pytest.approx(plain + added, rel=1e-5)
    trained = fit(model, images, batch_size=32).history["loss"][0]
    assert trained == pytest.approx(plain + added, rel=0.2)

    with tf.GradientTape() as tape:
        model.objective(images)
        added = model.added_losses()
    gradient = tape.gradient(added, encoder.get_layer("code").kernel.value)
    assert np.all(np.isfinite(gradient)) and np.any(gradient != 0.0)


def test_regularizers_of_a_discriminator_count(images):
    discriminator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.5))]
    )
    model = build("WAEGAN", discriminator=discriminator, reg_weight=1e-6)
    model.compile("adam")
    measured = model.evaluate(images, batch_size=32, return_dict=True, verbose=0)
    kernel = np.array(discriminator.layers[0].kernel)
    assert measured["discriminator_loss"] == pytest.approx(0.5 * np.sum(kernel**2), rel=1e-3)


# Reading.


def test_eight_files_from_fit_to_the_gradient(images):
    """From `fit` to the gradient of WAE-MMD a reader opens eight files, `fit`'s own included."""
    model = compiled(run_eagerly=True)
    fit(model, images)  # So that everything is built.
    opened = {model.fit.__code__.co_filename, type(model).train_step.__code__.co_filename}

    def look(frame, event, argument):
        if event == "call" and "/wae_tf/" in frame.f_code.co_filename:
            opened.add(frame.f_code.co_filename)

    class Stop(Exception):
        pass

    def apply(*_):
        raise Stop

    model.optimizer.apply = apply
    sys.setprofile(look)
    try:
        model.train_step(tf.constant(images))
    except Stop:
        pass
    finally:
        sys.setprofile(None)
    names = sorted(path.split("/wae_tf/")[-1] for path in opened)
    assert len(names) <= 8, names
