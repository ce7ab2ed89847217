"""The type that networks compute in: what a config asks for, and what this machine does well."""

import functools
import os
import platform
import time

from wae_tf.runtime import onednn
from wae_tf.runtime.processor import cpu_flags, cpu_vendor, is_x86, read_cpuinfo

__all__ = ["PRECISIONS", "computes_in_bfloat16", "resolve_precision"]

PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")

_AMPERE = (8, 0)  # NVIDIA's first compute capability with bfloat16 in its matrix units.
_TRIAL_SECONDS, _WORTH = 0.25, 1.1


def resolve_precision(precision):
    """Returns the Keras dtype policy that a `precision` stands for on this machine.

    `"auto"` is `"mixed_bfloat16"` where the machine is faster in bfloat16, see
    `computes_in_bfloat16`, and `"float32"` elsewhere: bfloat16 that is only emulated was measured
    nine times slower. All other values stand for themselves.

    Args:
        precision: One of `PRECISIONS`.

    Returns:
        `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`; in one process always the same.

    Raises:
        ValueError: `precision` is none of them.

    Example:
        >>> resolve_precision("float32")
        'float32'
    """
    from wae_tf.arguments import check_choice  # It needs NumPy, which flags are read without.

    if check_choice("precision", precision, PRECISIONS) != "auto":
        return precision
    return "mixed_bfloat16" if computes_in_bfloat16() else "float32"


@functools.cache
def computes_in_bfloat16():
    """Returns whether the device that TensorFlow trains on is faster in bfloat16.

    A TPU is, and so is an NVIDIA GPU of compute capability 8.0 or more, an x86 processor with the
    flag `amx_bf16`, and one of AMD with `avx512_bf16`. Nothing is placed on a device to find out.
    On processors whose flags do not tell, such as Intel's with `avx512_bf16` alone, a convolution
    is timed in both types for half a second.
    """
    accelerators = _accelerators()
    if accelerators:
        return all(known if known is not None else _trial() for known in accelerators)
    if os.environ.get(onednn.VARIABLE) == "0":  # TensorFlow's own kernels emulate it.
        return False
    told = flags_tell(read_cpuinfo(), platform.machine())
    return _trial() if told is None else told


def flags_tell(cpuinfo, machine):
    """Returns what a processor's flags say of bfloat16: True, False, or None where they do not.

    Args:
        cpuinfo: Text of Linux's `/proc/cpuinfo`; "" where there is none.
        machine: Name of the architecture, such as `platform.machine()` returns.
    """
    flags = cpu_flags(cpuinfo)
    if is_x86(machine):
        if not flags:
            return None
        if "amx_bf16" in flags:
            return True
        if "avx512_bf16" not in flags:
            return False
        # Without AMX an Intel Xeon (Emerald Rapids) was 1.6 times slower in it than in float32.
        return True if cpu_vendor(cpuinfo) == "AuthenticAMD" else None
    if flags and "bf16" not in flags:  # Arm's name of it, which says nothing of the libraries.
        return False
    return None


def _accelerators():
    """Returns for each GPU or TPU that may be used whether it computes in bfloat16, or None."""
    import tensorflow as tf

    known = [True for _ in tf.config.get_visible_devices("TPU")]
    for gpu in tf.config.get_visible_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpu)
        capability = details.get("compute_capability")
        known.append(None if capability is None else tuple(capability) >= _AMPERE)
    return known


def _trial():
    """Times a convolution and its gradients in both types; float32 wins unless clearly slower."""
    try:
        return _seconds("float32") > _WORTH * _seconds("bfloat16")
    except Exception:  # No kernel for it, or not enough memory: no reason to fail.
        return False


def _seconds(dtype):
    """Returns the shortest time of one step in a quarter of a second, after a first one."""
    import tensorflow as tf

    images, filters = tf.zeros((16, 14, 14, 64), dtype), tf.zeros((4, 4, 64, 64), dtype)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch((images, filters))
            y = tf.nn.conv2d(images, filters, 1, "SAME")
        gradients = tape.gradient(y, (images, filters))
        return tf.add_n([tf.reduce_sum(tf.cast(g, tf.float32)) for g in gradients])

    step().numpy()
    times, end = [], time.monotonic() + _TRIAL_SECONDS
    while not times or time.monotonic() < end:
        start = time.perf_counter()
        step().numpy()
        times.append(time.perf_counter() - start)
    return min(times)
