"""Formats by name: the door that `model.export`, `export_parts` and `wae-export` go through."""

import pathlib

from wae_tf import zoo
from wae_tf.arguments import check_choice
from wae_tf.export import keras_formats, litert, model_parts, onnx, saved_model, targets
from wae_tf.models.exporting import EXPORTERS
from wae_tf.runtime.progress_bar import ProgressBar

__all__ = ["FORMATS", "PARTS", "export_keras", "export_parts"]

PARTS = ("encoder", "decoder", "sampler")
FORMATS = ("saved_model", "onnx", "litert")

EXPORTERS.update(
    saved_model=saved_model.export_saved_model,
    onnx=onnx.export_onnx,
    litert=litert.export_litert,
    keras=keras_formats.export_by_keras,
)


def export_parts(
    model,
    directory,
    parts=PARTS,
    *,
    format="onnx",
    overwrite=False,
    optimize=None,
    verbose=False,
):
    """Writes encoder, decoder and samplers of a model as files of their own.

    The files are `encoder.onnx`, `decoder.onnx`, `sampler_prior.onnx`, and one more for each
    fitted sampler, such as `sampler_gmm.onnx`; in LiteRT they end in `.tflite`, and SavedModels
    are directories. See `wae_tf.export.model_parts.parts` for what each takes and returns.

    Args:
        model: A model of wae_tf that computes in float32.
        directory: Where to; new or empty.
        parts: Among `"encoder"`, `"decoder"` and `"sampler"`.
        format: `"onnx"`, `"litert"` or `"saved_model"`.
        overwrite: Whether an earlier export there may be replaced.
        optimize: None, `"float16"` or `"int8"`; only in LiteRT.
        verbose: Whether to show a progress bar; "auto" where it takes over two seconds.

    Raises:
        ValueError: The directory holds something, a part, format or `optimize` is unknown, or
            the format has no operation for one of the layers.
        ImportError: A package is missing; the error names the extra.

    Example:
        >>> wae_tf.export.export_parts(wae_tf.load("mnist_wae_mmd"), "phone", format="litert")
    """
    check_choice("format", format, FORMATS)
    if optimize is not None and format != "litert":
        raise ValueError(
            "`optimize` is an option of format='litert'. "
            f"Received: optimize={optimize!r}, format={format!r}"
        )
    if format != "saved_model":
        model_parts.check_float32(model, format)
    chosen = model_parts.parts(model, parts)
    bar = ProgressBar(len(chosen), "file", verbose, title="Converting")
    with targets.replacing_directory(directory, overwrite) as temporary:
        for done, (name, part) in enumerate(chosen.items()):
            bar.update(done)
            if format == "onnx":
                onnx.write(temporary / f"{name}.onnx", part)
            elif format == "litert":
                litert.write(temporary / f"{name}.tflite", part, optimize=optimize)
            else:
                saved_model.write(temporary / name, {"serving_default": part})
        bar.update(len(chosen))


def export_keras(name_or_directory, path, *, overwrite=False):
    """Writes an entry as one file, `wae_tf.zoo.save_keras`, or as `model.keras` in a directory.

    Args:
        name_or_directory: As in `wae_tf.load`.
        path: File that ends in `.keras`, or directory, new or empty.
        overwrite: Whether an earlier export there may be replaced.

    Raises:
        ValueError: There is no such entry, or something is there already.
    """
    if pathlib.Path(path).suffix == ".keras":
        return zoo.save_keras(name_or_directory, path, overwrite=overwrite)
    with targets.replacing_directory(path, overwrite) as temporary:
        zoo.save_keras(name_or_directory, temporary / "model.keras")
