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
    replacing = targets.replacing_files
    if format in ("saved_model", "tf_saved_model"):
        format, replacing = "tf_saved_model", targets.replacing_directory
    with replacing(path, overwrite) as temporary:
        keras.Model.export(model, str(temporary), format=format, verbose=False, **options)
    if verbose:
        print(f"Wrote {model.name} to {path}")
