"""From one encoded image to one uint8 array."""

import dataclasses
import io

import numpy as np

from wae_tf.arguments import check_integers
from wae_tf.runtime.requirements import need

__all__ = ["FORMATS", "Preparation", "decode", "require_pillow"]

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")

_POSITIVE = range(1, 2**63)


@dataclasses.dataclass(frozen=True)
class Preparation:
    """Centre crop, antialiased resize and channels, applied to each image.

    1. With `crop`, the centred `crop` rectangle is cut out; without, the largest centred
       rectangle with the aspect ratio of `image_shape`. Odd margins leave the smaller
       half above and to the left.
    2. Pillow's LANCZOS filter resizes to `image_shape`. The authors of WAE used it (as
       `Image.ANTIALIAS`), and it widens with the reduction, so that shrinking averages
       pixels instead of skipping them. An image which has the size already is untouched.
    3. Channels become those of `image_shape`: grey is repeated, colour is weighted by
       ITU-R 601 luma. Before that, alpha is composited on white, and palettes become RGB.

    Args:
        image_shape: `(height, width, channels)` with 1 or 3 channels; None keeps each
            image's size and channels.
        crop: `(height, width)` to cut out first; None for the largest rectangle.

    Raises:
        ValueError: if either is not a tuple of positive integers as above.
    """

    image_shape: tuple | None = None
    crop: tuple | None = None

    def __post_init__(self):
        shapes = (("image_shape", "(height, width, channels)", 3), ("crop", "(height, width)", 2))
        for name, meaning, size in shapes:
            value = getattr(self, name)
            if value is not None:
                value = tuple(value) if isinstance(value, list) else value
                form = f"a tuple {meaning} of positive integers, or None to leave it out"
                value = check_integers(name, value, form, [_POSITIVE] * size)
                object.__setattr__(self, name, value)
        if self.image_shape is not None and self.image_shape[2] not in (1, 3):
            raise ValueError(
                "`image_shape` must end in 1 channel (grey) or 3 (RGB); alpha is composited on "
                f"white. Received: image_shape={self.image_shape}"
            )

    def keeps(self, shape):
        """Returns whether an image of shape `(height, width, channels)` stays as it is."""
        same_size = self.crop is None or tuple(shape[:2]) == self.crop
        return same_size and shape[2] in (1, 3) and self.image_shape in (None, tuple(shape))

    def __call__(self, image, channels=None):
        """Returns the prepared uint8 array, shape `(height, width, channels)`.

        Args:
            image: Pillow image.
            channels: 1 or 3, where `image_shape` is None and the source decides.

        Raises:
            ValueError: if the image is smaller than `crop`.
        """
        image = _with_channels(image, self.image_shape[2] if self.image_shape else channels)
        image = image.crop(self._box(*image.size))
        if self.image_shape is not None:
            height, width, _ = self.image_shape
            if image.size != (width, height):
                from PIL import Image

                image = image.resize((width, height), Image.Resampling.LANCZOS)
        array = np.asarray(image)
        return array[..., None] if array.ndim == 2 else array

    def _box(self, width, height):
        """Returns the rectangle to cut out, as Pillow's (left, upper, right, lower)."""
        if self.crop is not None:
            rows, columns = self.crop
            if rows > height or columns > width:
                raise ValueError(
                    f"`crop` must fit inside every image, and one is {height}x{width}. Use a "
                    f"smaller crop, or leave the image out. Received: crop={self.crop}"
                )
        elif self.image_shape is not None:
            target_height, target_width, _ = self.image_shape
            rows = min(height, max(1, round(width * target_height / target_width)))
            columns = min(width, max(1, round(height * target_width / target_height)))
        else:
            rows, columns = height, width
        top, left = (height - rows) // 2, (width - columns) // 2
        return left, top, left + columns, top + rows


def decode(content):
    """Turns encoded bytes, or an array `(height, width, channels)`, into a Pillow image.

    Of an animation the first frame is taken; the EXIF orientation is applied.
    """
    from PIL import ExifTags, Image

    if isinstance(content, np.ndarray):
        return Image.fromarray(content[..., 0] if content.shape[-1] == 1 else content)
    # By hand: `ImageOps.exif_transpose` rewrites the metadata, and fails on some.
    upright = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        image.load()
        method = upright.get(image.getexif().get(ExifTags.Base.Orientation))
        return image.copy() if method is None else image.transpose(method)


def _with_channels(image, channels):
    """Returns the image as mode L (1 channel) or RGB (3); None keeps what it has."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion would clip it.
        return _with_channels(
            Image.fromarray(np.clip(np.rint(np.asarray(image) / 257.0), 0, 255).astype("uint8")),
            channels,
        )
    grey = image.mode in ("1", "L", "LA", "La")
    if channels is None:
        channels = 1 if grey else 3
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("L" if channels == 1 else "RGB")


def require_pillow():
    """Raises an ImportError that says what to install, unless Pillow is."""
    need("PIL.Image", "Decoding, cropping or resizing of images")
