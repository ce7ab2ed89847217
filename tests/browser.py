"""Chromium without a window, and the explorer's page in it, for the tests that look at the page."""

import base64
import io
import json
import re
import shutil
import time

import numpy as np
import pytest
from PIL import Image

WAIT = 60  # Seconds: only a page that hangs needs them.
TABS = ("Sample", "Walk", "Directions", "Plane", "Your image", "Model")


def start():
    """Returns a driver of Chromium, or skips the test where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("needs chromium and chromedriver on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


def wait(condition, what):
    """Waits until a function returns something true, and returns it; fails saying what lacks."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        try:
            found = condition()
        except Exception as error:  # Elements come and go while the page is drawn.
            if not type(error).__module__.startswith("selenium"):
                raise
            found = None
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"after {WAIT} seconds: no {what}")


def pixels(uri):
    """Returns the image of a `data:` address, uint8, shape `(height, width, channels)`."""
    content = base64.b64decode(re.fullmatch(r"data:image/png;base64,(.*)", uri).group(1))
    image = np.asarray(Image.open(io.BytesIO(content)))
    return image[..., None] if image.ndim == 2 else image


class Visit:
    """One visitor's page.

    Args:
        driver: What `start` returned.
        address: Where the page is.
        width: Of the window, in CSS pixels; below 500 as a telephone shows it.
    """

    def __init__(self, driver, address, width=1280, height=900):
        self.driver = driver
        self.resize(width, height)
        driver.get_log("browser"), driver.get_log("performance")
        driver.get(address)
        self.window = driver.current_window_handle
        wait(lambda: self.tiles(), "samples")

    def resize(self, width, height=900):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def one(self, selector):
        return wait(lambda: self.all(selector), selector)[0]

    def shown(self, selector):
        """Returns the first of the elements that is visible."""
        return wait(lambda: [e for e in self.all(selector) if e.is_displayed()], selector)[0]

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def tab(self, name):
        """Opens a tab, by the menu of those that do not fit if it is there."""
        is_it = f"e => e.offsetParent && e.textContent.trim() === {json.dumps(name)}"
        find = f"return [...document.querySelectorAll(arguments[0])].find({is_it})"
        found = self.run(find, 'button[role="tab"]')
        if found is None:
            self.shown(".overflow-menu > button").click()
            found = wait(lambda: self.run(find, ".overflow-dropdown button"), f"tab {name}")
        found.click()
        wait(lambda: self.run(find, 'button[role="tab"][aria-selected="true"]'), f"tab {name} open")

    def image(self, selector):
        """Returns the pixels of the image below an element."""
        return pixels(wait(lambda: self.one(f"{selector} img").get_attribute("src"), selector))

    def tiles(self, selector="#wae-samples"):
        return self.all(f"{selector} .wae-tiles button")

    def tile_pixels(self, selector="#wae-samples"):
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.src)"
        return np.stack([pixels(uri) for uri in self.run(script, f"{selector} .wae-tiles img")])

    def slide(self, label, value):
        """Sets a slider, named by the beginning of its label, as dragging it does."""
        slider = self.one(f'input[type="range"][aria-label^="range slider for {label}"]')
        self.run(
            "const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;"
            "set.call(arguments[0], arguments[1]);"
            "for (const name of ['input', 'change', 'pointerup'])"
            "  arguments[0].dispatchEvent(new Event(name, { bubbles: true }));",
            slider,
            value,
        )

    def press(self, text, index=0):
        """Presses one of the visible buttons of a text."""

        def found():
            buttons = [e for e in self.all("button") if e.is_displayed() and e.text == text]
            return buttons[index:]

        wait(found, f"button {text!r}")[0].click()

    def choose(self, name, expect=True):
        """Chooses a model by typing its name, and waits until its samples are shown."""
        box = self.one("#wae-model input")
        box.click()
        box.send_keys("\ue009a\ue000" + name + "\ue007")  # Control and A, then Enter.
        if expect:
            file = re.sub(r"\W", "_", name.rsplit("/", 1)[-1])
            self.one(f'#wae-samples a[download="{file}_samples.png"]')

    def messages(self):
        """Returns what the page's messages say."""
        return [e.text for e in self.all(".toast-body") if e.text]

    def told(self, pattern):
        """Waits for a message that a regular expression matches, and closes all."""
        words = wait(
            lambda: [text for text in self.messages() if re.search(pattern, text)],
            f"message {pattern!r}",
        )[0]
        for button in self.all(".toast-close"):
            self.run("arguments[0].click()", button)
        wait(lambda: not self.messages(), "end of the messages")
        return words

    def tile_images(self, selector):
        """Returns the pixels of all images below an element, in order."""
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.src)"
        return [pixels(uri) for uri in self.run(script, f"{selector} img")]

    def hosts(self):
        """Returns the hosts that the page has asked since the last call."""
        found = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                match = re.match(r"(?:https?|wss?)://([^/:]+)", message["params"]["request"]["url"])
                found |= {match.group(1)} if match else set()
        return found

    def complaints(self):
        """Returns the errors that the browser has noted since the last call."""
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]
