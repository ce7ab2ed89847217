"""Checks programs of XLA against plain TensorFlow, what they keep alive, and the way without."""

import functools
import gc
import importlib
import weakref

import numpy as np
import pytest
import tensorflow as tf

from wae_tf import imq_kernel, metrics, mmd
from wae_tf.divergences import xla
from wae_tf.divergences.named_kernels import MedianRBF
from wae_tf.metrics import permutation

mmd_module = importlib.import_module("wae_tf.divergences.mmd")


@pytest.fixture
def samples(rng):
    z, z_prior = rng.normal(size=(2, 60, 3)).astype("float32")
    return z + 0.3, z_prior


@pytest.fixture
def pays(monkeypatch):
    """Makes small samples be compiled too, and returns the programs that are made."""
    monkeypatch.setattr(mmd_module, "_PAYS", 50**2)
    monkeypatch.setattr(mmd_module, "_PAYS_AT_ONCE", 50**2)
    monkeypatch.setattr(permutation, "_PAYS", 100)
    made, make = [], xla._program

    def recorded(*arguments):
        made.append(make(*arguments))
        return made[-1]

    monkeypatch.setattr(xla, "_program", recorded)
    return made


def fresh():
    return functools.partial(imq_kernel, base=6.0)


class Owner:
    def gram(self, a, b):
        return imq_kernel(a, b, base=6.0)


def test_compiled_mmd_equals_the_plain_one(samples, pays):
    expected = float(mmd(*samples, imq_kernel, jit_compile=False))
    assert not pays
    assert float(mmd(*samples, fresh())) == pytest.approx(expected, rel=1e-5)
    assert len(pays) == 1 and pays[0] is not None


def test_compiled_width_of_the_samples_is_the_plain_one(samples, pays):
    expected = float(mmd(*samples, MedianRBF(), jit_compile=False))
    assert float(mmd(*samples, MedianRBF())) == pytest.approx(expected, rel=1e-5)
    assert pays[0] is not None


@pytest.mark.parametrize("block", [1 << 22, 50 * 50])
def test_compiled_permutation_test_equals_the_plain_one(samples, monkeypatch, pays, block):
    monkeypatch.setattr(permutation, "_BLOCK_SIZE", block)
    got = metrics.mmd_test(*samples, fresh(), permutations=20)
    monkeypatch.setattr(permutation, "_PAYS", 10_000)
    expected = metrics.mmd_test(*samples, fresh(), permutations=20)
    assert got == pytest.approx(expected, abs=1e-5)
    assert len(pays) == 1 and pays[0] is not None  # One program for all tiles.


def test_one_program_serves_all_calls_of_a_shape(samples, pays):
    owner, kernel = Owner(), fresh()
    for _ in range(3):
        mmd(*samples, kernel)
        mmd(*samples, owner.gram)  # A new bound method each time.
    assert len(pays) == 2
    mmd(samples[0][:55], samples[1], kernel)
    assert len(pays) == 3


@pytest.mark.slow
def test_programs_do_not_keep_what_owns_the_kernel(samples, pays):
    owner = Owner()
    mmd(*samples, owner.gram)
    assert pays[0] is not None
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


def test_small_samples_tensors_and_graphs_are_left_alone(samples, pays):
    z, z_prior = samples
    mmd(z[:40], z_prior[:40], fresh())
    mmd(tf.constant(z), tf.constant(z_prior), fresh())
    tf.function(lambda: mmd(z, z_prior, imq_kernel))()
    assert not pays


def test_a_gpu_is_left_alone(samples, pays, monkeypatch):
    monkeypatch.setattr(mmd_module, "on_cpu", lambda: False)
    mmd(*samples, fresh())
    assert not pays


def test_what_xla_cannot_do_is_computed_without(samples, pays):
    calls = []

    def kernel(a, b):
        def gram(a, b):
            calls.append(a.shape)
            return imq_kernel(a, b).numpy()

        gram = tf.numpy_function(gram, [a, b], tf.float32)
        return tf.ensure_shape(gram, (a.shape[0], b.shape[0]))

    expected = float(mmd(*samples, imq_kernel, jit_compile=False))
    for _ in range(2):
        assert float(mmd(*samples, kernel)) == pytest.approx(expected, rel=1e-5)
    assert len(pays) == 1  # Tried once.
    assert len(calls) == 6


def test_without_xla_nothing_changes(samples, pays, monkeypatch):
    def no_xla(function, **options):
        raise NotImplementedError("Could not find compiler for platform Host")

    expected = float(mmd(*samples, imq_kernel, jit_compile=False))
    monkeypatch.setattr(tf, "function", no_xla)
    assert float(mmd(*samples, fresh())) == expected
    assert pays == [None]


def test_errors_of_a_kernel_are_those_without_xla(samples, pays):
    with pytest.raises(ValueError, match="`scales` must hold at least one number"):
        mmd(*samples, functools.partial(imq_kernel, scales=()))


def test_kernels_without_weak_references_work(samples, pays):
    class Slotted:
        __slots__ = ()

        def __call__(self, a, b):
            return imq_kernel(a, b)

    expected = float(mmd(*samples, imq_kernel, jit_compile=False))
    assert float(mmd(*samples, Slotted())) == pytest.approx(expected, rel=1e-5)


def test_kernel_distance_is_the_same_compiled(rng, monkeypatch):
    monkeypatch.setattr(mmd_module, "_PAYS", 50**2)
    a, b = rng.normal(size=(2, 60, 4))
    compiled = metrics.kernel_distance(a, b, subset_size=50, subsets=30)
    monkeypatch.setattr(mmd_module, "_PAYS", 10**9)
    assert compiled == pytest.approx(
        metrics.kernel_distance(a, b, subset_size=50, subsets=30), abs=1e-5
    )


def test_jit_compile_must_be_known(samples):
    with pytest.raises(ValueError, match="`jit_compile` must be 'auto', True or False.*'always'"):
        mmd(*samples, imq_kernel, jit_compile="always")
    assert np.isfinite(float(mmd(*samples, imq_kernel, jit_compile=True)))
