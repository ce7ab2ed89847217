"""Checks what is published on a hub, and that it comes back, against a server on the loopback."""

import json
import os
import subprocess
import sys

import hub_server
import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf.bin import publish
from wae_tf.cards import hub_header, publishing
from wae_tf.cards.hub_header import licence_of

REPOSITORY = "ada/digits"
KERAS = {"config.json", "metadata.json", "model.weights.h5", "assets/samplers.json"}


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    """Returns the directory of a trained entry with a sampler, results and an evaluation."""
    directory = tmp_path_factory.mktemp("publish") / "run"
    config = tiny.config()
    model = wae_tf.build_model(config)
    wae_tf.samplers.fit(model, tiny.images(40), kind="gmm", components=1)
    metrics = {
        "fid": {"value": 31.5, "floor": 1.25, "stddev": 0.5, "n": 16, "better": "lower"},
        "squared_error": {"value": 7.5, "n": 16, "better": "lower", "shares": {"0": 0.5, "1": 0.5}},
        "psnr": {"value": float("nan"), "n": 16, "better": "higher"},
    }
    part = {"n": 16, "seeds": [0, 1], "data_sha256": "a" * 64, "metrics": metrics, "warnings": []}
    wae_tf.save_entry(
        directory,
        model,
        config,
        results={"losses": {"squared_error": 7.5}, "test_images": 16, "test_data_sha256": "a" * 64},
        provenance={"data": "MNIST, all of it; and a comment", "license": "Apache-2.0"},
        evaluation={"prior": part, "gmm": {**part, "metrics": {"fid": metrics["fid"]}}},
    )
    return directory


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serves a hub without the repository, and lets the programs of this process use it."""
    pytest.importorskip("huggingface_hub")
    held = hub_server.Hub()
    held.files, held.token = None, "secret"
    with hub_server.serve(held) as address:
        hub_server.use(monkeypatch, address, tmp_path / "cache")
        monkeypatch.setenv("HF_TOKEN", "secret")
        held.address = address
        yield held


def test_the_header_says_what_was_measured_on_what():
    entry = wae_tf.zoo.read_entry("mnist_wae_mmd")
    header = hub_header.hub_header(entry, "digits")
    assert header["library_name"] == "keras"
    assert header["pipeline_tag"] == "unconditional-image-generation"
    assert header["license"] == "apache-2.0" and header["datasets"] == ["ylecun/mnist"]
    assert {"wae_tf", "wae-mmd"} <= set(header["tags"])
    ((name, results),) = [(part["name"], part["results"]) for part in header["model-index"]]
    assert name == "digits" and len(results) == len(entry["evaluation"]) == 2
    for kind, result in zip(entry["evaluation"], results):
        measured = entry["evaluation"][kind]
        assert result["task"]["name"].endswith(f"sampler {kind}")
        assert result["dataset"]["args"] == {"images": 10000, "sha256": measured["data_sha256"]}
        assert {m["type"] for m in result["metrics"]} == set(measured["metrics"])
        for metric in result["metrics"]:
            source = measured["metrics"][metric["type"]]
            assert metric["value"] == source["value"]
            assert metric["args"].get("floor") == source.get("floor")
            assert ("(floor " in metric["name"]) == ("floor" in source)


def test_the_licence_is_that_of_the_data_where_it_binds():
    faces = wae_tf.zoo.read_entry("celeba_wae_mmd")
    header = hub_header.hub_header(faces, "faces")
    assert header["license"] == "other" and header["license_link"] == "LICENSE"
    assert header["license_name"] == "for-non-commercial-research-only"
    with pytest.raises(ValueError, match="the one on record holds.*non-commercial"):
        licence_of(faces, "mit")
    own = {"config": faces["config"], "provenance": {}}
    assert licence_of(own) is None and "license" not in hub_header.hub_header(own, "own")
    assert hub_header.hub_header(own, "own", licence="mit")["license"] == "mit"
    bare = {**faces, "evaluation": {}}
    (result,) = hub_header.hub_header(bare, "faces")["model-index"][0]["results"]
    (metric,) = result["metrics"]
    assert metric["value"] == faces["results"]["losses"]["squared_error"]
    assert result["dataset"]["args"]["sha256"] == faces["results"]["test_data_sha256"]


def test_a_model_is_published_and_comes_back(server, entry):
    address = wae_tf.push_to_hub(entry, REPOSITORY, private=True)
    assert address == f"hf://ada/digits@{server.commit}" and server.private
    assert len(server.messages) == 1  # All files in one commit.
    assert set(server.files) > KERAS
    assert {"entry.json", "sampler_gmm.h5", "README.md"} < set(server.files)
    assert {"samples_prior.png", "samples_gmm.png"} < set(server.files)
    want = wae_tf.load(entry)
    for name in (address, "hf://ada/digits"):
        model = wae_tf.load(name)
        tiny.assert_identical(tiny.weights(model), tiny.weights(want))
        np.testing.assert_array_equal(
            model.sample(4, seed=1, sampler="gmm"), want.sample(4, seed=1, sampler="gmm")
        )
    published, own = wae_tf.zoo.read_entry(address), wae_tf.zoo.read_entry(entry)
    assert published == own
    weights = own["weights"]["file"]
    assert server.files["model.weights.h5"] == (entry / weights).read_bytes()


def test_the_card_has_a_header_that_the_hub_reads(server, entry):
    from huggingface_hub import ModelCard

    wae_tf.push_to_hub(entry, REPOSITORY)
    text = server.files["README.md"].decode()
    card = ModelCard(text)
    assert card.data.license == "apache-2.0" and card.data.datasets == ["ylecun/mnist"]
    found = {(r.task_name, r.metric_type): r for r in card.data.eval_results}
    assert len(found) == 3  # Without NaN.
    fid = found["Unconditional image generation, sampler gmm", "fid"]
    assert fid.metric_value == 31.5 and fid.metric_args["floor"] == 1.25
    assert fid.dataset_args == {"images": 16, "sha256": "a" * 64}
    assert 'wae_tf.load("hf://ada/digits")' in card.text
    assert 'keras.saving.load_model("hf://ada/digits")' in card.text
    assert text.count("\n# digits\n") == 1
    for picture in ("samples_prior.png", "samples_gmm.png"):
        assert f"]({picture})" in card.text and server.files[picture][:4] == b"\x89PNG"


def test_pictures_and_licence_of_a_zoo_entry_go_along(tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub")
    directory = tmp_path / "faces"
    publishing.write_repository(directory, "celeba_wae_mmd", "ada/faces")
    names = {path.name for path in directory.iterdir()}
    assert {"samples_gmm.jpg", "samples_prior.jpg", "reconstructions.jpg", "codes.png"} < names
    assert "non-commercial research" in (directory / "LICENSE").read_text()
    text = (directory / "README.md").read_text()
    for target in text.split("](")[1:]:
        name = target.split(")")[0]
        assert name.startswith("http") or (directory / name).is_file(), name
    weights = wae_tf.zoo.entry_directory("celeba_wae_mmd") / "model_float16.weights.h5"
    assert (directory / "model.weights.h5").read_bytes() == weights.read_bytes()


LOADED = """
import sys
import keras, numpy as np, wae_tf
model = keras.saving.load_model("hf://ada/digits") if sys.argv[1] == "keras" else wae_tf.load(
    "hf://ada/digits")
np.savez(sys.argv[2], *[model.sample(4, seed=1, sampler=s) for s in ("prior", "gmm")])
"""


@pytest.mark.slow
def test_fresh_processes_publish_and_load(server, entry, tmp_path):
    environment = {
        **os.environ,
        "HF_ENDPOINT": server.address,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_XET": "1",
    }

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    flags = [f"--model={entry}", f"--repository={REPOSITORY}", "--noprivate"]
    said = run("-m", "wae_tf.bin.publish", *flags)
    assert f'wae_tf.load("hf://ada/digits@{server.commit}")' in said and not server.private
    want = wae_tf.load(entry)
    for by in ("keras", "wae_tf"):
        run("-c", LOADED, by, str(tmp_path / "out.npz"))
        with np.load(tmp_path / "out.npz") as out:
            for i, sampler in enumerate(("prior", "gmm")):
                expected = want.sample(4, seed=1, sampler=sampler)
                np.testing.assert_array_equal(out[f"arr_{i}"], expected)


def test_what_is_there_is_kept_unless_asked(server, entry):
    first = wae_tf.push_to_hub(entry, REPOSITORY)
    before = dict(server.files)
    with pytest.raises(ValueError, match="must be new or empty.*--overwrite"):
        wae_tf.push_to_hub(entry, REPOSITORY)
    with pytest.raises(ValueError, match="`private` must be what.*is private"):
        wae_tf.push_to_hub(entry, REPOSITORY, private=False, overwrite=True)
    assert server.files == before
    server.files["notes.txt"] = b"mine"
    server.files["sampler_flow.h5"] = b"of an earlier model"
    second = wae_tf.push_to_hub(entry, REPOSITORY, overwrite=True, datasets=["ada/own"])
    assert first != second and server.files["notes.txt"] == b"mine"
    assert "sampler_flow.h5" not in server.files
    assert b"ada/own" in server.files["README.md"]
    assert wae_tf.load(first).sample(1, seed=0).shape == (1, 8, 8, 1)


def test_a_private_model_never_goes_where_all_can_see_it(server, entry):
    server.files, server.private = {".gitattributes": b""}, False
    with pytest.raises(ValueError, match="`private` must be what.*is public"):
        wae_tf.push_to_hub(entry, REPOSITORY)
    assert list(server.files) == [".gitattributes"]
    wae_tf.push_to_hub(entry, REPOSITORY, private=False)
    assert "entry.json" in server.files


@pytest.mark.parametrize("token", ["", "other"])
def test_without_the_right_token_it_says_how_to_log_in(server, entry, token, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(ValueError, match="hf auth login.*'ada/digits'"):
        wae_tf.push_to_hub(entry, REPOSITORY)
    assert server.files is None


@pytest.mark.parametrize("status, error", [(403, ValueError), (429, ConnectionError)])
@pytest.mark.parametrize("call", tiny.slow_but(["lfs"], ["commit", "lfs"]))
def test_a_refused_upload_leaves_no_file(server, entry, call, status, error):
    server.status[call] = status
    with pytest.raises(error, match="may write there" if status == 403 else "try again"):
        wae_tf.push_to_hub(entry, REPOSITORY)
    assert server.files == {}
    server.status.clear()
    wae_tf.push_to_hub(entry, REPOSITORY)
    assert "entry.json" in server.files


@pytest.mark.parametrize("call", ["commit", "lfs"])
def test_a_cut_connection_leaves_no_file_and_a_later_one_works(server, entry, call):
    server.cut.add(call)
    with pytest.raises(ConnectionError, match="nothing of them is in the repository"):
        wae_tf.push_to_hub(entry, REPOSITORY)
    assert server.files == {}
    server.cut.clear()
    wae_tf.push_to_hub(entry, REPOSITORY)
    assert wae_tf.load("hf://ada/digits").sample(1, seed=0).shape == (1, 8, 8, 1)


def test_bad_input_is_found_before_anything_is_sent(server, entry, tmp_path, run_program):
    for repository in ("digits", "a/b/c", "hf://a/b", "ada/digits@v1"):
        with pytest.raises(ValueError, match="must be 'user/name'.*Received: repository='"):
            wae_tf.push_to_hub(entry, repository)
    with pytest.raises(ValueError, match="a config only"):
        wae_tf.push_to_hub("mnist_ae", REPOSITORY)
    with pytest.raises(ValueError, match="on record"):
        wae_tf.push_to_hub(entry, REPOSITORY, license="mit")
    message = run_program(publish, f"--model={tmp_path}", f"--repository={REPOSITORY}")
    assert message.startswith("ValueError") and "\n" not in message
    assert server.asked == []


def test_without_the_library_the_extra_is_named(entry, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"pip install 'wae_tf\[hub\]'"):
        wae_tf.push_to_hub(entry, REPOSITORY)
    assert json.loads((entry / "entry.json").read_text())["config"]
