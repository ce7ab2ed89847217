"""Convolutional encoder and decoder after 'Adversarially Learned Inference'."""

import keras

from wae_tf.networks.dcgan import check_width
from wae_tf.networks.heads import code_head
from wae_tf.networks.layers import LayerFactory
from wae_tf.networks.noise import image_input

__all__ = ["ali_decoder", "ali_encoder", "check_ali_size"]


def ali_encoder(
    image_shape,
    latent_dim,
    *,
    width=512,
    noise_stddev=0.0,
    codes="deterministic",
    seed=None,
    dtype=None,
):
    """Builds the encoder `ali` of the authors' code, after [1].

    Unpadded convolutions of kernel 5, 4, 4, 4 and strides 1, 2, 1, 2 to `width / 8`,
    `width / 4`, `width / 2`, `width` channels, one over all that is left (4x4 for images
    of 32x32) to `2 * width`, and one of 1x1 to `2 * width`, each followed by batch norm
    and leaky ReLU of slope 0.1; then a 1x1 convolution to `width / 2`, and the head.

    Args:
        image_shape: `(height, width, channels)`; sides are multiples of 4, at least 20.
        latent_dim: Length of the codes.
        width: Channels of the fourth convolution; a multiple of 8.
        noise_stddev: Standard deviation of the noise that training adds to the input.
        codes: As in `wae_tf.networks.heads.code_head`.
        seed: Integer that fixes initial weights and noise; None as in `LayerFactory`.
        dtype: Keras dtype policy of the layers, by default that of `keras.config`; codes are
            float32 all the same.

    Returns:
        Keras model from `(n, *image_shape)` to codes.

    Raises:
        ValueError: The image size does not fit the strides, or `width` cannot be halved.

    Example:
        >>> ali_encoder((32, 32, 3), latent_dim=64, width=64).output_shape
        (None, 64)

    [1] Dumoulin et al., *Adversarially Learned Inference*, ICLR 2017, arXiv:1606.00704.
    """
    check_width("encoder", width, 3)
    check_ali_size(image_shape)
    make = LayerFactory(seed, dtype)
    inputs, x = image_input(make, image_shape, noise_stddev)
    layers = [(5, 1, width // 8), (4, 2, width // 4), (4, 1, width // 2), (4, 2, width)]
    for i, (kernel_size, stride, channels) in enumerate(layers):
        x = make.conv(channels, kernel_size, stride, name=f"conv_{i}", padding="valid")(x)
        x = make.leaky_relu(f"relu_{i}")(make.batch_norm(f"norm_{i}")(x))
    x = make.conv(2 * width, x.shape[1:3], 1, name="conv_4", padding="valid")(x)
    x = make.leaky_relu("relu_4")(make.batch_norm("norm_4")(x))
    x = make.conv(2 * width, 1, 1, name="conv_5")(x)
    x = make.leaky_relu("relu_5")(make.batch_norm("norm_5")(x))
    x = make.conv(width // 2, 1, 1, name="conv_6")(x)
    x = keras.layers.Flatten(dtype=dtype, name="flat")(x)
    return keras.Model(inputs, code_head(make, x, latent_dim, codes), name="encoder")


def ali_decoder(
    image_shape,
    latent_dim,
    *,
    width=512,
    pixel_range=(0.0, 1.0),
    seed=None,
    dtype=None,
):
    """Builds the decoder `ali` of the authors' code, the encoder's mirror image.

    Unpadded transposed convolutions: one that makes the first grid (4x4 for images of
    32x32) with `width` channels, then kernel 4, 4, 4, 5 and strides 2, 1, 2, 1 to
    `width / 2`, `width / 4`, `width / 8`, `width / 8`, and a 1x1 convolution to
    `width / 8`, each with batch norm and leaky ReLU of slope 0.1; then a 1x1
    convolution to the image.

    Args:
        image_shape: As in `ali_encoder`.
        latent_dim: Length of the codes.
        width: Channels of the first grid; a multiple of 8.
        pixel_range: `(0, 1)` ends in a sigmoid, `(-1, 1)` in tanh.
        seed: Integer that fixes the initial weights; None as in `LayerFactory`.
        dtype: Keras dtype policy of the layers, by default that of `keras.config`; images are
            float32 all the same.

    Returns:
        Keras model from `(n, latent_dim)` to `(n, *image_shape)`.

    Raises:
        ValueError: As `ali_encoder`.

    Example:
        >>> ali_decoder((32, 32, 3), latent_dim=64, width=64).output_shape
        (None, 32, 32, 3)
    """
    check_width("decoder", width, 3)
    check_ali_size(image_shape)
    make = LayerFactory(seed, dtype)
    inputs = keras.Input((latent_dim,), name="codes")
    x = keras.layers.Reshape((1, 1, latent_dim), dtype=dtype, name="grid")(inputs)
    first = tuple((side - 16) // 4 for side in image_shape[:2])
    layers = [
        (first, 1, width),
        (4, 2, width // 2),
        (4, 1, width // 4),
        (4, 2, width // 8),
        (5, 1, width // 8),
    ]
    for i, (kernel_size, stride, channels) in enumerate(layers):
        x = make.deconv(channels, kernel_size, stride, name=f"deconv_{i}", padding="valid")(x)
        x = make.leaky_relu(f"relu_{i}")(make.batch_norm(f"norm_{i}")(x))
    x = make.conv(width // 8, 1, 1, name="conv_5")(x)
    x = make.leaky_relu("relu_5")(make.batch_norm("norm_5")(x))
    x = make.conv(image_shape[2], 1, 1, name="conv_image")(x)
    return keras.Model(inputs, make.pixels(pixel_range)(x), name="decoder")


def check_ali_size(image_shape):
    """Raises a ValueError unless the strides of `ali` fit an image size."""
    sides = image_shape[:2]
    if any(side % 4 or side < 20 for side in sides):
        fits = sorted({max(20, side // 4 * 4 + up) for side in sides for up in (0, 4)})
        raise ValueError(
            "The architecture 'ali' takes images whose height and width are multiples of 4, at "
            f"least 20: crop or resize to such a size, for instance {fits}. "
            f"Received: image_shape={tuple(image_shape)}"
        )
