"""Entries on disk: folders with a config, results, provenance and, of models, weights."""

from wae_tf.zoo.copies import copy_entry, save_keras
from wae_tf.zoo.entries import load, load_config, save_entry, save_samplers
from wae_tf.zoo.entry_files import (
    entry_directory,
    is_entry,
    list_configs,
    list_models,
    own_directory,
    read_entry,
    update_entry,
)

__all__ = [
    "copy_entry",
    "entry_directory",
    "is_entry",
    "list_configs",
    "list_models",
    "load",
    "load_config",
    "own_directory",
    "read_entry",
    "save_entry",
    "save_keras",
    "save_samplers",
    "update_entry",
]
