"""Takes the pictures of the page of `wae-explore` that docs/explore.md shows.

python docs/images/make_explorer.py --data=mnist.npz

Needs the extra `explore`, selenium, chromium and chromedriver.
"""

import argparse
import io
import pathlib
import sys
import time

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests"))

import browser  # noqa: E402

from wae_tf.explorer import Shelf  # noqa: E402
from wae_tf.explorer.page import build_page  # noqa: E402
from wae_tf.explorer.serving import serve  # noqa: E402

FACES, DIGITS = "celeba_wae_mmd", "mnist_wae_mmd_2d"


def shoot(visit, name):
    """Saves what the page shows, as small as WebP makes it."""
    time.sleep(1.0)  # Pictures fade in.
    image = Image.open(io.BytesIO(visit.driver.get_screenshot_as_png())).convert("RGB")
    image.save(HERE / f"explorer_{name}.webp", quality=78, method=6)
    print(name, (HERE / f"explorer_{name}.webp").stat().st_size)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="The file of keras.datasets.mnist.")
    digit = np.load(parser.parse_args().data)["x_test"][4]
    path = pathlib.Path("/tmp") / "digit.png"
    Image.fromarray(np.pad(digit, ((4, 4), (16, 16)))).resize((480, 288)).save(path)
    driver = browser.start()
    shelf = Shelf()
    page = build_page(shelf, FACES)
    try:
        address = serve(page, port=7980, block=False)
        visit = browser.Visit(driver, address, width=1140, height=640)
        driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        visit.tiles()[2].click()
        browser.wait(lambda: "Sample 3" in visit.one("#wae-chosen").text, "the chosen face")
        shoot(visit, "sample")
        visit.tab("Walk")
        visit.one("#wae-around button")
        visit.resize(1140, 780)
        shoot(visit, "walk")
        visit.resize(1140, 640)
        visit.tab("Directions")
        for i, amount in enumerate((2.0, -1.0)):
            visit.slide(shelf.get(FACES).directions.label(i), amount)
        shoot(visit, "directions")
        visit.choose(DIGITS)
        visit.tab("Plane")
        browser.wait(lambda: len(visit.image("#wae-at-point")) == 28, "the digit of the middle")
        visit.resize(1140, 740)
        shoot(visit, "plane")
        visit.tab("Your image")
        visit.one("#wae-upload input[type=file]").send_keys(str(path))
        visit.one("#wae-analysis img")
        visit.resize(1140, 900)
        shoot(visit, "image")
        visit = browser.Visit(driver, address, width=390, height=844)
        visit.tab("Walk")
        shoot(visit, "phone")
    finally:
        page.close(verbose=False)
        driver.quit()


if __name__ == "__main__":
    main()
