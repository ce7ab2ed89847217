"""From which number on each finding is one, and which findings make a model a failure."""

import dataclasses

__all__ = ["LIMITS", "Limit"]


@dataclasses.dataclass(frozen=True)
class Limit:
    """The threshold of a finding.

    Args:
        threshold: Number from which on it is one.
        worse: `"above"` where larger numbers are worse, else `"below"`.
        failing: Whether a model with it is not to be recommended. Others are warnings: they
            may be meant, or cost quality only.
    """

    threshold: float
    worse: str
    failing: bool

    def crossed(self, number):
        """Returns whether a number is beyond the threshold."""
        return number > self.threshold if self.worse == "above" else number < self.threshold


# The worst first: what spoils everything, what spoils samples, what costs quality. Thresholds lie
# between what the pretrained models of the zoo have on held-out images and what runs have
# that were made to fail: docs/diagnosis.md has both, with the commands.
LIMITS = {
    "not_finite": Limit(0.0, "above", failing=True),
    "mean_image": Limit(0.9, "above", failing=True),
    "collapsed_posterior": Limit(0.1, "below", failing=True),
    "dead_codes": Limit(0.5, "above", failing=True),
    "brightness": Limit(0.8, "above", failing=True),
    "samples_alike": Limit(0.5, "below", failing=True),
    "copies": Limit(0.75, "below", failing=True),
    "discriminator_won": Limit(0.99, "above", failing=True),
    "discriminator_lost": Limit(0.02, "below", failing=True),
    "prior_moments": Limit(0.5, "above", failing=True),
    "prior_mmd": Limit(0.1, "above", failing=True),
    "prior_norm": Limit(1.75, "above", failing=True),
    "learning_rate_floor": Limit(0.05, "below", failing=False),
    "loss_rising": Limit(0.2, "above", failing=False),
    "principal_components": Limit(1.25, "above", failing=False),
    "overfitting": Limit(2.0, "above", failing=False),
    "divergence_falling": Limit(0.02, "above", failing=False),
    "few_images": Limit(10.0, "below", failing=False),
}
