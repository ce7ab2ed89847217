"""Checks entries on a hub: what is fetched, what is refused, against a server on the loopback."""

import json
import os
import pathlib
import subprocess
import sys

import hub_server
import keras
import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf import cards
from wae_tf.zoo import compression, hub

pytest.importorskip("huggingface_hub")
constants = pytest.importorskip("huggingface_hub.constants")

ADDRESS = "hf://ada/digits"
WEIGHTS = "model.weights.h5"
FETCHED = ["entry.json", WEIGHTS, "sampler_gmm.h5"]


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    """Returns the directory of a model of images 8x8x1 with a sampler."""
    return tiny.saved_model(tmp_path_factory.mktemp("hub") / "model")


@pytest.fixture
def server(entry, tmp_path, monkeypatch):
    """Serves the entry, with a file that is none of its own, to an empty cache."""
    held = hub_server.Hub()
    held.files = {path.name: path.read_bytes() for path in entry.iterdir()}
    held.files["evil.py"] = b"raise SystemExit(1)"
    with hub_server.serve(held) as address:
        hub_server.use(monkeypatch, address, tmp_path / "cache")
        held.address = address
        yield held


def bodies(server):
    return [name for method, name in server.asked if method == "GET"]


@pytest.mark.parametrize("suffix", ["", "@v1", f"@{hub_server.COMMIT}"])
def test_a_model_of_the_hub_is_the_one_that_was_saved(server, entry, suffix):
    model, expected = wae_tf.load(ADDRESS + suffix), wae_tf.load(entry)
    tiny.assert_identical(tiny.weights(model), tiny.weights(expected))
    for sampler in ("prior", "gmm"):
        np.testing.assert_array_equal(
            model.sample(5, seed=2, sampler=sampler), expected.sample(5, seed=2, sampler=sampler)
        )


def test_only_listed_files_are_asked_for_and_each_once(server):
    wae_tf.load(ADDRESS)
    assert bodies(server) == FETCHED
    wae_tf.load(ADDRESS)
    assert bodies(server) == FETCHED


def test_a_config_comes_without_weights(server, entry):
    assert wae_tf.load_config(ADDRESS).to_dict() == wae_tf.load_config(entry).to_dict()
    assert bodies(server) == ["entry.json"]


@pytest.mark.slow
def test_a_fresh_process_loads_it_and_then_again_without_the_hub(server, tmp_path):
    code = "import sys, wae_tf; print(wae_tf.load(sys.argv[1]).sample(3, seed=1).sum())"

    def run(**environment):
        return subprocess.run(
            [sys.executable, "-c", code, ADDRESS],
            env={**os.environ, "HF_HOME": str(tmp_path / "home"), **environment},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    first = run(HF_ENDPOINT=server.address)
    assert float(first) > 0
    asked = len(server.asked)
    assert run(HF_HUB_OFFLINE="1") == first
    assert len(server.asked) == asked


def changed(content):
    """Returns bytes of which the last is another."""
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize("name", [WEIGHTS, "sampler_gmm.h5"])
def test_a_file_with_another_hash_is_refused_and_does_not_stay(server, name):
    right = server.files[name]
    server.files[name] = changed(right)
    with pytest.raises(ValueError, match=r"must have the SHA-256.*removed.*tell who published it"):
        wae_tf.load(ADDRESS)
    assert bodies(server).count(name) == 2  # Damage on the way would have been mended.
    cache = pathlib.Path(constants.HF_HUB_CACHE)
    assert not list(cache.rglob(name))
    kept = [path.read_bytes() for path in cache.rglob("*") if path.is_file()]
    assert changed(right) not in kept
    server.files[name] = right
    assert wae_tf.load(ADDRESS).sample(2, seed=0).shape == (2, 8, 8, 1)


@pytest.mark.parametrize("name", [WEIGHTS, "sampler_gmm.h5"])
def test_a_file_that_was_damaged_in_the_cache_is_fetched_again(server, entry, name):
    directory = hub.download(ADDRESS)
    blob = (directory / name).resolve()
    blob.write_bytes(changed(blob.read_bytes()))
    model = wae_tf.load(ADDRESS)
    tiny.assert_identical(tiny.weights(model), tiny.weights(wae_tf.load(entry)))
    assert (directory / name).read_bytes() == server.files[name]
    assert bodies(server).count(name) == 2


def test_nothing_is_written_into_the_cache(server):
    def found():
        cache = pathlib.Path(constants.HF_HUB_CACHE)
        paths = [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]
        return {path: path.read_bytes() for path in paths}

    wae_tf.load(ADDRESS)
    before = found()
    images = tiny.images()
    for write in (
        lambda: cards.write_card(ADDRESS),
        lambda: compression.compress(ADDRESS, images),
        lambda: wae_tf.zoo.save_samplers(ADDRESS, wae_tf.load(ADDRESS)),
        lambda: wae_tf.zoo.update_entry(ADDRESS, evaluation={}),
    ):
        with pytest.raises(ValueError, match="must be on this machine"):
            write()
    assert found() == before


@pytest.mark.parametrize("name", FETCHED)
def test_a_missing_file_is_named(server, name):
    del server.files[name]
    with pytest.raises(ValueError, match=rf"(?s)look at the spelling.*Received: {name} of 'hf://"):
        wae_tf.load(ADDRESS)


@pytest.mark.parametrize("address", ["hf://ada/other", "hf://ada/digits@v9"])
def test_an_unknown_repository_or_revision_is_named(server, address):
    with pytest.raises(ValueError, match=f"Received: entry.json of '{address}'"):
        wae_tf.load(address)


def test_401_says_how_to_log_in(server):
    server.status["entry.json"] = 401
    with pytest.raises(ValueError, match="hf auth login"):
        wae_tf.load(ADDRESS)


def test_429_says_to_try_later(server):
    server.status[WEIGHTS] = 429
    with pytest.raises(ConnectionError, match="429|reachable"):
        wae_tf.load(ADDRESS)


def test_a_cut_connection_leaves_no_model_and_a_later_load_works(server, monkeypatch):
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    server.cut.add(WEIGHTS)
    with pytest.raises(ConnectionError, match=f"Received: {WEIGHTS} of 'hf://"):
        wae_tf.load(ADDRESS)
    server.cut.clear()
    assert wae_tf.load(ADDRESS).sample(2, seed=0).shape == (2, 8, 8, 1)


def hold_what_keras_writes(entry, server, directory):
    """Makes the server hold what `model.save("hf://ada/digits")` of Keras uploads."""
    keras.saving.save_model(wae_tf.load(entry), str(directory), zipped=False)
    paths = [path for path in directory.rglob("*") if path.is_file()]
    server.files = {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}
    server.files["assets/evil.py"] = server.files["evil.py"] = b"raise SystemExit(1)"


def test_what_keras_wrote_loads_without_an_entry(server, entry, tmp_path):
    hold_what_keras_writes(entry, server, tmp_path / "by_keras")
    model, expected = wae_tf.load(ADDRESS), wae_tf.load(entry)
    for sampler in ("prior", "gmm"):
        np.testing.assert_array_equal(
            model.sample(5, seed=2, sampler=sampler), expected.sample(5, seed=2, sampler=sampler)
        )
    assert set(bodies(server)) == set(server.files) - {"evil.py", "assets/evil.py"}
    del server.files[WEIGHTS]
    server.commit = "f" * 40
    with pytest.raises(ValueError, match=f"Received: {WEIGHTS} of 'hf://"):
        wae_tf.load(ADDRESS)


def test_what_keras_wrote_brings_no_classes_of_its_own(server, entry, tmp_path):
    hold_what_keras_writes(entry, server, tmp_path / "by_keras")
    config = json.loads(server.files["config.json"])
    config["config"]["encoder"]["module"] = "antigravity"
    config["config"]["encoder"]["registered_name"] = "strange>Layer"
    server.files["config.json"] = json.dumps(config).encode()
    with pytest.raises(ValueError, match="registered.*Received: antigravity"):
        wae_tf.load(ADDRESS)
    assert bodies(server) == ["config.json"] and "antigravity" not in sys.modules


def test_a_file_above_the_limit_is_not_fetched(server):
    size = len(server.files[WEIGHTS])
    with pytest.raises(ValueError, match=f"with {size:,}"):
        hub.download(ADDRESS, size_limit=size - 1)
    assert bodies(server) == ["entry.json"]
    assert sorted(path.name for path in hub.download(ADDRESS, size_limit=size).iterdir()) == FETCHED


@pytest.mark.parametrize(
    "change",
    [
        {"weights": {"file": "../x.weights.h5", "sha256": "0" * 64}},
        {"samplers": {"gmm": {"file": "../../secret.h5", "sha256": "0" * 64}}},
        {"samplers": {"gmm": {"file": "evil.py", "sha256": "0" * 64}}},
        {"samplers": ["evil.py"]},
    ],
)
def test_an_entry_that_lists_other_files_is_refused(server, change):
    entry = {**json.loads(server.files["entry.json"]), **change}
    server.files["entry.json"] = json.dumps(entry).encode()
    with pytest.raises(ValueError, match="must hold an entry"):
        wae_tf.load(ADDRESS)
    assert bodies(server) == ["entry.json"]


@pytest.mark.parametrize(
    "address", ["hf://digits", "hf://a/b/c", "hf://a/../b", "hf://a/b@", "hf://a/b@../c"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="must be 'hf://user/name'"):
        wae_tf.load(address)


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"pip install 'wae_tf\[hub\]'"):
        wae_tf.load(ADDRESS)
