"""Measures what `wae_tf.diagnose` looks at, for the trained models of the zoo.

python benchmarks/diagnosis.py --data=DIR

prints, as Markdown, one row for each check and one column for each model. DIR holds the images
that the entries' commands name (`mnist.npz`, `cifar10_jpg.zip`, `celeba_9k_89x109.zip`). With
`--record` entries and cards get what was found, too; what an evaluation of more images recorded
goes before it.
"""

import argparse
import pathlib
import shlex
import time

import wae_tf
from wae_tf.cards.markdown import table
from wae_tf.diagnosis import LIMITS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of the images")
    parser.add_argument("--models", default="*", help="pattern of names")
    parser.add_argument("--record", action="store_true", help="keep findings in entries and cards")
    arguments = parser.parse_args()
    measured = {}
    for name in wae_tf.list_models(arguments.models):
        start = time.monotonic()
        findings = wae_tf.diagnose(wae_tf.load(name), **images(name, arguments.data))
        measured[name] = findings.measured
        if arguments.record:
            wae_tf.zoo.update_entry(name, diagnosis=findings.to_dict())
            wae_tf.cards.write_card(name)
        seconds = time.monotonic() - start
        print(f"{name}: {len(findings)} findings in {seconds:.0f} s", findings, flush=True)
    checks = [check for check in LIMITS if any(check in numbers for numbers in measured.values())]
    rows = [
        [f"`{check}`", *(text(numbers.get(check)) for numbers in measured.values())]
        for check in checks
    ]
    print(table(["Check", *measured], rows, right=range(1, len(measured) + 1)))


def images(name, directory):
    """Returns held-out and training images as the entry's evaluation read them."""
    command = wae_tf.zoo.read_entry(name)["evaluation"]["prior"]["command"]
    flags = dict(flag[2:].split("=", 1) for flag in shlex.split(command)[1:])
    config = wae_tf.load_config(name)

    def load(split):
        return wae_tf.data.load_images(
            pathlib.Path(directory) / flags["data"],
            split,
            image_shape=config.image_shape,
            crop=config.crop,
            verbose=False,
        )

    return {
        "images": load(flags.get("split", "test")),
        "train": load(flags.get("train_split", "train")),
    }


def text(number):
    return "-" if number is None else f"{number:.3g}"


if __name__ == "__main__":
    main()
