"""Trains an exported model wherever JAX runs; needs Python, NumPy, h5py and JAX alone.

python run_exported.py --data=images.npy --epochs=50 --max_seconds=3000

`wae_tf.export_train_step` wrote the directory that this file came with. Images and state
stay on the device. Run again, it resumes, in the middle of an epoch too; at SIGTERM it
saves and stops. `wae_tf.import_state(model, directory)` takes the result back.
"""

import argparse
import collections
import contextlib
import csv
import functools
import hashlib
import io
import json
import math
import os
import pathlib
import signal
import sys
import time

import h5py
import numpy as np


def _options():
    """Reads the command line."""
    here = pathlib.Path(__file__).parent
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--directory", default=here, help="Exported directory; by default that of this file.")
    add("--data", default=here / "images.npy", help="Images, .npy or .npz; by default images.npy.")
    add("--key", help="Array of an .npz file; by default x_train.")
    add("--epochs", type=int, help="Epochs to have done in the end; by default as exported.")
    add("--seed", type=int, help="Fixes the order of images; by default as exported.")
    add("--horizontal_flip", action=argparse.BooleanOptionalAction, help="Mirrors half of them.")
    add("--max_shift", type=int, help="Pixels by which to move them at most, along both axes.")
    add("--checkpoint_seconds", type=float, default=600.0, help="From one saving to the next.")
    add("--max_steps", type=int, default=math.inf, help="Saves and stops after that many steps.")
    add("--max_seconds", type=float, default=math.inf, help="Saves and stops after that time.")
    return vars(parser.parse_args())


try:
    import jax
    from jaxlib import xla_client
except ImportError as error:
    if __name__ == "__main__":
        _options()  # `--help` works, and ends, without JAX.
    _TEXT = f"JAX is needed: `pip install jax`, `jax[cuda13]` or `jax[tpu]`. Received: {error}"
    raise (SystemExit if __name__ == "__main__" else ImportError)(_TEXT) from error

jax.config.update("jax_enable_x64", True)  # Step counters have 64 bits.

FORMAT = 1


class Program:
    """An exported training step, compiled for one device, with its state there.

    Args:
        directory: What `wae_tf.export_train_step` wrote.
        device: JAX device; the first one by default.

    Raises:
        ValueError: The directory is none such or of another format, the program is
            damaged, or `state.h5` does not fit it.

    """

    def __init__(self, directory, device=None):
        self.directory = pathlib.Path(directory)
        self.device = jax.devices()[0] if device is None else device
        self.signature = _read_signature(self.directory)
        self._inputs = self.signature["inputs"]
        self._names = [described["name"] for described in self._inputs]
        self.batch_shape = tuple(self._inputs[0]["shape"])
        state, self.attributes = _read_state(self.directory / "state.h5", self._inputs[1:])
        self._arrays = [None, *(self._put(state[name]) for name in self._names[1:])]
        path = self.directory / self.signature["program"]["file"]
        hlo = path.read_bytes()
        if hashlib.sha256(hlo).hexdigest() != self.signature["program"]["sha256"]:
            raise ValueError(
                f"The program must have the signature's SHA-256: copy it again. Received: {path}"
            )
        self._executable = _compiled(hlo, self.device)

    def _put(self, value):
        # A copy, since a step takes over the memory of what it replaces.
        return jax.device_put(value, self.device, may_alias=False)

    def step(self, batch):
        """Runs one step on a batch, a JAX array, and returns before it is done.

        Returns:
            Dict of scalars on the device: the losses, each the mean since the last
            `reset_metrics`.
        """
        self._arrays[0] = batch
        results = self._executable.execute_sharded(self._arrays)
        results = [shards[0] for shards in results.disassemble_into_single_device_arrays()]
        for place, described in enumerate(self._inputs):
            if described["replaced_by"] is not None:
                self._arrays[place] = results[described["replaced_by"]]
        names = [described["name"] for described in self.signature["outputs"]]
        return {n: result for n, result in zip(names, results) if n not in self._names}

    def reset_metrics(self):
        """Begins new means of the losses."""
        for place, described in enumerate(self._inputs):
            if described["name"].startswith("metrics/"):
                self._arrays[place] = self._put(np.zeros(described["shape"], described["dtype"]))

    def state(self):
        """Returns what the step reads and replaces: dict from name to NumPy array."""
        return dict(zip(self._names[1:], jax.device_get(self._arrays[1:])))

    def steps_done(self):
        """Returns the model's own count of training steps, which its schedule follows."""
        return int(self._arrays[self._names.index(self.signature["step_counter"])])

    def save(self):
        """Writes state and `attributes` to `state.h5`, which is at no time incomplete."""
        path = self.directory / "state.h5"
        memory = io.BytesIO(path.read_bytes())  # A full disk would end the process within HDF5.
        with h5py.File(memory, "r+") as file:
            for name, value in self.state().items():
                file[name][...] = value
            file.attrs.update(self.attributes)
        with _replacing(path) as temporary:
            temporary.write_bytes(memory.getbuffer())


@functools.lru_cache
def _compiled(hlo, device):
    # As StableHLO, so that each platform chooses its own memory layouts.
    module = xla_client._xla.mlir.xla_computation_to_mlir_module(xla_client.XlaComputation(hlo))
    options = xla_client.CompileOptions()
    options.device_assignment = xla_client.DeviceAssignment.create(np.array([[device.id]]))
    return device.client.compile_and_load(module, xla_client.DeviceList((device,)), options)


def train(
    directory,
    images,
    *,
    epochs=None,
    seed=None,
    horizontal_flip=None,
    max_shift=None,
    checkpoint_seconds=600.0,
    max_steps=math.inf,
    max_seconds=math.inf,
    stopped=lambda: False,
    in_flight=16,
    report=print,
):
    """Trains on shuffled epochs of images, from where `state.h5` is.

    Order, flips and shifts of an epoch are a function of `(seed, epoch)`, so that a resumed
    training is the uninterrupted one. Each epoch adds a line to `history.csv`.

    Args:
        directory: What `wae_tf.export_train_step` wrote; the result goes there too.
        images: uint8, shape `(n, height, width, channels)`.
        epochs: Epochs to have done in the end, earlier runs counted in. This and the
            next three are by default what the signature says.
        seed: Integer.
        horizontal_flip: Whether to mirror each image with probability 1/2.
        max_shift: Pixels by which to move each image at most, along both axes.
        checkpoint_seconds: Seconds from one saving to the next.
        max_steps: Steps after which to save and stop, at least 1.
        max_seconds: Seconds from this call on after which to save and stop.
        stopped: Callable that says whether to save and stop now.
        in_flight: Steps that the host may be ahead of the device, at least 1.
        report: Callable that takes lines of text.

    Returns:
        Number of steps done in all, those of earlier runs included.

    Raises:
        ValueError: As `Program`, or images or epochs do not fit it.
        FloatingPointError: A loss is not finite. `state.h5` is then from before.
    """
    begin = time.monotonic()
    signature = _read_signature(directory)
    defaults = signature["training"]
    epochs = defaults["epochs"] if epochs is None else epochs
    seed = defaults["seed"] if seed is None else seed
    flip = defaults["horizontal_flip"] if horizontal_flip is None else horizontal_flip
    steps = _steps_per_epoch(images, epochs, signature)
    program = Program(directory)
    kind, size = program.device.device_kind, program.batch_shape[0]
    program.attributes.update(images=len(images), device=kind, jax=jax.__version__)
    shift = defaults.get("max_shift", 0) if max_shift is None else max_shift
    if not 0 <= shift < min(images.shape[1:3]):
        raise ValueError(
            "`max_shift` must be from 0 to below the height and width of the images. "
            f"Received: max_shift={shift}, images of {images.shape[1]} x {images.shape[2]}"
        )
    pixels = jax.device_put(images, program.device)
    done = first = told_done = program.steps_done()
    last = epochs * steps
    saved = told = time.monotonic()
    epoch_begin = told - program.attributes.get("epoch_seconds", 0.0)
    report(f"Step {done} of {last}. Compiled for {kind} in {told - begin:.1f} s.")
    flying = collections.deque(maxlen=in_flight)
    enough = False

    while done < last and not enough:
        epoch, step = divmod(done, steps)
        if step == 0 or done == first:
            order, key = _order(seed, epoch, len(images))
        if step == 0:
            program.reset_metrics()
            epoch_begin = time.monotonic()
        flying.append(program.step(_batch(pixels, order, key, step, size, flip, shift)))
        jax.block_until_ready(flying[0])
        done += 1
        now = time.monotonic()
        enough = stopped() or done - first >= max_steps or now - begin >= max_seconds
        saving = enough or done == last or now - saved > checkpoint_seconds
        whole = done % steps == 0
        if not (saving or whole or now - told > 10.0):
            continue
        losses = {name: float(value) for name, value in flying[-1].items()}
        now = time.monotonic()
        words = ", ".join(f"{name} {value:.5g}" for name, value in losses.items())
        rate = (done - told_done) * size / (now - told)
        report(f"epoch {done / steps:.2f} of {epochs}: {rate:.0f} images/s, {words}")
        told, told_done = now, done
        if not all(map(math.isfinite, losses.values())):
            raise FloatingPointError(
                "Losses must stay finite: export again with a lower learning rate or in float32. "
                f"Received: {words}, after step {done}"
            )
        if whole:
            row = {"epoch": epoch + 1, **losses, "seconds": now - epoch_begin}
            _add_history(program.directory / "history.csv", row)
        if saving:
            program.attributes["epoch_seconds"] = now - epoch_begin
            program.save()
            saved = time.monotonic()
    if done < last:
        report(f"Stopped after step {done} of {last}; run again to resume.")
    return done


@functools.partial(jax.jit, static_argnums=2)
def _order(seed, epoch, n):
    """Returns the order of images in an epoch, shape `(n,)`, and the key of its changes."""
    key = jax.random.fold_in(jax.random.key(seed, impl="threefry2x32"), epoch)
    return jax.random.permutation(key, jax.numpy.arange(n, dtype="int32")), key


@functools.partial(jax.jit, static_argnums=(4, 5, 6))
def _batch(pixels, order, key, step, size, flip, max_shift):
    """Gathers one batch, shape `(size, height, width, channels)`."""
    batch = pixels[jax.lax.dynamic_slice(order, (step * size,), (size,))]
    key = jax.random.fold_in(key, step)
    if flip:
        mirrored = jax.random.bernoulli(key, shape=(size, 1, 1, 1))
        batch = jax.numpy.where(mirrored, batch[:, :, ::-1], batch)
    if max_shift:
        edge = (max_shift, max_shift)
        padded = jax.numpy.pad(batch, ((0, 0), edge, edge, (0, 0)), mode="reflect")
        starts = jax.random.randint(jax.random.fold_in(key, 0), (size, 2), 0, 2 * max_shift + 1)
        batch = jax.vmap(
            lambda image, start: jax.lax.dynamic_slice(image, (*start, 0), batch.shape[1:])
        )(padded, starts)
    return batch


def load_images(path, key=None):
    """Reads images from an `.npy` file, or one array of an `.npz` file, `x_train` by default.

    Grey images, shape `(n, height, width)`, get an axis of channels.
    """
    array = np.load(path)
    if isinstance(array, np.lib.npyio.NpzFile):
        key = key or "x_train"
        if key not in array:
            raise ValueError(f"`key` must be one of {array.files}. Received: key={key!r}")
        array = array[key]
    return array[..., None] if array.ndim == 3 else array


def _steps_per_epoch(images, epochs, signature):
    size, *image_shape = signature["inputs"][0]["shape"]
    if images.dtype != np.uint8 or list(images.shape[1:]) != image_shape or len(images) < size:
        raise ValueError(
            f"Images must be uint8 of shape (n, {', '.join(map(str, image_shape))}), n >= {size}: "
            f"crop and resize them first. Received: {images.dtype.name} of shape {images.shape}"
        )
    steps, wanted = len(images) // size, signature["training"]["steps_per_epoch"]
    if wanted not in (None, steps):
        raise ValueError(
            f"The learning-rate schedule counts epochs of {wanted} steps, {wanted * size} images: "
            f"compile the model for `steps_per_epoch={steps}` and export it again. "
            f"Received: {len(images)} images"
        )
    if epochs is None or epochs < 1:
        raise ValueError(f"`epochs` must be given, and 1 or more. Received: epochs={epochs}")
    return steps


def _read_signature(directory):
    path = pathlib.Path(directory) / "signature.json"
    try:
        signature = json.loads(path.read_text(encoding="utf-8"))
        found = signature["format"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "`directory` must be one that `wae_tf.export_train_step` wrote. "
            f"Received: {path} ({type(error).__name__}: {error})"
        ) from error
    if found != FORMAT:
        raise ValueError(
            f"This program runs directories of format {FORMAT}: take the `run_exported.py` that "
            f"was exported with the directory. Received: {path} of format {found}"
        )
    return signature


def _read_state(path, inputs):
    """Returns the arrays and attributes of `state.h5`, checked against the signature."""
    state, misfits = {}, []
    try:
        with h5py.File(path, "r") as file:
            for described in inputs:
                name = described["name"]
                value = file[name]
                if value.external or value.is_virtual or value.file.filename != file.filename:
                    misfits.append(f"{name}: data of another file")
                elif [*value.shape] != described["shape"] or (
                    value.dtype.name != described["dtype"]
                ):
                    misfits.append(f"{name}: {value.dtype.name}{value.shape}")
                else:
                    state[name] = value[()]
            attributes = dict(file.attrs)
    except (OSError, KeyError) as error:
        misfits.append(error)
    if misfits:
        raise ValueError(
            "`state.h5` must hold the variables of the signature beside it: take both from one "
            f"export. Received: {path} with {len(misfits)} misfits, such as {misfits[0]}"
        )
    return state, attributes


def _add_history(path, row):
    """Adds an epoch's line, in place of those that an earlier run wrote from here on."""
    rows = []
    if path.exists():
        with open(path, newline="") as file:
            rows = [r for r in csv.DictReader(file) if int(r["epoch"]) < row["epoch"]]
    rows.append(row)
    with _replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for r in rows for name in r)))
        writer.writeheader()
        writer.writerows(rows)


@contextlib.contextmanager
def _replacing(path):
    """Yields a temporary path beside `path`, which takes its place when the block ends well."""
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def main():
    options = _options()
    terminated = []
    signal.signal(signal.SIGTERM, lambda *_: terminated.append(True))
    try:
        images = load_images(options.pop("data"), options.pop("key"))
        train(images=images, stopped=lambda: bool(terminated), **options)
    except (ValueError, FileNotFoundError, FloatingPointError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
