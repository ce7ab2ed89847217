"""The discriminator of WAE-GAN: on codes, not on images."""

import keras

from wae_tf.networks.layers import LayerFactory

__all__ = ["latent_discriminator"]


def latent_discriminator(latent_dim, *, width=512, num_layers=4, seed=None):
    """Builds a discriminator of `num_layers` dense layers with ReLU, in float32.

    [1], Appendix C: 4 layers of 512 on MNIST, of 1,024 on CelebA.

    Args:
        latent_dim: Length of the codes.
        width: Units of each layer.
        num_layers: Number of hidden layers.
        seed: Integer that fixes the initial weights; None as in `LayerFactory`.

    Returns:
        Keras model from `(n, latent_dim)` to logits `(n, 1)`, positive where a code
        looks like a draw from the prior.

    Example:
        >>> latent_discriminator(8).count_params()
        793089

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """
    make = LayerFactory(seed, "float32")
    inputs = x = keras.Input((latent_dim,), name="codes")
    for i in range(num_layers):
        x = make.relu(f"relu_{i}")(make.dense(width, name=f"dense_{i}")(x))
    return keras.Model(inputs, make.dense(1, name="logit")(x), name="discriminator")
