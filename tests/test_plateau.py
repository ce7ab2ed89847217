"""Checks the learning rate that falls when the loss no longer does."""

import types

import keras
import pytest

from wae_tf.training.plateau import PlateauLearningRate


def model_with(*rates):
    names = ("optimizer", "discriminator_optimizer")
    optimizers = {name: keras.optimizers.Adam(rate) for name, rate in zip(names, rates)}
    return types.SimpleNamespace(**optimizers, optimized_variables=lambda: optimizers)


def run(callback, model, losses, first=0):
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, loss in enumerate(losses, first):
        callback.on_epoch_end(epoch, {"loss": loss})
        rates.append(float(model.optimizer.learning_rate))
    return rates


def test_waits_thirty_epochs_and_then_ten_without_progress():
    rates = run(PlateauLearningRate(), model_with(1e-3), [1.0] * 70)
    changes = [i + 1 for i in range(1, 70) if rates[i] != rates[i - 1]]
    assert changes == [41, 52, 63]  # The 11th bad epoch after the 30th, and so on.
    assert rates[-1] == pytest.approx(1e-3 / 1.4**3, rel=1e-5)


def test_progress_keeps_the_rate():
    rates = run(PlateauLearningRate(), model_with(1e-3), [1.0 / (i + 1) for i in range(90)])
    assert set(rates) == {rates[0]}


def test_changes_both_optimizers_in_proportion():
    model = model_with(1e-3, 5e-4)
    run(PlateauLearningRate(first_epoch=0, patience=1), model, [1.0] * 4)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3 / 1.4, rel=1e-5)
    assert float(model.discriminator_optimizer.learning_rate) == pytest.approx(5e-4 / 1.4, rel=1e-5)


def test_resumes_from_the_history():
    losses = [1.0 + 0.1 * (i % 3) for i in range(60)]
    whole = run(PlateauLearningRate(), model_with(1e-3), losses)
    history = [{"epoch": i + 1, "loss": loss} for i, loss in enumerate(losses[:45])]
    resumed = PlateauLearningRate(history=history)
    assert run(resumed, model_with(whole[44]), losses[45:], first=45) == whole[45:]


def test_needs_a_rate_that_it_can_set():
    schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.9)
    with pytest.raises(ValueError, match="a number as learning rate.* Received: "):
        run(PlateauLearningRate(), model_with(schedule), [1.0])
