"""The training step as an XLA program that runs without TensorFlow, and the way back."""

from wae_tf.export.program import export_train_step
from wae_tf.export.runs import export_run, import_run
from wae_tf.export.state import import_state

__all__ = ["export_run", "export_train_step", "import_run", "import_state"]
