"""Doors out: a model for other programs, and the training step as an XLA program."""

from wae_tf.export.doors import export_parts
from wae_tf.export.xla_step import export_run, export_train_step, import_run, import_state

__all__ = ["export_parts", "export_run", "export_train_step", "import_run", "import_state"]
