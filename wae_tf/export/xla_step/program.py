"""A model's training step as an XLA program in a directory of its own."""

import dataclasses
import hashlib
import importlib.resources
import json

import keras
import numpy as np
import tensorflow as tf

from wae_tf import files
from wae_tf._version import __version__
from wae_tf.export.xla_step.naming import named_variables
from wae_tf.export.xla_step.state import FORMAT, PROGRAM, SIGNATURE, check_replaceable, write_state

__all__ = ["Program", "export_train_step", "lower_train_step"]

RUNNER = "run_exported.py"


@dataclasses.dataclass(frozen=True)
class Program:
    """What `lower_train_step` returns.

    `hlo` is a serialized `HloModuleProto`. It takes arrays named `inputs`, of which the
    first is the batch, and returns arrays named `outputs`, of which the first are the
    losses. An output of an input's name is that variable's next value; other inputs
    are read only. `state` has the values of all inputs but the batch, and of variables
    that the step leaves alone.
    """

    hlo: bytes
    inputs: tuple
    outputs: tuple
    state: dict


def export_train_step(model, batch_size, directory, *, config=None, data=None):
    """Writes a model's own `train_step`, and all its state, for any OpenXLA runtime.

    The directory gets `program.hlo.pb`, `state.h5` with every variable by name,
    `signature.json` with the order, shapes and types of what goes in and out, and
    `run_exported.py`, which trains there with Python, NumPy, h5py and JAX alone.
    `import_state` takes the result back. Optimizers, learning-rate schedules, metrics,
    seeds and mixed precision are part of the program.

    Args:
        model: `WAE`, compiled, for a schedule with the `steps_per_epoch` of the images
            that it will be trained on.
        batch_size: Images in a step; fixed in the program.
        directory: Where the files go; made if it is not there. An export is replaced there
            by one of the same config, until `run_exported.py` has trained it.
        config: `WAEConfig` that the model was built from. Gives the runner its epochs,
            seed, flips and shifts, and is kept as `config.json`. Without it, the epochs are
            those of the schedule, if any, the seed is the model's, images stay as they are.
        data: Dict of JSON's types to keep in the signature, such as the data's origin.

    Raises:
        ValueError: The model is not compiled, the batch is too small, the step changes a
            variable of none of its attributes or calls into a library, or `directory`
            holds a training, another config or other files already, or cannot be written to.

    Example:
        >>> model = compile_model(build_model(config), config, steps_per_epoch=600)
        >>> export_train_step(model, 100, "exported", config=config)

        Then, where JAX is: `python exported/run_exported.py --data=mnist.npz`, of which
        `x_train` is taken. Without `--data` it takes `images.npy` of the directory, which
        only `export_run` puts there.
    """
    directory = files.writable_directory(directory)
    check_replaceable(directory, config)
    program = lower_train_step(model, batch_size)
    counter = model.step_counter()
    signature = {
        "format": FORMAT,
        "program": {"file": PROGRAM, "sha256": hashlib.sha256(program.hlo).hexdigest()},
        **_interface(program, (batch_size, *model.image_shape)),
        "step_counter": next(k for k, v in named_variables(model).items() if v is counter),
        "data": {
            "layout": "NHWC",
            "image_shape": list(model.image_shape),
            "dtype": "uint8 in [0, 255]",
            **(data or {}),
        },
        "training": {"batch_size": batch_size, **_training(model, config)},
        "versions": {
            "wae_tf": __version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }
    contents = {
        PROGRAM: program.hlo,
        RUNNER: importlib.resources.files("wae_tf.export.xla_step").joinpath(RUNNER).read_bytes(),
    }
    if config is not None:
        contents["config.json"] = config.to_json().encode()
    # Last: without it the runner takes a directory for none, so that half an export runs nowhere.
    contents[SIGNATURE] = (json.dumps(signature, indent=1) + "\n").encode()
    (directory / SIGNATURE).unlink(missing_ok=True)
    write_state(directory, program.state)
    for name, content in contents.items():
        with files.replacing(directory / name) as temporary:
            temporary.write_bytes(content)


def lower_train_step(model, batch_size):
    """Traces a compiled model's `train_step` on uint8 batches, and lowers it to XLA's HLO.

    Returns:
        `Program`.

    Raises:
        ValueError: As `export_train_step`.
    """
    if not model.compiled:
        raise ValueError(
            "`model` must be compiled, as optimizers are part of the step: call "
            f"`wae_tf.training.compile_model` first. Received: {model.name!r}, not compiled"
        )
    if batch_size < model.min_batch_size:
        raise ValueError(
            f"`batch_size` must be at least {model.min_batch_size}. "
            f"Received: batch_size={batch_size}"
        )
    variables = named_variables(model)
    names = {id(variable.value.handle): name for name, variable in variables.items()}
    state = {name: np.asarray(variable) for name, variable in variables.items()}

    batch = tf.TensorSpec((batch_size, *model.image_shape), tf.uint8)
    step = tf.function(model.train_step, jit_compile=True, autograph=False)
    traced = step.get_concrete_function(batch)
    inputs = ["batch"]
    for place, tensor in enumerate(traced.captured_inputs):
        name = names.get(id(tensor), f"constants/{place:02d}")
        if name not in state:  # A prior's parameters, or the networks of a perceptual cost.
            values = (v for v in traced.variables if v.handle is tensor)
            state[name] = np.asarray(next(values, tensor))
        inputs.append(name)

    hlo = step.experimental_get_compiler_ir(batch)(stage="hlo_serialized")
    module = _parsed(hlo)
    # TensorFlow marks each assigned variable: its new value may take the old one's memory.
    replaced = {
        entry.output_shape_index[0]: inputs[entry.parameter_number]
        for entry in module.input_output_alias.entries
    }
    lost = [name for name in replaced.values() if name not in variables]
    if lost:
        raise ValueError(
            "Each variable that `train_step` changes must belong to a network or an optimizer "
            "that is an attribute of the model: make it one. Received: assignments to "
            f"{len(lost)} others, of shapes {[state[name].shape for name in lost]}"
        )
    losses = tf.nest.flatten({name: name for name in traced.structured_outputs})
    outputs = [*losses, *(replaced[place] for place in sorted(replaced))]
    hlo = _without_sources(module).SerializeToString(deterministic=True)
    program = Program(hlo, tuple(inputs), tuple(outputs), state)
    _check_shapes(program, module)
    return program


def _parsed(hlo):
    from tensorflow.compiler.xla.service import hlo_pb2

    module = hlo_pb2.HloModuleProto.FromString(hlo)
    custom = {
        instruction.custom_call_target
        for computation in module.computations
        for instruction in computation.instructions
        if instruction.opcode == "custom-call"
    }
    if custom:
        raise ValueError(
            "`train_step` must consist of XLA's own operations, or other runtimes cannot run it: "
            "replace what calls into a library, such as a decomposition of a matrix. "
            f"Received: custom calls {sorted(custom)}"
        )
    return module


def _without_sources(module):
    """Takes out where in whose file system each operation was written; names of layers stay."""
    module.ClearField("stack_frame_index")
    for computation in module.computations:
        for instruction in computation.instructions:
            name = instruction.metadata.op_name
            instruction.ClearField("metadata")
            instruction.metadata.op_name = name
    return module


def _check_shapes(program, module):
    """Makes sure that TensorFlow still orders inputs and outputs as this module thinks."""
    shape = module.host_program_shape
    wanted = [program.state[name].shape for name in program.inputs[1:]]
    wanted += [program.state.get(name, np.float32(0)).shape for name in program.outputs]
    given = [tuple(s.dimensions) for s in (*shape.parameters[1:], *shape.result.tuple_shapes)]
    if wanted != given:
        raise ValueError(
            "This version of TensorFlow must order a program's inputs as 2.21 does: install that, "
            f"and report this. Received: TensorFlow {tf.__version__}, "
            f"{len(given)} inputs and outputs, of which {len(wanted)} are known"
        )


def _interface(program, batch_shape):
    """Returns the JSON of inputs, outputs, and state that the step leaves alone."""

    def described(name, **extra):
        value = program.state.get(name, np.float32(0))
        return {"name": name, "shape": list(value.shape), "dtype": value.dtype.name, **extra}

    places = {name: place for place, name in enumerate(program.outputs)}
    return {
        "inputs": [
            {"name": "batch", "shape": list(batch_shape), "dtype": "uint8", "replaced_by": None},
            *(described(name, replaced_by=places.get(name)) for name in program.inputs[1:]),
        ],
        "outputs": [described(name) for name in program.outputs],
        "untouched": [described(n) for n in program.state if n not in program.inputs],
    }


def _training(model, config):
    """Returns what the runner must know beyond the program."""
    schedule = model.optimizer.get_config().get("learning_rate")
    schedule = schedule.get("config", {}) if isinstance(schedule, dict) else {}
    return {
        "steps_per_epoch": schedule.get("steps_per_epoch"),
        "epochs": schedule.get("epochs") if config is None else config.epochs,
        "seed": model.seed if config is None else config.seed,
        "horizontal_flip": config is not None and config.horizontal_flip,
        "max_shift": 0 if config is None else config.max_shift,
    }
