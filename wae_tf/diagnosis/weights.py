"""Which way to move lambda, in words."""

__all__ = ["lower_weight", "raise_weight"]


def raise_weight(model):
    """Returns the advice to tie codes more closely to the prior, for a kind of model."""
    name, value = _weight(model)
    if name is None:
        return (
            "Nothing ties the codes of an auto-encoder to the prior: draw from a sampler fitted to "
            "them (`wae_tf.samplers.fit(model, images, kind='gmm')`), or train a WAE"
        )
    return f"Raise {_called(name)} tenfold, from {value:.3g} to {10.0 * value:.3g}"


def lower_weight(model):
    """Returns the advice to leave the codes more freedom, for a kind of model."""
    name, value = _weight(model)
    if name is None:
        return "Take a smaller `learning_rate`, or train longer"
    return f"Lower {_called(name)} tenfold, from {value:.3g} to {value / 10.0:.3g}"


def _weight(model):
    if hasattr(model, "reg_weight"):
        return "reg_weight", float(model.current_reg_weight)
    return ("beta", float(model.beta)) if hasattr(model, "beta") else (None, None)


def _called(name):
    return "`reg_weight` (lambda)" if name == "reg_weight" else f"`{name}`"
