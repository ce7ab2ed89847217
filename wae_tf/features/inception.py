"""Inception-v3, the network whose features FID and KID compare."""

import os
import pathlib

import keras
import tensorflow as tf

from wae_tf.models.stored_weights import load_weights

__all__ = ["INPUT_SIZE", "build_inception", "cached_weights", "inception_input"]

INPUT_SIZE = 299
_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
    "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
)


def inception_input(images):
    """Prepares images for Inception-v3.

    Grey images are repeated in three channels. All are resized to 299x299 by
    `tf.image.resize`, bilinear in float32, pixel centres at half integers, antialiased where
    images shrink, then mapped from [0, 1] to [-1, 1]. The resize changes FIDs by whole points:
    only numbers of one resize compare.

    Args:
        images: Shape `(n, height, width, 1 or 3)`, float32 in [0, 1].

    Returns:
        Shape `(n, 299, 299, 3)`, float32 in [-1, 1].
    """
    images = tf.convert_to_tensor(images)
    if images.shape[-1] == 1:
        images = tf.image.grayscale_to_rgb(images)
    size = (INPUT_SIZE, INPUT_SIZE)
    return 2.0 * tf.image.resize(images, size, method="bilinear", antialias=True) - 1.0


def build_inception(weights_path=None):
    """Loads Inception-v3 without its top: the 2,048 features are means over the last 8x8 map.

    The weights are those of `keras.applications`, trained on ImageNet. Published FIDs come
    from another training of the network (2015), so these are near, not equal, to them.

    Args:
        weights_path: File of weights without top, as Keras publishes it or as
            `model.save_weights("....weights.h5")` writes it. By default Keras takes its own
            from `~/.keras/models`, or downloads it there.

    Returns:
        Keras model, `inception_input` images to features `(n, 2048)`.

    Raises:
        FileNotFoundError: There is no such file, or the download fails; says how to get it.
        ValueError: The file holds other weights.
    """
    arguments = {"include_top": False, "pooling": "avg"}
    if weights_path is None:
        try:
            return keras.applications.InceptionV3(weights="imagenet", **arguments)
        except Exception as error:  # Keras raises plain Exception where a download fails.
            raise FileNotFoundError(
                f"Inception-v3 needs weights, which could not be downloaded ({error}). Download "
                f"{_URL} elsewhere and pass its path as `weights_path` (--inception_weights of "
                "wae-evaluate), or leave FID and KID out. "
                "Received: weights_path=None"
            ) from error
    if not tf.io.gfile.exists(str(weights_path)):
        raise FileNotFoundError(
            f"`weights_path` must be a file, as --inception_weights of wae-evaluate; {_URL} is "
            "one. "
            f"Received: weights_path={str(weights_path)!r}"
        )
    model = keras.applications.InceptionV3(weights=None, **arguments)
    try:
        load_weights(model, weights_path)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"`weights_path` must hold the weights of Inception-v3 without its top, as {_URL} "
            f"does. Received: weights_path={str(weights_path)!r} ({error})"
        ) from error
    return model


def cached_weights():
    """Returns the path of the weights that Keras has downloaded before, None without them."""
    home = os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras"
    path = pathlib.Path(home, "models", _URL.rsplit("/", 1)[1])
    return path if path.is_file() else None
