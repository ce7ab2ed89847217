"""The losses of Algorithm 1, on logits of the latent discriminator."""

import tensorflow as tf

__all__ = ["discriminator_loss", "matching_loss"]


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
