"""Grids of images, as one array or PNG file."""

import math

import numpy as np

from wae_tf import files

__all__ = ["as_pillow", "comparison", "grid", "save", "save_animation", "to_float", "to_uint8"]


def grid(images, columns=None, gap=1):
    """Puts images side by side on white.

    Args:
        images: Shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
        columns: Images in a row; by default the grid is about square.
        gap: White pixels between images.

    Returns:
        One image, shape `(height, width, channels)`, uint8.

    Raises:
        ValueError: `images` has another shape, or none.

    Example:
        >>> grid(np.zeros((6, 28, 28, 1)), columns=3).shape
        (57, 86, 1)
    """
    images = to_uint8(images)
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(
            "`images` must have shape (n, height, width, channels), n >= 1. "
            f"Received: shape={images.shape}"
        )
    n, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    canvas = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, "uint8"
    )
    for i, image in enumerate(images):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        canvas[top : top + height, left : left + width] = image
    return canvas


def comparison(images, reconstructions, columns=8, gap=1):
    """Puts rows of images above rows of their reconstructions, in turn.

    Arguments and result as in `grid`; the last row is filled with white.

    Raises:
        ValueError: There are no images, or their reconstructions have another shape.
    """
    images, reconstructions = to_uint8(images), to_uint8(reconstructions)
    if images.shape != reconstructions.shape or len(images) == 0:
        raise ValueError(
            "`images` and `reconstructions` must have one shape, with at least one image. "
            f"Received: {images.shape} and {reconstructions.shape}"
        )
    rows = []
    for i in range(0, len(images), columns):
        for part in (images[i : i + columns], reconstructions[i : i + columns]):
            white = np.full((columns - len(part), *part.shape[1:]), 255, "uint8")
            rows.append(np.concatenate([part, white]))
    return grid(np.concatenate(rows), columns, gap)


def save(path, image, scale=2):
    """Writes one image `(height, width, channels)`, each pixel `scale` wide.

    A file whose name ends in `.jpg` or `.jpeg` is a JPEG of quality 85, any other a PNG.
    """
    jpeg = str(path).lower().endswith((".jpg", ".jpeg"))
    options = {"format": "JPEG", "quality": 85} if jpeg else {"format": "PNG"}
    with files.replacing(path) as temporary:
        as_pillow(image, scale).save(temporary, **options)


def save_animation(path, frames, scale=2, fps=12, quality=None):
    """Writes images `(height, width, channels)` as an endless WebP animation.

    Args:
        path: File; all browsers show a `.webp`.
        frames: Images of one shape, uint8 or floats in [0, 1], at least one.
        scale: Pixels of the file to a pixel of the image, each way.
        fps: Frames a second, in (0, 1000].
        quality: From 0 to 100, lossless above 100; None is lossless for grey images, and 90 for
            colours, where 64 frames of faces took a third of the bytes.

    Raises:
        ValueError: There is no frame, they differ in shape, or `fps` is out of its range.
        ImportError: Pillow was built without WebP.

    Example:
        >>> save_animation("walk.webp", [grid(frame) for frame in plots.closed_walk(model, 16)])
    """
    from PIL import features

    shapes = {np.shape(frame) for frame in frames}
    if len(shapes) != 1 or not 0 < fps <= 1000:
        raise ValueError(
            "`frames` must be images of one shape, at least one, and `fps` in (0, 1000]. "
            f"Received: shapes={sorted(shapes)}, fps={fps}"
        )
    if not features.check("webp"):
        raise ImportError("Pillow must be one with WebP: install its wheel, `pip install pillow`.")
    if quality is None:
        quality = 101 if np.shape(frames[0])[-1] == 1 else 90
    first, *rest = [as_pillow(frame, scale).convert("RGB") for frame in frames]
    with files.replacing(path) as temporary:
        first.save(
            temporary,
            format="WEBP",
            save_all=True,
            append_images=rest,
            duration=round(1000 / fps),
            loop=0,
            lossless=quality > 100,
            quality=min(quality, 100),
        )


def as_pillow(image, scale=1):
    """Returns an image `(height, width, channels)` as Pillow's, each pixel `scale` wide."""
    from PIL import Image

    pixels = np.repeat(np.repeat(to_uint8(image), scale, axis=0), scale, axis=1)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def to_float(images):
    """Returns images as float64 in [0, 1]; uint8 is divided by 255."""
    images = np.asarray(images)
    return images / 255.0 if images.dtype == np.uint8 else images.astype("float64")


def to_uint8(images):
    """Returns images as uint8 in [0, 255]; floats are clipped to [0, 1] first."""
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images
    return np.rint(np.clip(images, 0.0, 1.0) * 255.0).astype("uint8")
