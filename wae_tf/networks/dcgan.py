"""Convolutional encoder and decoder after DCGAN, the networks of the paper."""

import keras

from wae_tf.networks.heads import code_head
from wae_tf.networks.layers import LayerFactory, check_sides
from wae_tf.networks.noise import image_input

__all__ = ["dcgan_decoder", "dcgan_encoder"]


def dcgan_encoder(
    image_shape,
    latent_dim,
    *,
    width=1024,
    num_layers=4,
    kernel_size=5,
    noise_stddev=0.0,
    codes="deterministic",
    seed=None,
    dtype=None,
):
    """Builds the paper's encoder.

    `num_layers` convolutions of stride 2 with `width / 2**(num_layers - 1)`, ...,
    `width / 2`, `width` filters, each followed by batch norm and ReLU; then one dense
    layer ([1], Appendix C; `dcgan_encoder` of the authors' code).

    Args:
        image_shape: `(height, width, channels)`; any size.
        latent_dim: Length of the codes.
        width: Filters of the last convolution; a multiple of `2**(num_layers - 1)`.
        num_layers: Number of convolutions.
        kernel_size: Height and width of the filters.
        noise_stddev: Standard deviation of the noise that training adds to the input.
        codes: `"deterministic"`, `"gaussian"` or `"implicit"`; see
            `wae_tf.networks.heads.code_head`.
        seed: Integer that fixes initial weights and noise; None as in `LayerFactory`.
        dtype: Keras dtype policy of the layers, by default that of `keras.config`; codes are
            float32 all the same.

    Returns:
        Keras model from `(n, *image_shape)` to `(n, latent_dim)`; to two tensors for random codes.

    Raises:
        ValueError: `width` cannot be halved that often.

    Example:
        >>> dcgan_encoder((64, 64, 3), latent_dim=64).output_shape
        (None, 64)

    [1] Tolstikhin et al., *Wasserstein Auto-Encoders*, ICLR 2018, arXiv:1711.01558.
    """
    check_width("encoder", width, num_layers - 1)
    make = LayerFactory(seed, dtype)
    inputs, x = image_input(make, image_shape, noise_stddev)
    for i in range(num_layers):
        x = make.conv(width // 2 ** (num_layers - 1 - i), kernel_size, 2, name=f"conv_{i}")(x)
        x = make.relu(f"relu_{i}")(make.batch_norm(f"norm_{i}")(x))
    x = keras.layers.Flatten(dtype=dtype, name="flat")(x)
    return keras.Model(inputs, code_head(make, x, latent_dim, codes), name="encoder")


def dcgan_decoder(
    image_shape,
    latent_dim,
    *,
    width=1024,
    num_layers=4,
    kernel_size=5,
    pixel_range=(0.0, 1.0),
    modified=True,
    resize=False,
    seed=None,
    dtype=None,
):
    """Builds the paper's decoder.

    A dense layer to `width` channels with ReLU (no batch norm), `num_layers - 1`
    transposed convolutions of stride 2 that halve the channels, each with batch norm
    and ReLU, and a last one to the image: of stride 1 if `modified` (`dcgan_mod` of the
    authors' code, used in the paper), of stride 2 otherwise (`dcgan`).

    Args:
        image_shape: `(height, width, channels)`; height and width are multiples of
            `2**(num_layers - 1)`, or of `2**num_layers` if not `modified`.
        latent_dim: Length of the codes.
        width: Channels after the dense layer; a multiple of `2**(num_layers - 1)`.
        num_layers: Number of transposed convolutions.
        kernel_size: Height and width of the filters.
        pixel_range: `(0, 1)` ends in a sigmoid, `(-1, 1)` in tanh.
        modified: Whether the last layer has stride 1.
        resize: Whether a layer of stride 2 first doubles each pixel and then convolves, with
            stride 1: transposed convolutions overlap unevenly where the stride does not divide
            `kernel_size`, which shows as a checkerboard ([1]).
        seed: Integer that fixes the initial weights; None as in `LayerFactory`.
        dtype: Keras dtype policy of the layers, by default that of `keras.config`; images are
            float32 all the same.

    Returns:
        Keras model from `(n, latent_dim)` to `(n, *image_shape)`.

    Raises:
        ValueError: The image size or `width` does not fit `num_layers`.

    Example:
        >>> dcgan_decoder((64, 64, 3), latent_dim=64, pixel_range=(-1, 1)).output_shape
        (None, 64, 64, 3)

    [1] Odena et al., *Deconvolution and Checkerboard Artifacts*, Distill 2016.
    """
    height, image_width, channels = image_shape
    factor = decoder_factor(image_shape, width, num_layers, modified)
    make = LayerFactory(seed, dtype)
    enlarge = make.resized_conv if resize else make.deconv
    start = (height // factor, image_width // factor, width)
    inputs = keras.Input((latent_dim,), name="codes")
    x = make.dense(start[0] * start[1] * start[2], name="dense")(inputs)
    x = keras.layers.Reshape(start, dtype=dtype, name="grid")(make.relu("relu")(x))
    for i in range(num_layers - 1):
        x = enlarge(width // 2 ** (i + 1), kernel_size, 2, name=f"deconv_{i}")(x)
        x = make.relu(f"relu_{i}")(make.batch_norm(f"norm_{i}")(x))
    x = enlarge(channels, kernel_size, 1 if modified else 2, name="deconv_image")(x)
    return keras.Model(inputs, make.pixels(pixel_range)(x), name="decoder")


def decoder_factor(image_shape, width, num_layers, modified):
    """Returns by how much a decoder enlarges its first grid.

    Raises:
        ValueError: The image size is no multiple of it, or `width` cannot be halved.
    """
    check_width("decoder", width, num_layers - 1)
    factor = 2 ** (num_layers - 1 if modified else num_layers)
    check_sides(image_shape, factor, num_layers)
    return factor


def check_width(network, width, halvings):
    """Raises a ValueError unless `width` can be halved that often."""
    if width % 2**halvings:
        raise ValueError(
            f"`{network}_width` must be a multiple of {2**halvings}, because it is halved "
            f"{halvings} times. Received: {network}_width={width}"
        )
