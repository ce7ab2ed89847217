"""The callbacks of a run, as its config asks for them."""

from wae_tf.training import callbacks
from wae_tf.training.plateau import PlateauLearningRate
from wae_tf.training.pretraining import PretrainEncoder

__all__ = ["schedules", "writing_callbacks"]


def writing_callbacks(workdir, followed, devices):
    """Returns what logs, draws and stops a training; logs are complete for what comes after.

    Of several workers the first one alone writes.
    """
    if not devices.chief:
        return [callbacks.FiniteLoss()]
    logs = workdir / "tensorboard"
    return [
        callbacks.FiniteLoss(),
        callbacks.TensorBoard(logs, write_graph=False),
        callbacks.SampleGrid(workdir / "pictures", followed[:32], log_dir=logs / "pictures"),
    ]


def schedules(config, images, history, init_from=None):
    """Returns what a config asks for beside descending the loss; before the checkpoint."""
    chosen = []
    if config.pretrain_encoder and init_from is None:  # It would undo an encoder's weights.
        chosen.append(
            PretrainEncoder(
                images,
                batch_size=config.pretrain_batch_size,
                learning_rate=config.learning_rate,
                seed=config.seed,
            )
        )
    if config.critic_weight and config.critic_start:
        chosen.append(callbacks.CriticStart(config.critic_start))
    if config.lr_schedule == "plateau":
        chosen.append(PlateauLearningRate(history=history))
    return chosen
