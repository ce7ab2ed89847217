"""The optimizers that a config describes."""

import warnings

import keras

from wae_tf.models.wae_gan import WAEGAN
from wae_tf.schedules import EpochSchedule

__all__ = ["compile_model", "take_averages"]

_CRITIC_BETA_2 = 0.99  # The critic must follow what it judges: a memory of 100 steps.
_START_SHARE = 0.05  # Most that a moving average should keep of the weights at the start.


def compile_model(model, config, steps_per_epoch, **kwargs):
    """Compiles a model with the config's optimizers: Adam, its rate schedule and moving average.

    Args:
        model: What `build_model(config)` or `load` returned.
        config: `WAEConfig`.
        steps_per_epoch: Training images divided by the batch size, rounded down.
        **kwargs: Other arguments of `WAE.compile`, such as `jit_compile`.

    Returns:
        The same model.

    Warns of an `ema` whose average would still be of the weights at the start.

    Example:
        >>> config = wae_tf.load_config("mnist_wae_mmd")
        >>> model = compile_model(wae_tf.load("mnist_wae_mmd"), config, steps_per_epoch=600)
    """

    def adam(learning_rate, **options):
        if config.lr_schedule != "plateau":  # Which a callback sees to.
            learning_rate = EpochSchedule(
                learning_rate,
                config.lr_schedule,
                epochs=config.epochs,
                steps_per_epoch=steps_per_epoch,
                decay_epochs=config.lr_decay_epochs,
            )
        return keras.optimizers.Adam(learning_rate, beta_1=config.adam_beta_1, **options)

    if isinstance(model, WAEGAN):
        kwargs["discriminator_optimizer"] = adam(config.discriminator_learning_rate)
    if model.critic is not None:
        kwargs["critic_optimizer"] = adam(config.critic_learning_rate, beta_2=_CRITIC_BETA_2)
    average = {}
    if config.ema:
        _warn_of_long_memory(config.ema, config.epochs * steps_per_epoch)
        average = {"use_ema": True, "ema_momentum": config.ema}
    model.compile(adam(config.learning_rate, **average), **kwargs)
    return model


def _warn_of_long_memory(ema, steps):
    """Warns of a moving average that is mostly of the weights at the start, when it ends."""
    kept = ema**steps
    if kept > _START_SHARE:
        fits = _START_SHARE ** (1.0 / max(steps, 1))
        warnings.warn(
            f"`ema` must be at most {fits:.4g} for {steps:,} steps, or its average keeps more than "
            f"{_START_SHARE:.0%} of the weights at the start, which do not fit the batch norms at "
            f"the end: lower it, or train longer. Received: ema={ema:g}, which keeps {kept:.0%}",
            stacklevel=3,
        )


def take_averages(model):
    """Gives a trained model the moving averages of its weights, if `config.ema` keeps such.

    Checkpoints have the weights themselves, from which a training goes on.
    """
    if model.optimizer.use_ema:
        model.optimizer.finalize_variable_values(model.autoencoder_variables)
