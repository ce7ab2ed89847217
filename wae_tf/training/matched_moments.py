"""The moments of the codes, made the prior's after training, at no change of a reconstruction."""

import keras
import numpy as np

from wae_tf import pixels

__all__ = ["check_can_match", "match_moments"]

_LEAST = 1e-6  # Variance along one direction of the codes, as a share of the largest.
_MOST_CHANGE = 0.02  # Of a reconstruction on average; bfloat16 rounds to a tenth of that.
_COMPARED = 64  # Images.


def match_moments(model, images, *, batch_size=256, verbose=False):
    """Gives the codes of images the mean and the covariance of the prior, but for rounding.

    Codes become `z' = (z - mean) B + m`, in the last layer of the encoder, and the first of the
    decoder takes them back, so that reconstructions stay: it is the same auto-encoder, whose Q_Z
    is nearer to P_Z, and draws from the prior are nearer to what the decoder was trained on.
    Of all `B` that do it, `B = S**(-1/2) C**(1/2)`, `S` the covariance of the codes and `C` that of
    the prior, leaves codes nearest to what they were where `C` is a multiple of the identity
    (ZCA whitening: [1], Eq. (17)). What mean and covariance do not tell of Q_Z is not changed.

    Fit samplers after it, not before. A discriminator stays as it is: it has to learn the new
    codes if training goes on.

    Args:
        model: `AE` or a subclass with deterministic codes, whose encoder ends and whose decoder
            begins with a dense layer, as all built-in ones do but `ali`; trained. Its weights
            change.
        images: Those that it was trained on, uint8 or floats in [0, 1], shape
            `(n, height, width, channels)`, more than `latent_dim`.
        batch_size: Images to encode at a time.
        verbose: Whether to show a progress bar; "auto" where it takes over two seconds.

    Raises:
        ValueError: The model's codes are random, its networks have other layers there, its prior
            has no mean and covariance or not all of space, or codes lie in fewer dimensions than
            they have. The model is as before.

    Example:
        >>> model = wae_tf.WAEMMD(*networks)
        >>> match_moments(model, images)
        >>> bool(np.allclose(np.cov(model.encode(images).T), np.eye(model.latent_dim), atol=1e-3))
        True

    [1] Kessy et al., *Optimal Whitening and Decorrelation*, The American Statistician 2018,
    arXiv:1512.00809.
    """
    images = pixels.check_images(images, model.image_shape, "images")
    (wanted_mean, wanted_covariance), (head, tail) = check_can_match(model)
    codes = model.encode(images, batch_size=batch_size, verbose=verbose).astype("float64")
    mean, covariance = codes.mean(axis=0), np.cov(codes, rowvar=False).reshape(2 * [head.units])
    variances = np.linalg.eigvalsh(covariance)
    if not variances[0] > _LEAST * variances[-1]:
        raise ValueError(
            "`match_moments` needs codes that vary along all their dimensions: take more images "
            "than `latent_dim`, or a model without dead codes. "
            f"Received: {len(images)} images, latent_dim={model.latent_dim}, variances of codes "
            f"from {variances[0]:.2g} to {variances[-1]:.2g}"
        )
    there = _power(covariance, -0.5) @ _power(wanted_covariance, 0.5)
    back = np.linalg.inv(there)
    kernel, bias = (np.asarray(weight, "float64") for weight in head.get_weights())
    first_kernel, first_bias = (np.asarray(weight, "float64") for weight in tail.get_weights())
    few = images[:_COMPARED]
    before, old = model.reconstruct(few), (head.get_weights(), tail.get_weights())
    head.set_weights([kernel @ there, (bias - mean) @ there + wanted_mean])
    tail.set_weights([back @ first_kernel, first_bias + (mean - wanted_mean @ back) @ first_kernel])
    change = float(np.abs(model.reconstruct(few) - before).mean())
    if not change <= _MOST_CHANGE:
        head.set_weights(old[0])
        tail.set_weights(old[1])
        raise ValueError(
            "`match_moments` needs an encoder whose last, and a decoder whose first dense layer "
            "alone see the codes. Received: networks whose reconstructions would change by "
            f"{change:.2g} on average"
        )


def check_can_match(model):
    """Raises a ValueError if `match_moments` refuses a model whatever its weights and images.

    Returns:
        Mean `(d,)` and covariance `(d, d)` of the prior in float64; and two layers, the encoder's
        last and the decoder's first.
    """
    return _prior_moments(model), _dense_layers(model)


def _prior_moments(model):
    prior = model.prior
    whole = not (prior.constant_density or getattr(prior, "learned", False))
    if model.code_kind == "deterministic" and whole:
        try:
            moments = (prior.distribution.mean(), prior.distribution.covariance())
            mean, covariance = (np.asarray(moment, "float64") for moment in moments)
            if np.isfinite(mean).all() and np.isfinite(covariance).all():
                return mean, covariance
        except NotImplementedError:
            pass
    raise ValueError(
        "`match_moments` needs deterministic codes and a prior over all of space whose mean and "
        "covariance are known, such as 'normal'. "
        f"Received: {model.code_kind} codes, prior={model.get_config()['prior']!r}"
    )


def _dense_layers(model):
    ends = [layer for layer in _layers(model.encoder) if not _changes_nothing(layer)]
    begins = [x for x in _layers(model.decoder) if not isinstance(x, keras.layers.InputLayer)]
    head, tail = ends[-1:], begins[:1]
    dense = all(isinstance(x, keras.layers.Dense) and x.use_bias for x in head + tail)
    if not (head and tail and dense and head[0].activation is keras.activations.linear):
        raise ValueError(
            "`match_moments` needs an encoder whose last layer is dense, with bias and without "
            "activation, and a decoder whose first layer is dense, with bias. "
            f"Received: {[type(x).__name__ for x in head]}, {[type(x).__name__ for x in tail]}"
        )
    return head[0], tail[0]


def _layers(network):
    return getattr(network, "layers", [])


def _changes_nothing(layer):
    """Whether a layer hands on what it gets, such as the one that makes codes float32."""
    return (
        isinstance(layer, keras.layers.Activation) and layer.activation is keras.activations.linear
    )


def _power(matrix, exponent):
    """Returns a power of a symmetric, positive definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T
