"""Ways between two codes, and the neighbourhood of one."""

import numpy as np

from wae_tf.arguments import check_choice
from wae_tf.explorer.drawing import to_support
from wae_tf.plots.walks import great_circle, straight_line

__all__ = ["ROUTES", "great_circle", "neighbourhood", "straight_line", "way"]

ROUTES = ("straight line", "great circle")


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
    check_choice("route", route, ROUTES)
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
