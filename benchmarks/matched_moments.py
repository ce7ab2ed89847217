"""Measures draws from the prior before and after `wae_tf.training.match_moments`.

python benchmarks/matched_moments.py --data=DIR

prints, as Markdown, the sliced Wasserstein distance of 1,000 draws from the prior to as many
held-out images, mean of three seeds, for the models of the zoo that it can be done to. DIR is as in
`benchmarks/diagnosis.py`. Nothing is written.
"""

import argparse

import numpy as np
from diagnosis import images

import wae_tf
from wae_tf.cards.markdown import table
from wae_tf.metrics import sliced_wasserstein
from wae_tf.training import match_moments

IMAGES, SEEDS = 1000, 3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of the images")
    parser.add_argument("--models", default="*", help="pattern of names")
    arguments = parser.parse_args()
    rows = []
    for name in wae_tf.list_models(arguments.models):
        model, found = wae_tf.load(name), images(name, arguments.data)
        matched = wae_tf.load(name)
        matched.samplers.clear()  # They would be stale, with a warning.
        try:
            match_moments(matched, found["train"])
        except ValueError as error:
            print(f"{name}: {error}", flush=True)
            continue
        real = found["images"][:IMAGES]
        change = np.abs(model.reconstruct(real) - matched.reconstruct(real)).max()
        distances = [f"{distance(each, real):.1f}" for each in (model, matched)]
        rows.append([name, *distances, f"{change:.1g}"])
        print(*rows[-1], flush=True)
    print(table(["Model", "Before", "After", "Largest change of a pixel"], rows, right=(1, 2, 3)))


def distance(model, real):
    """Mean over seeds of the distance between draws from the prior and real images."""
    draws = (model.sample(len(real), seed=seed) for seed in range(SEEDS))
    return np.mean([sliced_wasserstein(real, x)["sliced_wasserstein"] for x in draws])


if __name__ == "__main__":
    main()
