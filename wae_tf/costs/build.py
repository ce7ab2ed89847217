"""From a cost's name to the cost."""

import functools
import math
import re

from wae_tf.costs.frequency import focal_frequency, local_deviations, watson
from wae_tf.costs.pixelwise import COSTS
from wae_tf.costs.structural import laplacian_l1, ms_ssim, ssim

__all__ = ["PERCEPTUAL_COSTS", "cost_terms", "get_cost"]

# These need to know the range of the pixels.
PERCEPTUAL_COSTS = {
    "ssim": ssim,
    "ms_ssim": ms_ssim,
    "laplacian_l1": laplacian_l1,
    "focal_frequency": focal_frequency,
    "local_deviations": local_deviations,
    "watson": watson,
}
_TERM = re.compile(r"(?:([0-9.]+(?:e[+-]?[0-9]+)?)\*)?(\w+)")


def cost_terms(cost):
    """Returns the terms of a cost's name: a list of `(factor, name)`.

    Args:
        cost: Name in `COSTS` or `PERCEPTUAL_COSTS`, or several with factors, such as
            `"squared_error+0.5*focal_frequency"`.

    Raises:
        ValueError: A term is no such name, or its factor is not positive.

    Example:
        >>> cost_terms("squared_error+0.5*focal_frequency")
        [(1.0, 'squared_error'), (0.5, 'focal_frequency')]
    """
    terms = []
    for part in re.split(r"(?<!e)\+", cost) if isinstance(cost, str) else [""]:
        match = _TERM.fullmatch(part.strip())
        factor, name = match.groups() if match else (None, None)
        try:
            factor = float(factor or 1.0)
        except ValueError:
            factor = math.nan
        if name not in {*COSTS, *PERCEPTUAL_COSTS} or not 0.0 < factor < math.inf:
            names = [*sorted(COSTS), *sorted(PERCEPTUAL_COSTS)]
            raise ValueError(
                f"`cost` must be one of {names}, or several with factors, such as "
                "'squared_error+0.5*focal_frequency'; in Python also a callable "
                f"`(x, reconstruction) -> (n,)`. Received: cost={cost!r}"
            )
        terms.append((factor, name))
    return terms


def get_cost(cost, pixel_range=(0.0, 1.0)):
    """Returns the cost of that name; a callable comes back as it is.

    Args:
        cost: As in `cost_terms`, or a callable.
        pixel_range: Range of the pixels, for the perceptual ones.

    Raises:
        ValueError: No cost has that name.
    """
    if callable(cost):
        return cost
    terms = cost_terms(cost)
    costs = [(factor, _named(name, tuple(pixel_range))) for factor, name in terms]
    if len(costs) == 1 and costs[0][0] == 1.0:
        return costs[0][1]
    return lambda x, reconstruction: sum(factor * part(x, reconstruction) for factor, part in costs)


def _named(name, pixel_range):
    if name in PERCEPTUAL_COSTS:
        return functools.partial(PERCEPTUAL_COSTS[name], pixel_range=pixel_range)
    return COSTS[name]
