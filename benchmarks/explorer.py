"""Times the explorer's page in Chromium: from command to page, and from slider to picture.

python benchmarks/explorer.py --model=celeba_wae_mmd

Needs the extra `explore`, selenium, chromium and chromedriver. A slider's time is from the event in
the browser to the next frame that has the new picture; all of it runs on this machine.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import browser  # noqa: E402

from wae_tf.explorer import open_model  # noqa: E402

# Moves a slider, and answers with the milliseconds until another picture is drawn.
SCRIPT = """
const [slider, where, value, done] = arguments;
const picture = () => document.querySelector(where + ' img')?.src;
const before = picture(), start = performance.now();
const look = () => {
  if (picture() !== before) done(performance.now() - start);
  else requestAnimationFrame(look);
};
const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
set.call(slider, value);
slider.dispatchEvent(new Event('input', { bubbles: true }));
requestAnimationFrame(look);
"""


def moved(visit, tab, label, where, values):
    """Returns the milliseconds of each move of a slider."""
    visit.tab(tab)
    slider = visit.one(f'input[type="range"][aria-label^="range slider for {label}"]')
    visit.one(f"{where} img")
    times = []
    for value in values:
        times.append(visit.driver.execute_async_script(SCRIPT, slider, where, value))
        time.sleep(0.1)
    return times[2:]  # The first ones open the connection.


def said(name, times):
    ordered = sorted(times)
    print(
        f"{name}: median {statistics.median(times):.0f} ms, "
        f"90% {ordered[int(0.9 * len(times))]:.0f} ms, of {len(times)}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="celeba_wae_mmd")
    parser.add_argument("--moves", type=int, default=42)
    options = parser.parse_args()
    driver = browser.start()
    start = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "wae_tf.bin.explore", f"--model={options.model}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in server.stdout:
            if match := re.search(r"Open (http://\S+)", line):
                address = match.group(1)
                break
        ready = time.perf_counter() - start
        visit = browser.Visit(driver, address)
        print(f"{options.model}: command to server {ready:.1f} s", end=", ")
        print(f"to samples on the page {time.perf_counter() - start:.1f} s")
        n = options.moves
        values = [round(-3.0 + 6.0 * (i * 7 % n) / n, 2) for i in range(n)]
        widest = open_model(options.model).directions.label(0)
        said("directions", moved(visit, "Directions", widest, "#wae-moved", values))
        values = [round((i * 11 % n) / n, 2) for i in range(n)]
        said("walk", moved(visit, "Walk", "Way", "#wae-walk", values))
    finally:
        server.terminate()
        server.wait()
        driver.quit()


if __name__ == "__main__":
    main()
