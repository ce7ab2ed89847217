"""The Sinkhorn divergence between codes and prior draws."""

import keras
import tensorflow as tf

from wae_tf.arguments import check_integer, check_number
from wae_tf.divergences.base import Divergence, check_samples
from wae_tf.divergences.kernels import squared_distances

__all__ = ["Sinkhorn", "entropic_cost"]


@keras.saving.register_keras_serializable(package="wae_tf")
class Sinkhorn(Divergence):
    """Debiased entropic optimal transport with squared distances ([1], Eq. (3)).

    `S(z, p) = OT(z, p) - OT(z, z) / 2 - OT(p, p) / 2`, each by `entropic_cost`. From
    `W_2**2` (epsilon to 0) to `||mean(z) - mean(p)||**2` (epsilon to infinity).

    Bias: upwards, as all optimal transport between samples; with `epsilon` fixed, of
    the order of `1 / sqrt(n)` whatever `d` ([2]). Cost: `O(iterations * n**2 + n**2 d)`
    time, `n**2` memory, in the log domain, so that small `epsilon` does not underflow.

    Args:
        epsilon: Positive, in squared units of the codes.
        iterations: Steps of Sinkhorn's algorithm; more for small `epsilon`.

    Raises:
        ValueError: `epsilon` is not positive, or there are no iterations.

    Example:
        >>> Sinkhorn(epsilon=1.0)(z, z_prior)

    [1] Feydy et al., *Interpolating between Optimal Transport and MMD using Sinkhorn
    Divergences*, AISTATS 2019, arXiv:1810.08278.
    [2] Genevay et al., *Sample Complexity of Sinkhorn Divergences*, AISTATS 2019.
    """

    def __init__(self, epsilon=1.0, iterations=50):
        self.epsilon = check_number("epsilon", epsilon)
        self.iterations = check_integer("iterations", iterations, 1)

    def __call__(self, z, z_prior):
        z, z_prior = check_samples(z, z_prior)

        def cost(a, b):
            return entropic_cost(squared_distances(a, b), self.epsilon, self.iterations)

        return cost(z, z_prior) - 0.5 * (cost(z, z) + cost(z_prior, z_prior))

    def get_config(self):
        return {"epsilon": self.epsilon, "iterations": self.iterations}


def entropic_cost(costs, epsilon, iterations):
    """Entropic optimal transport between two uniform samples.

    `min_P sum(P * C) + epsilon * KL(P | product)` over couplings `P`, through its dual
    potentials `f`, `g` in the log domain. Updates average old and new potentials, which
    converges fast where both samples are one ([1] of `Sinkhorn`, Sec. 3.1). The gradient
    is that of the optimum, `dOT = sum(P * dC)`, so no step is remembered for it.

    Args:
        costs: `C`, shape `(n, m)`.
        epsilon: Positive, in units of `C`.
        iterations: Steps of Sinkhorn's algorithm.

    Returns:
        Scalar.
    """
    fixed = tf.stop_gradient(costs)
    rows, columns = tf.shape(costs)[0], tf.shape(costs)[1]
    log_n, log_m = (tf.math.log(tf.cast(size, costs.dtype)) for size in (rows, columns))

    def best_f(g):
        return -epsilon * (tf.reduce_logsumexp((g[None, :] - fixed) / epsilon, axis=1) - log_m)

    def best_g(f):
        return -epsilon * (tf.reduce_logsumexp((f[:, None] - fixed) / epsilon, axis=0) - log_n)

    def step(i, f, g):
        return i + 1, 0.5 * (f + best_f(g)), 0.5 * (g + best_g(f))

    _, f, g = tf.while_loop(
        lambda i, f, g: i < iterations,
        step,
        (tf.constant(0), tf.zeros_like(fixed[:, 0]), tf.zeros_like(fixed[0])),
        maximum_iterations=iterations,
    )
    f = best_f(g)  # Both marginals of the plan sum to one from here on.
    log_plan = (f[:, None] + g[None, :] - fixed) / epsilon - log_n - log_m
    transport = tf.reduce_sum(tf.exp(log_plan) * costs)
    value = tf.reduce_mean(f) + tf.reduce_mean(g)
    return value + transport - tf.stop_gradient(transport)
