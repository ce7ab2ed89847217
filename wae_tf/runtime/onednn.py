"""oneDNN's kernels for TensorFlow on a CPU, where TensorFlow has them but does not take them."""

import os
import sys

from wae_tf.runtime.processor import cpu_flags, is_x86, read_cpuinfo

__all__ = ["VARIABLE", "prefer"]

VARIABLE = "TF_ENABLE_ONEDNN_OPTS"


def prefer():
    """Asks TensorFlow, if it is yet to be imported, for oneDNN's kernels on x86 with AVX2.

    TensorFlow itself takes them where a processor has instructions for neural networks, such as
    `avx512_vnni`. With AVX2 alone its own convolutions took 1.65 times as long in a training
    step (docs/performance.md). A value that the variable has already stays.
    """
    if "tensorflow" not in sys.modules and is_x86() and "avx2" in cpu_flags(read_cpuinfo()):
        os.environ.setdefault(VARIABLE, "1")
