"""What a config asks for beside descending the loss, as callbacks; they go before a checkpoint."""

from wae_tf.training import callbacks
from wae_tf.training.plateau import PlateauLearningRate
from wae_tf.training.pretraining import PretrainEncoder

__all__ = ["config_callbacks"]


def config_callbacks(config, images, history, init_from=None):
    """Returns the callbacks for what a config asks for beside descending the loss.

    Args:
        config: `WAEConfig`.
        images: Training images.
        history: Dicts with the logs of the epochs before, where a training resumes.
        init_from: Weights that the run began with; None where they were random.
    """
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
