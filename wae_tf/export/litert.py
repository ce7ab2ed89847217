"""LiteRT (once TensorFlow Lite): one file for each part, for phones and small machines."""

import tempfile

import tensorflow as tf

from wae_tf.arguments import check_choice
from wae_tf.export import saved_model, targets
from wae_tf.export.model_parts import check_float32, reconstruction
from wae_tf.export.onnx import no_operation

__all__ = ["OPTIMIZATIONS", "export_litert", "write"]

OPTIMIZATIONS = ("float16", "int8")


def export_litert(model, path, *, overwrite=False, optimize=None):
    """Writes reconstruction, `images` to `reconstructions`, to a file that ends in `.tflite`.

    Raises:
        ValueError: The file is there, the model does not compute in float32, `optimize` is
            unknown, or LiteRT has no operation for one of its layers.
    """
    check_float32(model, "litert")
    with targets.replacing_file(path, ".tflite", overwrite) as temporary:
        write(temporary, reconstruction(model), optimize=optimize)


def write(path, part, *, optimize=None):
    """Writes a `Part` with its names, as the signature `serving_default`.

    Args:
        path: File.
        part: `Part`.
        optimize: `"float16"` stores weights in half the bytes; `"int8"` in a quarter, with
            activations quantised as they come (dynamic range). docs/serving.md has what
            either costs.
    """
    if optimize is not None:
        check_choice("optimize", optimize, OPTIMIZATIONS, "or None")
    with tempfile.TemporaryDirectory() as directory:
        saved_model.write(directory, {"serving_default": part})
        converter = tf.lite.TFLiteConverter.from_saved_model(
            directory, signature_keys=["serving_default"]
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if optimize is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if optimize == "float16":
            converter.target_spec.supported_types = [tf.float16]
        try:
            content = converter.convert()
        except Exception as error:  # Its class, `ConverterError`, is private to TensorFlow.
            said = str(error)
            raise no_operation("LiteRT", part, said, said.strip().splitlines()[0]) from error
    path.write_bytes(content)
