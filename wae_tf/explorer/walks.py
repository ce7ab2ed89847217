"""Ways between two codes, and the neighbourhood of one."""

import numpy as np

from wae_tf.explorer.drawing import to_support

__all__ = ["ROUTES", "great_circle", "neighbourhood", "straight_line", "way"]

ROUTES = ("straight line", "great circle")


def straight_line(a, b, t):
    """Returns `(1 - t) a + t b` for each of `t`, shape `(len(t), latent_dim)`, float64."""
    a, b, t = _ends(a, b, t)
    return (1.0 - t) * a + t * b


def great_circle(a, b, t):
    """Turns from one code to another at even speed, while the length goes evenly from its to its.

    With `u` the unit vector that completes `a` to the plane of both and `w` the angle between
    them, the direction at `t` is `cos(t w) a/|a| + sin(t w) u` (spherical linear
    interpolation, Shoemake 1985). Draws of a normal prior in many dimensions lie near a sphere,
    which this way does not leave. Opposite codes are joined by one of their many half circles.

    Args:
        a: Code at the start, shape `(latent_dim,)`.
        b: Code at the end.
        t: Where on the way, numbers in [0, 1].

    Returns:
        Shape `(len(t), latent_dim)`, float64. Where an end is zero, a straight line.
    """
    a, b, t = _ends(a, b, t)
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    if min(length_a, length_b) < 1e-12 or len(a) < 2:
        return straight_line(a, b, t)
    a, b = a / length_a, b / length_b
    across = b - (a @ b) * a
    angle = np.arctan2(np.linalg.norm(across), a @ b)
    if np.linalg.norm(across) < 1e-9:  # The same direction, or opposite ones.
        across = np.eye(len(a))[np.argmin(np.abs(a))]
        across = across - (a @ across) * a
    across = across / np.linalg.norm(across)
    length = (1.0 - t) * length_a + t * length_b
    return length * (np.cos(t * angle) * a + np.sin(t * angle) * across)


def way(model, a, b, t, route="straight line"):
    """Returns the codes on the way between two, on the prior's support.

    Args:
        model: A trained model.
        a: Code at the start, shape `(latent_dim,)`.
        b: Code at the end.
        t: Where on the way, numbers in [0, 1].
        route: One of `ROUTES`. On the sphere prior both give a great circle's points; the
            straight line's are pulled to it, so that their speed is uneven.

    Returns:
        Shape `(len(t), latent_dim)`, float32.

    Raises:
        ValueError: There is no such route.

    Example:
        >>> model.decode(way(model, z[0], z[1], [0.0, 0.5, 1.0], "great circle"))
    """
    if route not in ROUTES:
        raise ValueError(f"`route` must be one of {list(ROUTES)}. Received: route={route!r}")
    points = (straight_line if route == "straight line" else great_circle)(a, b, t)
    return to_support(model, points)


def neighbourhood(directions, code, step=1.0, axes=(0, 1)):
    """Returns the codes around one: a step down, none and up along each of two directions.

    Args:
        directions: `Directions` of the model.
        code: Shape `(latent_dim,)`.
        step: Length, in standard deviations of the codes along a direction.
        axes: Which two directions, across and down. Of a model of one dimension, its one.

    Returns:
        Shape `(9, latent_dim)`, float32, row by row; the fifth is the code.
    """
    amounts = np.zeros((9, len(directions)))
    for axis, values in zip(axes, (np.tile([-1, 0, 1], 3), np.repeat([-1, 0, 1], 3))):
        amounts[:, axis % len(directions)] += step * values
    codes = directions.move(code, amounts)
    codes[4] = code
    return codes


def _ends(a, b, t):
    return np.asarray(a, "float64"), np.asarray(b, "float64"), np.reshape(t, (-1, 1))
