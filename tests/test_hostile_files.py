"""Files from strangers: HDF5 that points elsewhere or unfolds, numbers that no training leaves."""

import json
import os
import shutil

import h5py
import numpy as np
import pytest
import tiny

import wae_tf
from wae_tf import files, zoo
from wae_tf.files import hdf5
from wae_tf.models.stored_weights import load_weights
from wae_tf.samplers import storage
from wae_tf.zoo import entry_checks


@pytest.fixture
def secret(tmp_path):
    """Returns a file of somebody else's, as HDF5 and as bytes, with numbers of 42."""
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["means"] = np.full((2, 3), 42.0, "float32")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Returns the directory of an entry with a fitted sampler."""
    model = wae_tf.build_model(tiny.config())
    wae_tf.samplers.fit(model, tiny.images(40), kind="gmm", components=2)
    directory = tmp_path_factory.mktemp("whole") / "entry"
    zoo.save_entry(directory, model, tiny.config())
    return directory


@pytest.fixture
def entry(whole, tmp_path):
    """Returns a copy of it, to be attacked."""
    return shutil.copytree(whole, tmp_path / "entry")


def compiled():
    config = tiny.config()
    return wae_tf.training.compile_model(wae_tf.build_model(config), config, 2)


@pytest.fixture(scope="module")
def two():
    """Returns two models that have trained, so that optimizers have their state."""
    models = [compiled(), compiled()]
    for model in models:
        model.fit(tiny.images(), batch_size=8, verbose=0)
    return models


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Returns a model and the directory of its exported training step."""
    pytest.importorskip("jax")
    model, directory = compiled(), tmp_path_factory.mktemp("exported") / "step"
    wae_tf.export_train_step(model, 8, directory, config=tiny.config())
    return model, directory


def external_link(file, name, secret):
    del file[name]
    file[name] = h5py.ExternalLink(str(secret), "means")


def soft_link(file, name, secret):
    file["elsewhere"] = file[name][()]
    del file[name]
    file[name] = h5py.SoftLink("/elsewhere")


def external_storage(file, name, secret):
    shape, dtype = file[name].shape, file[name].dtype
    del file[name]
    size = int(np.prod(shape)) * dtype.itemsize
    file.create_dataset(name, shape, dtype, external=[(str(secret), 0, size)])


def virtual(file, name, secret):
    shape, dtype = file[name].shape, file[name].dtype
    del file[name]
    layout = h5py.VirtualLayout(shape, dtype)
    layout[...] = h5py.VirtualSource(str(secret), "means", shape)
    file.create_virtual_dataset(name, layout)


def text(file, name, secret):
    shape = file[name].shape
    del file[name]
    file.create_dataset(name, shape, h5py.string_dtype())


def compound(file, name, secret):
    shape = file[name].shape
    del file[name]
    file.create_dataset(name, shape, np.dtype([("a", "f4"), ("b", "f4")]))


def never_written(file, name, secret):
    shape = file[name].shape
    del file[name]
    file.create_dataset(name, shape, "float32", chunks=True)


def bomb(file, name, secret):
    del file[name]
    file.create_dataset(name, (10**6, 10**6), "float32", chunks=(1000, 1000), compression="gzip")


def other_shape(file, name, secret):
    del file[name]
    file[name] = np.zeros((2, 4), "float32")


def missing(file, name, secret):
    del file[name]


def one_more(file, name, secret):
    file["more"] = np.zeros((7, 7), "float32")


def twice(file, name, secret):
    file["more"] = file[name]


def loop(file, name, secret):
    file["more"] = file["/"]


ATTACKS = (
    *(external_link, soft_link, external_storage, virtual, text, compound, never_written, bomb),
    *(other_shape, missing, one_more, twice, loop),
)


@pytest.fixture(params=ATTACKS, ids=lambda attack: attack.__name__)
def attack(request):
    return request.param


def rewritten(path, attack, name, secret):
    """Attacks one array of a file, and returns the SHA-256 that a stranger would state."""
    with h5py.File(path, "r+") as file:
        attack(file, name, secret)
    return files.sha256(path)


def restate(entry, sha256, *place):
    """Writes a SHA-256 into `entry.json`."""
    found = json.loads((entry / "entry.json").read_text())
    record = found
    for key in place:
        record = record[key]
    record["sha256"] = sha256
    found["model_sha256"] = entry_checks.sealed(found)["model_sha256"]
    (entry / "entry.json").write_text(json.dumps(found))


def test_a_sampler_is_plain_arrays_of_its_shapes(entry, secret, attack):
    path = entry / "sampler_gmm.h5"
    restate(entry, rewritten(path, attack, "means", secret), "samplers", "gmm")
    with pytest.raises(ValueError, match=r"A sampler's file must be one.*Received: .*gmm.h5"):
        wae_tf.load(entry)


def test_weights_are_plain_arrays_of_their_shapes(entry, secret, attack):
    path, name = entry / "model.weights.h5", "encoder/layers/dense/vars/0"
    restate(entry, rewritten(path, attack, name, secret), "weights")
    with pytest.raises(ValueError, match=r"weights must fit the entry's config.*Received: "):
        wae_tf.load(entry)


def test_nothing_is_read_before_all_is_known_to_be_plain(entry, secret, monkeypatch):
    def read(*args):
        raise AssertionError("data were read")

    path = entry / "sampler_gmm.h5"
    rewritten(path, external_storage, "means", secret)
    monkeypatch.setattr(h5py.Dataset, "__getitem__", read)
    with pytest.raises(ValueError, match="has its data in another file"):
        storage.read(path)


def test_arrays_are_listed_with_shape_and_type(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a/b"] = np.zeros((2, 3), "float16")
        file["n"] = 7
        file.create_dataset("packed", data=np.zeros(10**5, "float32"), compression="gzip")
    with hdf5.open_file(tmp_path / "a.h5") as file:
        found = hdf5.list_arrays(file)
        assert {k: (v.shape, v.dtype.name) for k, v in found.items()} == {
            "a/b": ((2, 3), "float16"),
            "n": ((), "int64"),
            "packed": ((10**5,), "float32"),
        }
        assert hdf5.read_arrays(file, ["n"]) == {"n": 7}


def test_what_is_no_file_of_hdf5_is_refused(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"text")
    with pytest.raises(ValueError, match="HDF5 cannot open it"):
        hdf5.open_file(tmp_path / "a.h5")
    os.mkfifo(tmp_path / "fifo.h5")
    with pytest.raises(ValueError, match="no regular file"):
        hdf5.open_file(tmp_path / "fifo.h5")
    with pytest.raises(FileNotFoundError):
        hdf5.open_file(tmp_path / "absent.h5")


@pytest.mark.parametrize("size", [0, 8])
@pytest.mark.parametrize("name", ["sampler_gmm.h5", "model.weights.h5"])
def test_a_heap_of_texts_that_hdf5_would_walk_for_ever_is_refused(entry, name, size):
    content = bytearray((entry / name).read_bytes())
    heap = place = content.index(b"GCOL")
    place += 16
    while number := content[place]:  # Up to the free space, whose number is 0.
        assert number < 99
        place += 16 + -(-int.from_bytes(content[place + 8 : place + 16], "little") // 8) * 8
    assert place - heap + int.from_bytes(content[place + 8 : place + 16], "little") == 4096
    content[place + 8 : place + 16] = size.to_bytes(8, "little")
    (entry / name).write_bytes(content)
    with pytest.raises(ValueError, match="a text in it is damaged"):
        hdf5.open_file(entry / name)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused(entry, share):
    path = entry / "sampler_gmm.h5"
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match="A sampler's file must be one"):
        storage.read(path)


def test_overlapping_arrays_are_refused(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["a"], file["b"] = np.arange(8.0), np.arange(8.0, 16.0)
        places = [file[name].id.get_offset() for name in "ab"]
    content = path.read_bytes()
    old, new = (b"".join(n.to_bytes(8, "little") for n in (place, 64)) for place in places)
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    with hdf5.open_file(path) as file, pytest.raises(ValueError, match="share the same bytes"):
        hdf5.list_arrays(file)


@pytest.mark.parametrize(
    ("ending", "value"),
    [
        ("kernel", np.nan),
        ("kernel", np.inf),
        ("bias", 1e30),
        ("moving_mean", -1e9),
        ("moving_variance", -0.5),
        ("moving_variance", 1e20),
        ("velocity", -1e-3),
        ("momentum", np.nan),
    ],
)
def test_weights_that_no_training_leaves_are_refused(two, tmp_path, ending, value):
    model, other = two
    variables = [*model.variables, *model.optimizer.variables]
    variable = next(v for v in variables if v.path.endswith(ending))
    before, values = np.array(variable), np.array(variable)
    values.flat[0] = value
    variable.assign(values)
    model.save_weights(tmp_path / "a.weights.h5")
    variable.assign(before)
    with pytest.raises(ValueError, match=f"values that a training leaves.*Received: .*{ending}"):
        load_weights(other, tmp_path / "a.weights.h5")


def test_an_entry_with_such_weights_is_refused_whatever_its_sha256(entry):
    with h5py.File(entry / "model.weights.h5", "r+") as file:
        file["decoder/layers/dense/vars/1"][3] = np.nan
    restate(entry, files.sha256(entry / "model.weights.h5"), "weights")
    with pytest.raises(ValueError, match="Received: .*from nan to nan"):
        wae_tf.load(entry)


def spoil(path, name, change):
    with h5py.File(path, "r+") as file:
        values = file[name][()]
        change(values)
        file[name][...] = values


def set_to(*place, value):
    def change(values):
        values[place] = value

    return change


@pytest.mark.parametrize(
    ("name", "change", "match"),
    [
        ("means", set_to(0, 0, value=np.nan), "numbers must be finite"),
        ("means", set_to(0, 0, value=1e30), "numbers must be finite"),
        ("weights", set_to(0, value=-0.1), "must be positive and sum to 1"),
        ("weights", set_to(0, value=0.99), "must be positive and sum to 1"),
        ("factors", set_to(0, 1, 1, value=-1.0), "covariances must be positive"),
        ("factors", set_to(0, 1, 1, value=0.0), "covariances must be positive"),
        ("factors", set_to(0, 0, 1, value=0.5), "covariances must be positive"),
    ],
)
def test_a_mixture_that_is_no_density_is_refused(entry, name, change, match):
    spoil(entry / "sampler_gmm.h5", name, change)
    with pytest.raises(ValueError, match=match):
        storage.read(entry / "sampler_gmm.h5")


def test_a_second_stage_whose_covariance_is_not_positive_is_refused(tmp_path, rng):
    codes = rng.normal(size=(200, 3))
    sampler = wae_tf.samplers.fit_codes(codes, "two_stage", steps=2, units=4)
    storage.write(tmp_path / "a.h5", sampler)
    assert storage.read(tmp_path / "a.h5").settings == sampler.settings
    spoil(tmp_path / "a.h5", "colour", lambda values: values.__imul__(-1.0))
    with pytest.raises(ValueError, match="symmetric and positive"):
        storage.read(tmp_path / "a.h5")


def test_a_flow_whose_scale_is_not_positive_is_refused(tmp_path, rng):
    sampler = wae_tf.samplers.fit_codes(
        rng.normal(size=(200, 2)), "flow", layers=2, units=4, epochs=1
    )
    storage.write(tmp_path / "a.h5", sampler)
    assert storage.read(tmp_path / "a.h5").settings == sampler.settings
    spoil(tmp_path / "a.h5", "stddev", set_to(0, value=0.0))
    with pytest.raises(ValueError, match="must be positive"):
        storage.read(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("name", "value"),
    [("components", 10**12), ("latent_dim", 10**9), ("components", -1), ("latent_dim", "3")],
)
def test_settings_beyond_measure_are_refused_before_anything_is_built(entry, name, value):
    with h5py.File(entry / "sampler_gmm.h5", "r+") as file:
        settings = {**json.loads(file.attrs["settings"]), name: value}
        file.attrs["settings"] = json.dumps(settings)
    with pytest.raises(ValueError, match=f"A sampler's file must be one.*{name} must be"):
        storage.read(entry / "sampler_gmm.h5")


def test_a_sampler_of_other_codes_is_refused(entry, rng):
    storage.write(
        entry / "sampler_gmm.h5",
        wae_tf.samplers.fit_codes(rng.normal(size=(50, 2)), "gmm", components=2),
    )
    restate(entry, files.sha256(entry / "sampler_gmm.h5"), "samplers", "gmm")
    with pytest.raises(ValueError, match="must be of the entry's own codes.*Received: "):
        wae_tf.load(entry)


@pytest.mark.parametrize("content", ["[" * 100_000, "[]", "7", '{"config": {}, "samplers": []}'])
def test_an_entry_that_is_no_object_is_refused(entry, content):
    (entry / "entry.json").write_text(content)
    with pytest.raises(ValueError, match="A zoo entry must be a directory"):
        wae_tf.load(entry)


def test_a_checkpoint_is_plain_arrays(two, tmp_path, secret, attack):
    model, other = two
    path = tmp_path / "checkpoint-0001.weights.h5"
    model.save_weights(path)
    rewritten(path, attack, "encoder/layers/dense/vars/0", secret)
    with pytest.raises(ValueError, match="Received: .*checkpoint-0001"):
        wae_tf.callbacks.Checkpoint(tmp_path).restore(other)


@pytest.mark.parametrize("attack", [external_link, external_storage, virtual, other_shape, missing])
def test_an_exported_state_is_plain_arrays(exported, tmp_path, secret, attack):
    model = exported[0]
    shutil.copytree(exported[1], tmp_path / "step")
    with h5py.File(tmp_path / "step" / "state.h5") as file:
        names = []
        file.visititems(lambda n, item: names.append(n) if hasattr(item, "shape") else None)
    name = next(name for name in names if name.endswith("kernel"))
    rewritten(tmp_path / "step" / "state.h5", attack, name, secret)
    with pytest.raises(ValueError, match=r"`state.h5` must .*Received: "):
        wae_tf.export.import_state(model, tmp_path / "step")


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "vae", "codes": "gaussian", "likelihood": "learned"},
        tiny.slow({"codes": "gaussian", "prior": "vamp"}),
        tiny.slow({"divergence": "gan", "codes": "implicit"}),
        tiny.slow(
            {"model": "ae", "encoder": "resnet", "decoder": "resnet", "image_shape": (16, 16, 3)}
        ),
        {"critic_weight": 0.5, "critic_layers": 1, "critic_width": 4, "image_shape": (16, 16, 1)},
    ],
    ids=["vae", "vamp", "gan", "resnet", "critic"],
)
def test_what_every_kind_of_model_saves_is_what_it_loads(tmp_path, changes):
    config = tiny.config(**changes)
    images = tiny.images(16, shape=config.image_shape)

    def compiled():
        return wae_tf.training.compile_model(wae_tf.build_model(config), config, 2)

    model = compiled()
    model.fit(images, batch_size=8, verbose=0)
    zoo.save_entry(tmp_path, model, config)
    tiny.assert_identical(
        wae_tf.load(tmp_path).get_weights(), [np.array(w) for w in model.weights_without_critic()]
    )
    model.save_weights(tmp_path / "all.weights.h5")
    restored = compiled()
    load_weights(restored, tmp_path / "all.weights.h5")
    tiny.assert_identical(restored.get_weights(), model.get_weights())
