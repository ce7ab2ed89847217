"""Models that the page shows, opened by name and shared by everybody who looks at them."""

import collections
import dataclasses
import functools
import pathlib
import threading

import numpy as np

from wae_tf import zoo
from wae_tf.explorer.directions import names_of, principal_directions
from wae_tf.explorer.drawing import draw_codes, sampler_names
from wae_tf.explorer.plane_map import plane_of
from wae_tf.models.generation import Generation
from wae_tf.zoo.entry_checks import ENTRY

__all__ = ["Opened", "Shelf", "open_model"]

_BANK = 256  # Samples that an uploaded image is compared with.
_KEPT = 8  # Models in memory.
_TILES = 11


@dataclasses.dataclass(frozen=True)
class Opened:
    """A model with its entry, and what the page works out of them once.

    Nothing in it changes, so that any number of people can share it.

    Args:
        name: As it was asked for.
        model: The model.
        entry: What its zoo entry says; empty for a `.keras` file.
        directory: Where the entry lies, or None.
    """

    name: str
    model: Generation
    entry: dict
    directory: pathlib.Path | None

    @functools.cached_property
    def directions(self):
        """The model's `Directions`, with the entry's names of them."""
        return principal_directions(self.model, names_of(self.entry, self.sampler))

    @functools.cached_property
    def plane(self):
        """The model's `CodePlane`."""
        return plane_of(self.model)

    @functools.cached_property
    def tiles(self):
        """Decoded images of the plane's map, by row."""
        return self.plane.tiles(self.model, _TILES)

    @functools.cached_property
    def sampler(self):
        """What to draw from unless asked: a fitted sampler if there is one."""
        return sampler_names(self.model)[0]

    @functools.cached_property
    def bank(self):
        """Codes and images of the samples that uploads are compared with."""
        codes = draw_codes(self.model, _BANK, sampler=self.sampler)
        return codes, self.model.decode(codes)

    def warm(self):
        """Traces what the page calls, so that the first touch is as fast as the second."""
        self.model.encode(np.zeros((1, *self.model.image_shape), "uint8"))
        self.model.decode(self.directions.center()[None])
        return self


def open_model(name):
    """Opens a model: a zoo entry, a run's directory, a `.keras` file, or an entry on a hub.

    Args:
        name: Name, path, or `"hf://user/name"` as in `wae_tf.load`.

    Returns:
        `Opened`.

    Raises:
        ValueError: There is none, it has no weights, its files are damaged, or the file holds
            another kind of model.
        ConnectionError: The hub did not answer, and its cache has no copy.

    Example:
        >>> opened = open_model("mnist_wae_mmd_2d")
        >>> opened.model.decode(opened.plane.codes([[0.0, 1.0]]))
    """
    name = str(name).strip()
    if not name:
        raise ValueError("A model must have a name: choose one of the list. Received: none")
    model = zoo.load(name)
    directory = pathlib.Path(zoo.entry_directory(name, "model"))
    if not (directory / ENTRY).is_file():  # Keras wrote it, and nothing more is known.
        return Opened(name, model, {}, None).warm()
    return Opened(name, model, zoo.read_entry(name), directory).warm()


class Shelf:
    """The models that a page can show, a few of them in memory.

    Args:
        names: Models that the list begins with, such as that of the command line.
        paths: Whether other names than those of the list may be asked for: directories and
            files of this machine. Only where nobody else can reach the page.

    Example:
        >>> Shelf().get("mnist_vae").model.sample(4, seed=0)
    """

    def __init__(self, names=(), paths=False):
        self.names = tuple(dict.fromkeys([*map(str, names), *zoo.list_models()]))
        self.paths = paths
        self._opened = collections.OrderedDict()
        self._lock, self._opening = threading.Lock(), threading.Lock()

    def get(self, name):
        """Returns the `Opened` model of a name; errors as in `open_model`."""
        if name not in self.names and not self.paths:
            raise ValueError(
                "The model must be one of the list: this page is served to other machines, and "
                "opens no paths. `wae-explore --model=PATH` adds one. "
                f"Received: model={str(name)[:200]!r}"
            )
        opened = self._kept(name)
        if opened is None:
            # One at a time: two would need twice the memory. Who has a model does not wait.
            with self._opening:
                opened = self._kept(name) or self._keep(name, open_model(name))
        return opened

    def _kept(self, name):
        with self._lock:
            if name in self._opened:
                self._opened.move_to_end(name)
            return self._opened.get(name)

    def _keep(self, name, opened):
        with self._lock:
            self._opened[name] = opened
            while len(self._opened) > _KEPT:
                self._opened.popitem(last=False)
        return opened
