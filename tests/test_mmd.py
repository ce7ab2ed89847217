"""Checks the MMD: pair sums the slow way, float64 at scale, gradients, statistics."""

import importlib
import itertools
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tiny

from wae_tf import imq_kernel, mmd, rbf_kernel

module = importlib.import_module("wae_tf.divergences.mmd")  # `wae_tf.mmd` itself is the function.

MODES = {
    "eager": lambda function: function,
    "graph": tf.function,
    "xla": lambda function: tf.function(function, jit_compile=True),
}


def draw(rng, *shape, shift=0.0, scale=1.0):
    return (shift + scale * rng.normal(size=shape)).astype("float32")


def imq_of_distances(distances, latent_dim):
    base = 2.0 * latent_dim
    return sum(s * base / (s * base + distances) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10))


def reference(z, z_prior):
    """Computes the MMD with `imq_kernel` in float64 NumPy, by whole Gram matrices."""
    z, z_prior = np.asarray(z, "float64"), np.asarray(z_prior, "float64")

    def gram(a, b):
        distances = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2.0 * a @ b.T
        return imq_of_distances(np.maximum(distances, 0.0), a.shape[1])

    def within(a):
        return (gram(a, a).sum() - 7.0 * len(a)) / (len(a) * (len(a) - 1))

    return within(z) + within(z_prior) - 2.0 * gram(z, z_prior).mean()


def gradients(z, z_prior, kernel=imq_kernel):
    z, z_prior = tf.convert_to_tensor(z), tf.convert_to_tensor(z_prior)
    with tf.GradientTape() as tape:
        tape.watch([z, z_prior])
        estimate = mmd(z, z_prior, kernel)
    return tape.gradient(estimate, [z, z_prior])


@pytest.mark.parametrize("n, m", [(5, 5), (4, 7), (2, 2)])
def test_equals_the_pair_sums_of_algorithm_2(rng, n, m):
    z, z_prior = draw(rng, n, 3), draw(rng, m, 3)

    def k(a, b):
        return imq_of_distances(np.sum((a.astype("float64") - b) ** 2), 3)

    within_z = sum(k(z[i], z[j]) for i, j in itertools.product(range(n), repeat=2) if i != j)
    within_prior = sum(
        k(z_prior[i], z_prior[j]) for i, j in itertools.product(range(m), repeat=2) if i != j
    )
    across = sum(k(a, b) for a in z for b in z_prior)
    expected = within_z / (n * (n - 1)) + within_prior / (m * (m - 1)) - 2 * across / (n * m)
    np.testing.assert_allclose(mmd(z, z_prior, imq_kernel), expected, rtol=1e-5, atol=1e-6)


def test_linear_kernel_has_a_closed_form(rng):
    """With `k(a, b) = <a, b>` the sums over pairs are products of sums."""
    z, z_prior = draw(rng, 6, 4, shift=1.0), draw(rng, 9, 4)

    def within(a):
        return (np.sum(a.sum(0) ** 2) - np.sum(a**2)) / (len(a) * (len(a) - 1))

    expected = within(z) + within(z_prior) - 2.0 * z.mean(0) @ z_prior.mean(0)
    estimate = mmd(z, z_prior, lambda a, b: tf.matmul(a, b, transpose_b=True))
    np.testing.assert_allclose(estimate, expected, rtol=1e-5)


def test_cross_term_keeps_its_diagonal(rng):
    """On one sample twice, n pairs (z_i, z_i) take the estimate below zero, by this much."""
    z, n = draw(rng, 10, 3), 10
    off_diagonal = float(tf.reduce_sum(imq_kernel(z, z))) - 7.0 * n
    expected = 2.0 * off_diagonal / (n * (n - 1)) - 2.0 * (off_diagonal + 7.0 * n) / n**2
    assert expected < -0.5
    np.testing.assert_allclose(mmd(z, z, imq_kernel), expected, rtol=1e-5)


@pytest.fixture(scope="module")
def large():
    """Returns two samples of 4,000 codes and their MMD in float64."""
    rng = np.random.default_rng(0)
    z, z_prior = draw(rng, 4000, 8, scale=0.9), draw(rng, 4000, 8)
    return z, z_prior, reference(z, z_prior)


@pytest.mark.parametrize("mode", MODES)
def test_4000_codes_agree_with_float64(large, mode):
    z, z_prior, expected = large
    estimate = MODES[mode](mmd)(z, z_prior, imq_kernel)
    np.testing.assert_allclose(estimate, expected, rtol=1e-5)


IN_A_FRESH_PROCESS = """
import functools, pathlib, re
import numpy as np, tensorflow as tf
from wae_tf import imq_kernel, mmd

def memory(key):  # GiB; VmRSS now, VmHWM at most.
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(key + r":\\s*(\\d+)", status)[1]) / 2**20

kernel = functools.partial(imq_kernel, scales=(1.0,))
n = 20_000
points = np.random.default_rng(0).normal(size=(2, 50, 8)).astype("float32")
counts = np.random.default_rng(1).multinomial(n, np.full(50, 0.02), size=2)
z, z_prior = (np.repeat(p, c, axis=0) for p, c in zip(points, counts))

def pairs(i, j):
    a, b = points[i].astype("float64"), points[j].astype("float64")
    gram = 16.0 / (16.0 + ((a[:, None] - b) ** 2).sum(-1))
    return counts[i] @ gram @ counts[j]

expected = (pairs(0, 0) - n + pairs(1, 1) - n) / (n * (n - 1)) - 2 * pairs(0, 1) / n**2
step = tf.function(mmd)
step(z[:2100], z_prior[:2100], kernel)
before = memory("VmRSS")
np.testing.assert_allclose(step(z, z_prior, kernel), expected, rtol=1e-5)
assert memory("VmHWM") - before < 0.5, memory("VmHWM") - before

@tf.function
def gradient(z, z_prior):
    with tf.GradientTape() as tape:
        tape.watch(z)
        estimate = mmd(z, z_prior, kernel)
    return tape.gradient(estimate, z)

assert np.all(np.isfinite(gradient(tf.constant(z[:8000]), tf.constant(z_prior[:8000]))))
assert memory("VmHWM") - before < 0.5, memory("VmHWM") - before
print("memory", memory("VmHWM") - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not pathlib.Path("/proc/self/status").exists(), reason="memory is read from /proc"
)
def test_20000_codes_agree_with_float64_in_little_memory():
    """Codes of 50 distinct points make the float64 sums over 4e8 pairs a 50 x 50 one."""
    run = subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    print(run.stdout)


def test_gradient_equals_finite_differences(rng):
    samples = draw(rng, 6, 3, shift=0.5), draw(rng, 5, 3)
    computed = gradients(*samples)
    for which, sample in enumerate(samples):
        numeric = np.zeros(sample.shape)
        for index in np.ndindex(sample.shape):
            ends = []
            for epsilon in (1e-5, -1e-5):
                moved = [s.astype("float64") for s in samples]
                moved[which][index] += epsilon
                ends.append(reference(*moved))
            numeric[index] = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(computed[which], numeric, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("mode", tiny.slow_but(["eager", "graph"], MODES))
@pytest.mark.parametrize("rows", [37, None], ids=["static", "dynamic"])
def test_blocks_change_neither_value_nor_gradient(rng, monkeypatch, mode, rows):
    z, z_prior = draw(rng, 37, 3, shift=0.5), draw(rng, 23, 3)
    whole = [mmd(z, z_prior, imq_kernel), *gradients(z, z_prior)]
    monkeypatch.setattr(module, "_BLOCK_SIZE", 100)  # Of 100 // 37 and 100 // 23 rows: ragged.

    def both(z, z_prior):
        return [mmd(z, z_prior, imq_kernel), *gradients(z, z_prior)]

    if mode != "eager":
        both = tf.function(
            both,
            jit_compile=mode == "xla",
            input_signature=[tf.TensorSpec((rows, 3)), tf.TensorSpec((rows and 23, 3))],
        )
    for in_blocks, at_once in zip(both(z, z_prior), whole):
        np.testing.assert_allclose(in_blocks, at_once, rtol=1e-5, atol=1e-7)


def test_order_rotation_and_translation_do_not_matter(rng):
    z, z_prior = draw(rng, 30, 5, scale=2.0), draw(rng, 40, 5)
    expected = mmd(z, z_prior, imq_kernel)
    shuffled = mmd(rng.permutation(z), rng.permutation(z_prior), imq_kernel)
    rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0].astype("float32")
    rotated = mmd(z @ rotation, z_prior @ rotation, imq_kernel)
    moved = mmd(z + 100.0, z_prior + 100.0, imq_kernel)
    np.testing.assert_allclose([shuffled, rotated, moved], [expected] * 3, rtol=1e-4)


def test_samples_may_be_swapped(rng):
    z, z_prior = draw(rng, 12, 3, shift=1.0), draw(rng, 20, 3)
    np.testing.assert_allclose(mmd(z, z_prior, imq_kernel), mmd(z_prior, z, imq_kernel), rtol=1e-5)


def test_is_unbiased_and_sometimes_negative_between_equal_distributions(rng):
    estimate = tf.function(mmd)
    values = np.array(
        [estimate(draw(rng, 10, 4), draw(rng, 10, 4), imq_kernel) for _ in range(400)]
    )
    standard_error = values.std() / np.sqrt(len(values))
    assert abs(values.mean()) < 3 * standard_error
    assert standard_error < 0.02  # Keeping the diagonals would add 0.7.
    assert 0.1 < np.mean(values < 0) < 0.9


def test_rbf_estimate_is_unbiased_around_its_closed_form(rng):
    """Kernel means of Gaussians are Gaussian integrals, in d dimensions to the power d."""
    latent_dim, variance, shift, scale = 3, 2.0, 0.7, 0.5

    def mean_kernel(spread, distance):
        total = variance + spread
        return (variance / total) ** (latent_dim / 2) * np.exp(-distance / (2 * total))

    expected = (
        mean_kernel(2 * scale**2, 0.0)
        + mean_kernel(2.0, 0.0)
        - 2 * mean_kernel(scale**2 + 1.0, latent_dim * shift**2)
    )

    def kernel(a, b):
        return rbf_kernel(a, b, variance=variance)

    estimate = tf.function(mmd)
    values = np.array(
        [
            estimate(draw(rng, 8, 3, shift=shift, scale=scale), draw(rng, 12, 3), kernel)
            for _ in range(400)
        ]
    )
    standard_error = values.std() / np.sqrt(len(values))
    assert abs(values.mean() - expected) < 3 * standard_error
    assert standard_error < 0.1 * expected


def test_falls_as_two_gaussians_approach(rng):
    z, z_prior = draw(rng, 500, 8), draw(rng, 500, 8)
    values = [float(mmd(z + shift, z_prior, imq_kernel)) for shift in (3.0, 1.0, 0.5, 0.25, 0.0)]
    assert values == sorted(values, reverse=True)
    assert values[-2] > 0.01 > abs(values[-1])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_precisions_are_computed_in_float32(rng, dtype):
    z, z_prior = (tf.cast(s, dtype) for s in (draw(rng, 20, 4, shift=1.0), draw(rng, 20, 4)))
    estimate = mmd(z, z_prior, imq_kernel)
    assert estimate.dtype == tf.float32
    in_float32 = mmd(tf.cast(z, tf.float32), tf.cast(z_prior, tf.float32), imq_kernel)
    np.testing.assert_array_equal(estimate, in_float32)


@pytest.mark.parametrize(
    "z, z_prior, match",
    [
        ((1, 3), (5, 3), r"`z` must have .* n >= 2: .*Received: z.shape=\(1, 3\)"),
        ((0, 3), (5, 3), r"`z` must have .* n >= 2: .*Received: z.shape=\(0, 3\)"),
        ((5, 3), (1, 3), r"`z_prior` must have .* n >= 2: .*Received: z_prior.shape=\(1, 3\)"),
        ((5,), (5, 3), r"`z` must have shape.*Received: z.shape=\(5,\)"),
        ((5, 3), (5, 4), r"one latent_dim. Received: z.shape=\(5, 3\), z_prior.shape=\(5, 4\)"),
    ],
)
def test_errors_name_the_shapes(z, z_prior, match):
    with pytest.raises(ValueError, match=match):
        mmd(np.zeros(z), np.zeros(z_prior), imq_kernel)
