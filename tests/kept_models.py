"""Models that are built and traced once, for tests that train the same one again and again."""

import contextlib
import sys

import numpy as np

_OPTIMIZERS = ("optimizer", "discriminator_optimizer", "critic_optimizer")


@contextlib.contextmanager
def kept_models():
    """Has models that were built for the same config before be taken again, in the block.

    Those that `wae_tf.training.train` trains and measures. They begin with the values that
    building gives, so runs end in the same bits. A run's model is that of the run before:
    compare what they wrote, not what `train` returned.
    """
    train, results = sys.modules["wae_tf.training.train"], sys.modules["wae_tf.zoo.results"]
    build, compile_model = train.build_model, train.compile_model
    build_trained = results.build_trained
    kept, first, measured = {}, {}, {}

    def build_once(config):
        key = config.to_json()
        if key not in kept:
            kept[key] = build(config)
        return kept[key]

    def compile_once(model, config, *args, **kwargs):
        key = config.to_json()
        if key not in first:
            compile_model(model, config, *args, **kwargs)
            optimizers = [getattr(model, name, None) for name in _OPTIMIZERS]
            variables = [*model.variables, *model.metrics_variables]
            variables += [v for o in optimizers if o is not None for v in o.variables]
            first[key] = [(variable, np.array(variable)) for variable in variables]
        for variable, value in first[key]:
            variable.assign(value)
        return model

    def build_trained_once(config, model):
        key = config.to_json()
        if key not in measured:
            measured[key] = build_trained(config, model)
        measured[key].set_weights([np.array(w) for w in model.weights_without_critic()])
        return measured[key]

    train.build_model, train.compile_model = build_once, compile_once
    results.build_trained = build_trained_once
    try:
        yield
    finally:
        train.build_model, train.compile_model = build, compile_model
        results.build_trained = build_trained
