"""Functions of codes that XLA compiles on a CPU, and that run as they are where it cannot."""

import inspect
import weakref

import tensorflow as tf

__all__ = ["compiled", "on_cpu"]

_PROGRAMS = weakref.WeakKeyDictionary()  # What owns a kernel -> its programs, None where XLA fails.


def on_cpu():
    """Returns whether TensorFlow sees neither GPU nor TPU, whose own kernels do well."""
    return not any(tf.config.get_visible_devices(kind) for kind in ("GPU", "TPU"))


def compiled(function, kernel):
    """Returns `function(*tensors, kernel)` as a program that XLA makes once for each shape.

    Fused, the operations of a Gram matrix go through memory once and not ten times. The programs
    last as long as the kernel does. Where XLA is missing, or has no operation for what a kernel
    does, the function runs as it is.

    Args:
        function: Takes eager tensors, then the kernel; returns a tensor.
        kernel: Callable `(a, b) -> Gram matrix`, or one whose width the samples give.

    Returns:
        Callable of the tensors alone.

    Example:
        >>> compiled(lambda a, b, kernel: tf.reduce_sum(kernel(a, b)), imq_kernel)(z, z_prior)
    """
    bound = inspect.ismethod(kernel)  # Made anew by each look at it: its object is what lasts.
    try:
        programs = _PROGRAMS.setdefault(kernel.__self__ if bound else kernel, {})
        refer = weakref.WeakMethod(kernel) if bound else weakref.ref(kernel)
    except TypeError:  # Cannot be referred to weakly, or has no hash.
        programs, refer = {}, lambda: kernel
    method = kernel.__func__ if bound else None

    def run(*tensors):
        shapes = tuple((tuple(tensor.shape), tensor.dtype) for tensor in tensors)
        key = function, method, shapes
        if key not in programs:
            programs[key] = _program(function, refer, tensors)
        try:  # Compiled at the first call.
            if programs[key] is not None:
                return programs[key](*tensors)
        except Exception:
            programs[key] = None  # Each platform has its own error; a kernel's own comes again.
        return function(*tensors, kernel)

    return run


def _program(function, refer, tensors):
    """Returns what XLA is to compile, or None where it cannot be traced."""

    def call(*tensors):
        return function(*tensors, refer())

    specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
    try:  # Without autograph, which would keep the kernel.
        traced = tf.function(call, jit_compile=True, autograph=False)
        return traced.get_concrete_function(*specs)
    except Exception:
        return None
