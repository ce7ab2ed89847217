"""Checks pictures: planes and pixels first, then what is drawn, then errors."""

import csv

import keras
import matplotlib
import numpy as np
import pytest
import tiny
from matplotlib.path import Path
from PIL import Image
from scipy.stats import ortho_group

import wae_tf
from wae_tf import plots
from wae_tf.plots import pictures, style


def criterion(codes, plane, variance=1.0):
    """How far codes in a plane are from N(0, variance I): the formula, the slow way."""
    points = codes @ plane
    covariance = np.cov(points, rowvar=False) - variance * np.eye(2)
    return np.sum(covariance**2) + np.sum(points.mean(axis=0) ** 2)


def texts(figure):
    """All words of a figure: titles, captions, labels, ticks, legends."""
    found = " ".join(t.get_text() for t in figure.findobj(matplotlib.text.Text))
    return found.replace("\n", " ")


# Planes.


def test_least_gaussian_plane_beats_random_planes_and_its_neighbours(rng):
    codes = rng.normal(size=(300, 5)) * [0.3, 1.0, 1.6, 1.0, 0.9] + [0.0, 1.2, 0.0, 0.4, 0.0]
    plane = plots.least_gaussian_plane(codes)
    np.testing.assert_allclose(plane.T @ plane, np.eye(2), atol=1e-8)
    best = criterion(codes, plane)
    rivals = [np.linalg.qr(rng.normal(size=(5, 2)))[0] for _ in range(3000)]
    rivals += [np.linalg.qr(plane + 0.01 * rng.normal(size=(5, 2)))[0] for _ in range(100)]
    assert best >= max(criterion(codes, rival) for rival in rivals) - 1e-9


def test_least_gaussian_plane_of_centred_codes_is_that_of_the_largest_eigenvalues(rng):
    codes = rng.normal(size=(4000, 4)) * [0.1, 1.0, 1.0, 3.0]
    codes -= codes.mean(axis=0)
    values = np.linalg.eigvalsh(np.cov(codes, rowvar=False)) - 1.0
    largest = np.sort(values**2)[-2:].sum()
    plane = plots.least_gaussian_plane(codes)
    assert criterion(codes, plane) == pytest.approx(largest, rel=1e-6)
    np.testing.assert_allclose(np.abs(plane[[0, 3]]).sum(), 2.0, atol=0.02)


def test_least_gaussian_plane_turns_with_the_codes(rng):
    codes = rng.normal(size=(200, 4)) * [0.5, 1.0, 1.0, 2.0] + [0.0, 1.0, 0.0, 0.0]
    turn = ortho_group.rvs(4, random_state=0)
    ours, turned = plots.least_gaussian_plane(codes), plots.least_gaussian_plane(codes @ turn)
    np.testing.assert_allclose(turned @ turned.T, turn.T @ ours @ ours.T @ turn, atol=1e-4)


def test_principal_plane_holds_the_most_variance(rng):
    codes = rng.normal(size=(500, 3)) * [0.1, 2.0, 1.0] + 7.0
    plane = plots.principal_plane(codes)
    _, _, axes = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(np.diag(axes[:2] @ plane)), 1.0, atol=1e-6)


# Grids.


def pixels_of_axes(figure):
    """Renders a figure, and returns the part inside its axes."""
    image = plots.as_array(figure)
    box = figure.axes[0].get_window_extent()
    top = image.shape[0] - round(box.y1)
    return image[top : top + round(box.height), round(box.x0) : round(box.x1)]


@pytest.mark.parametrize("channels", [1, 3])
def test_each_pixel_is_a_square_of_its_colour(channels):
    images = tiny.images(6, shape=(5, 7, channels))
    drawn = pixels_of_axes(plots.samples(images, columns=3))
    canvas = np.broadcast_to(pictures.grid(images, 3), (11, 23, 3))
    scale = drawn.shape[0] // len(canvas)
    assert scale > 10 and drawn.shape[:2] == (11 * scale, 23 * scale)
    middle = drawn[scale // 2 :: scale, scale // 2 :: scale]
    np.testing.assert_array_equal(middle, canvas)


def test_captions_say_how_many_and_how_good(rng):
    images = tiny.images(5)
    assert "5 images." in texts(plots.samples(images))
    figure = plots.reconstructions(images, images / 255.0 * 0.5, columns=3)
    error = np.mean((images / 255.0 * 0.5) ** 2)
    assert f"mean squared error {error:.3g} per pixel" in texts(figure)
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels == ["input", "output"] * 2
    figure = plots.nearest_neighbours(images, images, [1.0, 2.5, 3.0, 2.0, 1.5])
    assert "distances from 1 to 3" in texts(figure)


def test_interpolations_show_a_way_in_each_row_between_its_ends():
    ways = tiny.images(6).reshape(2, 3, 8, 8, 1)
    ends = tiny.images(2, seed=1), tiny.images(2, seed=2)
    figure = plots.interpolations(ways, ends=ends)
    labels = [t.get_text() for t in figure.axes[0].get_xticklabels()]
    assert labels == ["input", "0", "0.5", "1", "input"]
    drawn = pixels_of_axes(figure)[..., 0]
    scale = len(drawn) // 17
    middle = drawn[scale // 2 :: scale, scale // 2 :: scale]
    np.testing.assert_array_equal(middle[:8, :8], ends[0][0, ..., 0])
    np.testing.assert_array_equal(middle[9:, -8:], ends[1][1, ..., 0])
    np.testing.assert_array_equal(middle[:8, 10:36], pictures.grid(ways[0], 3)[..., 0])


# Codes.


def test_two_dimensions_are_drawn_as_they_are(rng):
    codes, prior = rng.normal(size=(30, 2)), rng.normal(size=(20, 2))
    axes = plots.latent_scatter(codes, prior).axes[0]
    drawn = [np.asarray(c.get_offsets()) for c in axes.collections]
    np.testing.assert_allclose(drawn[0], prior)
    np.testing.assert_allclose(drawn[1], codes)
    assert axes.get_aspect() == 1.0


@pytest.mark.parametrize("plane", ["least_gaussian", "pca"])
def test_more_dimensions_are_drawn_in_a_plane(rng, plane):
    codes, prior = rng.normal(size=(50, 4)) * [1, 1, 3, 0.2], rng.normal(size=(50, 4))
    figure = plots.latent_scatter(codes, prior, plane=plane)
    if plane == "pca":
        basis = plots.principal_plane(codes)
    else:
        shifted = codes - prior.mean(axis=0)
        basis = plots.least_gaussian_plane(shifted, prior.var(axis=0).mean())
    np.testing.assert_allclose(figure.axes[0].collections[1].get_offsets(), codes @ basis)
    assert ("principal components" if plane == "pca" else "differ most") in texts(figure)
    given = plots.latent_scatter(codes, prior, plane=basis).axes[0].collections[1]
    np.testing.assert_allclose(given.get_offsets(), codes @ basis)


def test_classes_have_colours_and_names(rng):
    labels = np.arange(60) % 12
    axes = plots.latent_scatter(rng.normal(size=(60, 2)), rng.normal(size=(9, 2)), labels).axes[0]
    legend = [t.get_text() for t in axes.get_legend().get_texts()]
    assert legend == ["prior", *map(str, range(10)), "others"]
    colours = axes.collections[1].get_facecolors()
    expected = matplotlib.colors.to_rgb(style.CLASS_COLOURS[3])
    np.testing.assert_allclose(colours[labels == 3][:, :3], [expected] * 5)


def test_names_of_classes_stand_on_a_circle_of_codes(rng):
    angles = rng.uniform(0.0, 2.0 * np.pi, size=200)
    codes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    axes = plots.latent_scatter(codes, codes[::-1], np.arange(200) % 2).axes[0]
    places = [t.xy for t in axes.texts if t.get_text() in ("0", "1")]
    assert len(places) == 2
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), 1.0, rtol=1e-6)


def test_outlines_hold_half_and_nine_tenths_of_the_codes(rng):
    codes = rng.normal(size=(1500, 2)) * [1.0, 0.5] + [1.0, 0.0]
    axes = plots.aggregate_posterior(codes, rng.normal(size=(1500, 2))).axes[0]
    outlines = axes.collections[1].get_paths()  # Of the codes, after those of the prior.
    for outline, share in zip(outlines, (0.9, 0.5), strict=True):
        longest = max(outline.to_polygons(), key=len)
        assert np.mean(Path(longest).contains_points(codes)) == pytest.approx(share, abs=0.04)


def test_each_dimension_has_its_quantiles(rng):
    codes, prior = rng.normal([0.0, 1.0, 2.0], size=(200, 3)), rng.normal(size=(200, 3))
    axes = plots.aggregate_posterior(codes, prior).axes[1]
    outer = np.array([segment[:, 1] for segment in axes.collections[0].get_segments()])
    np.testing.assert_allclose(outer, np.quantile(codes, [0.05, 0.95], axis=0).T)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), np.median(codes, axis=0))


def test_of_many_dimensions_those_that_differ_most_have_quantiles(rng):
    codes, prior = rng.normal(size=(400, 40)), rng.normal(size=(400, 40))
    codes[:, [3, 30]] += 2.0
    axes = plots.aggregate_posterior(codes, prior, plane=np.eye(40)[:, :2]).axes[1]
    shown = [int(t.get_text()) for t in axes.get_xticklabels()]
    assert len(shown) == 16 and {4, 31} <= set(shown)
    medians = axes.lines[0].get_ydata()
    np.testing.assert_allclose(medians, np.median(codes, axis=0)[np.array(shown) - 1])


def test_single_images_have_circles_of_two_standard_deviations(rng):
    codes, prior = rng.normal(size=(100, 2)), rng.normal(size=(100, 2))
    points = np.array([[1.0, 2.0]])[:, None] + 0.3 * rng.normal(size=(1, 2000, 2))
    axes = plots.aggregate_posterior(codes, prior, points).axes[0]
    (circle,) = axes.patches
    np.testing.assert_allclose(circle.center, [1.0, 2.0], atol=0.05)
    assert circle.radius == pytest.approx(0.6, abs=0.05)


def test_codes_of_one_dimension_or_of_none_are_drawn(rng):
    codes = rng.normal(size=(50, 1))
    plots.as_array(plots.latent_scatter(codes, codes))
    plots.as_array(plots.aggregate_posterior(codes, codes))
    collapsed = np.zeros((50, 3))
    plots.as_array(plots.aggregate_posterior(collapsed, rng.normal(size=(50, 3))))


# Walks.


@pytest.mark.parametrize("prior", ["normal", "uniform", "sphere"])
def test_walks_pass_through_the_codes_and_keep_to_the_support(prior, monkeypatch):
    model = wae_tf.build_model(tiny.config(prior=prior))
    images = tiny.images(4)
    decoded = []
    decode = model.decode
    monkeypatch.setattr(model, "decode", lambda z, b: decoded.append(z) or decode(z, b))
    walks = plots.random_directions(model, images, steps=5, length=0.2)
    assert walks.shape == (4, 5, 8, 8, 1)
    np.testing.assert_allclose(walks[:, 2], model.reconstruct(images), atol=1e-5)
    z = decoded[0].reshape(4, 5, 3)
    if prior == "sphere":
        np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1.0, atol=1e-6)
        angles = np.arccos(np.sum(z[:, 1:] * z[:, :-1], axis=-1))
        np.testing.assert_allclose(angles, 0.1, atol=1e-3)
    elif prior == "normal":
        steps = np.linalg.norm(np.diff(z, axis=1), axis=-1)
        np.testing.assert_allclose(steps, 0.1, rtol=0.05)
    else:
        assert np.abs(z).max() <= 1.0


@pytest.mark.parametrize("prior", ["normal", "sphere", "uniform"])
def test_a_closed_walk_passes_its_draws_on_the_support(prior, monkeypatch):
    model = wae_tf.build_model(tiny.config(prior=prior))
    decode, decoded = model.decode, []
    monkeypatch.setattr(model, "decode", lambda z, *a: decoded.append(z) or decode(z, *a))
    walk = plots.closed_walk(model, 5, stops=3, steps=4, seed=2)
    assert walk.shape == (12, 5, 8, 8, 1)
    z = decoded[0].reshape(3, 4, 5, 3)
    np.testing.assert_array_equal(z[0, 0], model.sample_codes(5, seed=2))
    np.testing.assert_allclose(walk[0], model.sample(5, seed=2), atol=1e-6)
    ends = z[:, 0]
    lengths = np.linalg.norm(z, axis=-1)
    for stop, (a, b) in enumerate(zip(ends, np.roll(ends, -1, axis=0))):
        assert np.abs(a - b).max() > 0.1
        if prior == "uniform":
            np.testing.assert_allclose(z[stop, 1], 0.75 * a + 0.25 * b, atol=1e-6)
        else:  # A quarter of the angle, and of the difference in length.
            expected = 0.75 * lengths[stop, 0] + 0.25 * np.linalg.norm(b, axis=-1)
            np.testing.assert_allclose(lengths[stop, 1], expected, rtol=1e-5)

            def angle(u, v):
                unit = [w / np.linalg.norm(w, axis=-1, keepdims=True) for w in (u, v)]
                return np.arccos(np.sum(unit[0] * unit[1], axis=-1))

            np.testing.assert_allclose(angle(a, z[stop, 1]), angle(a, b) / 4, atol=1e-3)
    if prior == "sphere":
        np.testing.assert_allclose(lengths, 1.0, atol=1e-6)
    again = plots.closed_walk(model, 5, stops=3, steps=4, seed=2)
    np.testing.assert_array_equal(again, walk)
    for wrong, lowest in (({"stops": 1}, 2), ({"steps": 0}, 1)):
        (name,) = wrong
        with pytest.raises(ValueError, match=f"`{name}` must be an integer, at least {lowest}"):
            plots.closed_walk(model, 1, **wrong)


# Curves.


@pytest.fixture
def rows():
    return [
        {"epoch": e, "loss": 9.0 / e, "val_loss": 10.0 / e, "divergence": e - 2.0, "seconds": 1.0}
        for e in (1, 2, 3)
    ]


def test_losses_are_read_from_file_history_or_rows(rows, tmp_path):
    with open(tmp_path / "history.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    history = keras.callbacks.History()
    history.epoch = [0, 1, 2]
    history.history = {name: [row[name] for row in rows] for name in rows[0] if name != "epoch"}
    for source in (rows, tmp_path, tmp_path / "history.csv", history):
        figure = plots.losses(source)
        left, right = figure.axes[:2]
        np.testing.assert_allclose(left.lines[0].get_xydata(), [(1, 9.0), (2, 4.5), (3, 3.0)])
        np.testing.assert_allclose(left.lines[1].get_ydata(), [10.0, 5.0, 10.0 / 3.0])
        assert (left.get_title("left"), right.get_title("left")) == (
            "objective, Eq. (4)",
            "divergence",
        )
        assert "3 epochs" in texts(figure) and "seconds" not in texts(figure)


def test_a_floor_is_drawn_beside_its_metric(rows):
    rows = [{**row, "latent_mmd": 0.1, "latent_mmd_floor": 0.01} for row in rows]
    axes = plots.losses(rows).axes[2]
    assert axes.get_title("left") == "MMD of codes, squared"
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["held out", "floor"]
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 0.01)


# Output.


def test_a_saved_figure_is_the_one_drawn(tmp_path):
    figure = plots.samples(tiny.images(4))
    plots.save(tmp_path / "samples.png", figure)
    saved = np.asarray(Image.open(tmp_path / "samples.png").convert("RGB"))
    np.testing.assert_array_equal(saved, plots.as_array(figure))
    assert [path.name for path in tmp_path.iterdir()] == ["samples.png"]


def test_pictures_leave_matplotlib_as_it_was(rows):
    import matplotlib.pyplot as plt

    with matplotlib.rc_context({"font.size": 23.0, "axes.grid": False}):
        before = dict(matplotlib.rcParams)
        figure = plots.losses(rows)
        assert dict(matplotlib.rcParams) == before
        assert figure.axes[0].xaxis.label.get_size() == 10.0  # Its own look all the same.
    assert plt.get_fignums() == []


# Errors.


@pytest.mark.parametrize(
    "draw, message",
    [
        (lambda: plots.samples(np.zeros((0, 8, 8, 1))), "n >= 1"),
        (lambda: plots.reconstructions(tiny.images(2), tiny.images(3)), "one shape. Received"),
        (lambda: plots.interpolations(tiny.images(2)), r"\(n, steps, height, width, channels\)"),
        (lambda: plots.losses([]), "at least one epoch with a loss. Received: 0 epochs"),
        (lambda: plots.least_gaussian_plane(np.zeros((5, 1))), "both at least 2"),
        (lambda: plots.principal_plane(np.full((5, 3), np.nan)), "`codes` must be finite"),
        (lambda: plots.latent_scatter(np.zeros((5, 2)), np.zeros((5, 3))), "n and m at least 2"),
        (lambda: plots.latent_scatter(np.zeros((5, 2)), np.full((5, 2), np.nan)), "`prior_codes`"),
        (
            lambda: plots.latent_scatter(np.ones((5, 2)), np.ones((5, 2)), labels=[1, 2]),
            r"one class for each code, shape \(5,\). Received: shape=\(2,\)",
        ),
        (
            lambda: plots.latent_scatter(np.ones((5, 3)), np.ones((5, 3)), plane="tsne"),
            r"one of \['least_gaussian', 'pca'\], or an array. Received: plane='tsne'",
        ),
        (
            lambda: plots.latent_scatter(np.ones((5, 3)), np.ones((5, 3)), plane=np.eye(2)),
            r"`plane` must have shape \(3, 2\)",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_a_missing_history_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="history.csv that exists.*Received: .*none.csv"):
        plots.losses(tmp_path / "none.csv")


def test_walks_need_a_middle():
    with pytest.raises(ValueError, match="`steps` must be odd and at least 3. Received: steps=4"):
        plots.random_directions(wae_tf.build_model(tiny.config()), tiny.images(2), steps=4)
