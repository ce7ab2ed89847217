"""ONNX: one file for each part, which onnxruntime and many others run."""

import logging

from wae_tf.export import targets
from wae_tf.export.model_parts import check_float32, layers, reconstruction

__all__ = ["export_onnx", "write"]


def export_onnx(model, path, *, overwrite=False):
    """Writes reconstruction, `images` to `reconstructions`, to a file that ends in `.onnx`.

    Raises:
        ValueError: The file is there, the model does not compute in float32, or ONNX has no
            operation for one of its layers.
        ImportError: tf2onnx is missing.
    """
    check_float32(model, "onnx")
    with targets.replacing_file(path, ".onnx", overwrite) as temporary:
        write(temporary, reconstruction(model))


def write(path, part):
    """Writes a `Part`; its inputs and outputs keep their names, batches may be of any size."""
    tf2onnx = _tf2onnx()
    complaints = _Complaints()
    logger = logging.getLogger("tf2onnx")
    logger.addHandler(complaints)
    propagate, logger.propagate = logger.propagate, False
    try:
        proto, _ = tf2onnx.convert.from_function(part.traced(), tuple(part.inputs.values()))
    finally:
        logger.removeHandler(complaints)
        logger.propagate = propagate
    if complaints.nodes:
        node = complaints.nodes[0]
        raise no_operation("ONNX", part, node, f"TensorFlow's {node}")
    got = sorted(value.name for value in proto.graph.input)
    if got != sorted(part.inputs):
        raise ValueError(
            "ONNX has no place for tensors that a layer keeps outside its weights: make them "
            f"weights, or NumPy arrays. Received: inputs {got}, expected {sorted(part.inputs)}"
        )
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"  # Instead of tf2onnx's `unk__87`.
    path.write_bytes(proto.SerializeToString())


def no_operation(format, part, text, said):
    """Returns the error of a `Part` with a layer of which `text`, TensorFlow's names, speaks."""
    named = [(text.rfind(x.name), x) for network in part.networks for x in layers(network)]
    place, layer = max(named, key=lambda pair: (pair[0], len(pair[1].name)), default=(-1, None))
    found = f"layer {layer.name!r} ({type(layer).__name__})" if place >= 0 else "no layer known"
    return ValueError(
        f"{format} must have an operation for all that a layer does: replace the layer, or export "
        f"a SavedModel. Received: {found}, {said}"
    )


class _Complaints(logging.Handler):
    """Collects the nodes that tf2onnx cannot convert: it only logs them, and goes on."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.nodes = []

    def emit(self, record):
        message = record.getMessage()
        if "is not supported" in message or "Failed to convert" in message:
            self.nodes.append(message.splitlines()[0])


def _tf2onnx():
    try:
        import tf2onnx
        import tf2onnx.convert
    except ImportError as error:
        raise ImportError(
            f"format='onnx' needs the extra of that name: pip install \"wae_tf[onnx]\". "
            f"Received: {error}"
        ) from error
    return tf2onnx
