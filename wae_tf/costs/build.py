"""From a cost's name to the cost."""

import functools

from wae_tf.costs.pixelwise import COSTS
from wae_tf.costs.structural import laplacian_l1, ms_ssim, ssim

__all__ = ["PERCEPTUAL_COSTS", "get_cost"]

# These need to know the range of the pixels.
PERCEPTUAL_COSTS = {"ssim": ssim, "ms_ssim": ms_ssim, "laplacian_l1": laplacian_l1}


def get_cost(cost, pixel_range=(0.0, 1.0)):
    """Returns the cost of that name; a callable comes back as it is.

    Args:
        cost: Name in `COSTS` or `PERCEPTUAL_COSTS`, or a callable.
        pixel_range: Range of the pixels, for the perceptual ones.

    Raises:
        ValueError: No cost has that name.
    """
    if callable(cost):
        return cost
    if isinstance(cost, str) and cost in PERCEPTUAL_COSTS:
        return functools.partial(PERCEPTUAL_COSTS[cost], pixel_range=tuple(pixel_range))
    if not isinstance(cost, str) or cost not in COSTS:
        names = [*sorted(COSTS), *sorted(PERCEPTUAL_COSTS)]
        raise ValueError(
            f"`cost` must be one of {names}, or a callable `(x, reconstruction) -> (n,)`. "
            f"Received: cost={cost!r}"
        )
    return COSTS[cost]
