"""The moments of the codes, made the prior's after training, at no change of a reconstruction."""

import dataclasses
import warnings

import keras
import numpy as np
import tensorflow as tf

from wae_tf import pixels
from wae_tf.models.build import build_trained

__all__ = ["check_can_match", "match_at_end", "match_moments"]

_LEAST = 1e-6  # Variance along one direction, as a share of the largest.
_COMPARED = 64  # Images, whose reconstructions must stay: on average to this much of [0, 1].
_MOST_CHANGE = {"float32": 1e-3}
_MOST_CHANGE_OF_OTHERS = 0.02  # bfloat16 rounds to a tenth of that.


def match_moments(model, images, *, batch_size=256, verbose=False):
    """Gives the codes of images the mean and the covariance of the prior, but for rounding.

    Codes become `z' = (z - mean) B + m`, in the last layer of the encoder, and the first of the
    decoder takes them back, so that reconstructions stay: it is the same auto-encoder, with a Q_Z
    that has the moments of P_Z. With `S` the covariance of the codes, `C` and `m` the moments of
    the prior,

        B = S**(-1/2) (S**(1/2) C S**(1/2))**(1/2) S**(-1/2)

    moves codes least, in mean square: it is the optimal transport from one normal distribution to
    the other ([1], Remark 2.31). What mean and covariance do not tell of Q_Z stays as it is.

    It is for the end of a training: an optimizer goes on with averages of other gradients. Samplers
    are to be fitted after it; those that are there are marked as stale.

    Args:
        model: `AE` or a subclass with deterministic codes and without discriminator, whose encoder
            ends and whose decoder begins with a dense layer, as all built-in ones do but `ali`.
            Its weights change. In float32: with the rounding of bfloat16, the moments are less
            exact.
        images: Those that it was trained on, uint8 or floats in [0, 1], shape
            `(n, height, width, channels)`; more than `latent_dim`, better ten times as many.
        batch_size: Images to encode at a time.
        verbose: Whether to show a progress bar; "auto" where it takes over two seconds.

    Raises:
        ValueError: The model has random codes, a discriminator or other layers there, its prior
            moves codes to a sphere or cube or has no covariance, or codes lie in fewer dimensions
            than they have. The model is as before.

    Example:
        >>> model = wae_tf.WAEMMD(encoder, decoder)
        >>> wae_tf.training.match_moments(model, images)
        >>> bool(np.allclose(np.cov(model.encode(images).T), np.eye(model.latent_dim), atol=1e-3))
        True

    [1] Peyré and Cuturi, *Computational Optimal Transport*, 2019, arXiv:1803.00567.
    """
    images = pixels.check_images(images, model.image_shape, "images")
    prior_mean, prior_covariance, head, tail = check_can_match(model, len(images))
    codes = model.encode(images, batch_size=batch_size, verbose=verbose).astype("float64")
    mean, covariance = codes.mean(axis=0), np.atleast_2d(np.cov(codes, rowvar=False))
    variances = np.linalg.eigvalsh(covariance)
    if not variances[0] > _LEAST * variances[-1]:
        raise ValueError(
            "`match_moments` needs codes that vary along all their dimensions: take a smaller "
            f"`latent_dim`. Received: latent_dim={model.latent_dim}, variances from "
            f"{variances[0]:.2g} to {variances[-1]:.2g}"
        )
    root, inverse_root = _power(covariance, 0.5), _power(covariance, -0.5)
    mapping = inverse_root @ _power(root @ prior_covariance @ root, 0.5) @ inverse_root
    inverse = np.linalg.inv(mapping)

    few = images[:_COMPARED]
    before, old = model.reconstruct(few), (head.get_weights(), tail.get_weights())
    kernel, bias = (weight.astype("float64") for weight in old[0])
    head.set_weights([kernel @ mapping, (bias - mean) @ mapping + prior_mean])
    kernel, bias = (weight.astype("float64") for weight in old[1])
    tail.set_weights([inverse @ kernel, bias + (mean - prior_mean @ inverse) @ kernel])
    change = float(np.abs(model.reconstruct(few) - before).mean())
    if not change <= _MOST_CHANGE.get(model.compute_dtype, _MOST_CHANGE_OF_OTHERS):
        head.set_weights(old[0])
        tail.set_weights(old[1])
        raise ValueError(
            "`match_moments` needs an encoder whose last, and a decoder whose first dense layer "
            "alone see the codes. Received: networks whose reconstructions would change by "
            f"{change:.2g} on average"
        )
    model.mark_samplers_stale("`match_moments`")


def check_can_match(model, num_images=None):
    """Raises a ValueError if `match_moments` refuses a model whatever its weights.

    Args:
        model: As in `match_moments`.
        num_images: How many images there are; None if that is not known.

    Returns:
        Mean `(d,)` and covariance `(d, d)` of the prior in float64; the encoder's last layer and
        the decoder's first.
    """
    if num_images is not None and num_images <= model.latent_dim:
        raise ValueError(
            "`match_moments` needs more images than `latent_dim`, better ten times as many. "
            f"Received: {num_images} images, latent_dim={model.latent_dim}"
        )
    if model.code_kind != "deterministic" or hasattr(model, "discriminator"):
        raise ValueError(
            "`match_moments` needs deterministic codes, and a model without discriminator, which "
            f"knows the codes before. Received: {type(model).__name__}, {model.code_kind} codes"
        )
    return *_prior_moments(model.prior), *_dense_layers(model)


def match_at_end(model, config, images, verbose=False):
    """Calls `match_moments` at the end of a run, in float32, as its entry is loaded.

    Where codes lie in fewer dimensions, the model stays as it is, with a warning.
    """
    exact = build_trained(dataclasses.replace(config, precision="float32"), model)
    try:
        match_moments(exact, images, verbose=verbose)
    except ValueError as error:
        warnings.warn(f"The codes stay as they are: {error}", stacklevel=2)
        return
    model.set_weights_without_critic(exact.get_weights())


def _prior_moments(prior):
    if getattr(prior, "to_support", None) is tf.identity:
        try:
            mean, covariance = prior.distribution.mean(), _covariance(prior.distribution)
            mean, covariance = (np.asarray(x, "float64") for x in (mean, covariance))
            finite = np.isfinite(mean).all() and np.isfinite(covariance).all()
            if finite and np.linalg.eigvalsh(covariance)[0] > 0.0:
                return mean, covariance
        except NotImplementedError:
            pass
    raise ValueError(
        "`match_moments` needs a prior that takes codes as they are, and whose mean and covariance "
        "are known, finite and positive, such as 'normal'. "
        f"Received: prior={getattr(prior, 'distribution', prior)}"
    )


def _covariance(distribution):
    import tensorflow_probability as tfp

    independent = isinstance(distribution, tfp.distributions.Independent)
    if independent and distribution.distribution.event_shape.rank == 0:
        return np.diag(distribution.variance())  # TensorFlow Probability states none.
    return distribution.covariance()


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
    linear = getattr(layer, "activation", None) is keras.activations.linear
    return isinstance(layer, keras.layers.Activation) and linear


def _power(matrix, exponent):
    """Returns a power of a symmetric, positive definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T
