"""The same WAE-MMD for MNIST in wae_tf, in a plain Keras loop and in pythae: see `peers.py`.

Each function gets the options, imports what it needs, and returns two functions: one that trains
so many steps, and one that computes the MMD of two arrays of codes. Networks are those of
`mnist_wae_mmd`: four convolutions and batch norms, and back, with biases as in the authors' code.
"""

import numpy as np

CONTESTANTS = {}
LATENT_DIM, REG_WEIGHT, LEARNING_RATE = 8, 10.0, 1e-3
SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def contestant(function):
    CONTESTANTS[function.__name__] = function
    return function


def images(options):
    """Returns uint8 digits, or noise without --data: as many as a round trains on."""
    count = options.steps * options.batch_size
    if options.data:
        with np.load(options.data) as file:
            return np.resize(file["x_train"], (count, 28, 28))[..., None]
    return np.random.default_rng(0).integers(256, size=(count, 28, 28, 1), dtype="uint8")


@contestant
def wae_tf_float32(options):
    return _wae_tf(options, "float32")


@contestant
def wae_tf_auto(options):
    return _wae_tf(options, "auto")


def _wae_tf(options, precision):
    import dataclasses

    import wae_tf
    from wae_tf.runtime.precision import resolve_precision
    from wae_tf.training import compile_model

    config = dataclasses.replace(
        wae_tf.load_config("mnist_wae_mmd"),
        encoder_width=options.width,
        decoder_width=options.width,
        batch_size=options.batch_size,
        precision=precision,
    )
    model = compile_model(wae_tf.build_model(config), config, steps_per_epoch=options.steps)
    batches = wae_tf.data.batches(
        images(options), options.batch_size, training=True, reshuffle_each_iteration=True
    )

    def mmd(z, z_prior):
        return float(wae_tf.mmd(z, z_prior, wae_tf.imq_kernel, jit_compile=True))

    name = f"wae_tf, {resolve_precision(precision)}" + (" (auto)" if precision == "auto" else "")
    return name, lambda: model.fit(batches, verbose=0), mmd


@contestant
def keras(options):
    """A training loop as tutorials have it: one function of TensorFlow, two networks."""
    return _keras(options, use_bias=True)


@contestant
def keras_without_biases(options):
    """The same without biases where a batch norm follows, which takes them out again."""
    return _keras(options, use_bias=False)


def _keras(options, use_bias):
    import keras
    import tensorflow as tf

    layers = keras.layers

    def norm():
        return [layers.BatchNormalization(epsilon=1e-5, momentum=0.9), layers.ReLU()]

    def start():
        return {"padding": "same", "kernel_initializer": keras.initializers.RandomNormal(0, 0.01)}

    width, size = options.width, 4
    encoder = [keras.Input((28, 28, 1)), layers.GaussianNoise(0.01)]
    for i in (8, 4, 2, 1):
        encoder += [layers.Conv2D(width // i, size, 2, use_bias=use_bias, **start()), *norm()]
    encoder = keras.Sequential([*encoder, layers.Flatten(), layers.Dense(LATENT_DIM)])
    decoder = [keras.Input((LATENT_DIM,)), layers.Dense(7 * 7 * width, "relu")]
    decoder += [layers.Reshape((7, 7, width))]
    for i in (2, 4):
        decoder += [layers.Conv2DTranspose(width // i, size, 2, use_bias=use_bias, **start())]
        decoder += norm()
    last = layers.Conv2DTranspose(1, size, 1, activation="sigmoid", **start())
    decoder = keras.Sequential([*decoder, last])
    variables = encoder.trainable_variables + decoder.trainable_variables
    optimizer = keras.optimizers.Adam(LEARNING_RATE, beta_1=0.5)
    optimizer.build(variables)

    def kernel(a, b):
        distances = (
            tf.reduce_sum(a**2, 1)[:, None] + tf.reduce_sum(b**2, 1) - 2 * a @ tf.transpose(b)
        )
        widths = [2.0 * LATENT_DIM * scale for scale in SCALES]
        return tf.add_n([width / (width + distances) for width in widths])

    def estimate(z, z_prior):
        n = tf.cast(tf.shape(z)[0], tf.float32)
        within = kernel(z, z) + kernel(z_prior, z_prior)
        within = tf.reduce_sum(within) - tf.linalg.trace(within)
        return within / (n * (n - 1.0)) - 2.0 * tf.reduce_mean(kernel(z, z_prior))

    @tf.function
    def step(batch):
        x = tf.cast(batch, tf.float32) / 255.0
        with tf.GradientTape() as tape:
            z = encoder(x, training=True)
            cost = 0.05 * tf.reduce_mean(
                tf.reduce_sum((x - decoder(z, training=True)) ** 2, (1, 2, 3))
            )
            loss = cost + REG_WEIGHT * estimate(z, tf.random.normal(tf.shape(z)))
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    data = tf.data.Dataset.from_tensor_slices(images(options)).cache().shuffle(60_000)
    data = data.batch(options.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
    tuning = tf.data.Options()
    tuning.autotune.enabled = False  # It can hold the end of a round: see docs/performance.md.
    data = data.with_options(tuning)
    mean = keras.metrics.Mean()

    def train():
        mean.reset_state()
        for batch in data:
            mean.update_state(step(batch))
        return float(mean.result())

    name = "Keras loop" if use_bias else "Keras loop, no biases before batch norm"
    graph = tf.function(estimate)
    return name, train, lambda z, z_prior: float(graph(z, z_prior))


@contestant
def pythae(options):
    import logging
    import tempfile

    logging.disable(logging.INFO)
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import WAE_MMD, WAE_MMD_Config
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from torch import nn

    width = options.width

    def norm(channels):
        return [nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1), nn.ReLU()]

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            layers, before = [], 1
            for i in (8, 4, 2, 1):  # TensorFlow's "same": 28, 14, 7, 4, 2.
                odd = i == 2
                pad = nn.ZeroPad2d((1, 2, 1, 2) if odd else 1)
                layers += [pad, nn.Conv2d(before, width // i, 4, 2), *norm(width // i)]
                before = width // i
            self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * width, LATENT_DIM))

        def forward(self, x):
            return ModelOutput(embedding=self.layers(x + 0.01 * torch.randn_like(x)))

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.dense = nn.Sequential(nn.Linear(LATENT_DIM, 7 * 7 * width), nn.ReLU())
            layers = []
            for i in (2, 4):
                layers += [nn.ConvTranspose2d(2 * width // i, width // i, 4, 2, 1)]
                layers += norm(width // i)
            layers += [nn.ZeroPad2d((1, 2, 1, 2)), nn.ConvTranspose2d(width // 4, 1, 4, 1, 3)]
            self.layers = nn.Sequential(*layers, nn.Sigmoid())

        def forward(self, z):
            grid = self.dense(z).reshape(-1, width, 7, 7)
            return ModelOutput(reconstruction=self.layers(grid))

    model = WAE_MMD(
        WAE_MMD_Config(
            input_dim=(1, 28, 28),
            latent_dim=LATENT_DIM,
            kernel_choice="imq",
            reg_weight=REG_WEIGHT,
            reconstruction_loss_scale=0.05,
        ),
        encoder=Encoder(),
        decoder=Decoder(),
    )
    x = torch.tensor(images(options), dtype=torch.float32).permute(0, 3, 1, 2) / 255.0
    training = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=options.batch_size,
        learning_rate=LEARNING_RATE,
        optimizer_params={"betas": (0.5, 0.999)},
        no_cuda=True,
    )
    trainer = BaseTrainer(model, BaseDataset(x, torch.ones(len(x))), training_config=training)
    trainer.prepare_training()

    def mmd(z, z_prior):
        z, z_prior = torch.tensor(z), torch.tensor(z_prior)
        nothing = torch.zeros(len(z), 1)
        with torch.no_grad():
            return float(model.loss_function(nothing, nothing, z, z_prior)[2])

    return f"pythae, torch {torch.__version__}", lambda: trainer.train_step(1), mmd
