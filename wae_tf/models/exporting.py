"""`export` of a model: the door to the formats that stand above it."""

import keras

__all__ = ["EXPORTERS", "Exporting"]

# From a format to `(model, path, *, overwrite, **options)`; "keras" is for formats that only Keras
# has. `wae_tf.export` fills it, as it stands above the models and they know nothing of it.
EXPORTERS = {}


class Exporting:
    """`export` to a SavedModel with one signature for each thing a model does, ONNX or LiteRT."""

    def export(self, filepath, format="saved_model", *, overwrite=False, verbose=None, **options):
        """Writes the model for programs that have neither wae_tf nor Keras.

        Args:
            filepath: Directory of a SavedModel; of the other formats a file that ends in
                `.onnx` or `.tflite`.
            format: `"saved_model"` (`"tf_saved_model"` is the same) has `serving_default`
                (reconstruct), `encode`, `decode`, `sample` and two more for each fitted
                sampler. `"onnx"` and `"litert"` reconstruct; `wae_tf.export.export_parts`
                writes encoder, decoder and samplers. Others are Keras's own.
            overwrite: Whether an earlier export may be replaced.
            verbose: Of a SavedModel, whether to show a progress bar; "auto" where it takes over two
                seconds. Of formats that only Keras has, whether to say what was written.
            **options: `optimize="float16"` or `"int8"` of `"litert"`, and Keras's own.

        Raises:
            ValueError: Something is there already, or the format cannot express the model.
            ImportError: A package is missing; the error names the extra.

        Example:
            >>> wae_tf.load("mnist_wae_mmd").export("served/1")
        """
        name = "saved_model" if format == "tf_saved_model" else format
        if name not in EXPORTERS or name == "keras" or "input_signature" in options:
            # Keras knows no shape of images, as a model is built without a call.
            signature = [keras.InputSpec("float32", shape=(None, *self.image_shape))]
            options = {"input_signature": signature, **options}
            options, name = {"format": format, "verbose": verbose, **options}, "keras"
        elif name == "saved_model":
            options["verbose"] = bool(verbose) and verbose
        return EXPORTERS[name](self, filepath, overwrite=overwrite, **options)
