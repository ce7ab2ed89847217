"""Small copies of a report's pictures, for the card of a zoo entry."""

import io
import pathlib

from wae_tf import files

__all__ = ["find_picture", "keep_pictures"]

_ONCE = ("reconstructions", "interpolations", "codes")  # The same whatever samples are drawn.
_SUFFIXES = (".png", ".jpg")
# Mean change of a value in [0, 255] by 256 colours: photographs have more, digits and plots less.
_MAX_LOSS = 0.8
# Of a JPEG: quality and scale, from good to small.
_QUALITIES = ((92, 1.0), (85, 1.0), (75, 1.0), (85, 0.7), (75, 0.7), (75, 0.5), (75, 0.35))


def keep_pictures(pictures, directory, kind, nearest):
    """Copies the pictures that a card shows, made smaller.

    Args:
        pictures: Directory `pictures` of a report.
        directory: The zoo entry's directory, which gets `samples_KIND`, `reconstructions`,
            `codes`, `interpolations` and `nearest_training_images`, each of those that are
            there, as `.png`, or as `.jpg` where 256 colours would show, or take more room.
        kind: Sampler that the report is of.
        nearest: Whether the samples next to training images are to be those of this sampler.

    Raises:
        ValueError: `directory` cannot be written to.
    """
    pictures, directory = pathlib.Path(pictures), files.writable_directory(directory)
    wanted = {"samples": f"samples_{kind}", **{name: name for name in _ONCE}}
    if nearest:
        wanted["nearest_training_images"] = "nearest_training_images"
    for source, target in wanted.items():
        if (pictures / f"{source}.png").is_file():
            _copy_small(pictures / f"{source}.png", directory, target)


def find_picture(directory, name):
    """Returns the path of a card's picture, which may be PNG or JPEG; None if there is none."""
    paths = [directory / f"{name}{suffix}" for suffix in _SUFFIXES]
    return next((path for path in paths if path.is_file()), None)


def _copy_small(source, directory, name, max_bytes=120_000):
    """Writes a PNG of 256 colours if they are enough and it is small, else the best small JPEG."""
    from PIL import Image, ImageChops, ImageStat

    with Image.open(source) as image:
        image = image.convert("RGB")
    reduced = image.quantize(256, dither=Image.Dither.NONE)
    lost = ImageStat.Stat(ImageChops.difference(image, reduced.convert("RGB"))).mean
    content, suffix = _encoded(reduced, "PNG"), ".png"
    if sum(lost) / len(lost) > _MAX_LOSS or len(content) > max_bytes:
        content, suffix = _small_jpeg(image, max_bytes), ".jpg"
    with files.replacing(directory / f"{name}{suffix}") as temporary:
        temporary.write_bytes(content)
    for other in set(_SUFFIXES) - {suffix}:
        (directory / f"{name}{other}").unlink(missing_ok=True)


def _small_jpeg(image, max_bytes):
    """Returns the best of `_QUALITIES` that is no larger than `max_bytes`, or the smallest."""
    from PIL import Image

    for quality, scale in _QUALITIES:
        size = [max(round(side * scale), 1) for side in image.size]
        small = image if scale == 1.0 else image.resize(size, Image.Resampling.LANCZOS)
        content = _encoded(small, "JPEG", quality=quality)
        if len(content) <= max_bytes:
            break
    return content


def _encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, optimize=True, **options)
    return buffer.getvalue()
