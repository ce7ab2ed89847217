"""The model that benchmarks train: the paper's for CelebA in size, but for its width."""

import wae_tf
from wae_tf.training import compile_model

__all__ = ["celeba_model"]


def celeba_model(width, **changes):
    """Returns a compiled WAE-MMD and its config; `changes` are further fields of that."""
    config = wae_tf.WAEConfig(
        image_shape=(64, 64, 3),
        pixel_range=(-1.0, 1.0),
        latent_dim=64,
        encoder="dcgan",
        encoder_width=width,
        encoder_layers=4,
        decoder="dcgan_mod",
        decoder_width=width,
        decoder_layers=4,
        kernel_size=5,
        **changes,
    )
    return compile_model(wae_tf.build_model(config), config, steps_per_epoch=1000), config
