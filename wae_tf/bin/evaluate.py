"""Measures a model on images, and writes numbers and pictures.

wae-evaluate --model=mnist_wae_mmd --data=mnist.npz --output=report --seeds=3

The directory gets `results.json`, `report.html`, which needs no other file, and `pictures/`.
Each number is printed next to its floor, the same metric between two sets of real images.
"""

import pathlib

from wae_tf import cards, zoo
from wae_tf import features as features_lib
from wae_tf.bin import common
from wae_tf.cards.record import record
from wae_tf.cards.seeds_record import check_other_seed, record_other_seed
from wae_tf.cards.sharper_but_worse import compared_with, sharper_but_worse
from wae_tf.evaluation import evaluate
from wae_tf.zoo.commands import command_line, data_argument

_FLAGS = common.Flags()
_MODEL = common.define_model_flag(_FLAGS)
_IMAGES = common.define_image_flags(_FLAGS)
_OUTPUT = _FLAGS.string("output", None, "Directory for the results.", required=True)
_SPLIT = _FLAGS.string("split", "test", "Images that training did not see.")
_TRAIN_SPLIT = _FLAGS.string(
    "train_split",
    "train",
    "Training images, for floors, memorisation and samplers; '' does without.",
)
_SAMPLER = _FLAGS.string(
    "sampler",
    "prior",
    "prior, or gmm, flow, two_stage, which are fitted to the training images if the model has "
    "none.",
)
_FEATURES = _FLAGS.enum(
    "features",
    "auto",
    ["auto", "none", *features_lib.CLASSIFIERS, "inception"],
    "Network whose features are compared: lenet knows MNIST, convnet CIFAR-10. auto: lenet for "
    "images of 28x28x1, none for others.",
)
_INCEPTION_WEIGHTS = _FLAGS.string(
    "inception_weights", None, "File of weights for --features=inception, where none are cached."
)
_CACHE_DIR = _FLAGS.string("cache_dir", None, "Where to keep features for another time.")
_NUM = _FLAGS.integer(
    "num", None, "Images in each set that is compared; at most 10,000 by default.", lower_bound=2
)
_SEEDS = _FLAGS.integer("seeds", 1, "Sets of samples; from 2 on with spread.", lower_bound=1)
_SEED = _FLAGS.integer("seed", 0, "Seed of the first set of samples.", lower_bound=0)
_RECORD = _FLAGS.bool(
    "record",
    False,
    "Whether the model's zoo entry gets the numbers, pictures, a sampler that was fitted, and a "
    "card, README.md.",
)
_ANOTHER_SEED_OF = _FLAGS.string(
    "another_seed_of",
    None,
    "Zoo entry that the model is another training of, with another seed: the entry and its card "
    "get the numbers, to show how far trainings differ.",
)
_VERBOSE = _FLAGS.bool("verbose", True, "Whether to print numbers as they come.")


def main():
    model = zoo.load(_MODEL.value)
    config = zoo.load_config(_MODEL.value)
    if _INCEPTION_WEIGHTS.value and _FEATURES.value != "inception":
        raise ValueError(
            "--inception_weights goes with --features=inception. "
            f"Received: --features={_FEATURES.value}"
        )
    if _ANOTHER_SEED_OF.value:
        first = _SEED.value
        seeds = list(range(first, first + _SEEDS.value))
        check_other_seed(_ANOTHER_SEED_OF.value, _MODEL.value, _SAMPLER.value, seeds)
    features = None if _FEATURES.value == "none" else _FEATURES.value
    if features == "inception":
        features = features_lib.extractor(
            features, weights_path=_INCEPTION_WEIGHTS.value, cache_dir=_CACHE_DIR.value
        )

    images, labels = _IMAGES.load(config, _SPLIT.value, labels=True)
    history = pathlib.Path(_MODEL.value) / "history.csv"
    had = set(model.samplers)
    results = evaluate(
        model,
        images,
        train=_IMAGES.load(config, _TRAIN_SPLIT.value) if _TRAIN_SPLIT.value else None,
        labels=labels,
        sampler=_SAMPLER.value,
        features=features,
        n=_NUM.value,
        seeds=_SEEDS.value,
        seed=_SEED.value,
        history=history if history.is_file() else None,
        output=_OUTPUT.value,
        cache_dir=_CACHE_DIR.value,
        name=pathlib.Path(_MODEL.value).name,
        verbose=_VERBOSE.value,
    )
    earlier = compared_with(_MODEL.value, results["sampler"]["kind"])
    warning = earlier and sharper_but_worse(results["metrics"], earlier[1], earlier[0])
    if warning:
        results["warnings"].append(warning)
        print(f"Warning: {warning}")
    if _RECORD.value:
        record(_MODEL.value, results, _command(), pathlib.Path(_OUTPUT.value) / "pictures")
        if set(model.samplers) != had:
            zoo.save_samplers(_MODEL.value, model)
        cards.write_card(_MODEL.value)
        print(f"Recorded in the entry of {_MODEL.value}")
    if _ANOTHER_SEED_OF.value:
        record_other_seed(_ANOTHER_SEED_OF.value, _MODEL.value, results)
        cards.write_card(_ANOTHER_SEED_OF.value)
        print(f"Recorded as another seed in the entry of {_ANOTHER_SEED_OF.value}")


def _command():
    """The command that measures the same again, without where files lay."""
    given = {
        flag: _FLAGS[flag].value
        for flag in ("sampler", "features", "split", "train_split", "num", "seeds", "seed")
        if _FLAGS[flag].present
    }
    model, data = pathlib.Path(_MODEL.value).name, data_argument(_IMAGES.data.value)
    return command_line("wae-evaluate", {"model": model, "data": data, **given, "output": "report"})


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
