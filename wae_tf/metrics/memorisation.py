"""Whether samples are copies of training images."""

import numpy as np

from wae_tf.metrics.inputs import image_array, image_batches
from wae_tf.runtime.requirements import need

__all__ = ["memorisation", "nearest_images"]

_BLOCK = 4096  # Training images compared at a time.


def memorisation(samples, train_images, test_images, *, max_queries=2000, closest=16):
    """Compares how near samples, and unseen test images, come to the training images.

    Distances are Euclidean, over pixels in [0, 1]. A model that remembers training images
    has samples nearer to them than test images are: a `ratio` well below 1, or a
    `close_share` well above 0.01. Blurry samples are near to everything and lower the
    ratio as well, so look at the closest pairs.

    Args:
        samples: Array, shape `(n, height, width, channels)`, uint8 or floats in [0, 1], or a
            `tf.data.Dataset` of such batches.
        train_images: The same; read batch by batch.
        test_images: The same, images that training did not see.
        max_queries: How many samples, and test images, to look at, from the first on; None
            for all.
        closest: How many of the closest pairs to return.

    Returns:
        Dict: `ratio`, that of the two medians, `sample_distance` and `test_distance`;
        `close_share`, the share of samples nearer than all but 1% of the test images;
        `queries`, the number of samples; `closest`, a list of dicts `sample`, `train`
        (indices) and `distance`, nearest first.

    Raises:
        ValueError: Shapes differ, a set is empty, or has NaN.

    Example:
        >>> memorisation(model.sample(1000), train_images, test_images)["ratio"]
    """
    samples = image_array(samples, "samples", limit=max_queries)
    test_images = image_array(test_images, "test_images", limit=max_queries)
    if samples.shape[1:] != test_images.shape[1:]:
        raise ValueError(
            "`samples` and `test_images` must have images of one shape. "
            f"Received: {samples.shape[1:]} and {test_images.shape[1:]}"
        )
    distances, indices = nearest_images((samples, test_images), train_images)
    of_samples, of_tests = distances[: len(samples)], distances[len(samples) :]
    order = np.argsort(of_samples, kind="stable")[:closest]
    sample_median, test_median = float(np.median(of_samples)), float(np.median(of_tests))
    return {
        "ratio": sample_median / test_median if test_median > 0.0 else None,
        "sample_distance": sample_median,
        "test_distance": test_median,
        "close_share": float(np.mean(of_samples < np.quantile(of_tests, 0.01))),
        "queries": len(samples),
        "closest": [
            {"sample": int(i), "train": int(indices[i]), "distance": float(of_samples[i])}
            for i in order
        ],
    }


def nearest_images(queries, images):
    """Finds the nearest of `images` for each query, a block of images in memory at a time.

    Args:
        queries: List of arrays of images, shape `(n_i, height, width, channels)`.
        images: Array of images, or a `tf.data.Dataset` of batches of them.

    Returns:
        `(distances, indices)`, each of shape `(sum(n_i),)`, in the order of the queries.

    Raises:
        ValueError: Queries and images have different shapes.
    """
    pairwise = need("sklearn.metrics", "A search for nearest images")

    points = np.concatenate(
        [batch.reshape(len(batch), -1) for query in queries for batch in image_batches(query)]
    )
    distances = np.full(len(points), np.inf)
    indices = np.zeros(len(points), "int64")
    start = 0
    for batch in image_batches(images, _BLOCK, "train_images"):
        if batch.shape[1:] != queries[0].shape[1:]:
            raise ValueError(
                "`train_images` must have the shape of the samples. "
                f"Received: {batch.shape[1:]} and {queries[0].shape[1:]}"
            )
        block = batch.reshape(len(batch), -1)
        nearest, block_distances = pairwise.pairwise_distances_argmin_min(points, block)
        nearer = block_distances < distances
        distances = np.where(nearer, block_distances, distances)
        indices = np.where(nearer, start + nearest, indices)
        start += len(batch)
    return distances, indices
