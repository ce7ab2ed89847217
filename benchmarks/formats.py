"""Measures what each exported format costs: bytes, milliseconds a decode, and squared error.

python benchmarks/formats.py --model=mnist_wae_mmd --data=mnist.npz

All formats take turns in one process, on one thread, so that a busy machine slows all alike; times
are medians. The squared error is that of reconstructions (sum over pixels in [0, 1], mean over
images) with the format's encoder and decoder. Prints rows of a Markdown table.
"""

import pathlib
import tempfile
import time

import numpy as np
import tensorflow as tf
from absl import app, flags

import wae_tf

_MODEL = flags.DEFINE_string("model", "mnist_wae_mmd", "Zoo entry.")
_DATA = flags.DEFINE_string("data", None, "Images, as wae-evaluate takes them.", required=True)
_SPLIT = flags.DEFINE_string("split", "test[:128]", "Images to reconstruct.")
_REPEATS = flags.DEFINE_integer("repeats", 50, "Decodes of each size.")
_SECONDS = flags.DEFINE_float("seconds", 10.0, "Fewer decodes of formats that need more for them.")
_LITERT = flags.DEFINE_list("litert", ["float32", "float16", "int8"], "Weights of LiteRT's files.")


def main(argv):
    del argv
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    model = wae_tf.load(_MODEL.value, precision="float32")
    config = wae_tf.load_config(_MODEL.value)
    x = wae_tf.data.load_images(
        _DATA.value, _SPLIT.value, image_shape=config.image_shape, crop=config.crop
    )
    x = np.asarray(x, "float32") / 255.0
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        formats = _formats(model, directory)
        codes = np.random.default_rng(0).normal(size=(64, model.latent_dim)).astype("float32")
        times = {(name, n): [] for name in formats for n in (1, 64)}
        for n in (1, 64):  # LiteRT allocates anew when the size changes: one size at a time.
            for repeat in range(_REPEATS.value + 1):
                for name, (_, decode, _) in formats.items():
                    if len(times[name, n]) >= 2 and sum(times[name, n]) > _SECONDS.value:
                        continue
                    start = time.perf_counter()
                    decode(codes[:n])
                    if repeat >= 1:  # The first one traces and allocates.
                        times[name, n].append(time.perf_counter() - start)
        print(f"{_MODEL.value}, {_CPU}")
        print("| format | MB, encoder and decoder | ms, 1 code | ms, 64 codes | squared error |")
        print("| --- | --- | --- | --- | --- |")
        for name, (encode, decode, size) in formats.items():
            error = np.mean(np.sum((decode(encode(x)) - x) ** 2, axis=(1, 2, 3), dtype="float64"))
            one, many = (1e3 * np.median(times[name, n]) for n in (1, 64))
            print(f"| {name} | {size / 1e6:.2f} | {one:.2f} | {many:.1f} | {error:.5f} |")


def _formats(model, directory):
    """Returns encode, decode and bytes by format."""
    model.save(directory / "model.keras")
    keras_bytes = (directory / "model.keras").stat().st_size
    found = {
        "Keras, `decoder.predict`": (
            model.encode,
            lambda z: np.clip(_unit(model, model.decoder.predict(z, verbose=0)), 0, 1),
            keras_bytes,
        ),
        "wae_tf, `decode`": (model.encode, model.decode, keras_bytes),
    }
    model.export(directory / "saved_model")
    served = tf.saved_model.load(directory / "saved_model").signatures
    found["SavedModel"] = (
        lambda x: served["encode"](images=tf.constant(x))["codes"].numpy(),
        lambda z: served["decode"](codes=tf.constant(z))["images"].numpy(),
        _size(directory / "saved_model"),
    )
    wae_tf.export.export_parts(model, directory / "onnx", ("encoder", "decoder"), format="onnx")
    found["ONNX"] = (*_onnx(directory / "onnx"), _size(directory / "onnx"))
    for weights in _LITERT.value:
        optimize = None if weights == "float32" else weights
        path = directory / f"litert_{weights}"
        wae_tf.export.export_parts(
            model, path, ("encoder", "decoder"), format="litert", optimize=optimize
        )
        found[f"LiteRT, {weights}"] = (*_litert(path), _size(path))
    return found


def _unit(model, y):
    low, high = model.pixel_range
    return (y - low) / (high - low)


def _size(directory):
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def _onnx(directory):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    encoder, decoder = (
        onnxruntime.InferenceSession(directory / f"{part}.onnx", options)
        for part in ("encoder", "decoder")
    )
    return (
        lambda x: encoder.run(None, {"images": x})[0],
        lambda z: decoder.run(None, {"codes": z})[0],
    )


def _litert(directory):
    from ai_edge_litert.interpreter import Interpreter

    encoder, decoder = (
        Interpreter(str(directory / f"{part}.tflite"), num_threads=1).get_signature_runner()
        for part in ("encoder", "decoder")
    )
    return (lambda x: encoder(images=x)["codes"], lambda z: decoder(codes=z)["images"])


def _cpu():
    """Says which of the flags that matter to speed the CPU has."""
    path = pathlib.Path("/proc/cpuinfo")
    flags_ = path.read_text().split() if path.is_file() else []
    return ", ".join(f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in flags_)


_CPU = _cpu()

if __name__ == "__main__":
    app.run(main)
