"""Speed of exported training steps in JAX, as a share of the device's own matrix products.

python benchmarks/train_step.py --directory=exported_steps

Exports the WAE-MMD of the paper's CelebA size at each batch size and precision, if
`--directory` has it not yet, then times all of them in turn in one run, so that they see
the same machine: images a second, the ratio to the first, and what share that makes of
the rate of a large matrix product, measured beside them in the same type (on NVIDIA GPUs
float32 means XLA's default, TF32). Operations are XLA's count of the exported program,
before it is optimised.

Exporting needs wae_tf; a directory with all of it can be timed with JAX, NumPy and h5py
alone, so that this file and the directory are all that must be on the device's machine.

On a CPU, small: python benchmarks/train_step.py --width=32 --batch_sizes=16 --matrix=512

Measured so far: only that small form, on two busy CPU cores, where it showed that all of
it runs; times there say nothing. No figure of a GPU has been taken with it yet.
"""

import argparse
import importlib.util
import pathlib
import statistics
import time

PRECISIONS = ("float32", "mixed_bfloat16")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--directory", type=pathlib.Path, default=pathlib.Path("exported_steps"))
    parser.add_argument("--batch_sizes", type=int, nargs="+", default=[100, 512])
    parser.add_argument("--width", type=int, default=1024, help="Widest layer; 1024 in the paper.")
    parser.add_argument("--matrix", type=int, default=8192, help="Rows of the matrix product.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20, help="Steps of a program in one round.")
    options = parser.parse_args()

    directories = {
        (batch_size, precision): options.directory / f"{options.width}-{batch_size}-{precision}"
        for batch_size in options.batch_sizes
        for precision in PRECISIONS
    }
    for (batch_size, precision), directory in directories.items():
        if not (directory / "signature.json").exists():
            export(directory, options.width, batch_size, precision)

    runner = load_runner(next(iter(directories.values())))
    import jax

    runs = {f"product {precision}": product(options.matrix, precision) for precision in PRECISIONS}
    runs |= {key: steps_of(runner.Program(path)) for key, path in directories.items()}
    seconds = timed(runs, options.rounds, options.steps)

    print(f"{jax.devices()[0].device_kind}, JAX {jax.__version__}, width {options.width}")
    rates = {}
    for precision in PRECISIONS:
        rates[precision] = 2 * options.matrix**3 / seconds[f"product {precision}"]
        print(f"matrix product, {precision}: {rates[precision] / 1e12:.3g} TFLOP/s")
    first = None
    for (batch_size, precision), directory in directories.items():
        time_of_step = seconds[batch_size, precision]
        images = batch_size / time_of_step
        first = first or images
        rate = operations(directory) / time_of_step
        print(
            f"batch {batch_size:4d}, {precision:14s}: {images:9.1f} images/s, "
            f"{images / first:5.2f} x the first, {rate / 1e12:.3g} TFLOP/s, "
            f"{100 * rate / rates[precision]:.1f}% of the product's"
        )


def export(directory, width, batch_size, precision):
    """Writes the training step of the CelebA model, untrained."""
    from celeba_model import celeba_model

    import wae_tf

    model, config = celeba_model(width, batch_size=batch_size, precision=precision)
    wae_tf.export_train_step(model, batch_size, directory, config=config)


def load_runner(directory):
    spec = importlib.util.spec_from_file_location("run_exported", directory / "run_exported.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def product(n, precision):
    """Returns a function that starts one product of two n x n matrices."""
    import jax
    import jax.numpy as jnp

    dtype = "float32" if precision == "float32" else "bfloat16"
    a = jax.random.normal(jax.random.key(0), (n, n), dtype)
    multiply = jax.jit(jnp.matmul)
    return lambda: multiply(a, a)


def steps_of(program):
    """Returns a function that starts one step on a batch which lies on the device."""
    import jax

    batch = jax.random.randint(jax.random.key(0), program.batch_shape, 0, 256, "uint8")
    return lambda: program.step(batch)


def timed(runs, rounds, steps):
    """Returns the median seconds of one call of each function, all timed in turn."""
    import jax

    for run in runs.values():
        jax.block_until_ready(run())
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            begin = time.perf_counter()
            for _ in range(steps):
                result = run()
            jax.block_until_ready(result)
            times[name].append((time.perf_counter() - begin) / steps)
    return {name: statistics.median(values) for name, values in times.items()}


def operations(directory):
    """Returns the floating-point operations of a step, as XLA counts them."""
    import jax
    from jaxlib import xla_client

    program = xla_client.XlaComputation((directory / "program.hlo.pb").read_bytes())
    client = jax.devices("cpu")[0].client
    return xla_client._xla.hlo_module_cost_analysis(client, program.get_hlo_module())["flops"]


if __name__ == "__main__":
    main()
