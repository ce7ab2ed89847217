"""Formats that Keras itself writes, such as OpenVINO, whole or not at all."""

import keras

from wae_tf.export import targets

__all__ = ["export_by_keras"]


def export_by_keras(model, path, *, format, overwrite=False, verbose=None, **options):
    """Writes what `keras.Model.export` writes of a model: its `call`, reconstruction.

    Args:
        model: A model of wae_tf.
        path: File, or directory of a SavedModel.
        format: `"tf_saved_model"`, `"openvino"`, or another of Keras's.
        overwrite: Whether an earlier export may be replaced.
        verbose: Whether to say where it was written.
        **options: Keras's, such as `input_signature`.

    Raises:
        ValueError: Something is there already, or Keras has no such format.
    """
    if format in ("saved_model", "tf_saved_model"):
        with targets.replacing_directory(path, overwrite) as temporary:
            _export(model, temporary, "tf_saved_model", options)
    else:
        with targets.replacing_files(path, overwrite) as temporary:
            _export(model, temporary, format, options)
    if verbose:
        print(f"Wrote {model.name} to {path}")


def _export(model, path, format, options):
    keras.Model.export(model, str(path), format=format, verbose=False, **options)
