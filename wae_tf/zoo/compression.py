"""Half the size of an entry's weights on disk, where that does not move what they do."""

import h5py
import numpy as np

from wae_tf import data, files
from wae_tf.files.hdf5_writing import replacing_hdf5
from wae_tf.zoo import entries, entry_files
from wae_tf.zoo.results import test_losses

__all__ = ["compress", "to_float16"]

_WEIGHTS = "model_float16.weights.h5"


def compress(name_or_directory, images, *, tolerance=1e-3, verbose=False):
    """Stores the kernels of a zoo entry in float16, if its reconstructions stay as good.

    The entry's results are measured again with the rounded weights, and its
    `weights.rounding` keeps what rounding did. Samplers stay; numbers of an evaluation do
    too, as those of the weights before: record it after this.

    Args:
        name_or_directory: Zoo entry, or a directory that `wae-train` wrote.
        images: Held-out images, uint8 array, shape `(n, height, width, channels)`.
        tolerance: Largest relative change of the squared error that is let through.
        verbose: Whether to show progress bars; "auto" those that take over two seconds.

    Returns:
        Dict, the entry's `weights.rounding`: `squared_error` before and after, and
        `largest_change` and `mean_change` of 256 samples from the prior, in grey levels of 0 to
        255.

    Raises:
        ValueError: There is no such entry, it is compressed already, the squared error moves
            by more than `tolerance`, or a weight is beyond float16's 65,504.

    Example:
        >>> compress("runs/mnist", images)["squared_error"]
        [9.385, 9.385]
    """
    directory = files.writable_directory(entry_files.own_directory(name_or_directory, "model"))
    entry = entry_files.read_entry(name_or_directory)
    model = entries.load(name_or_directory)
    former = directory / entry["weights"]["file"]
    if former.name == _WEIGHTS:
        raise ValueError(
            "The entry's weights must be in float32, as `wae-train` writes them. Received: "
            f"{former}"
        )
    batch_size = entry.get("results", {}).get("batch_size", entry["config"]["batch_size"])
    before = test_losses(model, images, batch_size, verbose)
    rounded = entries.load(name_or_directory)  # Another one, as the first is compiled by now.
    with files.replacing(directory / _WEIGHTS) as temporary:
        to_float16(former, temporary)
        rounded.load_weights(temporary)
        after = test_losses(rounded, images, batch_size, verbose)
        change = after["squared_error"] / before["squared_error"] - 1
        if not abs(change) <= tolerance:
            raise ValueError(
                f"Rounding to float16 must change the squared error by at most {tolerance:g} of "
                f"itself: keep these weights in float32. Received: {change:+.3g}, from "
                f"{before['squared_error']:.6g} to {after['squared_error']:.6g}"
            )
    moved = 255 * np.abs(rounded.sample(256, seed=0) - model.sample(256, seed=0))
    rounding = {
        "squared_error": [float(f"{v['squared_error']:.6g}") for v in (before, after)],
        "largest_change": float(f"{moved.max():.3g}"),
        "mean_change": float(f"{moved.mean():.3g}"),
    }
    weights = {
        **entry["weights"],
        "file": _WEIGHTS,
        "sha256": files.sha256(directory / _WEIGHTS),
        "rounding": rounding,
    }
    results = {
        **entry.get("results", {}),
        "measured_by": "wae_tf.training.test_losses, after rounding to float16",
        "test_images": len(images),
        "test_data_sha256": data.fingerprint(images),
        "batch_size": batch_size,
        "losses": after,
    }
    entry_files.update_entry(name_or_directory, weights=weights, results=results)
    former.unlink()  # Last: until then the entry names a file that is there.
    return rounding


def to_float16(source, target):
    """Copies a file of Keras weights, with all arrays of two or more axes in float16.

    Biases and batch norm's vectors stay in float32: they are small, and variances may
    leave float16's range. `load_weights` reads both into the model's own type.

    Args:
        source: Path of an `.h5` file.
        target: Path of the copy.

    Raises:
        ValueError: A weight is beyond float16's range.
    """
    with h5py.File(source) as old, replacing_hdf5(target) as new:
        new.attrs.update(old.attrs)

        def copy(name, item):
            if isinstance(item, h5py.Group):
                new.require_group(name).attrs.update(item.attrs)
                return
            value = item[()]
            if value.dtype == np.float32 and value.ndim >= 2:
                with np.errstate(over="ignore"):
                    rounded = value.astype(np.float16)
                if not np.isfinite(rounded).all():
                    raise ValueError(
                        "Weights must lie within float16's range of 65,504 to be stored so. "
                        f"Received: {np.abs(value).max():g} in {name!r} of {source}"
                    )
                value = rounded
            new.create_dataset(name, data=value).attrs.update(item.attrs)

        old.visititems(copy)
