"""Pictures made of images: samples, reconstructions, interpolations, neighbours."""

import numpy as np

from wae_tf.plots import pictures
from wae_tf.plots.style import add_texts, styled

__all__ = ["interpolations", "nearest_neighbours", "reconstructions", "samples"]

_WIDTH = 760  # Screen pixels that a grid fills, roughly, where its images are not larger.
_MARGIN, _ROW_LABELS, _COLUMN_LABELS, _MIN_WIDTH = 16, 82, 28, 500


@styled
def samples(images, *, columns=None, title="Samples", caption=None):
    """Shows a grid of images.

    Args:
        images: Shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
        columns: Images in a row; by default the grid is about square.
        title: Text above.
        caption: Text below; by default the number of images.

    Returns:
        matplotlib `Figure`.

    Raises:
        ValueError: The shape is another one, or there are no images.

    Example:
        >>> plots.samples(model.sample(64, seed=0))
    """
    canvas = pictures.grid(images, columns)
    return _figure(canvas, title, _default(caption, f"{len(images)} images."))


@styled
def reconstructions(images, reconstructed, *, columns=12, title="Reconstructions", caption=None):
    """Shows rows of images, each above the row of its reconstructions.

    Args:
        images: Shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
        reconstructed: The same images as the model returns them.
        columns: Images in a row.
        title: Text above.
        caption: Text below; by default the mean squared error.

    Returns:
        matplotlib `Figure`.

    Example:
        >>> plots.reconstructions(images[:36], model.reconstruct(images[:36]))
    """
    _check_pairs(images, reconstructed)
    error = np.mean((pictures.to_float(images) - pictures.to_float(reconstructed)) ** 2)
    caption = _default(caption, f"{len(images)} images; mean squared error {error:.3g} per pixel.")
    return _pairs(images, reconstructed, columns, ("input", "output"), title, caption)


@styled
def nearest_neighbours(
    images, neighbours, distances=None, *, columns=12, title="Nearest neighbours", caption=None
):
    """Shows rows of samples, each above the row of their nearest training images.

    Args:
        images: Samples, shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
        neighbours: The nearest training image of each, same shape.
        distances: Their distances, shape `(n,)`, for the caption.
        columns: Samples in a row.
        title: Text above.
        caption: Text below; by default the range of distances.

    Returns:
        matplotlib `Figure`.
    """
    _check_pairs(images, neighbours)
    text = f"{len(images)} samples, each above its nearest training image"
    if distances is not None:
        text += f"; distances from {np.min(distances):.3g} to {np.max(distances):.3g}"
    caption = _default(caption, text + ".")
    return _pairs(images, neighbours, columns, ("sample", "nearest"), title, caption)


@styled
def interpolations(images, ends=None, *, ticks=None, title="Interpolations", caption=None):
    """Shows one way through the codes in each row.

    Args:
        images: Shape `(n, steps, height, width, channels)`, as `model.interpolate` returns
            them; uint8 or floats in [0, 1].
        ends: Pair of image arrays `(n, height, width, channels)` to show at the left and
            right, such as the images whose codes the ways join.
        ticks: One label for each step; by default the fraction of the way.
        title: Text above.
        caption: Text below.

    Returns:
        matplotlib `Figure`.

    Raises:
        ValueError: The images have another shape.

    Example:
        >>> plots.interpolations(model.interpolate(a, b), ends=(a, b))
    """
    images = np.asarray(images)
    if images.ndim != 5 or 0 in images.shape:
        raise ValueError(
            "`images` must have shape (n, steps, height, width, channels). "
            f"Received: shape={images.shape}"
        )
    n, steps, _, width, _ = images.shape
    canvas = pictures.grid(images.reshape(n * steps, *images.shape[2:]), steps)
    ticks = [f"{t:.3g}" for t in np.linspace(0.0, 1.0, steps)] if ticks is None else ticks
    columns = [(i * (width + 1) + width / 2, text) for i, text in enumerate(ticks)]
    if ends is not None:
        left, right = (pictures.grid(part, 1) for part in ends)
        gap = np.full((len(canvas), max(width // 4, 2), canvas.shape[2]), 255, "uint8")
        shift = width + gap.shape[1]
        columns = [(x + shift, text) for x, text in columns]
        columns = [
            (width / 2, "input"),
            *columns,
            (shift + canvas.shape[1] + gap.shape[1] + width / 2, "input"),
        ]
        canvas = np.concatenate([left, gap, canvas, gap, right], axis=1)
    return _figure(canvas, title, _default(caption, f"{n} ways of {steps} steps."), columns=columns)


def _check_pairs(above, below):
    if np.shape(above) != np.shape(below):
        raise ValueError(
            "Both sets of images must have one shape. "
            f"Received: {np.shape(above)} and {np.shape(below)}"
        )


def _pairs(above, below, columns, names, title, caption):
    columns = max(min(columns, len(above)), 1)
    canvas = pictures.comparison(above, below, columns)
    height = np.shape(above)[1]
    rows = [
        (i * (height + 1) + height / 2, names[i % 2]) for i in range(2 * -(-len(above) // columns))
    ]
    return _figure(canvas, title, caption, rows=rows)


def _figure(canvas, title, caption, *, rows=(), columns=()):
    """Draws pixels as whole squares of the screen's, with ticks for rows and columns."""
    import matplotlib
    from matplotlib.figure import Figure

    dpi = matplotlib.rcParams["figure.dpi"]
    scale = max(1, round(_WIDTH / canvas.shape[1]))
    height, width = scale * canvas.shape[0], scale * canvas.shape[1]
    left = _MARGIN + (_ROW_LABELS if rows else 0)
    under = _COLUMN_LABELS if columns else 0
    size = max(left + width + _MARGIN, _MIN_WIDTH) / dpi, (height + under) / dpi
    figure = Figure(figsize=size)
    below, _ = add_texts(figure, title, caption)
    total_width, total_height = (round(dpi * inches) for inches in figure.get_size_inches())
    figure.set_size_inches((total_width + 0.01) / dpi, (total_height + 0.01) / dpi)
    bottom = round(dpi * below) + under
    axes = figure.add_axes(
        (left / total_width, bottom / total_height, width / total_width, height / total_height)
    )
    pixels = np.repeat(np.repeat(canvas, scale, axis=0), scale, axis=1)
    pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))  # Grey stays exact as a colour.
    extent = (0, canvas.shape[1], canvas.shape[0], 0)
    axes.imshow(pixels, extent=extent, aspect="auto", interpolation="nearest")
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_yticks([y for y, _ in rows], [text for _, text in rows])
    axes.set_xticks([x for x, _ in columns], [text for _, text in columns])
    axes.tick_params(length=0, labelsize=9)
    return figure


def _default(text, otherwise):
    return otherwise if text is None else text
