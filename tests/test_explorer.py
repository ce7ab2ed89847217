"""Checks what the explorer's page shows, as functions on models and arrays."""

import io

import numpy as np
import pytest
import tiny
from PIL import Image

import wae_tf
from wae_tf import zoo
from wae_tf.explorer import analysis, directions, drawing, open_model, paths, uploads


@pytest.fixture(scope="module")
def model():
    """Returns a model of images 8x8x1 with three dimensions and a mixture of two."""
    model = wae_tf.build_model(tiny.config())
    wae_tf.samplers.fit(model, tiny.images(60), kind="gmm", components=2)
    return model


@pytest.mark.parametrize("sampler", ["prior", "gmm"])
def test_at_temperature_1_codes_are_those_of_the_models_samples(model, sampler):
    codes = drawing.draw_codes(model, 5, seed=3, sampler=sampler)
    np.testing.assert_array_equal(model.decode(codes), model.sample(5, seed=3, sampler=sampler))


def test_at_temperature_0_a_mixture_gives_its_means(model):
    means = model.samplers["gmm"].arrays["means"]
    codes = drawing.draw_codes(model, 20, sampler="gmm", temperature=0.0)
    distances = np.abs(codes[:, None] - means[None]).max(axis=2)
    assert distances.min(axis=1).max() < 1e-6


def test_moments_of_a_mixture_are_those_of_its_draws(model):
    mean, covariance = drawing.moments(model, "gmm")
    draws = model.samplers["gmm"].draw(200_000, seed=1)
    scale = np.trace(covariance) ** 0.5
    np.testing.assert_allclose(mean, draws.mean(axis=0), atol=0.01 * scale)
    np.testing.assert_allclose(covariance, np.cov(draws.T), atol=0.02 * scale**2)


def test_directions_diagonalise_the_covariance(model):
    found = directions.principal_directions(model)
    _, covariance = drawing.moments(model, "gmm")
    expected = np.diag(found.stddevs**2)
    np.testing.assert_allclose(found.axes @ covariance @ found.axes.T, expected, atol=1e-9)
    assert np.all(np.diff(found.stddevs) <= 0)
    moved = found.move(np.zeros(3), [2.0])
    np.testing.assert_allclose(moved, 2.0 * found.stddevs[0] * found.axes[0], rtol=1e-5)


def test_named_directions_are_called_so(model):
    found = directions.principal_directions(model, {1: "light to dark", 3: "slim to round"})
    shares = found.stddevs**2 / np.sum(found.stddevs**2)
    assert found.label(0) == f"1: light to dark ({shares[0]:.1%} of the variance)"
    assert found.label(1) == f"Direction 2 ({shares[1]:.1%} of the variance)"
    assert found.label(2) == f"3: slim to round ({shares[2]:.1%} of the variance)"


def test_names_belong_to_one_fit_of_one_sampler():
    entry = {
        "samplers": {"gmm": {"sha256": "a" * 64}, "flow": {"sha256": "b" * 64}},
        "directions": {"sampler_sha256": "a" * 64, "names": {"2": "blue to orange"}},
    }
    assert directions.names_of(entry, "gmm") == {2: "blue to orange"}
    assert directions.names_of(entry, "flow") == {}
    assert directions.names_of(entry, "prior") == {}
    assert directions.names_of({}, "gmm") == {}


def test_names_of_an_entry_go_when_its_sampler_is_fitted_again(tmp_path):
    model = wae_tf.build_model(tiny.config())
    wae_tf.samplers.fit(model, tiny.images(60), kind="gmm", components=2)
    zoo.save_entry(tmp_path / "entry", model, tiny.config())
    digest = zoo.read_entry(tmp_path / "entry")["samplers"]["gmm"]["sha256"]
    named = {"sampler_sha256": digest, "names": {"1": "light to dark"}}
    zoo.update_entry(tmp_path / "entry", directions=named)
    assert open_model(tmp_path / "entry").directions.label(0).startswith("1: light to dark (")
    zoo.copy_entry(tmp_path / "entry", tmp_path / "copy")
    assert open_model(tmp_path / "copy").directions.names == {1: "light to dark"}
    wae_tf.samplers.fit(model, tiny.images(60), kind="gmm", components=3)
    zoo.save_samplers(tmp_path / "entry", model)
    assert open_model(tmp_path / "entry").directions.label(0).startswith("Direction 1 (")


def test_a_great_circle_turns_evenly_and_a_line_does_not_turn():
    a, b = np.array([1.0, 0.0]), np.array([0.0, 2.0])
    half = 1.5 * np.array([0.5**0.5, 0.5**0.5])
    np.testing.assert_allclose(paths.great_circle(a, b, [0, 0.5, 1]), [a, half, b], atol=1e-12)
    np.testing.assert_allclose(paths.straight_line(a, b, [0.5]), [[0.5, 1.0]])
    opposite = paths.great_circle(a, -a, [0.5])[0]
    np.testing.assert_allclose([np.linalg.norm(opposite), opposite @ a], [1.0, 0.0], atol=1e-12)


def test_the_middle_of_a_neighbourhood_is_the_code(model):
    found = directions.principal_directions(model)
    codes = paths.neighbourhood(found, np.ones(3), step=0.5)
    np.testing.assert_array_equal(codes[4], np.ones(3))
    step = 0.5 * found.stddevs[0] * found.axes[0]
    np.testing.assert_allclose(codes[5] - codes[4], step, atol=1e-6)


def test_typicality_is_the_tail_of_chi_squared(model):
    from scipy.stats import chi2

    code = np.array([1.0, 1.0, 1.0])
    found = analysis.typicality(model, code)
    assert found.less_likely_share == pytest.approx(chi2(3).sf(3.0), abs=0.02)
    assert found.usual == pytest.approx(chi2(3).median() ** 0.5, abs=0.03)


def test_explained_share_in_closed_form():
    x = np.array([0.0, 1.0]).reshape(1, 2, 1)
    assert analysis.explained_share(x, x) == 1.0
    assert analysis.explained_share(x, np.full_like(x, 0.5)) == 0.0
    assert analysis.explained_share(x, 1.0 - x) == pytest.approx(-3.0)


def test_the_nearest_is_found_with_its_squared_error(rng):
    images = rng.random((6, 4, 4, 1))
    assert analysis.nearest(images[4] + 0.01, images) == (4, pytest.approx(16 * 1e-4))


def test_a_crop_keeps_proportions_and_stays_inside():
    assert uploads.crop_box((400, 200), (8, 8, 1)) == (100, 0, 300, 200)
    assert uploads.crop_box((400, 200), (8, 8, 1), zoom=2, across=1, down=0) == (300, 0, 400, 100)


def test_a_picture_comes_back_as_the_model_takes_it(tmp_path):
    pixels = tiny.images(1, shape=(8, 8, 3))[0]
    Image.fromarray(pixels).save(tmp_path / "a.png")
    image = uploads.read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(uploads.prepare(image, (8, 8, 3), (0, 0, 8, 8)), pixels)
    inverted = uploads.prepare(image, (8, 8, 3), (0, 0, 8, 8), invert=True)
    np.testing.assert_array_equal(inverted, 255 - pixels)


def test_what_is_no_picture_is_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match="must be a picture"):
        uploads.read_image(path)
    content = io.BytesIO()
    Image.fromarray(tiny.images(1, shape=(64, 64, 3))[0]).save(content, "PNG")
    path.write_bytes(content.getvalue()[:2000])
    with pytest.raises(ValueError, match="must be whole"):
        uploads.read_image(path)


def test_a_bomb_is_refused_by_its_header(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (30_000, 30_000)).save(path)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ValueError, match="million pixels"):
        uploads.read_image(path)


def test_an_upload_of_100_mb_is_refused(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(ValueError, match=r"at most 20 MB.*Received: 100.0 MB"):
        uploads.read_image(path)
