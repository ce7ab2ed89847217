"""Which values of a config make no sense together."""

from wae_tf.costs.build import cost_terms
from wae_tf.costs.critic import check_field_of_view
from wae_tf.divergences.adversarial import ADVERSARIAL
from wae_tf.networks.build import check_architectures

__all__ = ["check_combinations"]


def check_combinations(config):
    """Raises a ValueError, with the reason, unless the values of a `WAEConfig` fit each other."""
    entropy = "binary_cross_entropy" in {name for _, name in cost_terms(config.cost)}
    if entropy and config.pixel_range != (0.0, 1.0):
        raise ValueError(
            "`cost='binary_cross_entropy'` needs `pixel_range=(0, 1)`: it takes pixels as "
            f"probabilities. Received: pixel_range={config.pixel_range}"
        )
    if config.prior_log_prob and (config.divergence != "gan" or config.prior != "normal"):
        raise ValueError(
            "`prior_log_prob` needs `divergence='gan'` and `prior='normal'`: it helps a "
            "discriminator with the prior's density, which is constant for the others. "
            f"Received: divergence={config.divergence!r}, prior={config.prior!r}"
        )
    _check_random_codes(config)
    if config.model != "wae" and config.reg_weight_schedule != "constant":
        raise ValueError(
            "`reg_weight_schedule` belongs to `model='wae'`: the others have no lambda. "
            f"Received: model={config.model!r}, reg_weight_schedule={config.reg_weight_schedule!r}"
        )
    if config.model == "vae" and config.likelihood == "cross_entropy" and config.pixel_range[0] < 0:
        raise ValueError(
            "`likelihood='cross_entropy'` needs `pixel_range=(0, 1)`: it takes pixels as "
            f"probabilities. Received: pixel_range={config.pixel_range}"
        )
    if config.critic_weight:
        check_field_of_view(config.image_shape, config.critic_layers)
        if config.model == "vae" and config.likelihood == "learned":
            raise ValueError(
                "`critic_weight` needs a likelihood whose scale stays, such as 'fixed': a learned "
                "standard deviation grows with the error that the critic asks for. "
                f"Received: likelihood='learned', critic_weight={config.critic_weight}"
            )
    check_architectures(config)


def _check_random_codes(config):
    received = (
        f"Received: codes={config.codes!r}, prior={config.prior!r}, model={config.model!r}, "
        f"divergence={config.divergence!r}, log_variance_weight={config.log_variance_weight}"
    )
    if config.codes == "gaussian" and config.prior in ("uniform", "sphere"):
        raise ValueError(
            "`codes='gaussian'` needs a prior over all of space, such as 'normal': Gaussian "
            f"codes leave the cube and the sphere. {received}"
        )
    if config.codes != "gaussian":
        for name, used in (
            ("model='vae'", config.model == "vae"),
            ("prior='vamp'", config.prior == "vamp"),
            ("log_variance_weight", config.log_variance_weight > 0),
        ):
            if used:
                raise ValueError(
                    f"`{name}` needs `codes='gaussian'`: it works with the mean and "
                    f"log-variance of each code. {received}"
                )
    adversarial = config.divergence in ADVERSARIAL
    if config.model == "wae" and config.prior == "vamp" and adversarial:
        raise ValueError(
            "`prior='vamp'` needs a divergence with a gradient to the prior's draws, such as "
            f"'mmd': the encoder's adversarial loss does not see them. {received}"
        )
    plus_plus = config.divergence in ("mmdpp", "mmdpp_1d")
    if config.model == "wae" and plus_plus and config.codes == "deterministic":
        raise ValueError(
            f"`divergence={config.divergence!r}` needs random `codes`, 'gaussian' or 'implicit': "
            f"it compares several codes of each image. {received}"
        )
