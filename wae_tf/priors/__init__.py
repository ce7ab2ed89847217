"""P_Z, the prior over codes, and Q(Z given X), what an encoder says of a code."""

from wae_tf.priors.code_distribution import CodeDistribution
from wae_tf.priors.named import PRIORS, Prior, check_prior, get_prior
from wae_tf.priors.saving import deserialize_prior, serialize_prior
from wae_tf.priors.vamp import VampPrior

__all__ = [
    "PRIORS",
    "CodeDistribution",
    "Prior",
    "VampPrior",
    "check_prior",
    "deserialize_prior",
    "get_prior",
    "serialize_prior",
]
