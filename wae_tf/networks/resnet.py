"""Residual encoder and decoder."""

import keras

from wae_tf.networks.dcgan import check_width, decoder_factor
from wae_tf.networks.heads import code_head
from wae_tf.networks.layers import LayerFactory
from wae_tf.networks.noise import image_input

__all__ = ["resnet_decoder", "resnet_encoder"]


def resnet_encoder(
    image_shape,
    latent_dim,
    *,
    width=512,
    num_layers=3,
    kernel_size=3,
    noise_stddev=0.0,
    codes="deterministic",
    seed=None,
    dtype=None,
):
    """Builds an encoder of residual blocks in their second form ([1], Fig. 1b).

    A convolution, then `num_layers` blocks that halve the image, of
    `width / 2**(num_layers - 1)`, ..., `width` channels; each is
    `shortcut(x) + conv(relu(norm(conv(relu(norm(x))))))`, halved by average pooling, the
    shortcut a 1x1 convolution. Batch norm and ReLU at the end.

    Args:
        image_shape: `(height, width, channels)`; any size.
        latent_dim: Length of the codes.
        width: Channels of the last block; a multiple of `2**(num_layers - 1)`.
        num_layers: Number of blocks.
        kernel_size: Height and width of the filters.
        noise_stddev: Standard deviation of the noise that training adds to the input.
        codes: As in `wae_tf.networks.heads.code_head`.
        seed: Integer that fixes initial weights and noise; None as in `LayerFactory`.
        dtype: Keras dtype policy of the layers, by default that of `keras.config`; codes are
            float32 all the same.

    Returns:
        Keras model from `(n, *image_shape)` to codes.

    Raises:
        ValueError: `width` cannot be halved that often.

    Example:
        >>> resnet_encoder((32, 32, 3), latent_dim=64, width=64).output_shape
        (None, 64)

    [1] He et al., *Identity Mappings in Deep Residual Networks*, ECCV 2016,
    arXiv:1603.05027.
    """
    check_width("encoder", width, num_layers - 1)
    make = LayerFactory(seed, dtype)
    inputs, x = image_input(make, image_shape, noise_stddev)
    x = make.conv(width // 2 ** (num_layers - 1), kernel_size, 1, name="conv_in")(x)
    for i in range(num_layers):
        channels = width // 2 ** (num_layers - 1 - i)
        x = _block(make, x, channels, kernel_size, f"block_{i}")
        x = keras.layers.AveragePooling2D(2, padding="same", dtype=dtype, name=f"pool_{i}")(x)
    x = make.relu("relu_out")(make.batch_norm("norm_out")(x))
    x = keras.layers.Flatten(dtype=dtype, name="flat")(x)
    return keras.Model(inputs, code_head(make, x, latent_dim, codes), name="encoder")


def resnet_decoder(
    image_shape,
    latent_dim,
    *,
    width=512,
    num_layers=3,
    kernel_size=3,
    pixel_range=(0.0, 1.0),
    seed=None,
    dtype=None,
):
    """Builds a decoder of residual blocks, the encoder's mirror image.

    A dense layer to the first grid with `width` channels, then `num_layers` blocks,
    each on a grid enlarged by 2 (nearest neighbour), of `width`, ...,
    `width / 2**(num_layers - 1)` channels; batch norm, ReLU and a convolution to the
    image.

    Args:
        image_shape: `(height, width, channels)`; sides are multiples of `2**num_layers`.
        latent_dim: Length of the codes.
        width: Channels of the first block; a multiple of `2**(num_layers - 1)`.
        num_layers: Number of blocks.
        kernel_size: Height and width of the filters.
        pixel_range: `(0, 1)` ends in a sigmoid, `(-1, 1)` in tanh.
        seed: Integer that fixes the initial weights; None as in `LayerFactory`.
        dtype: Keras dtype policy of the layers, by default that of `keras.config`; images are
            float32 all the same.

    Returns:
        Keras model from `(n, latent_dim)` to `(n, *image_shape)`.

    Raises:
        ValueError: The image size or `width` does not fit `num_layers`.

    Example:
        >>> resnet_decoder((32, 32, 3), latent_dim=64, width=64).output_shape
        (None, 32, 32, 3)
    """
    factor = decoder_factor(image_shape, width, num_layers, modified=False)
    make = LayerFactory(seed, dtype)
    start = (image_shape[0] // factor, image_shape[1] // factor, width)
    inputs = keras.Input((latent_dim,), name="codes")
    x = make.dense(start[0] * start[1] * width, name="dense")(inputs)
    x = keras.layers.Reshape(start, dtype=dtype, name="grid")(x)
    for i in range(num_layers):
        x = keras.layers.UpSampling2D(2, dtype=dtype, name=f"up_{i}")(x)
        x = _block(make, x, width // 2**i, kernel_size, f"block_{i}")
    x = make.relu("relu_out")(make.batch_norm("norm_out")(x))
    x = make.conv(image_shape[2], kernel_size, 1, name="conv_image")(x)
    return keras.Model(inputs, make.pixels(pixel_range)(x), name="decoder")


def _block(make, x, channels, kernel_size, name):
    shortcut = make.conv(channels, 1, 1, name=f"{name}_shortcut")(x)
    for i in range(2):
        x = make.relu(f"{name}_relu_{i}")(make.batch_norm(f"{name}_norm_{i}")(x))
        x = make.conv(channels, kernel_size, 1, name=f"{name}_conv_{i}")(x)
    return keras.layers.Add(dtype=x.dtype, name=f"{name}_add")([x, shortcut])
