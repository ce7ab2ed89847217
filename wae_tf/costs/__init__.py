"""Reconstruction costs c of Eq. (4): sums over the pixels of each image."""

from wae_tf.costs.build import PERCEPTUAL_COSTS, cost_terms, get_cost
from wae_tf.costs.critic import PatchCritic
from wae_tf.costs.frequency import focal_frequency, local_deviations, watson
from wae_tf.costs.pixelwise import COSTS, binary_cross_entropy, l1, l2, squared_error
from wae_tf.costs.structural import laplacian_l1, ms_ssim, ssim

__all__ = [
    "COSTS",
    "PERCEPTUAL_COSTS",
    "PatchCritic",
    "binary_cross_entropy",
    "cost_terms",
    "focal_frequency",
    "get_cost",
    "l1",
    "l2",
    "laplacian_l1",
    "local_deviations",
    "ms_ssim",
    "squared_error",
    "ssim",
    "watson",
]
