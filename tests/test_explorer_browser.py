"""The explorer's page in Chromium: each tab is clicked through, its pictures are the model's."""

import contextlib
import re
import socket

import browser
import hub_server
import numpy as np
import pytest
import tiny
from PIL import Image

import wae_tf
from wae_tf.explorer import Shelf, analyse, draw_codes, neighbourhood, prepare, way
from wae_tf.explorer.drawing import to_support
from wae_tf.plots import pictures

pytestmark = pytest.mark.slow

pytest.importorskip("gradio", reason="needs gradio: pip install 'wae_tf[explore]'")

DIGITS = "mnist_wae_mmd_2d"
MODELS = [DIGITS, "celeba_wae_mmd"]


@pytest.fixture(scope="module")
def driver():
    """Returns Chromium, and ends it."""
    driver = browser.start()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def shelf():
    return Shelf([DIGITS], paths=True)


@pytest.fixture(scope="module")
def serve(shelf):
    """Returns a function from a model's name to the address of a page that begins with it."""
    from wae_tf.explorer.page import build_page
    from wae_tf.explorer.serving import serve

    pages = {}
    with contextlib.ExitStack() as ends:

        def address(name):
            if name not in pages:
                page = build_page(shelf, name)
                ends.callback(page.close, verbose=False)
                pages[name] = serve(page, port=7960, block=False)
            return pages[name]

        yield address


@pytest.fixture
def visit(driver, serve):
    """Returns a function that opens the page as a new visitor."""
    return lambda name=DIGITS, **kwargs: browser.Visit(driver, serve(name), **kwargs)


@pytest.fixture(params=MODELS)
def page(request, visit, shelf):
    """Returns a fresh page of a model, and the `Opened` model."""
    return visit(request.param), shelf.get(request.param)


def levels(images):
    """Returns the uint8 levels of images in [0, 1]."""
    return np.rint(255.0 * np.clip(images, 0.0, 1.0)).astype("uint8")


def same(shown, images):
    """Returns whether pictures are a model's images, to one level: batches round differently."""
    shown, expected = np.asarray(shown, int), levels(images).astype(int)
    return shown.shape == expected.shape and np.abs(shown - expected).max() <= 1


def becomes(shown, images, what):
    browser.wait(lambda: same(shown(), images), what)


def test_samples_are_the_models(page):
    visit, opened = page
    model = opened.model
    becomes(visit.tile_pixels, model.sample(24, seed=0, sampler="gmm"), "24 samples")
    visit.slide("How many", 5)
    becomes(visit.tile_pixels, model.sample(5, seed=0, sampler="gmm"), "five samples")
    visit.one('input[type="radio"][value="prior"]').click()
    becomes(visit.tile_pixels, model.sample(5, seed=0), "draws from the prior")
    visit.slide("Temperature", 0.5)
    codes = draw_codes(model, 5, temperature=0.5)
    becomes(visit.tile_pixels, model.decode(codes), "samples of temperature 0.5")
    seed = visit.one('input[aria-label="Seed"]')
    seed.send_keys("\ue009a\ue000" + "7\ue007")
    images = model.decode(draw_codes(model, 5, seed=7, temperature=0.5))
    becomes(visit.tile_pixels, images, "samples of seed 7")
    uri = visit.one("#wae-samples a[download]").get_attribute("href")
    assert same(browser.pixels(uri), pictures.grid(levels(images)) / 255.0)
    visit.press("Another seed")
    browser.wait(lambda: not same(visit.tile_pixels(), images), "samples of another seed")


def test_a_sample_is_chosen_and_the_other_tabs_follow(page):
    visit, opened = page
    visit.tiles()[3].click()
    code = draw_codes(opened.model, 24, sampler="gmm")[3:4]
    image = opened.model.decode(code)[0]
    becomes(lambda: visit.image("#wae-chosen"), image, "chosen sample")
    assert "Sample 4 of seed 0, gmm" in visit.one("#wae-chosen").text
    visit.tab("Directions")
    becomes(lambda: visit.image("#wae-moved"), image, "chosen sample to move")
    visit.tab("Walk")
    around = opened.model.decode(neighbourhood(opened.directions, code[0], 1.0))
    becomes(lambda: visit.tile_pixels("#wae-around"), around, "neighbours")
    visit.tiles("#wae-around")[5].click()
    becomes(lambda: visit.image("#wae-chosen"), around[5], "chosen neighbour")
    visit.press("Chosen image here", 1)
    becomes(lambda: visit.image("#wae-walk-to"), around[5], "neighbour as the end of the walk")


def test_a_walk_goes_from_one_image_to_the_other(page):
    visit, opened = page
    model = opened.model
    ends = draw_codes(model, 2, sampler=opened.sampler)
    visit.tab("Walk")
    becomes(lambda: visit.image("#wae-walk-from"), model.decode(ends[:1])[0], "start")
    becomes(lambda: visit.image("#wae-walk-to"), model.decode(ends[1:])[0], "end")
    for t in (0.25, 0.9):
        visit.slide("Way", t)
        image = model.decode(way(model, *ends, [t]))[0]
        becomes(lambda: visit.image("#wae-walk"), image, f"image at {t}")
    visit.one('input[type="radio"][value="great circle"]').click()
    image = model.decode(way(model, *ends, [0.9], "great circle"))[0]
    becomes(lambda: visit.image("#wae-walk"), image, "image on the great circle")
    visit.press("Swap the two")
    becomes(lambda: visit.image("#wae-walk-from"), model.decode(ends[1:])[0], "swapped start")
    visit.press("Two new samples")
    start = model.decode(ends[1:])[0]
    browser.wait(lambda: not same(visit.image("#wae-walk-from"), start), "new start")


def test_sliders_move_the_image_along_the_directions(page):
    visit, opened = page
    visit.tab("Directions")
    code = draw_codes(opened.model, 1, sampler=opened.sampler)[0]
    label = opened.directions.label
    for amounts in ([1.5, 0.0], [1.5, -2.0]):
        for i, amount in enumerate(amounts):
            visit.slide(label(i), amount)
        image = opened.model.decode(opened.directions.move(code, amounts)[None])[0]
        becomes(lambda: visit.image("#wae-moved"), image, f"image moved by {amounts}")
    visit.press("Work on this image")
    becomes(lambda: visit.image("#wae-chosen"), image, "moved image to work on")
    slider = visit.one(f'input[type="range"][aria-label^="range slider for {label(0)}"]')
    browser.wait(lambda: float(slider.get_attribute("value")) == 0.0, "sliders at zero again")
    visit.slide(label(0), 3.0)
    browser.wait(lambda: not same(visit.image("#wae-moved"), image), "moved image")
    visit.press("Reset")
    becomes(lambda: visit.image("#wae-moved"), image, "image as it was")


def test_names_of_directions_are_shown_as_texts(visit, tmp_path):
    small = wae_tf.build_model(tiny.config())
    wae_tf.samplers.fit(small, tiny.images(60), kind="gmm", components=2)
    wae_tf.save_entry(tmp_path / "run", small, tiny.config())
    digest = wae_tf.zoo.read_entry(tmp_path / "run")["samplers"]["gmm"]["sha256"]
    names = {"1": "<img src=x onerror=alert(1)>", "3": "light & dark"}
    directions = {"sampler_sha256": digest, "names": names}
    wae_tf.zoo.update_entry(tmp_path / "run", directions=directions)
    visit = visit()
    visit.choose(str(tmp_path / "run"))
    visit.tab("Directions")
    shown = "return [...document.querySelectorAll('input[type=\"range\"]')].filter(e =>"
    shown += " e.offsetParent).map(e => e.getAttribute('aria-label'))"
    found = browser.wait(lambda: len(visit.run(shown)) == 3 and visit.run(shown), "three sliders")
    beginnings = (f"1: {names['1']} (", "Direction 2 (", f"3: {names['3']} (")
    for label, beginning in zip(found, beginnings):
        assert label.startswith(f"range slider for {beginning}")
    assert visit.run("return document.querySelectorAll('img[src=\"x\"]').length") == 0
    assert f"1: {names['1']} (" in visit.run("return document.body.innerText")


def test_a_press_on_the_plane_decodes_the_point(page):
    from selenium.webdriver import ActionChains

    visit, opened = page
    visit.tab("Plane")
    plane = visit.one("#wae-plane .wae-map")
    side = visit.one("#wae-plane svg").size["width"]

    def decoded(x, y):
        codes = opened.plane.codes(opened.plane.extent * np.array([[x, y]]))
        return opened.model.decode(to_support(opened.model, codes))[0]

    becomes(lambda: visit.image("#wae-at-point"), decoded(0.0, 0.0), "image of the middle")
    shift = round(side / 4)
    ActionChains(visit.driver).move_to_element_with_offset(plane, shift, -shift).click().perform()
    browser.wait(lambda: visit.all("#wae-plane .wae-cross[transform]"), "cross on the map")
    place = visit.one("#wae-plane .wae-cross").get_attribute("transform")
    x, y = map(float, re.findall(r"-?[\d.]+", place))
    assert abs(x - 0.5) < 0.02 and abs(y + 0.5) < 0.02
    becomes(lambda: visit.image("#wae-at-point"), decoded(x, -y), "image of the point")
    plane.send_keys("\ue012")  # The left arrow.
    becomes(lambda: visit.image("#wae-at-point"), decoded(x - 0.04, -y), "image to the left")
    visit.press("Work on this image")
    becomes(lambda: visit.image("#wae-chosen"), decoded(x - 0.04, -y), "point to work on")


def test_the_map_shows_what_is_asked_for(visit):
    visit = visit()
    visit.tab("Plane")
    browser.wait(lambda: len(visit.all("#wae-plane svg > circle")) > 500, "codes on the map")
    visit.shown('#wae-plane image[href^="data:image/png"]')
    visit.one('input[type="checkbox"][name="codes"]').click()
    browser.wait(lambda: not visit.all("#wae-plane svg > circle"), "map without codes")


def test_an_uploaded_picture_is_analysed(page, tmp_path):
    visit, opened = page
    model = opened.model
    shape = model.image_shape
    pixels = tiny.images(1, shape=(2 * shape[0], 3 * shape[1], shape[2]))[0]
    picture = Image.fromarray(pixels[..., 0] if shape[2] == 1 else pixels)
    picture.save(tmp_path / "a.png")
    visit.tab("Your image")
    visit.one("#wae-upload input[type=file]").send_keys(str(tmp_path / "a.png"))
    middle = (shape[1] // 2, 0, shape[1] // 2 + 2 * shape[1], 2 * shape[0])
    seen = prepare(picture, shape, middle)
    shown = lambda: visit.tile_images("#wae-analysis")  # noqa: E731
    browser.wait(lambda: len(shown()) == 4 and same(shown()[0], seen / 255.0), "what is seen")
    found = analyse(model, seen)
    assert same(shown()[1], found.reconstruction)
    text = visit.one("#wae-analysis").text
    for words in (f"{found.squared_error:.4g}", f"{found.psnr:.2f} dB", found.typicality.words()):
        assert words in text
    visit.one('#wae-invert input[type="checkbox"]').click()
    browser.wait(lambda: same(shown()[0], (255 - seen) / 255.0), "inverted picture")
    visit.press("Work on this image")
    again = model.decode(model.encode((255 - seen)[None]))[0]
    becomes(lambda: visit.image("#wae-chosen"), again, "picture to work on")


def notes(path):
    path.write_bytes(b"no picture at all")


def bomb(path):
    Image.new("1", (30_000, 30_000)).save(path)


def large(path):
    with path.open("wb") as file:
        file.truncate(100 * 2**20)


@pytest.mark.parametrize(
    "write, words",
    [
        (notes, "must be a picture"),
        (bomb, "at most 50 million pixels"),
        (large, "exceed the maximum allowed size of 20"),
    ],
)
def test_what_is_no_picture_is_refused_kindly(visit, tmp_path, write, words):
    visit = visit()
    visit.tab("Your image")
    write(tmp_path / "a.png")
    visit.one("#wae-upload input[type=file]").send_keys(str(tmp_path / "a.png"))
    said = ".toast-body, #wae-frame [role=alert]"
    browser.wait(lambda: [e for e in visit.all(said) if re.search(words, e.text)], words)
    assert not visit.tile_images("#wae-analysis")
    visit.run("document.querySelector('#wae-upload button[aria-label^=\"Clear\"]')?.click()")
    Image.fromarray(tiny.images(1, shape=(28, 28, 3))[0]).save(tmp_path / "good.png")
    visit.one("#wae-upload input[type=file]").send_keys(str(tmp_path / "good.png"))
    browser.wait(lambda: len(visit.tile_images("#wae-analysis")) == 4, "analysis of a good one")


def test_the_card_is_shown_with_its_pictures(page):
    visit, opened = page
    visit.tab("Model")
    browser.wait(lambda: visit.one("#wae-card h1").text == opened.name, "card")
    headings = [e.text for e in visit.all("#wae-card h2")]
    assert "Metrics" in headings and any("icen" in text for text in headings)
    empty = (
        "return [...document.querySelectorAll('#wae-card h2')].filter(e => !e.nextElementSibling"
    )
    assert not visit.run(f"{empty} || e.nextElementSibling.tagName === 'H2').length")
    complete = "return [...document.querySelectorAll('#wae-card img')].map(e => e.naturalWidth)"
    widths = visit.run(complete)
    assert len(widths) >= 4 and min(widths) > 0


def test_another_model_is_chosen_while_the_page_is_open(visit, shelf, tmp_path):
    visit = visit()
    visit.choose("mnist_vae")
    model = shelf.get("mnist_vae").model
    sampler = shelf.get("mnist_vae").sampler
    becomes(visit.tile_pixels, model.sample(24, seed=0, sampler=sampler), "its samples")
    visit.tab("Plane")
    origin = shelf.get("mnist_vae").plane.origin[None]
    becomes(lambda: visit.image("#wae-at-point"), model.decode(np.float32(origin))[0], "middle")
    small = wae_tf.build_model(tiny.config())
    wae_tf.save_entry(tmp_path / "run", small, tiny.config())
    visit.choose(str(tmp_path / "run"))
    becomes(visit.tile_pixels, small.sample(24, seed=0), "samples of a run")
    small.save(tmp_path / "small.keras")
    visit.choose("mnist_vae")
    visit.choose(str(tmp_path / "small.keras"))
    becomes(visit.tile_pixels, small.sample(24, seed=0), "samples of a file")


def test_a_model_of_a_hub_is_chosen(visit, tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub", reason="needs huggingface_hub: the extra `hub`")
    small = wae_tf.build_model(tiny.config())
    wae_tf.save_entry(tmp_path / "entry", small, tiny.config())
    held = hub_server.Hub()
    held.files = {path.name: path.read_bytes() for path in (tmp_path / "entry").iterdir()}
    visit = visit()
    with hub_server.serve(held) as address:
        hub_server.use(monkeypatch, address, tmp_path / "cache")
        visit.choose("hf://ada/digits")
        becomes(visit.tile_pixels, small.sample(24, seed=0), "samples of the hub's model")
        visit.tab("Model")
        browser.wait(lambda: "digits" in visit.one("#wae-card h1").text, "its card")
        visit.choose("hf://ada/absent", expect=False)
        assert "/cache" not in visit.told("must have the repository")


def test_a_hub_that_cannot_be_reached_is_said_in_the_page(visit, tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub", reason="needs huggingface_hub: the extra `hub`")
    with socket.socket() as held:  # Bound, so that it is nobody's, and closed: nobody listens.
        held.bind(("127.0.0.1", 0))
        hub_server.use(monkeypatch, f"http://127.0.0.1:{held.getsockname()[1]}", tmp_path / "cache")
        visit = visit()
        before = visit.tile_pixels()
        visit.choose("hf://ada/digits", expect=False)
        said = visit.told("hub must be reachable.*HF_ENDPOINT.*hf://ada/digits")
    assert "/cache" not in said
    browser.wait(
        lambda: visit.one("#wae-model input").get_attribute("value") == DIGITS, "name of before"
    )
    np.testing.assert_array_equal(visit.tile_pixels(), before)


@pytest.mark.parametrize(
    "name, words",
    [
        ("image_folder", "must have weights"),
        ("no_such_model", "no_such_model"),
        ("/etc/passwd", "(?s)Received:"),
        ("/etc/missing.keras", "must be there"),
        ("hf://not an address", "hf://user/name"),
    ],
)
def test_what_is_no_model_is_refused_and_the_page_stays(visit, name, words):
    visit = visit()
    before = visit.tile_pixels()
    visit.choose(name, expect=False)
    assert "root:" not in visit.told(words)
    browser.wait(
        lambda: visit.one("#wae-model input").get_attribute("value") == DIGITS, "name of before"
    )
    np.testing.assert_array_equal(visit.tile_pixels(), before)
    visit.tiles()[1].click()
    browser.wait(lambda: "Sample 2" in visit.one("#wae-chosen").text, "page that goes on")


def test_two_visitors_do_not_disturb_each_other(visit, driver, shelf):
    first = visit()
    first.slide("How many", 4)
    browser.wait(lambda: len(first.tiles()) == 4, "four samples")
    first.tiles()[2].click()
    browser.wait(lambda: "Sample 3" in first.one("#wae-chosen").text, "choice of the first")
    driver.switch_to.new_window("tab")
    second = visit()
    second.choose("mnist_vae")
    second.tiles()[6].click()
    browser.wait(lambda: "Sample 7" in second.one("#wae-chosen").text, "choice of the second")
    driver.close()  # And the second goes away without a word.
    driver.switch_to.window(first.window)
    assert "Sample 3" in first.one("#wae-chosen").text
    first.tab("Directions")
    first.slide("Direction 1", 1.0)
    opened = shelf.get(DIGITS)
    code = draw_codes(opened.model, 4, sampler="gmm")[2]
    image = opened.model.decode(opened.directions.move(code, [1.0])[None])[0]
    becomes(lambda: first.image("#wae-moved"), image, "image of the first, moved")


def test_a_browser_that_goes_away_leaves_the_server_well(visit, driver):
    driver.switch_to.new_window("tab")
    gone = visit()
    gone.choose("cifar10_vae", expect=False)  # It is loading when the visitor leaves.
    driver.close()
    driver.switch_to.window(driver.window_handles[0])
    visit = visit()
    visit.tiles()[0].click()
    browser.wait(lambda: "Sample 1 of" in visit.one("#wae-chosen").text, "page that works")


@pytest.mark.parametrize("name", MODELS)
def test_a_telephone_shows_each_tab_without_scrolling_sideways(visit, name):
    visit = visit(name, width=390)
    for tab in browser.TABS:
        visit.tab(tab)
        visit.shown(".tabitem")
        assert visit.run("return document.documentElement.scrollWidth") <= 390, tab
        inside = (
            "return [...document.querySelectorAll('button, input, img')].filter(e =>"
            " e.offsetParent && !e.closest('.overflow-menu, .wae-card, .tab-container')"
            " && e.getBoundingClientRect().right > 391).length"
        )
        assert visit.run(inside) == 0, tab


def test_a_sample_is_reached_and_chosen_by_keyboard(visit):
    visit = visit()
    reached = set()
    for _ in range(45):
        active = visit.driver.switch_to.active_element
        active.send_keys("\ue004")  # Tab.
        active = visit.driver.switch_to.active_element
        role = active.get_attribute("role") or active.get_attribute("type")
        reached.add(active.get_attribute("aria-label") or active.text or role)
        if active.get_attribute("aria-label") == "Sample 2":
            active.send_keys("\ue007")  # Enter.
            break
    assert {"Model", "Sample", "Plane", "radio", "Seed", "Another seed", "Sample 1"} <= reached
    browser.wait(lambda: "Sample 2" in visit.one("#wae-chosen").text, "choice by keyboard")


def test_everything_has_a_name_for_screen_readers(visit):
    visit = visit()
    nameless = (
        "return [...document.querySelectorAll('button, input, img, svg[role], [tabindex=\"0\"]')]"
        ".filter(e => e.offsetParent && !(e.getAttribute('aria-label') ?? '').trim()"
        " && !(e.alt ?? '').trim() && !e.textContent.trim() && !e.closest('label, button')"
        " && !e.closest('figure, .wae-chosen, .wae-strip, .wae-card')).map(e => e.outerHTML)"
    )
    for tab in browser.TABS:
        visit.tab(tab)
        visit.shown(".tabitem")
        assert not visit.run(nameless), tab


def test_no_other_host_is_asked_and_nothing_goes_wrong(visit, monkeypatch):
    asked, look_up = set(), socket.getaddrinfo

    def noted(host, *arguments, **keywords):
        asked.add(str(host))
        return look_up(host, *arguments, **keywords)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    visit = visit()
    for tab in browser.TABS:
        visit.tab(tab)
    assert visit.hosts() == {"127.0.0.1"}
    assert not visit.complaints()
    assert asked <= {"127.0.0.1", "localhost", "None"}
