"""The state of an exported model, to file and back into a model."""

import pathlib

from wae_tf import files
from wae_tf.export.xla_step.naming import identity, named_variables
from wae_tf.files import hdf5
from wae_tf.files.hdf5_writing import replacing_hdf5
from wae_tf.training import run_files

__all__ = ["check_replaceable", "import_state", "read_signature", "write_state"]

FORMAT = 1  # Of the directory as a whole; `run_exported.py` knows it too.
PROGRAM = "program.hlo.pb"
SIGNATURE = "signature.json"
STATE = "state.h5"
_FILES = {PROGRAM, SIGNATURE, STATE, "config.json", "history.csv", "images.npy", "run_exported.py"}


def check_replaceable(directory, config):
    """Raises a ValueError if a directory holds a training, another config or other files."""
    others = {path.name for path in directory.iterdir()} - _FILES
    if others := sorted(name for name in others if not name.startswith((".", "__pycache__"))):
        raise ValueError(
            "`directory` must be new, empty or an export of before: choose another one. "
            f"Received: {directory}, which holds {others[0]!r}"
        )
    if (directory / STATE).exists():
        with hdf5.open_file(directory / STATE) as file:
            if file.attrs:  # Which `run_exported.py` writes.
                raise ValueError(
                    "`directory` must not hold a training, which would be lost: take another one, "
                    f"or delete its `{STATE}`. Received: {directory}, trained by run_exported.py"
                )
    requirement = (
        "`directory` must be new, or hold an export of this very config: choose another one, or "
        "delete it if it is not needed."
    )
    if config is None and (directory / "config.json").exists():
        raise ValueError(f"{requirement} Received: {directory} with a config, now without one")
    if config is not None:
        run_files.check_config(directory, config, requirement)


def write_state(directory, state):
    """Writes `state.h5`: one array for each name of a dict."""
    unknown = {name: v.dtype.name for name, v in state.items() if v.dtype.kind not in "biuf"}
    if unknown:
        raise ValueError(
            "Variables must have a type that HDF5 knows: take a mixed-precision policy, which "
            f"keeps them in float32. Received: {unknown}"
        )
    with replacing_hdf5(directory / STATE) as file:
        for name, value in state.items():
            file[name] = value


def import_state(model, directory):
    """Takes the state of an exported training step back into a model.

    Weights, batch-norm statistics, seeds and optimizers become those in `directory`, as
    `run_exported.py` left them; metrics start anew with the next epoch anyway. `fit`
    goes on from there: the learning-rate schedule follows `model.optimizer.iterations`.

    Args:
        model: `WAE`, built and compiled like the exported one.
        directory: What `export_train_step` wrote, trained or not.

    Returns:
        The same model.

    Raises:
        ValueError: The directory is of another format, or its variables are not the
            model's, by place, shape or type. The model is then as it was.

    Example:
        >>> model = compile_model(build_model(config), config, steps_per_epoch=600)
        >>> export_train_step(model, config.batch_size, "exported", config=config)
        >>> import_state(model, "exported")
        >>> done = int(model.optimizer.iterations) // 600
        >>> history = model.fit(images, initial_epoch=done, epochs=config.epochs)
    """
    directory = pathlib.Path(directory)
    signature = read_signature(directory)
    given = _described(signature, directory / SIGNATURE)
    wanted = {
        identity(name): variable
        for name, variable in named_variables(model).items()
        if not name.startswith("metrics/")
    }
    misfits = [
        f"{place} is {_words(wanted.get(place))} in the model, {_words(given.get(place))} there"
        for place in sorted({*wanted, *given})
        if _words(wanted.get(place)) != _words(given.get(place))
    ]
    if misfits:
        raise ValueError(
            "`model` must be built and compiled like the exported one, from the same config and "
            f"with the same optimizers. Received: {len(misfits)} variables that differ, such as: "
            + "; ".join(misfits[:3])
        )
    values = _read(directory / STATE, given)
    for place, variable in wanted.items():
        variable.assign(values[place])
    return model


def read_signature(directory):
    """Returns what an exported directory's `signature.json` says.

    Raises:
        ValueError: There is none, or it is of another format.
    """
    path = pathlib.Path(directory) / SIGNATURE
    try:
        signature = files.read_object(path)
        found = signature["format"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "`directory` must be one that `wae_tf.export_train_step` wrote. "
            f"Received: {path} ({type(error).__name__}: {error})"
        ) from error
    if found != FORMAT:
        raise ValueError(
            f"`directory` must be of format {FORMAT}, which this version of wae_tf reads: take the "
            f"version that wrote it, {signature.get('versions', {}).get('wae_tf')}. "
            f"Received: {path} of format {found}"
        )
    return signature


def _described(signature, path):
    """Returns what a signature says of each variable that counts, by identity."""
    try:
        found = [*signature["inputs"][1:], *signature["untouched"]]
        for described in found:
            str(described["name"]), tuple(described["shape"]), str(described["dtype"])
        return {
            identity(described["name"]): described
            for described in found
            if not described["name"].startswith(("metrics/", "constants/"))
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "`signature.json` must describe the variables, as `wae_tf.export_train_step` wrote it. "
            f"Received: {path} ({type(error).__name__}: {error})"
        ) from error


def _read(path, described):
    """Returns the arrays of `state.h5` by identity, checked against the signature."""
    expected = {d["name"]: tuple(d["shape"]) for d in described.values()}
    try:
        with hdf5.open_file(path) as file:
            found = hdf5.list_arrays(file)
            if missing := [name for name in expected if name not in found]:
                raise ValueError(f"without {missing[0]!r}")
            misfits = [k for k, shape in expected.items() if found[k].shape != shape]
            misfits += [
                d["name"] for d in described.values() if found[d["name"]].dtype != d["dtype"]
            ]
            values = {} if misfits else hdf5.read_arrays(file, expected)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "`state.h5` must hold the variables of the signature beside it: was the file damaged, "
            f"or taken from another directory? Received: {path} ({error})"
        ) from error
    if misfits:
        name = misfits[0]
        raise ValueError(
            "`state.h5` must fit the signature beside it: take the two of one export. "
            f"Received: {path} with {name} of shape {found[name].shape}, "
            f"expected {expected[name]}, and type {found[name].dtype}"
        )
    return {place: values[d["name"]] for place, d in described.items()}


def _words(variable):
    """Says a variable's shape and type, be it Keras's or the signature's."""
    if variable is None:
        return "absent"
    if isinstance(variable, dict):
        return f"{variable['dtype']}{tuple(variable['shape'])}"
    return f"{variable.dtype}{tuple(variable.shape)}"
