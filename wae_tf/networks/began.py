"""Convolutional encoder and decoder after BEGAN."""

import keras

from wae_tf.networks.heads import code_head
from wae_tf.networks.layers import LayerFactory, check_sides
from wae_tf.networks.noise import image_input

__all__ = ["began_decoder", "began_encoder", "began_factor"]


def began_encoder(
    image_shape,
    latent_dim,
    *,
    width=128,
    num_layers=3,
    kernel_size=3,
    noise_stddev=0.0,
    codes="deterministic",
    seed=None,
    dtype=None,
):
    """Builds the encoder `began` of the authors' code, after [1].

    A convolution of stride 2, then `num_layers` blocks of two convolutions with ELU, of
    `b * width` and `(b + 1) * width` channels in block `b` (`b * width` both in the
    last), with max pooling of 2 between blocks; no batch norm. The authors count
    convolutions and poolings: 9 of their layers are 3 blocks, which take 64x64 to 8x8.

    Args:
        image_shape: `(height, width, channels)`; any size.
        latent_dim: Length of the codes.
        width: Channels of the first convolution.
        num_layers: Number of blocks.
        kernel_size: Height and width of the filters.
        noise_stddev: Standard deviation of the noise that training adds to the input.
        codes: As in `wae_tf.networks.heads.code_head`.
        seed: Integer that fixes initial weights and noise; None as in `LayerFactory`.
        dtype: Keras dtype policy of the layers, by default that of `keras.config`; codes are
            float32 all the same.

    Returns:
        Keras model from `(n, *image_shape)` to codes.

    Example:
        >>> began_encoder((64, 64, 3), latent_dim=64, width=16).output_shape
        (None, 64)

    [1] Berthelot et al., *BEGAN: Boundary Equilibrium Generative Adversarial Networks*,
    2017, arXiv:1703.10717.
    """
    make = LayerFactory(seed, dtype)
    inputs, x = image_input(make, image_shape, noise_stddev)
    x = make.conv(width, kernel_size, 2, name="conv_in")(x)
    for block in range(1, num_layers + 1):
        last = block == num_layers
        for i, channels in enumerate((block * width, (block + (not last)) * width)):
            x = make.conv(channels, kernel_size, 1, name=f"conv_{block}_{i}")(x)
            x = make.elu(f"elu_{block}_{i}")(x)
        if not last:
            x = keras.layers.MaxPooling2D(2, padding="same", dtype=dtype, name=f"pool_{block}")(x)
    x = keras.layers.Flatten(dtype=dtype, name="flat")(x)
    return keras.Model(inputs, code_head(make, x, latent_dim, codes), name="encoder")


def began_decoder(
    image_shape,
    latent_dim,
    *,
    width=128,
    num_layers=4,
    kernel_size=3,
    pixel_range=(0.0, 1.0),
    seed=None,
    dtype=None,
):
    """Builds the decoder `began` of the authors' code, after [1] of `began_encoder`.

    A dense layer to the first grid with `width` channels, then `num_layers` blocks of
    two convolutions with ELU to `width` channels, and between blocks nearest-neighbour
    upsampling by 2, to which the first grid is appended, enlarged as well; then a
    convolution to the image. 4 blocks take 8x8 to 64x64.

    Args:
        image_shape: `(height, width, channels)`; sides are multiples of
            `2**(num_layers - 1)`.
        latent_dim: Length of the codes.
        width: Channels of each convolution.
        num_layers: Number of blocks.
        kernel_size: Height and width of the filters.
        pixel_range: `(0, 1)` ends in a sigmoid, `(-1, 1)` in tanh.
        seed: Integer that fixes the initial weights; None as in `LayerFactory`.
        dtype: Keras dtype policy of the layers, by default that of `keras.config`; images are
            float32 all the same.

    Returns:
        Keras model from `(n, latent_dim)` to `(n, *image_shape)`.

    Raises:
        ValueError: The image size does not fit `num_layers`.

    Example:
        >>> began_decoder((64, 64, 3), latent_dim=64, width=16).output_shape
        (None, 64, 64, 3)
    """
    factor = began_factor(image_shape, num_layers)
    make = LayerFactory(seed, dtype)
    start = (image_shape[0] // factor, image_shape[1] // factor, width)
    inputs = keras.Input((latent_dim,), name="codes")
    x = make.dense(start[0] * start[1] * width, name="dense")(inputs)
    x = skip = keras.layers.Reshape(start, dtype=dtype, name="grid")(x)
    for block in range(num_layers):
        if block > 0:
            x = keras.layers.UpSampling2D(2, dtype=dtype, name=f"up_{block}")(x)
            skip = keras.layers.UpSampling2D(2, dtype=dtype, name=f"skip_{block}")(skip)
            x = keras.layers.Concatenate(dtype=dtype, name=f"join_{block}")([x, skip])
        for i in range(2):
            x = make.conv(width, kernel_size, 1, name=f"conv_{block}_{i}")(x)
            x = make.elu(f"elu_{block}_{i}")(x)
    x = make.conv(image_shape[2], kernel_size, 1, name="conv_image")(x)
    return keras.Model(inputs, make.pixels(pixel_range)(x), name="decoder")


def began_factor(image_shape, num_layers):
    """Returns by how much the decoder enlarges its first grid.

    Raises:
        ValueError: The image size is no multiple of it.
    """
    factor = 2 ** (num_layers - 1)
    check_sides(image_shape, factor, num_layers)
    return factor
