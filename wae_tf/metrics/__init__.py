"""Metrics of generative models: pure functions of arrays or data sets.

Each returns a float or a dict that `json.dumps` takes. Images are uint8 in [0, 255] or
floats in [0, 1], shape `(n, height, width, channels)`; features, of `wae_tf.features`, have
shape `(n, dim)`. A number says little without its `floor`: the same metric between two
disjoint sets of real images of the same size.
"""

from wae_tf.metrics.bootstrap import bootstrap
from wae_tf.metrics.brightness import brightness, brightness_share
from wae_tf.metrics.classes import class_coverage, class_shares
from wae_tf.metrics.code_moments import norm_ratio, relative_moment_distance
from wae_tf.metrics.code_use import dead_share, informed_share
from wae_tf.metrics.diversity import diversity, diversity_per_pair
from wae_tf.metrics.floor import floor, halves
from wae_tf.metrics.frechet import FeatureStatistics, feature_statistics, frechet_distance
from wae_tf.metrics.kernel_distance import kernel_distance
from wae_tf.metrics.latent import effective_dimension, latent
from wae_tf.metrics.mardia import mardia
from wae_tf.metrics.memorisation import memorisation, nearest_images
from wae_tf.metrics.permutation import mmd_test
from wae_tf.metrics.power_spectrum import (
    power_spectrum,
    power_spectrum_error,
    power_spectrum_ratio,
)
from wae_tf.metrics.precision_recall import precision_recall
from wae_tf.metrics.principal_components import principal_components_error
from wae_tf.metrics.reconstruction import reconstruction, reconstruction_per_image
from wae_tf.metrics.separation import separation
from wae_tf.metrics.sharpness import sharpness, sharpness_per_image
from wae_tf.metrics.swd import sliced_wasserstein

__all__ = [
    "FeatureStatistics",
    "bootstrap",
    "brightness",
    "brightness_share",
    "class_coverage",
    "class_shares",
    "dead_share",
    "diversity",
    "diversity_per_pair",
    "effective_dimension",
    "feature_statistics",
    "floor",
    "frechet_distance",
    "halves",
    "informed_share",
    "kernel_distance",
    "latent",
    "mardia",
    "memorisation",
    "mmd_test",
    "nearest_images",
    "norm_ratio",
    "power_spectrum",
    "power_spectrum_error",
    "power_spectrum_ratio",
    "precision_recall",
    "principal_components_error",
    "reconstruction",
    "reconstruction_per_image",
    "relative_moment_distance",
    "separation",
    "sharpness",
    "sharpness_per_image",
    "sliced_wasserstein",
]
