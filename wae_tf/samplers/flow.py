"""Masked autoregressive flow of codes."""

import numpy as np
import tensorflow as tf

from wae_tf.runtime.progress_bar import ProgressBar
from wae_tf.samplers.base import Sampler, check_enough, generator, normal_draws

__all__ = ["FlowSampler"]

_MAX_LOG_SCALE = 3.0  # Softly bounds a layer's scale to [1/20, 20], against overflow.
_BLOCK = 4096


class FlowSampler(Sampler):
    """Masked autoregressive flow (MAF, [1]) of TensorFlow Probability.

    Layers with the order of dimensions reversed in between, on standardised codes.
    Drawing takes `latent_dim` passes through each layer.

    [1] Papamakarios et al., *Masked Autoregressive Flow for Density Estimation*, NeurIPS
    2017, arXiv:1705.07057.
    """

    kind = "flow"

    def __init__(self, arrays, settings):
        super().__init__(arrays, settings)
        if not self.arrays["stddev"].min() > 0.0:
            raise ValueError(
                f"A flow's `stddev` must be positive. Received: {self.arrays['stddev'].min()}"
            )
        self._networks, self._flow = _build(
            self.latent_dim,
            self.settings["layers"],
            self.settings["units"],
            self.arrays["mean"],
            self.arrays["stddev"],
        )
        for i, variable in enumerate(_variables(self._networks)):
            variable.assign(self.arrays[f"variable_{i:03d}"])

    @classmethod
    def shapes(cls, settings, found):
        d, units = settings["latent_dim"], settings["units"]
        layer = ((d, units), (units,), (units, units), (units,), (units, 2 * d), (2 * d,))
        variables = layer * min(settings["layers"], len(found))  # More than there are none has.
        return {
            "mean": (d,),
            "stddev": (d,),
            **{f"variable_{i:03d}": shape for i, shape in enumerate(variables)},
        }

    @classmethod
    def fit(
        cls,
        points,
        settings,
        *,
        seed=0,
        verbose=0,
        layers=5,
        units=128,
        epochs=50,
        batch_size=500,
        learning_rate=1e-3,
        patience=5,
    ):
        """Maximises the likelihood; keeps the epoch that is best on a held-out tenth.

        Args:
            layers: Autoregressive layers.
            units: Units in each of a layer's two hidden layers.
            epochs: Passes through the codes, at most.
            batch_size: Codes in a step.
            learning_rate: Adam's rate.
            patience: Epochs without a better one after which fitting ends.
        """
        check_enough(points, 100, "A flow")
        points = generator(seed, 2).permutation(points.astype("float32"))
        held_out, points = np.split(points, [len(points) // 10])
        stddev = points.std(axis=0)
        stddev = np.maximum(stddev, 1e-3 * max(float(stddev.mean()), 1e-6))
        networks, flow = _build(
            points.shape[1], layers, units, points.mean(axis=0), stddev, seed=seed
        )
        variables = _variables(networks)
        step = _training_step(flow, variables, learning_rate)
        measure = tf.function(lambda z: -tf.reduce_mean(_log_prob(flow, z)))
        best, best_epoch = np.inf, 0
        batch_size = min(batch_size, len(points))
        bar = ProgressBar(epochs, "epoch", verbose, title="Fitting the flow; it may end sooner")
        for epoch in range(1, epochs + 1):
            order = generator(seed, 2 + epoch).permutation(len(points))
            for i in range(0, len(points) - batch_size + 1, batch_size):
                step(tf.constant(points[order[i : i + batch_size]]))
            loss = float(measure(tf.constant(held_out)))
            bar.update(epoch, held_out_nats=loss)
            if loss < best:
                best, best_epoch = loss, epoch
                kept = [variable.numpy() for variable in variables]
            if epoch - best_epoch >= patience or not np.isfinite(loss):
                break
        bar.close()
        if best_epoch == 0:
            raise ValueError(
                "The flow's likelihood was never finite: take a smaller `learning_rate`. "
                f"Received: learning_rate={learning_rate}"
            )
        arrays = {f"variable_{i:03d}": values for i, values in enumerate(kept)}
        return cls(
            {"mean": points.mean(axis=0), "stddev": stddev, **arrays},
            {**settings, "layers": layers, "units": units, "held_out_nats": best},
        )

    def draw(self, n, seed):
        noise = normal_draws(n, self.latent_dim, seed).astype("float32")
        blocks = range(0, n, _BLOCK)
        return np.concatenate([self.points(noise[i : i + _BLOCK]).numpy() for i in blocks])

    def points(self, normal, uniform=None):
        z = normal
        # TFP's own `Permute` gathers as ONNX cannot, and its `Scale` and `Shift` would become
        # inputs there: of the chain only the networks' bijectors are applied as they are.
        for bijector in reversed(self._flow.bijectors[2:]):
            reverses = type(bijector).__name__ == "Permute"
            z = tf.gather(z, _backwards(self.latent_dim), axis=1) if reverses else bijector(z)
        return self.arrays["mean"] + self.arrays["stddev"] * z


def _build(latent_dim, layers, units, mean, stddev, seed=0):
    """Returns the autoregressive networks, and the bijector from noise to points."""
    import tensorflow_probability as tfp

    tfb = tfp.bijectors
    networks = [
        tfb.AutoregressiveNetwork(
            params=2,
            event_shape=[latent_dim],
            hidden_units=[units, units],
            activation="relu",
            kernel_initializer=_initializer(seed, layer),
        )
        for layer in range(layers)
    ]
    chain = [tfb.Shift(mean), tfb.Scale(stddev)]
    for network in networks:
        network.build((None, latent_dim))
        chain += [
            tfb.MaskedAutoregressiveFlow(shift_and_log_scale_fn=_bounded(network)),
            tfb.Permute(_backwards(latent_dim)),
        ]
    return networks, tfb.Chain(chain)


def _backwards(latent_dim):
    return list(range(latent_dim))[::-1]


def _initializer(seed, layer):
    import tf_keras  # TFP's networks are made of its layers.

    return tf_keras.initializers.GlorotUniform(seed=(seed * 1000 + layer) % 2**31)


def _bounded(network):
    def shift_and_log_scale(z):
        shift, log_scale = tf.unstack(network(z), axis=-1)
        return shift, _MAX_LOG_SCALE * tf.tanh(log_scale / _MAX_LOG_SCALE)

    return shift_and_log_scale


def _variables(networks):
    return [variable for network in networks for variable in network.trainable_variables]


def _log_prob(flow, z):
    noise = flow.inverse(z)
    d = z.shape[1]
    log_normal = -0.5 * (tf.reduce_sum(noise**2, axis=1) + d * np.log(2.0 * np.pi))
    return log_normal + flow.inverse_log_det_jacobian(z, event_ndims=1)


def _training_step(flow, variables, learning_rate):
    import tf_keras

    optimizer = tf_keras.optimizers.Adam(learning_rate)  # Applies the layers' masks, too.
    optimizer.build(variables)

    @tf.function
    def step(z):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(_log_prob(flow, z))
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), 10.0)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    return step
