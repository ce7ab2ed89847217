"""A second Wasserstein auto-encoder, on codes."""

import keras
import numpy as np
import tensorflow as tf

from wae_tf.divergences.kernels import imq_kernel
from wae_tf.divergences.mmd import mmd
from wae_tf.runtime.progress_bar import ProgressBar
from wae_tf.samplers.base import Sampler, check_enough, generator, normal_draws

__all__ = ["TwoStageSampler"]


class TwoStageSampler(Sampler):
    """Decoder of a small WAE-MMD whose data are the whitened codes of the first.

    The second stage of Dai and Wipf ([1], Sec. 4), with the WAE objective in place of the
    VAE's and as many dimensions as the first stage. Both of its networks add a correction
    to their input that is zero at the start, where the sampler is one Gaussian with the
    codes' mean and covariance; training adds what a Gaussian misses, slowly: after some
    hundred steps it is hardly better than that Gaussian, and worse than `"gmm"`.

    [1] Dai and Wipf, *Diagnosing and Enhancing VAE Models*, ICLR 2019, arXiv:1903.05789.
    """

    kind = "two_stage"

    def __init__(self, arrays, settings):
        super().__init__(arrays, settings)
        colour = self.arrays["colour"].astype("float64")
        if np.abs(colour - colour.T).max() > 1e-4 * np.abs(colour).max() or (
            np.linalg.eigvalsh(colour).min() <= 0.0
        ):
            raise ValueError(
                "A second stage's `colour`, the root of a covariance, must be symmetric and "
                f"positive. Received: eigenvalues from {np.linalg.eigvalsh(colour).min()}"
            )
        self._decoder = _correction(self.latent_dim, self.settings["units"], seed=0)
        count = len(self._decoder.weights)
        self._decoder.set_weights([self.arrays[f"weight_{i}"] for i in range(count)])

    @classmethod
    def shapes(cls, settings, found):
        d, units = settings["latent_dim"], settings["units"]
        weights = ((d, units), (units,), (units, units), (units,), (units, d), (d,))
        return {
            "mean": (d,),
            "colour": (d, d),
            **{f"weight_{i}": shape for i, shape in enumerate(weights)},
        }

    @classmethod
    def fit(
        cls,
        points,
        settings,
        *,
        seed=0,
        verbose=0,
        units=256,
        steps=2000,
        batch_size=500,
        learning_rate=1e-3,
        reg_weight=None,
    ):
        """Minimises squared error and MMD; the learning rate falls to zero on a cosine.

        Args:
            units: Units in each of the networks' two hidden layers.
            steps: Training steps.
            batch_size: Codes in a step.
            learning_rate: Adam's rate at the start.
            reg_weight: lambda in Eq. (4) of the WAE paper; by default 100 for each
                dimension.
        """
        check_enough(points, 100, "A second stage")
        d = points.shape[1]
        mean, colour, whitened = _whiten(points)
        networks = [_correction(d, units, seed=seed + i) for i in (1, 2)]
        step = _training_step(
            *networks, 100.0 * d if reg_weight is None else reg_weight, learning_rate, steps
        )
        rng = generator(seed, 2)
        batch_size = min(batch_size, len(points))
        bar = ProgressBar(steps, "step", verbose, title="Fitting the second stage")
        for i in range(steps):
            rows = rng.choice(len(whitened), batch_size, replace=False, shuffle=False)
            noise = rng.standard_normal((batch_size, d), dtype="float32")
            losses = step(tf.constant(whitened[rows]), tf.constant(noise))
            if verbose and ((i + 1) % 20 == 0 or i + 1 == steps):
                bar.update(i + 1, error=float(losses[0]), mmd=float(losses[1]))
        weights = {f"weight_{i}": w for i, w in enumerate(networks[1].get_weights())}
        return cls({"mean": mean, "colour": colour, **weights}, {**settings, "units": units})

    def draw(self, n, seed):
        noise = normal_draws(n, self.latent_dim, seed).astype("float32")
        return self.points(tf.constant(noise)).numpy()

    def points(self, normal, uniform=None):
        whitened = normal + self._decoder(normal)
        return self.arrays["mean"] + tf.matmul(whitened, self.arrays["colour"])


def _whiten(points):
    """Returns mean, square root of the covariance, and points with covariance one.

    Variances below a millionth of the mean one are raised to it.
    """
    mean = points.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(points, rowvar=False).reshape(2 * points.shape[1:]))
    variances = np.maximum(variances, 1e-6 * max(float(variances.mean()), 1e-12))
    colour = (axes * np.sqrt(variances)) @ axes.T
    whiten = (axes / np.sqrt(variances)) @ axes.T
    return mean, colour, ((points - mean) @ whiten).astype("float32")


def _correction(d, units, seed):
    layers = [
        keras.layers.Dense(
            units, "silu", kernel_initializer=keras.initializers.GlorotUniform(seed=seed + i)
        )
        for i in range(2)
    ]
    network = keras.Sequential([*layers, keras.layers.Dense(d, kernel_initializer="zeros")])
    network.build((None, d))
    return network


def _training_step(encoder, decoder, reg_weight, learning_rate, steps):
    variables = encoder.trainable_variables + decoder.trainable_variables
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build(variables)

    @tf.function
    def step(points, noise):
        with tf.GradientTape() as tape:
            z = points + encoder(points)
            error = tf.reduce_mean(tf.reduce_sum((z + decoder(z) - points) ** 2, axis=1))
            divergence = mmd(z, noise, imq_kernel)
            loss = error + reg_weight * divergence
        optimizer.apply(tape.gradient(loss, variables), variables)
        return error, divergence

    return step
