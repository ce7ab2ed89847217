"""The documentation site: it builds strictly, its links hold, and it asks nothing of anybody."""

import html.parser
import os
import pathlib
import subprocess
import sys
import urllib.parse

import browser
import pytest

ROOT = pathlib.Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Returns the directory of the site: WAE_TF_SITE, or one that is built here."""
    if "WAE_TF_SITE" in os.environ:
        return pathlib.Path(os.environ["WAE_TF_SITE"])
    pytest.importorskip("mkdocs", reason="needs mkdocs: pip install 'wae_tf[docs]'")
    directory = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    result = subprocess.run(
        [*command, "--site-dir", directory], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return directory


class Page(html.parser.HTMLParser):
    """Collects what a page names, links to, and loads."""

    def __init__(self, path):
        super().__init__()
        self.names, self.links, self.loads = set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.names |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if found.get("src"):
            self.loads.append(found["src"])
        if tag == "link" and found.get("href") and found.get("rel") != "canonical":
            self.loads.append(found["href"])


def target(page, link):
    """Returns the file and the place that a link of a page leads to."""
    parts = urllib.parse.urlsplit(link)
    path = page.parent / urllib.parse.unquote(parts.path) if parts.path else page
    return path.resolve(), urllib.parse.unquote(parts.fragment)


def test_examples_of_docstrings_stand_as_code(site):
    pages = [path.read_text(encoding="utf-8") for path in (site / "api").glob("*.html")]
    assert any("&gt;&gt;&gt;" in page for page in pages)
    assert not any("<blockquote>" in page for page in pages)


def test_every_link_and_picture_is_there(site):
    pages = {path.resolve(): Page(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(pages) > 30
    missing = []
    for path, page in pages.items():
        for link in [*page.links, *page.loads]:
            if urllib.parse.urlsplit(link).scheme:
                continue
            file, name = target(path, link)
            held = file.exists() and (
                not name or file.suffix != ".html" or name in pages[file].names
            )
            if not held:
                missing.append((path.name, link))
    assert not missing


def test_pages_load_nothing_from_elsewhere(site):
    elsewhere = {
        (path.name, link)
        for path in site.rglob("*.html")
        for link in Page(path).loads
        if urllib.parse.urlsplit(link).scheme not in ("", "data")
    }
    assert not elsewhere


def test_notebooks_and_gallery_are_pages(site):
    for name in ("01_first_faces", "05_reading_an_evaluation"):
        page = Page(site / "notebooks" / f"{name}.html")
        assert any(link.endswith(".jpg") for link in page.loads)
    assert any("celeba" in link for link in Page(site / "gallery.html").loads)


@pytest.mark.parametrize(
    "name", ["index", "theory", "gallery", "explore", "notebooks/01_first_faces"]
)
def test_pages_open_from_disk(site, name):
    driver = browser.start()
    try:
        driver.get((site / f"{name}.html").as_uri())
        visit = browser.Visit.__new__(browser.Visit)
        visit.driver = driver
        browser.wait(lambda: visit.all("h1"), "heading")
        assert not visit.hosts()
        assert not visit.complaints()
        pictures = "return [...document.images].filter(e => e.loading !== 'lazy').map("
        assert all(visit.run(pictures + "e => e.naturalWidth > 0)"))
    finally:
        driver.quit()
