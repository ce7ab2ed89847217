"""Pictures that people hand in: refused kindly where they are none, prepared where they are."""

import pathlib
import warnings

from wae_tf.data.preparation import FORMATS, Preparation, decode

__all__ = ["MAX_BYTES", "MAX_PIXELS", "crop_box", "prepare", "read_image"]

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000  # 150 MB once unpacked: the largest cameras of telephones.
_KEPT = 1024  # Longest side that is worked on; models have far fewer pixels.


def read_image(path):
    """Reads a picture that somebody uploaded.

    Its size is read from its header, before a pixel is unpacked.

    Args:
        path: Where the upload lies.

    Returns:
        Pillow image, upright, mode RGB or L, at most 1,024 pixels wide and high.

    Raises:
        ValueError: It is too large, in bytes or in pixels, or no picture.
    """
    path = pathlib.Path(path)
    size = path.stat().st_size
    if size > MAX_BYTES:
        _too_large(f"{MAX_BYTES // 2**20} MB", f"{size / 2**20:.1f} MB")
    content = path.read_bytes()
    try:
        width, height = _header(content)
    except Exception as error:  # Pillow raises many kinds on what is no picture.
        raise ValueError(
            f"The file must be a picture, one of {', '.join(FORMATS)}. Received: another file, or "
            f"a damaged one ({type(error).__name__})"
        ) from error
    if width * height > MAX_PIXELS:
        _too_large(f"{MAX_PIXELS // 10**6} million pixels", f"{width:,} x {height:,} pixels")
    try:
        image = Preparation()(decode(content))
    except Exception as error:
        raise ValueError(
            "The picture must be whole: open it and save it again. Received: one that ends early "
            f"or is damaged ({type(error).__name__})"
        ) from error
    image = decode(image)
    image.thumbnail((_KEPT, _KEPT))
    return image


def _too_large(most, found):
    raise ValueError(f"A picture must have at most {most}: save it smaller. Received: {found}")


def crop_box(size, shape, zoom=1.0, across=0.5, down=0.5):
    """Returns the rectangle of a picture that a model will see.

    Args:
        size: `(width, height)` of the picture.
        shape: `(height, width, ...)` of the model's images, whose proportions it keeps.
        zoom: 1 for the largest rectangle that fits; at 2 it is half as wide. At least 1.
        across: Where it lies, from 0, at the left, to 1, at the right.
        down: Likewise, from the top.

    Returns:
        Integers `(left, upper, right, lower)`, inside the picture.
    """
    width, height = size
    scale = min(width / shape[1], height / shape[0]) / max(zoom, 1.0)
    columns = min(width, max(1, round(scale * shape[1])))
    rows = min(height, max(1, round(scale * shape[0])))
    left, upper = round(across * (width - columns)), round(down * (height - rows))
    return left, upper, left + columns, upper + rows


def prepare(image, image_shape, box, invert=False):
    """Cuts a rectangle out of a picture and makes it what a model takes.

    Args:
        image: Pillow image.
        image_shape: `(height, width, channels)` of the model.
        box: Rectangle, as `crop_box` returns it.
        invert: Whether to turn dark into light, as for a digit in ink on paper: MNIST's are
            white on black.

    Returns:
        uint8 array of shape `image_shape`; resized as in training (see
        `wae_tf.data.preparation.Preparation`).
    """
    pixels = Preparation(image_shape)(image.crop(box))
    return 255 - pixels if invert else pixels


def _header(content):
    import io

    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                return image.size
        except Image.DecompressionBombError:
            return MAX_PIXELS, 2  # Pillow says that it is huge, not how huge.
