"""The training step as an XLA program that runs without TensorFlow, and the way back."""

from wae_tf.export.xla_step.program import export_train_step
from wae_tf.export.xla_step.state import import_state
from wae_tf.export.xla_step.workdirs import export_run, import_run

__all__ = ["export_run", "export_train_step", "import_run", "import_state"]
