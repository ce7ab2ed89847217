"""A learned cost: a critic of patches that tells real images from reconstructions."""

import keras
import numpy as np
import tensorflow as tf

from wae_tf import replicas
from wae_tf.costs.spectral import SpectralConv2D

__all__ = [
    "PatchCritic",
    "adaptive_weight",
    "check_field_of_view",
    "field_of_view",
    "judge",
    "with_gradient",
]

_MOST = 1e4  # Of the adaptive weight, as in the code of [3].
_TINY = 1e-12


def judge(critic, images):
    """Returns `-mean(D(y))` of images `y`, and its gradient at them, both in float32.

    It is what a decoder minimises against a hinge loss ([1], Eq. (17)).

    The critic's weights get no gradient, and it is called as outside of training.

    Args:
        critic: Callable `(images, training) -> scores`.
        images: Shape `(n, height, width, channels)`.

    Returns:
        Scalar, and a tensor of the images' shape.

    [1] Miyato et al., *Spectral Normalization for Generative Adversarial Networks*, ICLR 2018,
    arXiv:1802.05957.
    """
    images = tf.stop_gradient(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores = tf.cast(critic(images, training=False), tf.float32)
        total = -tf.reduce_sum(scores)  # Of a mean, the gradient would underflow in float16.
    count = tf.cast(tf.size(scores), tf.float32)
    gradient = tf.cast(tape.gradient(total, images), tf.float32) / count
    return tf.stop_gradient(total / count), gradient


def adaptive_weight(cost_gradient, critic_gradient):
    """Weight at which the critic's gradient is as long as the cost's ([1], Eq. (7)).

    `||g_cost|| / ||g_critic||`, between 0 and 10,000, over all of a batch. [1] takes both at
    the decoder's last layer; here they are taken at the images, which need no second way
    back through the decoder.

    Args:
        cost_gradient: Gradient of the cost at the reconstructions, any shape.
        critic_gradient: That of `judge`, any shape.

    Returns:
        Scalar, float32, without gradient.

    Example:
        >>> float(adaptive_weight(tf.constant([3.0, 4.0]), tf.constant([0.0, 2.0])))
        2.5

    [1] Esser et al., *Taming Transformers for High-Resolution Image Synthesis*, CVPR 2021,
    arXiv:2012.09841.
    """
    weight = replicas.norm(cost_gradient) / (replicas.norm(critic_gradient) + _TINY)
    return tf.stop_gradient(tf.clip_by_value(weight, 0.0, _MOST))


def with_gradient(value, gradient, images):
    """Returns a scalar that is `value`, and whose gradient at `images` is `gradient`."""
    linear = tf.reduce_sum(tf.stop_gradient(gradient) * tf.cast(images, tf.float32))
    return tf.stop_gradient(value) + (linear - tf.stop_gradient(linear))


def field_of_view(num_layers):
    """Returns the height and width of the patch that one score of a `PatchCritic` judges."""
    side = 3  # Of the last convolutions, 3x3 and 1x1.
    for _ in range(num_layers):
        side = 2 * (side - 1) + 4
    return side


def check_field_of_view(image_shape, num_layers):
    """Raises a ValueError if images are smaller than the patches that a critic judges."""
    side, most = field_of_view(num_layers), min(image_shape[:2])
    if side > most:
        fits = [n for n in range(1, num_layers) if field_of_view(n) <= most]
        way = f"take at most {fits[-1]}" if fits else "such images are too small for any critic"
        raise ValueError(
            f"A critic of {num_layers} layers judges patches of {side} x {side} pixels, which "
            f"images must not be smaller than: {way}. "
            f"Received: critic_layers={num_layers}, image_shape={tuple(image_shape)}"
        )


@keras.saving.register_keras_serializable(package="wae_tf")
class PatchCritic(keras.Model):
    """Scores each patch of an image: high where it looks real ([1], Sec. 3.2.2).

    Convolutions of 4x4 at stride 2 with `width`, twice and from then on four times as many
    filters, one of 3x3 and one of 1x1, with leaky ReLU of slope 0.2 between; each kernel
    has the spectral norm 1 ([2]). Three layers judge patches of 38 x 38 pixels, two of 18.

    Args:
        image_shape: `(height, width, channels)` of the images.
        width: Filters of the first convolution.
        num_layers: Convolutions of stride 2.
        seed: Integer that fixes the initial weights.
        **kwargs: `name`, and `dtype`, a Keras policy such as `"mixed_bfloat16"`.

    Raises:
        ValueError: The images are smaller than the patches.

    Input shape: `(n, height, width, channels)`, in the range of the model's networks.
    Output shape: `(n, height / 2**num_layers, width / 2**num_layers, 1)`, rounded up; float32.

    Example:
        >>> PatchCritic((64, 64, 3)).compute_output_shape((None, 64, 64, 3))
        (None, 8, 8, 1)

    [1] Isola et al., *Image-to-Image Translation with Conditional Adversarial Networks*, CVPR
    2017, arXiv:1611.07004.
    [2] Miyato et al., *Spectral Normalization for Generative Adversarial Networks*, ICLR 2018,
    arXiv:1802.05957.
    [3] Esser et al., *Taming Transformers for High-Resolution Image Synthesis*, CVPR 2021,
    arXiv:2012.09841.
    """

    def __init__(self, image_shape, *, width=48, num_layers=3, seed=0, **kwargs):
        super().__init__(**kwargs)
        check_field_of_view(image_shape, num_layers)
        self.image_shape = tuple(image_shape)
        self.width = width
        self.num_layers = num_layers
        self.seed = seed
        filters = [width * min(2**i, 4) for i in range(num_layers)]
        widest = width * 4
        sizes = [*((count, 4, 2) for count in filters), (widest, 3, 1), (1, 1, 1)]
        seeds = np.random.default_rng(seed).integers(2**31 - 1, size=len(sizes)).tolist()
        channels = self.image_shape[2]
        self.convolutions = []
        for i, (size, own_seed) in enumerate(zip(sizes, seeds, strict=True)):
            layer = SpectralConv2D(*size, seed=own_seed, dtype=self.dtype_policy, name=f"conv_{i}")
            layer.build((None, None, None, channels))
            self.convolutions.append(layer)
            channels = size[0]
        self.built = True

    def call(self, images, training=False):
        *first, last = self.convolutions
        for layer in first:
            images = tf.nn.leaky_relu(layer(images, training=training), 0.2)
        return tf.cast(last(images, training=training), tf.float32)

    def compute_output_shape(self, input_shape):
        for layer in self.convolutions:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "image_shape": self.image_shape,
            "width": self.width,
            "num_layers": self.num_layers,
            "seed": self.seed,
        }
