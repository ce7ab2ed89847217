"""The losses by which a discriminator of codes can serve as divergence."""

from typing import NamedTuple

import tensorflow as tf

from wae_tf import replicas

__all__ = [
    "ADVERSARIAL",
    "AdversarialLoss",
    "discriminator_loss",
    "gradient_penalty",
    "hinge_discriminator_loss",
    "matching_loss",
    "wasserstein_discriminator_loss",
    "wasserstein_matching_loss",
]


def discriminator_loss(prior_logits, code_logits):
    """Loss of the discriminator, which tells prior draws (1) from codes (0).

    `mean(softplus(-prior_logits)) + mean(softplus(code_logits))`: the cross-entropy
    form of step 'update D' of [1], Algorithm 1, without its factor lambda.

    Args:
        prior_logits: Logits of draws from the prior, any shape.
        code_logits: Logits of codes, any shape.

    Returns:
        Scalar in `[0, inf)`; `2 log 2` where all logits are zero.

    Example:
        >>> round(float(discriminator_loss(tf.zeros((4, 1)), tf.zeros((4, 1)))), 4)
        1.3863

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """
    prior_logits, code_logits = tf.cast(prior_logits, tf.float32), tf.cast(code_logits, tf.float32)
    return tf.reduce_mean(tf.nn.softplus(-prior_logits)) + tf.reduce_mean(
        tf.nn.softplus(code_logits)
    )


def matching_loss(code_logits):
    """Loss that draws the encoder's codes towards the prior, non-saturating.

    `mean(softplus(-code_logits))`, that is `-mean(log D(z))`: the last term of step
    'update Q and G' of [1], Algorithm 1.

    Args:
        code_logits: Logits of codes, any shape.

    Returns:
        Scalar in `[0, inf)`; `log 2` where all logits are zero.

    Example:
        >>> round(float(matching_loss(tf.zeros((4, 1)))), 4)
        0.6931
    """
    return tf.reduce_mean(tf.nn.softplus(-tf.cast(code_logits, tf.float32)))


def hinge_discriminator_loss(prior_logits, code_logits):
    """`mean(max(0, 1 - prior_logits)) + mean(max(0, 1 + code_logits))` ([1], Eq. (2)).

    Args:
        prior_logits: Scores of draws from the prior, any shape.
        code_logits: Scores of codes, any shape.

    Returns:
        Scalar in `[0, inf)`; 2 where all scores are zero.

    Example:
        >>> float(hinge_discriminator_loss(tf.zeros((4, 1)), tf.zeros((4, 1))))
        2.0

    [1] Lim and Ye, *Geometric GAN*, 2017, arXiv:1705.02894.
    """
    prior_logits, code_logits = tf.cast(prior_logits, tf.float32), tf.cast(code_logits, tf.float32)
    return tf.reduce_mean(tf.nn.relu(1.0 - prior_logits)) + tf.reduce_mean(
        tf.nn.relu(1.0 + code_logits)
    )


def wasserstein_discriminator_loss(prior_logits, code_logits):
    """`mean(code_logits) - mean(prior_logits)` ([1], Eq. (3) without its penalty).

    Its negative estimates `W_1(Q_Z, P_Z)` from below where the scores are 1-Lipschitz,
    which `gradient_penalty` asks for.

    Args:
        prior_logits: Scores of draws from the prior, any shape.
        code_logits: Scores of codes, any shape.

    Returns:
        Scalar.

    [1] Gulrajani et al., *Improved Training of Wasserstein GANs*, NeurIPS 2017,
    arXiv:1704.00028.
    """
    return wasserstein_matching_loss(prior_logits) - wasserstein_matching_loss(code_logits)


def wasserstein_matching_loss(code_logits):
    """`-mean(code_logits)`: the encoder raises its codes' scores, with hinge loss too."""
    return -tf.reduce_mean(tf.cast(code_logits, tf.float32))


def gradient_penalty(scores, z, z_prior, seed):
    """`mean((||grad scores(y)||_2 - 1)**2)` on points `y` between codes and prior draws.

    `y = u z + (1 - u) p`, `u` uniform on [0, 1] for each pair ([1], Eq. (3), to be
    multiplied by 10).

    Args:
        scores: Callable, points `(n, latent_dim)` to scores `(n, 1)`.
        z: Codes, shape `(n, latent_dim)`.
        z_prior: Draws from the prior, same shape.
        seed: Two integers that fix `u`.

    Returns:
        Scalar in `[0, inf)`.

    Example:
        >>> direction = tf.constant([[3.0], [4.0]])
        >>> z = tf.zeros((5, 2))
        >>> float(gradient_penalty(lambda y: y @ direction, z, z + 1.0, seed=(0, 0)))
        16.0

    [1] Gulrajani et al., *Improved Training of Wasserstein GANs*, NeurIPS 2017,
    arXiv:1704.00028.
    """
    u = replicas.draw(lambda n: tf.random.stateless_uniform((n, 1), seed), z)
    between = tf.stop_gradient(u * z + (1.0 - u) * z_prior)
    with tf.GradientTape() as tape:
        tape.watch(between)
        total = tf.reduce_sum(scores(between))
    squared = tf.reduce_sum(tf.square(tape.gradient(total, between)), axis=1)
    # sqrt has an infinite slope at 0, where a fresh discriminator may well be.
    return tf.reduce_mean(tf.square(tf.sqrt(squared + 1e-12) - 1.0))


class AdversarialLoss(NamedTuple):
    """Losses of discriminator and encoder, and the weight of the gradient penalty."""

    discriminator: object
    matching: object
    penalty_weight: float = 0.0


# Name in a config's `divergence` -> losses.
ADVERSARIAL = {
    "gan": AdversarialLoss(discriminator_loss, matching_loss),
    "gan_hinge": AdversarialLoss(hinge_discriminator_loss, wasserstein_matching_loss),
    "wgan_gp": AdversarialLoss(
        wasserstein_discriminator_loss, wasserstein_matching_loss, penalty_weight=10.0
    ),
}
