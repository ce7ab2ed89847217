"""Pictures of codes against the prior."""

import numpy as np

from wae_tf.arguments import check_choice, check_finite, check_labels
from wae_tf.plots.planes import least_gaussian_plane, principal_plane
from wae_tf.plots.style import CLASS_COLOURS, CODES, INK, PRIOR, new_figure, styled
from wae_tf.runtime.requirements import need

__all__ = ["aggregate_posterior", "latent_scatter"]

_PLANES = ("least_gaussian", "pca")
_MAX_POINTS = 4000  # More hide each other.
_MAX_DIMENSIONS = 16


@styled
def latent_scatter(codes, prior_codes, labels=None, *, plane="least_gaussian", title=None):
    """Shows codes by class against draws from the prior.

    Codes of two dimensions are shown as they are, those of more in a plane; those of one
    lie on a line.

    Args:
        codes: Shape `(n, latent_dim)`. Of more than 4,000, the first are drawn.
        prior_codes: Draws from the prior, shape `(m, latent_dim)`, `m >= 2`.
        labels: Classes of the codes, shape `(n,)`, up to ten different ones in colour.
        plane: `"least_gaussian"` (see `least_gaussian_plane`), `"pca"`, or an array
            `(latent_dim, 2)`; not used in two dimensions.
        title: Text above.

    Returns:
        matplotlib `Figure`.

    Raises:
        ValueError: Shapes do not fit each other, or codes are not finite.
    """
    codes, prior_codes = _codes(codes, prior_codes)
    check_labels(labels, len(codes), "code")
    basis, names, where = _plane(codes, prior_codes, plane)
    points, prior_points = (codes @ basis)[:_MAX_POINTS], (prior_codes @ basis)[:_MAX_POINTS]
    figure, axes = _axes(
        title or "Codes and the prior",
        f"{len(points):,} codes and {len(prior_points):,} draws from the prior, {where}.",
    )
    axes.scatter(*prior_points.T, s=14, c="#C0C0C0", marker="x", lw=0.7, label="prior")
    if labels is None:
        axes.scatter(*points.T, s=9, c=CODES, alpha=0.6, lw=0, label="codes")
    else:
        _scatter_classes(axes, points, np.asarray(labels)[:_MAX_POINTS])
    _finish(axes, np.concatenate([points, prior_points]), names)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), markerscale=2.0, handletextpad=0.3)
    return figure


@styled
def aggregate_posterior(
    codes, prior_codes, point_codes=None, *, plane="least_gaussian", title=None
):
    """Shows Q_Z and P_Z: where half and nine tenths of each lie, and each dimension alone.

    WAE asks Q_Z alone to look like the prior; the codes of one image may stay together
    (Tolstikhin et al., Figure 1). Those of some images show whether they do.

    Args:
        codes: Draws from Q_Z: codes of many images, shape `(n, latent_dim)`.
        prior_codes: Draws from the prior, shape `(m, latent_dim)`.
        point_codes: Codes of a few images, each encoded several times, shape
            `(images, times, latent_dim)`. From a deterministic encoder they are points.
        plane: As in `latent_scatter`.
        title: Text above.

    Returns:
        matplotlib `Figure`.

    Raises:
        ValueError: As `latent_scatter` does.
    """
    codes, prior_codes = _codes(codes, prior_codes)
    basis, names, where = _plane(codes, prior_codes, plane)
    text = (
        f"Left: outlines around 50% and 90% of {len(codes):,} codes and of {len(prior_codes):,} "
        f"prior draws, {where}. Right: medians, quartiles and 5% to 95% of each dimension."
    )
    if point_codes is not None:
        text += " Circles: codes of single images, with two standard deviations of each."
    figure, left, right = _axes(title or "Aggregate posterior and prior", text, panels=2)
    points, prior_points = codes @ basis, prior_codes @ basis
    box = np.concatenate([points[:_MAX_POINTS], prior_points[:_MAX_POINTS]])
    _outlines(left, prior_points, box, PRIOR, "dashed")
    _outlines(left, points, box, CODES, "solid")
    left.plot([], [], c=CODES, label="codes, Q_Z")
    left.plot([], [], c=PRIOR, ls="dashed", label="prior, P_Z")
    if point_codes is not None:
        _points(left, np.asarray(point_codes, "float64") @ basis)
    _finish(left, box, names)
    left.legend(loc="upper left", fontsize=9)
    _quantiles(right, codes, prior_codes)
    return figure


def _codes(codes, prior_codes):
    codes, prior_codes = np.asarray(codes, "float64"), np.asarray(prior_codes, "float64")
    for name, values in (("codes", codes), ("prior_codes", prior_codes)):
        if values.ndim != 2 or len(values) < 2 or values.shape[1:] != codes.shape[1:]:
            raise ValueError(
                "`codes` and `prior_codes` must have shapes (n, latent_dim) and (m, latent_dim), "
                f"n and m at least 2. Received: {codes.shape} and {prior_codes.shape}"
            )
        check_finite(name, values)
    return codes, prior_codes


def _plane(codes, prior_codes, plane):
    """Returns a basis `(latent_dim, 2)`, names of the axes, and words for a caption."""
    d = codes.shape[1]
    if d == 1:
        basis = np.array([[1.0, 0.0]])
        return basis, ("code", ""), "in their one dimension"
    if d == 2:
        return np.eye(2), ("code, dimension 1", "code, dimension 2"), "in their two dimensions"
    if not isinstance(plane, str):
        basis = np.asarray(plane, "float64")
        if basis.shape != (d, 2):
            raise ValueError(
                f"`plane` must have shape ({d}, 2), or be one of {list(_PLANES)}. "
                f"Received: shape={basis.shape}"
            )
        return basis, ("direction 1", "direction 2"), f"in a plane of their {d} dimensions"
    check_choice("plane", plane, _PLANES, "or an array")
    if plane == "least_gaussian":
        center = prior_codes.mean(axis=0)
        basis = least_gaussian_plane(codes - center, float(prior_codes.var(axis=0).mean()))
        words = f"in the plane of their {d} dimensions where they differ most from the prior"
    else:
        basis = principal_plane(codes)
        words = f"in the plane of the two largest of their {d} principal components"
    return basis, ("direction 1", "direction 2"), words


def _axes(title, caption, panels=1):
    figure = new_figure((6.9, 5.4) if panels == 1 else (10.2, 4.8), title, caption)
    axes = figure.subplots(1, panels)
    return (figure, axes) if panels == 1 else (figure, *axes)


def _scatter_classes(axes, points, labels):
    from matplotlib.patheffects import withStroke

    classes = np.unique(labels)
    colours = dict(zip(classes, CLASS_COLOURS, strict=False))
    drawn = np.array([colours.get(label, CLASS_COLOURS[-1]) for label in labels])
    axes.scatter(*points.T, s=9, c=drawn, alpha=0.7, lw=0)  # One call: no class on top.
    for label in classes[: len(CLASS_COLOURS)]:
        axes.scatter([], [], s=14, c=colours[label], label=str(label))
        axes.annotate(
            str(label),
            _middle(points[labels == label]),
            ha="center",
            va="center",
            fontweight="bold",
            fontsize=12,
            color=colours[label],
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )
    if len(classes) > len(CLASS_COLOURS):
        axes.scatter([], [], s=14, c=CLASS_COLOURS[-1], label="others")


def _middle(points):
    """Returns the point nearest to the median: of points on a circle, one on it."""
    median = np.median(points, axis=0)
    return points[np.argmin(np.sum((points - median) ** 2, axis=1))]


def _finish(axes, points, names):
    """Equal scales, limits that leave out the outermost thousandth."""
    low, high = np.quantile(points, [0.001, 0.999], axis=0)
    middle, half = (low + high) / 2.0, 0.56 * max(float((high - low).max()), 1e-6)
    axes.set(
        xlim=(middle[0] - half, middle[0] + half),
        ylim=(middle[1] - half, middle[1] + half),
        xlabel=names[0],
        ylabel=names[1],
        aspect="equal",
    )


def _outlines(axes, points, box, colour, style):
    """Draws the outlines of the highest density regions that hold 50% and 90%."""
    stats = need("scipy.stats", "The outline of a density")
    if np.linalg.matrix_rank(np.cov(points, rowvar=False)) < 2:
        axes.plot(*points.T, ".", c=colour, ms=3)
        return
    points = points[:2000]
    density = stats.gaussian_kde(points.T)
    low, high = box.min(axis=0), box.max(axis=0)
    margin = 0.1 * (high - low)
    x, y = (np.linspace(low[i] - margin[i], high[i] + margin[i], 80) for i in (0, 1))
    grid = density(np.stack(np.meshgrid(x, y)).reshape(2, -1)).reshape(80, 80)
    levels = np.quantile(density(points.T), [0.1, 0.5])
    axes.contour(x, y, grid, levels=levels, colors=colour, linestyles=style, linewidths=1.6)


def _points(axes, points):
    from matplotlib.patches import Circle

    for i, cloud in enumerate(points[:12]):
        center = cloud.mean(axis=0)
        radius = 2.0 * float(np.sqrt(np.mean(np.var(cloud, axis=0))))
        axes.plot(*center, "o", c=INK, ms=4, label=None if i else "single images")
        axes.add_patch(Circle(center, radius, fill=False, ec=INK, lw=1.0))


def _quantiles(axes, codes, prior_codes):
    """Draws quantiles of each dimension, or of those that differ most where there are many."""
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    ours, prior = (np.quantile(values, levels, axis=0) for values in (codes, prior_codes))
    d, label = codes.shape[1], "dimension of the codes"
    shown = np.arange(d)
    if d > _MAX_DIMENSIONS:
        differing = np.argsort(-np.abs(ours - prior).sum(axis=0), kind="stable")
        shown = np.sort(differing[:_MAX_DIMENSIONS])
        label += f", the {_MAX_DIMENSIONS} of {d} that differ most"
    at = np.arange(len(shown))
    for values, colour, side in ((ours, CODES, -0.17), (prior, PRIOR, 0.17)):
        values = values[:, shown]
        axes.vlines(at + side, values[0], values[4], colors=colour, lw=1.2)
        axes.vlines(at + side, values[1], values[3], colors=colour, lw=5.0)
        axes.plot(at + side, values[2], "o", c="white", mec=colour, ms=5.0)
    axes.set(xlabel=label, ylabel="code", xlim=(-0.7, len(shown) - 0.3))
    axes.set_xticks(at, shown + 1)
    axes.grid(axis="x", visible=False)
