"""Images in a folder or a zip file, with splits and classes as sub folders."""

import collections
import functools
import itertools
import os
import pathlib

import numpy as np

from wae_tf.data import held_out, splits, stores
from wae_tf.data.source import Source

__all__ = ["FolderSource"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp")
_BESIDE = (  # What lies about in folders of images: labels, captions, notes, sidecars, caches.
    *(".aae", ".csv", ".db", ".htm", ".html", ".ini", ".json", ".jsonl", ".log", ".md"),
    *(".npy", ".tsv", ".txt", ".xml", ".xmp", ".yaml", ".yml"),
)
_SPLITS = {"train", "validation", "val", "valid", "test"}


class FolderSource(Source):
    """A folder or zip file of images, sorted by path, folder by folder.

    One single folder at the top, such as `cifar10/`, is looked through. Folders train,
    test and validation (or val) there are splits; without them all images are "train".
    Where every image lies one folder below that, the folders, sorted by name over all
    splits, number the labels; otherwise there are none. Text files, hidden files and what
    operating systems leave behind are passed over.

    Args:
        path: The folder or zip file.
        divided: Whether to have the splits "kept" and "held_out" instead, into which
            `held_out.divide` divides all images.

    Raises:
        ValueError: if it holds no image, a file of another kind, or splits beside
            something else; or fewer than two images to divide.
    """

    more_splits = held_out.PARTS
    may_skip = True

    def __init__(self, path, divided=False):
        self.path = pathlib.Path(path)
        self.name = str(path)
        self.store = stores.open_store(self.path)
        try:
            names = [name for name in self.store.names() if not _passed_over(name)]
            self._check(names)
            self.top, self.has_splits = self._layout(names)
            self.files = self._by_split(names)
            if divided:
                self.files = self._divided()
        except BaseException:
            self.store.close()
            raise
        self.counts = {split: len(files) for split, files in self.files.items()}

    def close(self):
        self.store.close()

    def _items(self, split, start, stop):
        for name in itertools.islice(self.files[split], start, stop):
            yield name, lambda name=name: self.store.read(name)

    def _labels(self, split, start, stop):
        classes = self._classes
        if classes is None:
            return None
        names = self.files[split][start:stop]
        return np.array([classes[self._below(name).split("/")[0]] for name in names], "int64")

    def _stamps(self, split, start, stop):
        for name in itertools.islice(self.files[split], start, stop):
            yield f"{name}\n{self.store.stamp(name)}"

    def _check(self, names):
        """Raises unless there are images, and images only."""
        kinds = "(JPEG, PNG, BMP, GIF or WebP)"
        others = [name for name in names if not name.lower().endswith(_SUFFIXES)]
        if others:
            suffixes = collections.Counter(os.path.splitext(name)[1].lower() for name in others)
            raise ValueError(
                f"`source` must hold only images {kinds}, in sub folders or not. Convert other "
                "files, move them out, or start their names with a dot to have them passed over, "
                f"as text files are. Received: source={str(self.path)!r} with {len(others)} of "
                f"other kinds, {dict(suffixes.most_common(5))}, such as {sorted(others)[0]!r}"
            )
        if not names:
            raise ValueError(
                f"`source` must hold at least one image {kinds}. Check the "
                f"path. Received: source={str(self.path)!r}"
            )

    def _layout(self, names):
        """Returns the folder to look through, with a slash, or "", and if splits are there."""
        top, tops = "", {name.split("/", 1)[0] for name in names}
        if len(tops) == 1 and not tops & _SPLITS and all("/" in name for name in names):
            top = f"{tops.pop()}/"
            tops = {name[len(top) :].split("/", 1)[0] for name in names}
        if tops & _SPLITS and not tops <= _SPLITS:
            raise ValueError(
                "`source` must hold nothing beside its folders train, validation and test. "
                "Move the rest out, or, if these are classes, put all of them into one folder "
                f"train. Received: source={str(self.path)!r} with {sorted(tops - _SPLITS)[:5]}"
            )
        return top, bool(tops & _SPLITS)

    def _by_split(self, names):
        """Returns the sorted names of each split."""
        files = {} if self.has_splits else {"train": names}
        if self.has_splits:
            for name in names:
                folder = name[len(self.top) :].split("/", 1)[0]
                files.setdefault(splits.canonical(folder), []).append(name)
        for found in files.values():
            # Folder by folder: as if the parts of the paths were compared one by one.
            found.sort(key=lambda name: self._below(name).replace("/", "\0"))
        return files

    def _divided(self):
        """Returns the names of the parts "kept" and "held_out" of all splits together."""
        names = [name for split in splits.in_order(self.files) for name in self.files[split]]
        parts = held_out.divide(names, [name[len(self.top) :] for name in names])
        if parts is None:
            raise ValueError(
                "`source` must hold at least 2 images to be divided into 'kept' and 'held_out'. "
                f"Add images. Received: source={str(self.path)!r} with {len(names)}"
            )
        return parts

    def _below(self, name):
        """Returns the part of a path below its split."""
        path = name[len(self.top) :]
        return path.split("/", 1)[1] if self.has_splits else path

    @functools.cached_property
    def _classes(self):
        """Numbers of the classes by folder, or None unless every image lies one folder deep."""
        folders = set()
        for name in itertools.chain.from_iterable(self.files.values()):
            folder, *rest = self._below(name).split("/")
            if len(rest) != 1:
                return None
            folders.add(folder)
        return {folder: number for number, folder in enumerate(sorted(folders))}


def _passed_over(name):
    """Returns whether a file is hidden, left by an operating system, or notes on images."""
    return name.lower().endswith(_BESIDE) or any(
        part.startswith(".") or part == "__MACOSX" for part in name.split("/")
    )
