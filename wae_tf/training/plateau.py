"""A learning rate that falls when the loss no longer does."""

import keras

__all__ = ["PlateauLearningRate"]


class PlateauLearningRate(keras.callbacks.Callback):
    """Divides all learning rates by 1.4 after ten epochs without progress.

    From epoch 31 on, an epoch whose loss is below that of the 20 before makes progress.
    After more than 10 in a row that do not, the rates fall to 1/1.4 and the count starts
    anew, down to a millionth of the first rate (`lr_schedule='plateau'` in the authors'
    wae.py, which looks at single batches; here it is the epoch's mean).

    The rates themselves are in the optimizers, and so in checkpoints; the count follows
    from `history`.

    Args:
        first_epoch: Epochs, from the beginning, that are not judged.
        window: Epochs that a loss is compared with.
        patience: Epochs without progress that are borne.
        factor: What a rate is divided by.
        history: Dicts with the `loss` of each epoch before, where a training resumes;
            such as `Checkpoint.history` returns.

    Raises:
        ValueError: From `fit`, if the optimizer has a schedule, which sets its rate.

    Example:
        >>> model.compile(keras.optimizers.Adam(1e-3))
        >>> model.fit(images, epochs=100, callbacks=[PlateauLearningRate()])
    """

    def __init__(self, *, first_epoch=30, window=20, patience=10, factor=1.4, history=()):
        super().__init__()
        self.first_epoch = first_epoch
        self.window = window
        self.patience = patience
        self.factor = factor
        self._losses, self._wait, self._decay = [], 0, 1.0
        for row in history:
            self._next_decay(row["loss"])

    def on_train_begin(self, logs=None):
        for optimizer in self._optimizers():
            if not isinstance(getattr(optimizer, "_learning_rate", None), keras.Variable):
                raise ValueError(
                    "`PlateauLearningRate` needs optimizers with a number as learning rate, such "
                    f"as keras.optimizers.Adam(1e-3). Received: {optimizer.get_config()}"
                )

    def on_epoch_end(self, epoch, logs=None):
        before = self._decay
        after = self._next_decay(logs["loss"])
        if after != before:
            for optimizer in self._optimizers():
                rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
                optimizer.learning_rate = rate * after / before

    def _next_decay(self, loss):
        if len(self._losses) >= self.first_epoch:
            recent = self._losses[-self.window :]
            progress = not recent or loss < min(recent)
            self._wait = 0 if progress else self._wait + 1
            if self._wait > self.patience:
                self._decay, self._wait = max(self._decay / self.factor, 1e-6), 0
        self._losses.append(loss)
        return self._decay

    def _optimizers(self):
        listed = getattr(self.model, "optimized_variables", None)  # Other Keras models have one.
        found = [getattr(self.model, name) for name in (listed() if listed else ["optimizer"])]
        # Loss scaling, of mixed_float16, wraps the optimizer that has the rate.
        return [getattr(optimizer, "inner_optimizer", optimizer) for optimizer in found]
