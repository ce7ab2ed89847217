"""Figures as arrays, as bytes, as files."""

import io

import numpy as np

from wae_tf import files

__all__ = ["as_array", "as_png", "save"]


def as_array(figure):
    """Renders a figure to an image `(height, width, 3)`, uint8."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def as_png(figure):
    """Renders a figure to the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def save(path, figure):
    """Writes a figure as PNG file, complete or not at all.

    Args:
        path: Where to, ending in `.png`.
        figure: Matplotlib figure, such as the functions of this package return.

    Example:
        >>> save("samples.png", plots.samples(model.sample(16, seed=0)))
    """
    with files.replacing(path) as temporary:
        temporary.write_bytes(as_png(figure))
