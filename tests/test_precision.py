"""Checks which type networks compute in: what flags say, what a run keeps, what an entry says."""

import dataclasses
import json
import os
import pathlib
import platform
import subprocess
import sys

import pytest
import tensorflow as tf
import tiny

import wae_tf
from wae_tf import zoo
from wae_tf.runtime import onednn, precision, processor
from wae_tf.training import run_files, train

OTHER = {"float32": "mixed_bfloat16", "mixed_bfloat16": "float32"}


@pytest.fixture
def machine(monkeypatch):
    """Returns a function that makes this process one on another machine."""

    def become(cpuinfo="", architecture="x86_64", gpus=(), trial=None):
        precision.computes_in_bfloat16.cache_clear()
        monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
        monkeypatch.setattr(precision, "read_cpuinfo", lambda: cpuinfo)
        monkeypatch.setattr(platform, "machine", lambda: architecture)
        monkeypatch.setattr(
            tf.config, "get_visible_devices", lambda kind: list(gpus) if kind == "GPU" else []
        )
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: gpu)
        timed = (lambda: pytest.fail("timed")) if trial is None else (lambda: trial)
        monkeypatch.setattr(precision, "_trial", timed)

    yield become
    precision.computes_in_bfloat16.cache_clear()


def cpuinfo(name, flags, vendor="AuthenticAMD"):
    return (
        f"processor\t: 0\nvendor_id\t: {vendor}\n{name}\t\t: fpu {flags}\nbugs\t: avx512_bf16_bug\n"
    )


@pytest.mark.parametrize(
    "flags, expected",
    [
        ("avx2 avx512f", "float32"),
        ("avx512f avx512_bf16", "mixed_bfloat16"),
        ("amx_tile amx_bf16", "mixed_bfloat16"),
        ("avx512_bf16_other", "float32"),
    ],
)
def test_x86_goes_by_its_flags(machine, flags, expected):
    machine(cpuinfo("flags", flags))
    assert precision.resolve_precision("auto") == expected


@pytest.mark.parametrize(
    "flags, expected",
    [("avx2 avx512f", "float32"), ("avx512_bf16 amx_bf16", "mixed_bfloat16")],
)
def test_intel_goes_by_its_flags_with_amx_and_without_bfloat16(machine, flags, expected):
    machine(cpuinfo("flags", flags, "GenuineIntel"))
    assert precision.resolve_precision("auto") == expected


@pytest.mark.parametrize(
    "architecture, text",
    [
        ("x86_64", cpuinfo("flags", "avx512f avx512_bf16", "GenuineIntel")),
        ("x86_64", "processor\t: 0\nflags\t\t: avx512_bf16\n"),
        ("aarch64", cpuinfo("Features", "asimd bf16")),
        ("arm64", ""),
        ("AMD64", ""),
        ("riscv64", ""),
    ],
)
@pytest.mark.parametrize("faster", [True, False])
def test_processors_whose_flags_do_not_tell_are_timed(machine, architecture, text, faster):
    machine(text, architecture, trial=faster)
    assert precision.resolve_precision("auto") == ("mixed_bfloat16" if faster else "float32")


def test_arm_without_the_flag_is_not_timed(machine):
    machine(cpuinfo("Features", "asimd sve"), "aarch64")
    assert precision.resolve_precision("auto") == "float32"


@pytest.mark.parametrize(
    "capabilities, expected",
    [
        ([(8, 0)], "mixed_bfloat16"),
        ([(9, 0), (12, 0)], "mixed_bfloat16"),
        ([(7, 5)], "float32"),
        ([(9, 0), (7, 0)], "float32"),
    ],
)
def test_gpus_go_by_their_compute_capability(machine, capabilities, expected):
    gpus = [{"compute_capability": c} for c in capabilities]
    machine(cpuinfo("flags", "avx512_bf16"), gpus=gpus)
    assert precision.resolve_precision("auto") == expected


def test_a_gpu_of_another_kind_is_timed(machine):
    machine(cpuinfo("flags", "avx512_bf16"), gpus=[{"device_name": "other"}], trial=False)
    assert precision.resolve_precision("auto") == "float32"


def test_without_its_kernels_a_processor_emulates(machine, monkeypatch):
    machine(cpuinfo("flags", "avx512_bf16"))
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert precision.resolve_precision("auto") == "float32"


def test_no_cpuinfo_is_harmless(tmp_path):
    assert processor.read_cpuinfo(tmp_path / "absent") == ""
    assert precision.flags_tell("", "x86_64") is None


def test_the_trial_takes_the_faster_type_and_bears_a_failure(monkeypatch):
    seconds = {"float32": 1.0, "bfloat16": 0.5}
    monkeypatch.setattr(precision, "_seconds", seconds.get)
    assert precision._trial()
    seconds["bfloat16"] = 0.95
    assert not precision._trial()
    monkeypatch.setattr(precision, "_seconds", lambda dtype: 1 / 0)
    assert not precision._trial()


def test_the_trial_times_both_types():
    assert precision._seconds("float32") > 0.0 and precision._seconds("bfloat16") > 0.0


@pytest.mark.parametrize("value", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_explicit_values_are_obeyed(machine, value):
    machine(cpuinfo("flags", ""))
    assert precision.resolve_precision(value) == value
    model = wae_tf.build_model(tiny.config(precision=value))
    assert model.dtype_policy.name == value


def test_unknown_precisions_are_refused():
    with pytest.raises(ValueError, match=r"`precision` must be one of .*precision='int8'"):
        precision.resolve_precision("int8")


@pytest.mark.parametrize("flags, expected", [("avx2", "float32"), ("amx_bf16", "mixed_bfloat16")])
def test_auto_is_the_default_and_settled_as_networks_are_built(machine, flags, expected):
    machine(cpuinfo("flags", flags))
    assert wae_tf.WAEConfig().precision == "auto"
    model = wae_tf.build_model(tiny.config(precision="auto"))
    for part in (model, model.encoder.layers[-2], model.decoder.layers[1]):
        assert part.dtype_policy.name == expected


def test_zoo_configs_ask_for_auto_and_say_what_they_were_trained_in():
    for name in wae_tf.list_configs():
        entry = zoo.read_entry(name)
        if "weights" in entry:
            used = entry["provenance"]["precision"]
            assert entry["config"]["precision"] == ("auto" if used != "float32" else used)
        else:
            assert entry["config"]["precision"] == "auto"


def test_loading_computes_in_float32():
    assert wae_tf.load("mnist_wae_mmd").dtype_policy.name == "float32"


# What a run keeps.


def test_an_entry_says_what_auto_was(tmp_path):
    config = tiny.config(precision="auto", epochs=1)
    train(config, tiny.images(), tmp_path, test_split=None, verbose=0)
    used = precision.resolve_precision("auto")
    assert wae_tf.load_config(tmp_path).precision == "auto"
    assert zoo.read_entry(tmp_path)["provenance"]["precision"] == used
    assert json.loads((tmp_path / "config.json").read_text())["precision"] == used


@pytest.mark.parametrize("flags", ["avx2", "avx512_bf16"])
def test_a_run_resumed_elsewhere_keeps_its_precision_and_says_so(machine, flags, tmp_path, capsys):
    machine(cpuinfo("flags", flags))
    begun = precision.resolve_precision("auto")
    config = tiny.config(precision="auto", epochs=1)
    train(config, tiny.images(), tmp_path, test_split=None, verbose=2)
    assert "another kind of machine" not in capsys.readouterr().out
    machine(cpuinfo("flags", {"avx2": "avx512_bf16", "avx512_bf16": "avx2"}[flags]))
    here = precision.resolve_precision("auto")
    assert here == OTHER[begun]
    model = train(config, tiny.images(), tmp_path, test_split=None, verbose=2)
    said = f"began in {begun}, on another kind of machine, and goes on in it; a new one would"
    assert f"{said} train in {here} here" in capsys.readouterr().out
    assert model.dtype_policy.name == begun
    explicit = dataclasses.replace(config, precision=here)
    with pytest.raises(ValueError, match="hold a run of this very config.*'precision'"):
        train(explicit, tiny.images(), tmp_path, test_split=None, verbose=0)


def test_a_new_run_gets_what_this_machine_does(machine, tmp_path):
    machine(cpuinfo("flags", "avx512_bf16"))
    settled, note = run_files.with_precision(tmp_path, tiny.config(precision="auto"))
    assert settled == tiny.config(precision="mixed_bfloat16") and note is None


def test_nothing_is_imported_to_read_flags():
    """Neither for the precision nor for what has to be settled before TensorFlow is imported."""
    directory = str(pathlib.Path(precision.__file__).parent)
    program = (
        "import sys, types\n"
        "package = types.ModuleType('wae_tf')\n"
        f"package.__path__ = [{str(pathlib.Path(directory).parent)!r}]\n"
        "sys.modules['wae_tf'] = package\n"
        "from wae_tf.runtime import onednn, precision, processor\n"
        "precision.flags_tell(processor.read_cpuinfo(), 'x86_64')\n"
        "onednn.prefer()\n"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "architecture, flags, given, imported, expected",
    [
        ("x86_64", "sse4_2 avx avx2", None, False, "1"),
        ("x86_64", "avx2 avx512_vnni", None, False, "1"),
        ("x86_64", "sse4_2 avx", None, False, None),
        ("x86_64", "", None, False, None),
        ("aarch64", "asimd avx2", None, False, None),
        ("x86_64", "avx2", "0", False, "0"),
        ("x86_64", "avx2", None, True, None),
    ],
)
def test_onednn_is_asked_for_where_it_pays(
    monkeypatch, architecture, flags, given, imported, expected
):
    monkeypatch.setattr(platform, "machine", lambda: architecture)
    monkeypatch.setattr(onednn, "read_cpuinfo", lambda: cpuinfo("flags", flags))
    monkeypatch.delenv(onednn.VARIABLE, raising=False)
    if given is not None:
        monkeypatch.setenv(onednn.VARIABLE, given)
    if not imported:
        monkeypatch.delitem(sys.modules, "tensorflow")
    onednn.prefer()
    left = os.environ.pop(onednn.VARIABLE, None)
    assert left == expected
