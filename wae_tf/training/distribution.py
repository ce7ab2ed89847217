"""On which devices and machines a training runs, and what its workers tell each other."""

import contextlib
import functools
import hashlib
import inspect
import pathlib
import platform

import keras
import tensorflow as tf

from wae_tf import data
from wae_tf._version import __version__
from wae_tf.arguments import check_choice
from wae_tf.training.cluster import find_cluster
from wae_tf.training.rendezvous import meet, odd_ones, silent
from wae_tf.training.run_images import decode_together
from wae_tf.training.watchdog import TO_THE_END, Watchdog

__all__ = [
    "DISTRIBUTE",
    "Devices",
    "check_batch_size",
    "check_one_worker",
    "on_devices",
    "open_devices",
]

DISTRIBUTE = ("auto", "none", "mirrored", "multi_worker")

_OF_OTHERS = (  # What TensorFlow raises where another worker is gone.
    tf.errors.UnavailableError,
    tf.errors.InternalError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)


class Devices:
    """The devices of one training, on this machine or several.

    Attributes:
        strategy: `tf.distribute.Strategy`, in whose `scope()` the model is to be made.
        chief: Whether this process writes what the training writes.
        workers: Number of processes.
        replicas: Number of devices that share a batch.
    """

    def __init__(self, strategy, cluster=None, watchdog=None):
        self.strategy = strategy
        self.cluster, self.watchdog = cluster, watchdog
        self.chief = cluster is None or cluster.index == 0
        self.workers = 1 if cluster is None else len(cluster.addresses)
        self.replicas = strategy.num_replicas_in_sync

    def batches(self, make):
        """Returns what `fit` takes: of several workers, each reads its parts of each batch.

        Theirs never end: of a data set that does, TensorFlow would ask all workers in each step
        whether any of them has more. So `fit` must be told the steps of an epoch, and of a
        validation.

        Args:
            make: Callable, `parts` of `wae_tf.data.batches` to a data set of them; called without,
                it gives the whole batches.
        """
        if self.workers == 1:
            return make()

        def of_worker(context):
            local = self.replicas // context.num_input_pipelines
            first = context.input_pipeline_id * local
            return make((first, first + local, self.replicas)).repeat()

        return self.strategy.distribute_datasets_from_function(of_worker)

    def load_images(self, source, split="train", *, cache, **options):
        """Returns images of a cache, of which each worker has decoded a share.

        Args:
            source, split: As for `wae_tf.data.load_images`.
            cache: Path of a `.npy` file on a disk that all workers share.
            **options: `image_shape`, `crop`, `data_dir`, `download`, `max_broken`, `verbose`.

        Returns:
            uint8 `np.memmap`, shape `(n, height, width, channels)`: `wae_tf.data.batches` reads of
            it what is this worker's.

        Raises:
            ValueError: Workers have other images. Or as `load_images`.
        """
        if self.workers > 1:
            decode_together({pathlib.Path(cache): (source, split)}, self, **options)
        return data.load_images(source, split, cache=cache, **options)

    def compare(self, **identity):
        """Waits for all workers; raises a ValueError that names one with other values."""
        if self.workers == 1:
            return
        digests = {name: _digest(str(value)) for name, value in identity.items()}
        sent = tf.constant([[*digests.values(), 0]], tf.int64)

        @tf.function
        def gather():
            context = tf.distribute.get_replica_context()
            return context.all_gather(sent, axis=0)

        found = self.strategy.run(gather)
        found = self.strategy.experimental_local_results(found)[0].numpy()
        found = found[:: self.replicas // self.workers]  # One row for each worker.
        odd = odd_ones([dict(zip(digests, map(int, row))) for row in found])
        if odd is not None:
            raise ValueError(
                "All workers must train on the same images, in the same precision: give them the "
                f"same files. Received, by hash: {odd}; here {identity}"
            )

    def record(self):
        """Returns what an entry says of the devices that it was trained on."""
        if self.replicas == 1:
            return {}
        return {"replicas": self.replicas, "workers": self.workers}

    @contextlib.contextmanager
    def watched(self):
        """Turns TensorFlow's error of a lost worker into one that names it.

        An error that comes out of it ends the other workers too.
        """
        try:
            yield
        except BaseException as error:
            if self.watchdog is not None:
                lost = isinstance(error, _OF_OTHERS) and self._lost()
                self.watchdog.failed(error)
                if lost:
                    raise ConnectionError(
                        f"{TO_THE_END} Received: {lost} ({type(error).__name__})"
                    ) from error
            raise

    def _lost(self):
        """Returns in words which workers are gone, "" if none is."""
        lost = self.watchdog.lost()
        if lost is None:
            gone = ", ".join(silent(*self.cluster[:2]))
            lost = gone and f"{gone} is gone"
        return lost


def check_batch_size(batch_size, replicas):
    """Raises a ValueError unless replicas can share a batch evenly."""
    if batch_size % replicas:
        raise ValueError(
            "`batch_size` must be a multiple of the number of replicas, which share each batch "
            f"evenly. Received: batch_size={batch_size}, {replicas} replicas"
        )


def on_devices(function):
    """Makes `distribute` of a function, which trains a `config`, the `Devices` to train on.

    Of several workers the first one alone says what the others do, and all wait for it.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def opened(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        config = bound.arguments["config"]
        devices = open_devices(bound.arguments["distribute"], config.to_dict())
        check_batch_size(config.batch_size, devices.replicas)
        bound.arguments["distribute"] = devices
        if not devices.chief:
            bound.arguments["verbose"] = 0
        with devices.watched():
            result = function(*bound.args, **bound.kwargs)
            devices.compare()  # Waits until the first worker has written all.
        if devices.watchdog is not None:
            devices.watchdog.left()
        return result

    return opened


def check_one_worker(distribute):
    """Raises a ValueError if a training would be one of several workers."""
    cluster = find_cluster() if distribute in ("auto", "multi_worker") else None
    if cluster is not None:
        raise ValueError(
            "A config that is chosen from the images and the machine is for one machine: train "
            "once without other workers, and give its `config.json` values to a config by name; "
            "or `distribute='mirrored'`. "
            f"Received: distribute={distribute!r}, {len(cluster.addresses)} workers"
        )


def open_devices(distribute="auto", identity=None, seconds=300):
    """Returns the `Devices` to train on.

    - `"none"`: what TensorFlow takes by itself: one GPU, or the CPU.
    - `"mirrored"`: all GPUs of this machine, or all logical CPUs where there is none.
    - `"multi_worker"`: all GPUs of all machines that TF_CONFIG or a Slurm job names.
    - `"auto"`: the strategy in whose scope it is called, if any; else `"multi_worker"` where
      there are several workers, `"mirrored"` where there are several GPUs, `"none"` elsewhere.

    With several workers it must be the first that a program asks of TensorFlow.

    Args:
        distribute: One of these.
        identity: Dict of what all workers must have alike, beside versions.
        seconds: How long to wait for other workers, and then for TensorFlow to start on all.

    Raises:
        ValueError: There is no such way, TF_CONFIG is none, or workers differ.
        ConnectionError: A worker did not come, or cannot be reached.

    Example:
        >>> devices = open_devices("mirrored")
        >>> with devices.strategy.scope():
        ...     model = wae_tf.build_model(config)
    """
    check_choice("distribute", distribute, DISTRIBUTE)
    if distribute == "auto" and tf.distribute.has_strategy():
        return Devices(tf.distribute.get_strategy())
    cluster = find_cluster() if distribute in ("auto", "multi_worker") else None
    if cluster is not None:
        return _open_workers(cluster, identity or {}, seconds)
    if distribute == "multi_worker":
        raise ValueError(
            "`distribute='multi_worker'` needs several workers, in TF_CONFIG or as tasks of a "
            "Slurm job: set it, or take 'mirrored' or 'none'. Received: neither"
        )
    gpus = tf.config.list_logical_devices("GPU") if distribute != "none" else []
    if distribute == "mirrored" or len(gpus) > 1:
        devices = gpus or tf.config.list_logical_devices("CPU")
        return Devices(tf.distribute.MirroredStrategy([device.name for device in devices]))
    return Devices(tf.distribute.get_strategy())


def _open_workers(cluster, identity, seconds):
    versions = {
        "wae_tf": __version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "python": platform.python_version(),
    }
    identity = {name: str(value) for name, value in {**versions, **identity}.items()}
    connections = meet(cluster.addresses, cluster.index, identity, seconds)
    watchdog = Watchdog(cluster.addresses, cluster.index, connections, seconds)
    communication = tf.distribute.experimental.CommunicationImplementation
    gpus = tf.config.list_physical_devices("GPU")
    options = tf.distribute.experimental.CommunicationOptions(
        implementation=communication.AUTO if gpus else communication.RING
    )
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster.resolver, options)
    except BaseException as error:
        watchdog.failed(error)
        raise
    watchdog.started()
    return Devices(strategy, cluster, watchdog)


def _digest(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")
