"""A user's images: what they are called, and reading the two parts of them."""

import pathlib
import warnings

from wae_tf import data
from wae_tf.data.memory import cache_options
from wae_tf.own_images.facts import as_source, look_at
from wae_tf.own_images.printing import flag_text
from wae_tf.training import run_files
from wae_tf.zoo.commands import command_line, data_argument

__all__ = ["OwnImages"]


class OwnImages:
    """Images to train on and held-out ones, which both training and evaluation read.

    Arguments and errors are those of `wae_tf.own_images.train`.

    Attributes:
        source: What `wae_tf.data.load_images` takes.
        facts: `ImageFacts`.
    """

    def __init__(
        self, source, split=None, test_split=None, *, data_dir=None, download=False, cache="auto"
    ):
        self.source = as_source(source)
        self.facts = look_at(
            self.source,
            split=split,
            test_split=test_split,
            data_dir=data_dir,
            download=download,
        )
        self._data = {"data": data_argument(self.source)}
        self._arguments = {"data_dir": data_dir, "download": download}
        self._cache = cache
        given = {"split": split, "test_split": test_split}
        self._splits = {name: value for name, value in given.items() if value is not None}

    def train(self, config, workdir):
        """Returns the training images as `wae_tf.training.train` read them."""
        return self._load(self.facts.split, config, run_files.cache_file(workdir, "train"))

    def test(self, config, workdir):
        """Returns held-out images, likewise, and their classes or None."""
        cache = run_files.cache_file(workdir, "test")
        return self._load(self.facts.test_split, config, cache, labels=True)

    def _load(self, split, config, cache, **arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Of broken files training has warned.
            return data.load_images(
                self.source,
                split,
                image_shape=config.image_shape,
                crop=config.crop,
                **cache_options(self._cache, cache, self.source),
                **self._arguments,
                **arguments,
            )

    def train_command(self, name, init_from, config, reasons):
        """Returns the command that trains the same config on any machine."""
        start = {} if init_from is None else {"init_from": pathlib.Path(init_from).name}
        return command_line(
            "wae-train",
            {"config": pathlib.Path(name).name, **self._data, **start, **self._splits}
            | {field: flag_text(getattr(config, field)) for field in reasons}
            | {"workdir": "DIR"},
        )

    def evaluate_command(self, model, **options):
        """Returns the command that measures a model again."""
        splits = {"split": self.facts.test_split, "train_split": self.facts.split}
        flags = {"model": model, **self._data, **splits, **options, "output": "report"}
        return command_line("wae-evaluate", flags)
