"""Time of `wae_tf.mmd` against the form with an (n, n, d) tensor, side by side.

python benchmarks/mmd.py

Prints, for some n, the ratio of the two times (median of several runs) and the size of
the tensor that the other form needs.
"""

import statistics
import time

import tensorflow as tf

from wae_tf import imq_kernel, mmd
from wae_tf.divergences.kernels import IMQ_SCALES


def broadcasting_kernel(a, b):
    """The IMQ kernel through differences of all pairs, shape (n, m, d)."""
    distances = tf.reduce_sum(tf.square(a[:, None] - b[None]), axis=-1)
    base = 2.0 * a.shape[-1]
    return tf.add_n([s * base / (s * base + distances) for s in IMQ_SCALES])


def seconds(kernel, z, z_prior, runs):
    step = tf.function(lambda a, b: mmd(a, b, kernel))
    step(z, z_prior)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        step(z, z_prior).numpy()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    latent_dim = 64
    print(f"latent_dim {latent_dim}")
    for n, runs in ((100, 50), (1000, 5), (2000, 3)):
        z = tf.random.stateless_normal((n, latent_dim), seed=(0, n))
        z_prior = tf.random.stateless_normal((n, latent_dim), seed=(1, n))
        ours = seconds(imq_kernel, z, z_prior, runs)
        theirs = seconds(broadcasting_kernel, z, z_prior, runs)
        gib = n * n * latent_dim * 4 / 2**30
        print(
            f"n {n:5d}: one matrix product {ours * 1e3:8.2f} ms, "
            f"(n, n, d) tensor of {gib:.2f} GiB {theirs * 1e3:8.2f} ms, "
            f"ratio {theirs / ours:.1f}"
        )


if __name__ == "__main__":
    main()
