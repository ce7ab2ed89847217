"""Which workers train together, as TF_CONFIG or Slurm says."""

import json
import os
import re
from typing import NamedTuple

import tensorflow as tf

__all__ = ["Cluster", "find_cluster", "read_tf_config"]

_PORT = 8888  # On which the first task of a Slurm node listens; others on the next ones.
_EXAMPLE = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'


class Cluster(NamedTuple):
    """Workers of one training, and which of them this process is.

    Attributes:
        addresses: `host:port` of each worker; the first one is the chief.
        index: Place of this process among them.
        resolver: What TensorFlow takes it from.
    """

    addresses: list
    index: int
    resolver: object


def find_cluster(environment=None):
    """Returns the `Cluster` of this process, None where it is alone.

    TF_CONFIG goes before Slurm, whose job must have several tasks.

    Args:
        environment: Dict of variables, by default those of the process.

    Raises:
        ValueError: TF_CONFIG is set and is none.
    """
    environment = os.environ if environment is None else environment
    if environment.get("TF_CONFIG", "").strip():
        addresses, index = read_tf_config(environment["TF_CONFIG"])
        resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
        return Cluster(addresses, index, resolver) if len(addresses) > 1 else None
    if "SLURM_PROCID" in environment and int(environment.get("SLURM_NTASKS", 1)) > 1:
        return _slurm()
    return None


def read_tf_config(text):
    """Returns the addresses of all workers, the chief's first, and the index of this one.

    Args:
        text: JSON, as TensorFlow describes it: jobs `worker`, and `chief` if there is one.

    Raises:
        ValueError: It is no JSON, has other jobs, or its task is none of the workers.

    Example:
        >>> read_tf_config(
        ...     '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}'
        ... )
        (['a:1', 'b:1'], 1)
    """
    try:
        config = json.loads(text)
        jobs, task = dict(config.get("cluster", {})), dict(config.get("task", {}))
        kind, index = str(task.get("type", "worker")), int(task.get("index", 0))
        chiefs, workers = list(jobs.pop("chief", [])), list(jobs.pop("worker", []))
        own = chiefs if kind in ("chief", "master") else workers
        addresses = [str(address) for address in chiefs + workers]
        ports = [int(address.rpartition(":")[2]) for address in addresses]
        fits = kind in ("chief", "worker") and 0 <= index < len(own) and len(chiefs) < 2
        fits = fits or not addresses
        fits = fits and not jobs and len(set(addresses)) == len(ports)
    except (AttributeError, TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(
            "TF_CONFIG must be JSON with the addresses of all workers, each once, and the place of "
            f"this one, such as {_EXAMPLE}; a chief may stand apart, and there are no other jobs. "
            f"Unset it to train alone. Received: TF_CONFIG={text}"
        )
    return addresses, index + (len(chiefs) if kind == "worker" else 0)


def _slurm():
    resolvers = tf.distribute.cluster_resolver
    per_node = os.environ.get("SLURM_STEP_TASKS_PER_NODE", "1")  # Such as 4(x2),3.
    tasks = max(int(part.partition("(")[0]) for part in per_node.split(","))
    found = resolvers.SlurmClusterResolver(
        port_base=_PORT,
        auto_set_gpu=False,  # Slurm has set CUDA_VISIBLE_DEVICES of each task.
        # Given, as TensorFlow asks nvidia-smi otherwise, which nodes without GPUs do not have. It
        # only counts tasks by them.
        gpus_per_node=tasks,
        gpus_per_task=1,
    )
    # By number, as Slurm ranks the tasks: node9 before node10.
    addresses = sorted(found.cluster_spec().as_dict()["worker"], key=_natural)
    gpus = len(tf.config.list_physical_devices("GPU"))
    resolver = resolvers.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": addresses}),
        task_type="worker",
        task_id=found.task_id,
        rpc_layer="grpc",
        num_accelerators={"GPU": gpus},
    )
    return Cluster(addresses, found.task_id, resolver)


def _natural(text):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]
