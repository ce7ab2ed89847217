"""The sharpness of images, as the WAE paper measures it."""

import numpy as np
import tensorflow as tf

from wae_tf.metrics.inputs import image_batches

__all__ = ["sharpness", "sharpness_per_image"]

_LAPLACIAN = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], "float32")


def sharpness(images):
    """Returns the mean over images of `sharpness_per_image`; blurry images have less.

    Only its ratio to that of real images of the same size says something: the paper gives
    0.02 for real faces of 64x64 pixels, and 0.003 to 0.006 for samples ([1], Sec. 4).

    Args:
        images: Array, shape `(n, height, width, channels)`, uint8 or floats in [0, 1], or a
            `tf.data.Dataset` of such batches. At least 3x3 pixels.

    Returns:
        Float, not negative.

    Raises:
        ValueError: There are no images, they are too small, or have NaN.

    Example:
        >>> sharpness(model.sample(1000)) / sharpness(test_images)

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """
    return float(np.mean(sharpness_per_image(images)))


def sharpness_per_image(images):
    """Returns each image's variance after a Laplace filter, shape `(n,)`, float32.

    Images are made grey by `tf.image.rgb_to_grayscale` (0.2989 R + 0.587 G + 0.114 B) in
    [0, 1], filtered by `[[0, 1, 0], [1, -4, 1], [0, 1, 0]]` where it fits inside the image,
    and the variance is over the result's pixels. Arguments and errors as in `sharpness`.
    """
    return np.concatenate([_variances(batch) for batch in image_batches(images)])


def _variances(batch):
    if min(batch.shape[1:3]) < 3:
        raise ValueError(f"`images` must have at least 3x3 pixels. Received: shape={batch.shape}")
    grey = tf.image.rgb_to_grayscale(batch) if batch.shape[-1] == 3 else batch
    edges = tf.nn.conv2d(grey, _LAPLACIAN[:, :, None, None], strides=1, padding="VALID")
    return tf.math.reduce_variance(edges, axis=(1, 2, 3)).numpy()
