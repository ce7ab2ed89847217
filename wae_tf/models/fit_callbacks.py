"""What a model adds to the callbacks of `fit`, so that Keras's own work as they do elsewhere."""

import types

import keras

__all__ = ["completed"]


def completed(callbacks, model):
    """Returns the callbacks of `fit`, completed for a model.

    Callbacks that follow a loss by name, such as `keras.callbacks.EarlyStopping`, learn that
    it is to fall, which Keras knows of `loss` alone. Where a model has several optimizers, the
    others take part in what callbacks do to `model.optimizer`: see the classes below.

    Args:
        callbacks: As in `keras.Model.fit`: None, one, a list or a `CallbackList`.
        model: `CompiledModel`, compiled.
    """
    whole = isinstance(callbacks, keras.callbacks.CallbackList)
    given = callbacks.callbacks if whole else callbacks
    given = list(given) if isinstance(given, (list, tuple)) else [given] if given else []
    for callback in given:
        monitor = getattr(callback, "monitor", None)
        losses = model.loss_names if isinstance(monitor, str) else ()
        if getattr(callback, "mode", None) == "auto" and monitor.removeprefix("val_") in losses:
            callback.mode = "min"
    others = {k: moved for k, moved in model.optimized_variables().items() if k != "optimizer"}
    if not others:
        return callbacks
    # Averages first, for callbacks that save; rates last, after the callbacks that change them.
    wanted = [_FinalAverages(others)]
    for callback in given:
        wanted.append(callback)
        if isinstance(callback, keras.callbacks.SwapEMAWeights):
            wanted += [_SwapOther(callback.swap_on_epoch, name) for name in others]
    if model.couple_learning_rates:
        wanted.append(_FollowRate(others))
    if not whole:
        return wanted
    for callback in wanted:
        if callback not in given:
            callback.set_params(callbacks.params)
            callback.set_model(model)
    callbacks.callbacks[:] = wanted
    return callbacks


class _FinalAverages(keras.callbacks.Callback):
    """Hands the variables of optimizers with `use_ema=True` their averages when `fit` ends.

    Keras does so for `model.optimizer`.
    """

    def __init__(self, others):
        super().__init__()
        self._others = others

    def on_train_end(self, logs=None):
        for name, variables in self._others.items():
            getattr(self.model, name).finalize_variable_values(variables)


class _SwapOther(keras.callbacks.SwapEMAWeights):
    """`keras.callbacks.SwapEMAWeights` for another optimizer of the model, if it averages."""

    def __init__(self, swap_on_epoch, name):
        super().__init__(swap_on_epoch=swap_on_epoch)
        self._name = name

    def set_model(self, model):
        super().set_model(types.SimpleNamespace(optimizer=getattr(model, self._name)))

    def _apply_to_ema_optimizers(self, *functions):
        optimizer = self.model.optimizer
        if getattr(optimizer, "inner_optimizer", optimizer).use_ema:
            super()._apply_to_ema_optimizers(*functions)


class _FollowRate(keras.callbacks.Callback):
    """Multiplies the learning rates of other optimizers by what that of the first changed by.

    It looks where an epoch begins and where it ends, at rates that are numbers: schedules see to
    themselves. A rate that was changed by someone else in the meantime is left as it is.
    """

    def __init__(self, others):
        super().__init__()
        self._names = ["optimizer", *others]
        self._rates = {}

    def on_train_begin(self, logs=None):
        self._rates = self._read()

    def on_epoch_begin(self, epoch, logs=None):
        self._follow()

    def on_epoch_end(self, epoch, logs=None):
        self._follow()

    def _read(self):
        rates = {name: getattr(self.model, name).learning_rate for name in self._names}
        return {
            name: float(r.numpy()) for name, r in rates.items() if isinstance(r, keras.Variable)
        }

    def _follow(self):
        before, now = self._rates, self._read()
        first = now.get("optimizer")
        if first not in (None, before.get("optimizer")) and before.get("optimizer"):
            for name, rate in now.items():
                if name != "optimizer" and rate == before.get(name):
                    rate *= first / before["optimizer"]
                    getattr(self.model, name).learning_rate = rate
            now = self._read()
        self._rates = now
