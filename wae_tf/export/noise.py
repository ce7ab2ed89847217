"""Draws of codes as maps of noise, for formats whose own random numbers no seed fixes.

Who runs the file draws the noise, such as by NumPy: `normal` is standard normal, of shape
`(n, latent_dim)`; `uniform` is uniform on [0, 1), of shape `(n,)`, and chooses the component of a
mixture (of the uniform prior it is all there is, of shape `(n, latent_dim)`).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from wae_tf.samplers.mixture import choose

__all__ = ["NoiseMap", "of_prior", "of_sampler", "seeded"]


class NoiseMap(NamedTuple):
    """`function(normal=..., uniform=...)` returns codes; `inputs` are specs of what it takes."""

    function: Callable
    inputs: dict


def of_sampler(sampler):
    """Returns the `NoiseMap` of a fitted sampler."""
    return NoiseMap(sampler.from_noise, _specs(sampler.latent_dim, sampler.takes_uniform))


def seeded(sampler):
    """Returns `(n, seed) -> codes` of a fitted sampler, all of it in a graph.

    TensorFlow's draws, not NumPy's as in `Sampler.sample`: the same density, other codes.
    """

    def draw(n, seed):
        draws = {"normal": tf.random.stateless_normal((n, sampler.latent_dim), (seed, 0))}
        if sampler.takes_uniform:
            draws["uniform"] = tf.random.stateless_uniform((n,), (seed, 1))
        return sampler.from_noise(**draws)

    return draw


def of_prior(prior):
    """Returns the `NoiseMap` of a prior.

    Raises:
        ValueError: It is a distribution of one's own, of a kind without a map from noise.
    """
    if getattr(prior, "learned", False):  # A mixture of what the encoder says of images.
        components = prior.components()
        stddev = np.sqrt(1e-8 + np.exp(components.log_variance.numpy()))
        count = len(stddev)
        return _mixture(np.full(count, 1.0 / count), components.location.numpy(), stddev)
    distribution = prior.distribution
    kind, d = type(distribution).__name__, prior.latent_dim
    if kind == "MultivariateNormalDiag":
        mean, stddev = distribution.mean().numpy(), distribution.stddev().numpy()
        return NoiseMap(lambda normal: mean + stddev * normal, _specs(d))
    if kind == "SphericalUniform":
        return NoiseMap(lambda normal: tf.math.l2_normalize(normal, axis=-1), _specs(d))
    if kind == "Independent" and type(distribution.distribution).__name__ == "Uniform":
        low, high = (np.asarray(getattr(distribution.distribution, k)) for k in ("low", "high"))
        spec = {"uniform": tf.TensorSpec((None, d), tf.float32, "uniform")}
        return NoiseMap(lambda uniform: low + (high - low) * uniform, spec)
    if kind == "MixtureSameFamily":
        normals = distribution.components_distribution
        if type(normals).__name__ == "MultivariateNormalDiag":
            weights = distribution.mixture_distribution.probs_parameter().numpy()
            return _mixture(weights, normals.mean().numpy(), normals.stddev().numpy())
    raise ValueError(
        "The part 'sampler' holds the prior as a map of noise, which this one lacks: leave out "
        "that part, and draw codes where TensorFlow Probability is, or export a SavedModel. "
        f"Received: prior={distribution}"
    )


def _mixture(weights, means, stddevs):
    def codes(normal, uniform):
        chosen = choose(uniform, weights)
        return tf.gather(means, chosen) + tf.gather(stddevs, chosen) * normal

    return NoiseMap(codes, _specs(means.shape[1], takes_uniform=True))


def _specs(latent_dim, takes_uniform=False):
    specs = {"normal": tf.TensorSpec((None, latent_dim), tf.float32, "normal")}
    if takes_uniform:
        specs["uniform"] = tf.TensorSpec((None,), tf.float32, "uniform")
    return specs
