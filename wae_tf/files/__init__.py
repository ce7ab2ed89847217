"""Files: where they lie, writing them whole or not at all, and reading no more than is meant."""

from wae_tf.files.checksums import check_sha256
from wae_tf.files.json_files import JSON_LIMIT, read_object
from wae_tf.files.places import (
    check_new,
    directory_contents,
    new_file,
    writable_directory,
    zoo_directory,
)
from wae_tf.files.replacing import (
    full,
    recover,
    remove_leftovers,
    replacing,
    replacing_directory,
    sha256,
)

__all__ = [
    "JSON_LIMIT",
    "check_new",
    "check_sha256",
    "directory_contents",
    "full",
    "new_file",
    "read_object",
    "recover",
    "remove_leftovers",
    "replacing",
    "replacing_directory",
    "sha256",
    "writable_directory",
    "zoo_directory",
]
