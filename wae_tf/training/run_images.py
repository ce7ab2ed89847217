"""Images that several workers decode together: those of a run, or of a `fit` of one's own."""

import contextlib

from wae_tf.data.memory import cache_options
from wae_tf.data.several import load_sources, pair_up
from wae_tf.data.shares import Shares
from wae_tf.training import run_files

__all__ = ["decode_together", "load_run_images"]


def load_run_images(wanted, workdir, cache, devices, **options):
    """Reads the images of a run; several workers decode a share of them each.

    They must have the same images, which is compared first, and then read them from one cache in
    `workdir`. Where `cache` is False, or for a list of sources, each worker reads all instead.

    Args:
        wanted: Dict of `(source, split)` by name, as `load_sources` takes them.
        workdir: Directory of the run.
        cache: As in `train`.
        devices: `Devices`.
        **options: Others of `wae_tf.data.load_images`.

    Returns:
        Tuple of a dict of what `load_sources` returns by name, and whether all workers are known to
        have the same images.
    """
    files = {name: run_files.cache_file(workdir, name) for name in wanted}
    alike = False
    if devices.workers > 1:
        cache = True if cache == "auto" else cache
        pairs = {name: pair_up(*pair) for name, pair in wanted.items()}
        alike = cache and all(len(each) == 1 for each in pairs.values())
        decode_together(
            {files[name]: each[0] for name, each in pairs.items() if cache and len(each) == 1},
            devices,
            **options,
        )
    return {
        name: load_sources(*pair, **options, **cache_options(cache, files[name], pair[0]))
        for name, pair in wanted.items()
    }, alike


def decode_together(pairs, devices, **options):
    """Writes caches of images, of which each worker decodes a share; returns when all are there.

    Args:
        pairs: Dict of `(source, split)` by the path of the cache.
        devices: `Devices` of several workers.
        **options: Others of `wae_tf.data.shares.Shares`.

    Raises:
        ValueError: Workers have other images; the odd one is named. Or as `Shares`.
    """
    first = options.get("download", False)  # By the chief, to the folder that others then read.
    if first and not devices.chief:
        devices.compare()
    with contextlib.ExitStack() as stack:
        opened = [
            stack.enter_context(
                contextlib.closing(Shares(*pair, cache=file, count=devices.workers, **options))
            )
            for file, pair in pairs.items()
        ]
        if first and devices.chief:
            devices.compare()
        devices.compare(**{file.stem: each.key for file, each in zip(pairs, opened)})
        for each in opened:
            each.decode(devices.cluster.index)
        devices.compare()  # Waits for all.
        if devices.chief:
            for each in opened:
                each.join()
        devices.compare()
        for each in opened:
            each.check_joined()
