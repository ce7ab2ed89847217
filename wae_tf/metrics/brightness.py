"""How much of what codes say is how bright an image is."""

import numpy as np

from wae_tf.metrics.inputs import feature_array, image_batches

__all__ = ["brightness", "brightness_share"]


def brightness(images):
    """Returns the mean of each image over pixels and channels, in [0, 1], shape `(n,)`.

    `images` as in `wae_tf.metrics.reconstruction`.
    """
    return np.concatenate([batch.mean(axis=(1, 2, 3)) for batch in image_batches(images)])


def brightness_share(z, images):
    """Estimates the share of the codes' variance that the images' brightness explains.

    Codes are put in the order of brightness: neighbours differ by what brightness does not
    explain, `1 - mean(||z_(i+1) - z_i||**2) / (2 * mean(||z_i - mean||**2))`, the
    difference-based variance of [1] over the whole one. Any smooth relation counts, not only
    a linear one.

    Args:
        z: Codes, shape `(n, dim)`, n >= 3.
        images: Their images, as in `brightness`.

    Returns:
        Float, about 0 where brightness says nothing and 1 where it says all; of few images
        also below 0. 0 where codes do not vary.

    Raises:
        ValueError: There are fewer than 3 codes, or not as many images.

    Example:
        >>> brightness_share(model.encode(images), images)

    [1] Rice, *Bandwidth Choice for Nonparametric Regression*, Annals of Statistics 12(4), 1984.
    """
    z = feature_array(z, "z", at_least=3, purpose="neighbours in brightness").astype("float64")
    levels = brightness(images)
    if len(levels) != len(z):
        raise ValueError(
            f"`z` and `images` must be as many. Received: {len(z)} codes and {len(levels)} images"
        )
    variance = np.sum(np.var(z, axis=0, ddof=1))
    if variance <= 0.0:
        return 0.0
    steps = np.diff(z[np.argsort(levels, kind="stable")], axis=0)
    return float(1.0 - np.mean(np.sum(np.square(steps), axis=1)) / (2.0 * variance))
