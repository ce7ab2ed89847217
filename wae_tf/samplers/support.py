"""Where codes live: all of space, the unit sphere, or the cube of the uniform prior.

Densities are fitted in plain space. `unfold` takes codes there, `fold` brings draws back, so
that a draw never leaves the support of the prior.
"""

import numpy as np
import tensorflow as tf

__all__ = ["SUPPORTS", "fold", "fold_tensor", "support_of", "unfold"]

SUPPORTS = ("space", "sphere", "cube")
_EDGE = 1.0 - 1e-6  # tanh is 1 in float32 from 9 on; this keeps its inverse below 7.3.


def support_of(prior):
    """Returns the name in `SUPPORTS` that fits a `wae_tf.priors.Prior`."""
    if prior.spherical:
        return "sphere"
    return "cube" if prior.to_support is tf.tanh else "space"


def unfold(codes, support):
    """Maps codes `(n, latent_dim)` to plain space; on the sphere they stay where they are."""
    codes = np.asarray(codes, "float64")
    if support == "cube":
        return np.arctanh(np.clip(codes, -_EDGE, _EDGE))
    return codes


def fold(points, support):
    """Maps points of plain space to codes on the support, float32."""
    points = np.asarray(points, "float64")
    if support == "cube":
        points = np.tanh(points)
    elif support == "sphere":
        points = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    return points.astype("float32")


def fold_tensor(points, support):
    """Maps a tensor of points to codes on the support: `fold` in a graph, in float32."""
    if support == "cube":
        return tf.tanh(points)
    if support == "sphere":
        return points / tf.maximum(tf.norm(points, axis=1, keepdims=True), 1e-12)
    return points
