"""SavedModel: what TensorFlow Serving, and any program with TensorFlow, runs."""

import tensorflow as tf

from wae_tf.export import targets
from wae_tf.export.model_parts import reconstruction, signatures
from wae_tf.runtime.progress_bar import ProgressBar

__all__ = ["export_saved_model", "write"]


def export_saved_model(model, path, *, overwrite=False, verbose=False):
    """Writes a directory with the signatures of docs/serving.md; `serve` is Keras's name of
    the first, for callers in Python. `verbose` as of `ProgressBar`.

    Raises:
        ValueError: The directory is not empty; with `overwrite`, it is not an earlier export.
    """
    with targets.replacing_directory(path, overwrite) as temporary:
        write(temporary, signatures(model), serve=reconstruction(model), verbose=verbose)


def write(directory, parts, serve=None, verbose=False):
    """Writes parts, a dict from signature to `Part`, and one more for `serve`, as a SavedModel."""
    module, functions = tf.Module(), {}
    bar = ProgressBar(len(parts) + 1, "step", verbose, title="Tracing signatures, and writing them")
    for name, part in parts.items():
        functions[name] = part.traced().get_concrete_function(*part.inputs.values())
        bar.update(len(functions))
    module.functions = functions
    # Keras's layers stay behind: the graphs need no more than the variables that they read.
    module.read = [v for f in module.functions.values() for v in f.graph.variables]
    if serve is not None:
        module.serve = tf.function(
            lambda images: serve.function(images=images)["reconstructions"],
            input_signature=[*serve.inputs.values()],
        )
    logger = tf.get_logger()  # Would say at length where assets go, of which there are none.
    level = logger.level
    logger.setLevel("WARNING")
    try:
        tf.saved_model.save(module, str(directory), signatures=module.functions)
    finally:
        logger.setLevel(level)
    bar.update(len(parts) + 1)
