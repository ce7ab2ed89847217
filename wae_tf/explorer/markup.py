"""Pictures as HTML that needs no files and no requests: each image lies in the text itself."""

import base64
import html
import io

import numpy as np

from wae_tf.plots import pictures
from wae_tf.plots.style import CLASS_COLOURS

__all__ = ["data_uri", "facts", "figure", "framed", "image", "map_of", "row", "strip", "tiles"]

_SMOOTH_FROM = 48  # Pixels: smaller images are shown as the squares that they are.


def data_uri(image):
    """Returns one image `(height, width, channels)` as PNG in a `data:` address, lossless."""
    content = io.BytesIO()
    pictures.as_pillow(image).save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


def figure(pixels, alt, caption="", file_name=None):
    """Shows one image, large.

    Args:
        pixels: Shape `(height, width, channels)`, uint8 or floats in [0, 1].
        alt: What a screen reader says.
        caption: Text below.
        file_name: Name under which a link offers it as PNG file; None for no link.
    """
    below = f"<span>{html.escape(caption)}</span>" if caption else ""
    if file_name:
        uri = data_uri(pixels)
        below += f' <a href="{uri}" download="{html.escape(file_name)}">Download PNG</a>'
    below = f"<figcaption>{below}</figcaption>" if below else ""
    return f'<figure class="wae-figure">{image(pixels, alt)}{below}</figure>'


def row(figures):
    """Puts figures side by side; they wrap where the page is narrow."""
    return f'<div class="wae-row">{"".join(figures)}</div>'


def tiles(images, names, columns=None, file_name=None, pressed=None):
    """Shows images as buttons, which report their number when they are pressed.

    Args:
        images: Shape `(n, height, width, channels)`.
        names: What each is called, by a screen reader and to the user who chooses it.
        columns: Images in a row; by default as many as fit.
        file_name: Name under which a link offers all as one PNG file; None for no link.
        pressed: Number of the one that is chosen.
    """
    buttons = [
        f'<button type="button" data-index="{i}" aria-pressed="{str(i == pressed).lower()}" '
        f'aria-label="{html.escape(name)}" title="{html.escape(name)}">'
        f"{image(pixels, '')}</button>"
        for i, (pixels, name) in enumerate(zip(images, names, strict=True))
    ]
    style = f' style="grid-template-columns: repeat({columns}, 1fr)"' if columns else ""
    link = ""
    if file_name:
        uri = data_uri(pictures.grid(images))
        link = f'<a href="{uri}" download="{html.escape(file_name)}">Download all as PNG</a>'
    kind = "wae-tiles" if columns is None else "wae-tiles wae-fixed"
    group = f'class="{kind}" role="group" aria-label="Images to choose"{style}'
    return f"<div {group}>{''.join(buttons)}</div>{link}"


def strip(images, alt):
    """Shows images as one band, left to right."""
    parts = "".join(image(pixels, "") for pixels in images)
    return f'<div class="wae-strip" role="img" aria-label="{html.escape(alt)}">{parts}</div>'


def framed(image, box, alt):
    """Shows a picture with what lies outside a rectangle dimmed.

    Args:
        image: uint8 array `(height, width, channels)`.
        box: `(left, upper, right, lower)`.
        alt: What a screen reader says.
    """
    height, width = image.shape[:2]
    left, upper, right, lower = box
    inside = f"M{left} {upper}H{right}V{lower}H{left}Z"
    return (
        f'<svg class="wae-framed" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{html.escape(alt)}"><image href="{data_uri(image)}" width="{width}" '
        f'height="{height}"/><path d="M0 0H{width}V{height}H0Z{inside}" fill="#000" '
        f'fill-opacity="0.6" fill-rule="evenodd"/><path d="{inside}" fill="none" '
        f'stroke="#fff" stroke-width="2" vector-effect="non-scaling-stroke"/></svg>'
    )


def map_of(images, points, labels=None, names=()):
    """Shows the map of a plane: decoded images, and codes on them; points can be chosen.

    Args:
        images: The map's tiles, by row from the top left, shape `(side**2, ...)`; None for
            codes alone.
        points: Codes on it, shape `(n, 2)`, in units of the extent: [-1, 1]; None for images
            alone.
        labels: Class of each point, integers from 0; None where they are not known.
        names: What the classes are called; those that occur get a legend.
    """
    parts = []
    if images is not None:
        uri = data_uri(pictures.grid(images, gap=0))
        parts.append(
            f'<image href="{uri}" x="-1" y="-1" width="2" height="2" '
            f'preserveAspectRatio="none"{_pixelated(images[0])}/>'
        )
    legend = ""
    if points is not None:
        labels = np.zeros(len(points), int) if labels is None else np.asarray(labels)
        parts += [
            f'<circle cx="{x:.3f}" cy="{-y:.3f}" r="0.012" fill="{_colour(k)}"/>'
            for (x, y), k in zip(points, labels)
            if max(abs(x), abs(y)) <= 1.0
        ]
        legend = "".join(
            f'<li><span style="background:{_colour(k)}"></span>{html.escape(str(names[k]))}</li>'
            for k in np.unique(labels)
            if k < len(names)
        )
        legend = f'<ul class="wae-legend">{legend}</ul>' if legend else ""
    return (
        '<div class="wae-map" tabindex="0" role="application" aria-label="Map of codes. Arrow '
        'keys move the point that is decoded; with Shift in larger steps.">'
        f'<svg viewBox="-1 -1 2 2" aria-hidden="true">{"".join(parts)}'
        '<g class="wae-cross"><circle r="0.035"/><circle r="0.035"/></g></svg></div>'
        f"{legend}"
    )


def facts(pairs):
    """Shows names with their values: pairs of texts, or of three with what the value means."""
    rows = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd><b>{html.escape(value)}</b>"
        f"{''.join(f' <span>{html.escape(text)}</span>' for text in rest)}</dd></div>"
        for name, value, *rest in pairs
    )
    return f'<dl class="wae-facts">{rows}</dl>'


def image(pixels, alt):
    """Shows one image as it is; arguments as of `figure`."""
    return f'<img src="{data_uri(pixels)}" alt="{html.escape(alt)}"{_pixelated(pixels)}>'


def _pixelated(image):
    return ' class="wae-pixels"' if max(np.shape(image)[:2]) < _SMOOTH_FROM else ""


def _colour(k):
    return CLASS_COLOURS[int(k) % len(CLASS_COLOURS)]
