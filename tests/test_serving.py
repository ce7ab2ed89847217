"""Exported models do what the model does, in programs that have neither wae_tf nor Keras."""

import http.server
import importlib.util
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

import wae_tf
from wae_tf.bin import export as program
from wae_tf.export import export_parts, model_parts
from wae_tf.export.model_parts import signatures

DOC = (pathlib.Path(__file__).parents[1] / "docs" / "serving.md").read_text()
NOISE = {
    "normal": np.random.default_rng(0).normal(size=(5, 3)).astype("float32"),
    "uniform": np.random.default_rng(1).random(5, "float32"),
}


def needs(*packages):
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(absent), reason=f"needs {absent}")


FORMATS = [
    "saved_model",
    pytest.param("onnx", marks=needs("tf2onnx", "onnxruntime")),
    pytest.param("litert", marks=needs("ai_edge_litert")),
]


@pytest.fixture(scope="module")
def model():
    model = wae_tf.build_model(tiny.config())
    codes = np.random.default_rng(0).normal(size=(300, 3)).astype("float32")
    fits = {
        "gmm": {"components": 3},
        "flow": {"epochs": 1, "layers": 2, "units": 8},
        "two_stage": {"steps": 3, "units": 8},
    }
    for kind, options in fits.items():
        model.samplers[kind] = wae_tf.samplers.fit_codes(codes, kind, **options)
    return model


@pytest.fixture(scope="module")
def served(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("served") / "1"
    model.export(path)
    return path


def alone(code, cwd):
    """Runs a program in a process where neither wae_tf nor Keras can be imported."""
    block = "import sys; sys.modules.update(wae_tf=None, keras=None, tf_keras=None)\n"
    done = subprocess.run(
        [sys.executable, "-c", block + code], cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def open_part(path):
    """Returns the function of a file, from arrays by name to a dict of arrays."""
    if path.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path)
        names = [output.name for output in session.get_outputs()]
        return lambda **x: dict(zip(names, session.run(names, x)))
    if path.suffix == ".tflite":
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(str(path)).get_signature_runner()
    function = tf.saved_model.load(path).signatures["serving_default"]
    return lambda **x: {
        k: v.numpy() for k, v in function(**{k: tf.constant(v) for k, v in x.items()}).items()
    }


@pytest.mark.slow
def test_signatures_without_wae_tf_and_keras_equal_the_methods(model, served, tmp_path):
    x = tiny.images(5)
    z = model.encode(x)
    np.savez(tmp_path / "in.npz", x=x, z=z)
    alone(
        f"""
import numpy as np, tensorflow as tf
inputs = np.load("in.npz")
call = tf.saved_model.load({str(served)!r}).signatures
x, z = tf.constant(inputs["x"]), tf.constant(inputs["z"])
unit = tf.cast(x, tf.float32) / 255.0
n, seed = tf.constant(7), tf.constant(3)
out = {{
    "serving_default": call["serving_default"](images=unit)["reconstructions"],
    "reconstruct_uint8": call["reconstruct_uint8"](images=x)["reconstructions"],
    "encode": call["encode"](images=unit)["codes"],
    "encode_uint8": call["encode_uint8"](images=x)["codes"],
    "decode": call["decode"](codes=z)["images"],
    **{{
        s: call[s](n=n, seed=seed)["images"]
        for s in call
        if s.startswith("sample") and not s.endswith("from_noise")
    }},
}}
normal = np.random.default_rng([0, 3]).standard_normal((7, 3)).astype("float32")
uniform = np.random.default_rng([1, 3]).random(7).astype("float32")
for kind in ("gmm", "flow", "two_stage"):
    noise = {{"normal": normal, **({{"uniform": uniform}} if kind == "gmm" else {{}})}}
    noise = {{name: tf.constant(values) for name, values in noise.items()}}
    s = f"sample_{{kind}}_from_noise"
    out[s] = call[s](**noise)["images"]
np.savez("out.npz", **out)
""",
        tmp_path,
    )
    out = np.load(tmp_path / "out.npz")
    expected = {
        "serving_default": model.reconstruct(x),
        "reconstruct_uint8": model.reconstruct(x),
        "encode": z,
        "encode_uint8": z,
        "decode": model.decode(z),
        "sample": model.sample(7, seed=3),
    }
    for kind, sampler in model.samplers.items():
        noise = {"normal": tf.random.stateless_normal((7, 3), (3, 0))}
        if sampler.takes_uniform:
            noise["uniform"] = tf.random.stateless_uniform((7,), (3, 1))
        expected[f"sample_{kind}"] = model.decode(sampler.from_noise(**noise))
        expected[f"sample_{kind}_from_noise"] = model.sample(7, seed=3, sampler=kind)
    assert set(out) == set(expected)
    for name, want in expected.items():
        assert out[name].dtype == np.float32
        np.testing.assert_allclose(out[name], want, atol=1e-5, err_msg=name)


def test_serve_is_there_for_keras_habits(model, served):
    x = tiny.images(2)
    loaded = tf.saved_model.load(served)
    got = loaded.serve(tf.constant(x / 255.0, tf.float32))
    np.testing.assert_allclose(got, model.reconstruct(x), atol=1e-5)


def test_maps_of_noise_are_the_samplers_own_draws(model):
    """From the same noise, the graph gives what `sample` gives from NumPy's."""
    for sampler in model.samplers.values():
        base = wae_tf.samplers.base
        noise = {"normal": base.normal_draws(50, 3, 7).astype("float32")}
        if sampler.takes_uniform:
            noise["uniform"] = base.generator(7, 1).random(50).astype("float32")
        np.testing.assert_allclose(sampler.from_noise(**noise), sampler.sample(50, 7), atol=1e-5)


@pytest.mark.parametrize("prior", ["normal", "uniform", "sphere", "mixture", "vamp"])
def test_priors_as_maps_of_noise_have_the_moments_of_their_draws(prior):
    encoder = {"codes": "gaussian", "prior_components": 4} if prior == "vamp" else {}
    built = wae_tf.build_model(tiny.config(prior=prior, **encoder))
    part = model_parts.parts(built, ["sampler"])["sampler_prior"]
    rng = np.random.default_rng(0)
    draws = {"normal": lambda s: rng.normal(size=s), "uniform": lambda s: rng.random(s)}
    noise = {
        name: draws[name]([20000, *spec.shape[1:]]).astype("float32")
        for name, spec in part.inputs.items()
    }
    got = np.asarray(part.function(**noise)["codes"])
    want = built.prior.sample(20000, seed=(0, 0)).numpy()
    np.testing.assert_allclose(got.mean(axis=0), want.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(got.T), np.cov(want.T), atol=0.05)


@pytest.mark.parametrize(
    "format",
    [*FORMATS[:-1], pytest.param("litert", marks=[needs("ai_edge_litert"), pytest.mark.slow])],
)
def test_parts_equal_the_model(model, format, tmp_path):
    export_parts(model, tmp_path / "out", format=format)
    paths = {path.stem: path for path in (tmp_path / "out").iterdir()}
    kinds = ["prior", *model.samplers]
    assert set(paths) == {"encoder", "decoder", *(f"sampler_{kind}" for kind in kinds)}
    x = tiny.images(5)
    codes = open_part(paths["encoder"])(images=(x / 255.0).astype("float32"))["codes"]
    np.testing.assert_allclose(codes, model.encode(x), atol=1e-4)
    for n in (1, 5):
        images = open_part(paths["decoder"])(codes=codes[:n])["images"]
        assert images.dtype == np.float32
        np.testing.assert_allclose(images, model.decode(codes[:n]), atol=1e-4)
    for kind in kinds:
        part = model_parts.parts(model, ["sampler"])[f"sampler_{kind}"]
        noise = {name: NOISE[name] for name in part.inputs}
        got = open_part(paths[f"sampler_{kind}"])(**noise)["codes"]
        np.testing.assert_allclose(got, part.function(**noise)["codes"], atol=1e-4)


@pytest.mark.parametrize("suffix, format", [("onnx", "onnx"), ("tflite", "litert")])
def test_export_to_one_file_reconstructs(model, suffix, format, tmp_path):
    pytest.importorskip({"onnx": "tf2onnx", "litert": "ai_edge_litert"}[format])
    path = tmp_path / f"model.{suffix}"
    model.export(path, format=format)
    x = tiny.images(3)
    got = open_part(path)(images=(x / 255.0).astype("float32"))["reconstructions"]
    np.testing.assert_allclose(got, model.reconstruct(x), atol=1e-4)


@pytest.mark.slow
@needs("ai_edge_litert")
def test_smaller_weights_cost_little(tmp_path):
    zoo_model, x = wae_tf.load("mnist_wae_mmd", precision="float32"), tiny.mnist("x_test", 4)
    codes, errors, sizes = zoo_model.encode(x), {}, {}
    for optimize in (None, "float16", "int8"):
        directory = tmp_path / str(optimize)
        export_parts(zoo_model, directory, ["decoder"], format="litert", optimize=optimize)
        images = open_part(directory / "decoder.tflite")(codes=codes)["images"]
        gap = (images - zoo_model.decode(codes)) ** 2
        errors[optimize] = float(np.mean(np.sum(gap, axis=(1, 2, 3))))
        sizes[optimize] = (directory / "decoder.tflite").stat().st_size
    assert sizes["float16"] < 0.52 * sizes[None] and sizes["int8"] < 0.35 * sizes[None]
    assert errors[None] < 1e-6 and errors[None] < errors["float16"] < errors["int8"]
    assert errors["float16"] < 1e-3 and errors["int8"] < 1.0


@keras.saving.register_keras_serializable(package="test_serving")
class Bessel(keras.layers.Layer):
    """A layer that neither ONNX nor LiteRT has an operation for."""

    def call(self, x):
        return tf.math.bessel_i0e(x)

    def compute_output_shape(self, shape):
        return shape


def odd_model():
    encoder, decoder = tiny.networks()
    encoder = keras.Sequential([*encoder.layers, Bessel(name="strange")])
    encoder.build((None, 8, 8, 1))
    return wae_tf.AE(encoder, decoder)


@pytest.mark.parametrize("format", FORMATS[1:])
def test_a_layer_that_a_format_lacks_is_named(format, tmp_path):
    with pytest.raises(ValueError, match="layer 'strange' \\(Bessel\\)"):
        export_parts(odd_model(), tmp_path / "out", ["encoder"], format=format)
    assert list(tmp_path.iterdir()) == []


def test_a_saved_model_takes_any_layer(tmp_path):
    odd, x = odd_model(), tiny.images(2)
    odd.export(tmp_path / "out")
    got = tf.saved_model.load(tmp_path / "out").signatures["encode_uint8"](images=tf.constant(x))
    np.testing.assert_allclose(got["codes"], odd.encode(x), atol=1e-5)


def test_a_directory_that_holds_something_is_refused_and_kept(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("years")
    with pytest.raises(ValueError, match="new or empty.*overwrite=True.*'thesis.txt'"):
        model.export(tmp_path)
    with pytest.raises(ValueError, match="Only an earlier export.*'thesis.txt'"):
        model.export(tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_earlier_export_is_replaced_when_asked(model, tmp_path):
    model.export(tmp_path / "out")
    with pytest.raises(ValueError, match="new or empty"):
        model.export(tmp_path / "out")
    export_parts(model, tmp_path / "out", ["decoder"], format="saved_model", overwrite=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["decoder"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_formats_that_only_keras_has_come_whole_or_not_at_all(model, tmp_path, monkeypatch):
    signature = [keras.InputSpec(shape=(None, 8, 8, 1), dtype="float32")]
    x = tiny.images(2)
    model.export(tmp_path / "out", format="tf_saved_model", input_signature=signature)
    loaded = tf.saved_model.load(tmp_path / "out")
    got = loaded.serve(tf.constant(x / 255.0, tf.float32))
    np.testing.assert_allclose(got, model.reconstruct(x), atol=1e-5)
    with pytest.raises(ValueError, match="new or empty"):
        model.export(tmp_path / "out", format="tf_saved_model", input_signature=signature)
    fails = []

    def written(self, path, **options):
        assert [tuple(spec.shape) for spec in options["input_signature"]] == [(None, 8, 8, 1)]
        for file in (pathlib.Path(path), pathlib.Path(path).with_suffix(".bin")):
            file.write_text(options["format"])
            if fails:
                raise OSError("No space left on device")

    monkeypatch.setattr(keras.Model, "export", written)
    model.export(tmp_path / "model.xml", format="openvino")
    assert (tmp_path / "model.bin").read_text() == "openvino"
    (tmp_path / "model.xml").unlink()
    with pytest.raises(ValueError, match="must be new.*model.bin"):
        model.export(tmp_path / "model.xml", format="openvino")
    model.export(tmp_path / "model.xml", format="openvino", overwrite=True)
    fails.append(True)
    with pytest.raises(OSError, match="No space"):
        model.export(tmp_path / "other.xml", format="openvino")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.bin", "model.xml", "out"]


def test_a_failed_export_leaves_the_earlier_one(model, tmp_path, monkeypatch):
    export_parts(model, tmp_path / "out", ["decoder"], format="saved_model")

    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", full)
    with pytest.raises(OSError, match="No space"):
        model.export(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out" / "decoder" / "saved_model.pb").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
def test_what_a_killed_export_leaves_the_next_one_removes(model, tmp_path):
    code = f"""
import os, pathlib, signal, sys, tensorflow as tf
def killed(module, directory, **kwargs):
    pathlib.Path(directory, "saved_model.pb").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
tf.saved_model.save = killed
sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
import tiny, wae_tf
wae_tf.build_model(tiny.config()).export("out")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    (left,) = (path.name for path in tmp_path.iterdir())
    assert left.startswith(".tmp-") and left.endswith("-new-out")
    model.export(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"format": "pickle"}, "`format` must be one of.*Received: format='pickle'"),
        ({"parts": ["head"]}, "`parts` must be among.*Received: parts=\\['head'\\]"),
        ({"optimize": "int8"}, "`optimize` is an option of format='litert'"),
        ({"format": "litert", "optimize": "int4"}, "`optimize` must be one of"),
    ],
)
def test_bad_arguments_are_refused(model, kwargs, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        export_parts(model, tmp_path / "out", **kwargs)
    assert not (tmp_path / "out").exists()


def test_low_precision_is_refused_where_a_format_has_none(tmp_path):
    half = wae_tf.build_model(tiny.config(precision="mixed_bfloat16"))
    with pytest.raises(ValueError, match="`precision='float32'`.*bfloat16"):
        export_parts(half, tmp_path / "out", format="litert")
    half.export(tmp_path / "out")
    x = tiny.images(3)
    got = tf.saved_model.load(tmp_path / "out").signatures["reconstruct_uint8"](
        images=tf.constant(x)
    )["reconstructions"]
    assert got.dtype == tf.float32
    np.testing.assert_allclose(got, half.reconstruct(x), atol=1e-5)


def test_a_missing_package_names_the_extra(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ImportError, match='pip install "wae_tf\\[onnx\\]"'):
        model.export(tmp_path / "model.onnx", format="onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_model_keeps_no_trace_of_an_export(model, tmp_path):
    before = len(model.variables)
    model.export(tmp_path / "out")
    assert len(model.variables) == before and set(signatures(model)) >= {"encode", "decode"}


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)


@pytest.fixture(scope="module")
def documented(tmp_path_factory):
    """Runs the commands of docs/serving.md that can run here, and returns where."""
    directory = tmp_path_factory.mktemp("documented")
    for line in blocks("bash")[0].splitlines():
        command = line.replace("wae-export", f"{sys.executable} -m wae_tf.bin.export", 1)
        if "--format=onnx" in line and importlib.util.find_spec("tf2onnx") is None:
            continue
        done = subprocess.run(command.split(), cwd=directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return directory


@pytest.mark.slow
@pytest.mark.parametrize(
    "package", [pytest.param(p, marks=needs(p)) for p in ("onnxruntime", "ai_edge_litert")]
)
def test_documented_lines_run_without_wae_tf(package, documented):
    (code,) = (block for block in blocks("python") if package in block)
    check = """
assert images.shape == (16, 28, 28, 1) and images.dtype == np.float32
assert 0 <= images.min() < 0.1 and 0.9 < images.max() <= 1
assert codes_again.shape == codes.shape == (16, 8) and np.abs(codes - codes_again).mean() < 0.5
assert "tensorflow" not in sys.modules
"""
    alone(code + check, documented)


class Serving(http.server.BaseHTTPRequestHandler):
    """The part of TensorFlow Serving's REST API that docs/serving.md uses, and no more.

    `inputs` by name become tensors of the signature's types; one output comes back bare.
    """

    signatures = None

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/v1/models/mnist:predict"
        function = self.signatures[request["signature_name"]]
        specs = function.structured_input_signature[1]
        outputs = function(
            **{name: tf.constant(v, specs[name].dtype) for name, v in request["inputs"].items()}
        )
        assert set(request["inputs"]) == set(specs) and len(outputs) == 1
        body = json.dumps({"outputs": next(iter(outputs.values())).numpy().tolist()}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.mark.slow
def test_documented_requests_are_answered_by_the_signatures(documented):
    Serving.signatures = tf.saved_model.load(documented / "served" / "mnist" / "1").signatures
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Serving)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (code,) = (block for block in blocks("python") if "def predict" in block)
    names = {}
    try:
        exec(code.replace("localhost:8501", f"127.0.0.1:{server.server_port}"), names)
    finally:
        server.shutdown()
    served = set(re.findall(r'predict\("(\w+)"', code))
    assert served == set(Serving.signatures)  # A request for each.
    loaded = wae_tf.load("mnist_wae_mmd", precision="float32")
    images = names["images"]
    for codes in (names["codes"], names["same_codes"]):
        np.testing.assert_allclose(codes, loaded.encode(images), atol=1e-5)
    for again in (names["reconstructed"], names["same_images"], names["decoded"]):
        np.testing.assert_allclose(again, loaded.reconstruct(images), atol=1e-5)
    np.testing.assert_allclose(names["samples"], loaded.sample(4, seed=0), atol=1e-5)
    assert names["better_samples"].shape == (4, 28, 28, 1)
    same_samples = loaded.sample(4, seed=0, sampler="gmm")
    np.testing.assert_allclose(names["same_samples"], same_samples, atol=1e-5)
    (curl,) = re.findall(r"curl -d '(.*?)'", DOC)
    assert json.loads(curl) == {"signature_name": "sample", "inputs": {"n": 4, "seed": 0}}


def test_wae_export_refuses_and_overwrites(run_program, tmp_path, capsys):
    out = f"--output={tmp_path / 'out'}"
    keras_file = ["--model=mnist_wae_mmd", "--format=keras", out]
    assert run_program(program, *keras_file) is None
    assert "model.keras" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model.keras"]
    assert "new or empty" in run_program(program, *keras_file)
    assert run_program(program, *keras_file, "--overwrite") is None
    assert "--parts is a flag of" in run_program(program, *keras_file, "--parts=decoder")
    assert "--optimize is a flag of" in run_program(program, *keras_file, "--optimize=int8")
    one_file = [*keras_file[:2], f"--output={tmp_path / 'one.keras'}"]
    assert run_program(program, *one_file) is None
    assert "must be new" in run_program(program, *one_file)
    assert run_program(program, *one_file, "--overwrite") is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.keras", "out"]
    loaded = keras.saving.load_model(tmp_path / "out" / "model.keras")
    want = wae_tf.load("mnist_wae_mmd", precision="float32")
    for sampler in ("prior", "gmm"):
        np.testing.assert_array_equal(
            loaded.sample(2, seed=0, sampler=sampler), want.sample(2, seed=0, sampler=sampler)
        )
