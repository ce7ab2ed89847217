"""Files: where they lie, writing them whole or not at all, and reading no more than is meant."""

from wae_tf.files.json_files import read_object
from wae_tf.files.places import writable_directory, zoo_directory
from wae_tf.files.replacing import full, recover, remove_leftovers, replacing, sha256

__all__ = [
    "full",
    "read_object",
    "recover",
    "remove_leftovers",
    "replacing",
    "sha256",
    "writable_directory",
    "zoo_directory",
]
