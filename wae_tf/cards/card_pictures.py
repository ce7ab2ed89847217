"""Small copies of a report's pictures, for the card of a zoo entry."""

import io
import pathlib

from wae_tf import files

__all__ = ["keep_pictures"]

_ONCE = ("reconstructions", "interpolations", "codes")  # The same whatever samples are drawn.
# Colours and scale, from good to small.
_QUALITIES = ((256, 1.0), (64, 1.0), (32, 1.0), (64, 0.7), (32, 0.7), (32, 0.5), (32, 0.35))


def keep_pictures(pictures, directory, kind, nearest):
    """Copies the pictures that a card shows, made smaller.

    Args:
        pictures: Directory `pictures` of a report.
        directory: The zoo entry's directory, which gets `samples_KIND.png`,
            `reconstructions.png`, `codes.png`, `interpolations.png` and
            `nearest_training_images.png`, each of those that are there.
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
            _copy_small(pictures / f"{source}.png", directory / f"{target}.png")


def _copy_small(source, target, max_bytes=120_000):
    """Writes a PNG with few colours, of the best quality that is no larger than `max_bytes`."""
    from PIL import Image

    with Image.open(source) as image:
        image = image.convert("RGB")
    for colours, scale in _QUALITIES:
        size = [max(round(side * scale), 1) for side in image.size]
        small = image if scale == 1.0 else image.resize(size, Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        small.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        if buffer.tell() <= max_bytes:
            break
    with files.replacing(target) as temporary:
        temporary.write_bytes(buffer.getvalue())
