"""How well as many numbers as a code has, chosen linearly, give back an image."""

import numpy as np

from wae_tf.arguments import check_integer
from wae_tf.metrics.inputs import image_array, image_batches

__all__ = ["principal_components_error"]


def principal_components_error(images, fitted_to, dim):
    """Measures reconstructions from the first principal components ([1]).

    With mean m and orthonormal components V of `fitted_to`, the error of an image x is
    `||x - m||**2 - ||(x - m) @ V||**2`: what no linear auto-encoder of that dimension can
    better on the images that it is fitted to. `dim=0` is the error of the mean image.

    Args:
        images: Images to reconstruct: array, shape `(n, height, width, channels)`, uint8 or
            floats in [0, 1], or a `tf.data.Dataset` of such batches.
        fitted_to: Images, likewise, that mean and components are of. All are held in
            memory; `min(images, pixels)**2` numbers are decomposed.
        dim: Number of components, at least 0; those beyond the rank change nothing.

    Returns:
        Float: `sum{(x - y)**2}` over pixels and channels in [0, 1], mean over `images`.

    Raises:
        ValueError: `dim` is negative, shapes differ, a set is empty, or has NaN.

    Example:
        >>> principal_components_error(test_images, train_images[:2000], dim=8)

    [1] Jolliffe, *Principal Component Analysis*, 2nd ed., 2002.
    """
    check_integer("dim", dim, 0)
    fitted = _flat(image_array(fitted_to, "fitted_to"))
    mean = fitted.mean(axis=0, dtype="float64").astype("float32")
    components = _components(fitted - mean, dim)
    total, count = 0.0, 0
    for batch in image_batches(images):
        points = batch.reshape(len(batch), -1)
        if points.shape[1] != len(mean):
            raise ValueError(
                "`images` and `fitted_to` must have images of one shape. "
                f"Received: {points.shape[1]} and {len(mean)} values an image"
            )
        points = points - mean
        explained = np.sum(np.square(points @ components), dtype="float64")
        total += float(np.sum(np.square(points), dtype="float64") - explained)
        count += len(points)
    return max(total, 0.0) / count


def _flat(images):
    """Returns images as float32 in [0, 1], shape `(n, values)`."""
    scale = 255.0 if images.dtype == np.uint8 else 1.0
    return images.reshape(len(images), -1).astype("float32") / np.float32(scale)


def _components(centred, dim):
    """Returns orthonormal components, shape `(values, at most dim)`, the first ones first."""
    n, size = centred.shape
    few = n < size  # The smaller one of the two products has the same eigenvalues.
    gram = centred @ centred.T if few else centred.T @ centred
    values, vectors = np.linalg.eigh(gram.astype("float64"))
    chosen = np.argsort(values)[::-1][:dim]
    chosen = chosen[values[chosen] > 1e-6 * max(values[-1], 1e-12)]  # float32 knows no more.
    vectors = vectors[:, chosen]
    if few:
        vectors = centred.T @ (vectors / np.sqrt(values[chosen]))
    return vectors.astype("float32")
