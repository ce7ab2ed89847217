"""Doors out: the training step as an XLA program, and the way back."""

from wae_tf.export.xla_step import export_run, export_train_step, import_run, import_state

__all__ = ["export_run", "export_train_step", "import_run", "import_state"]
