"""Images in a folder or a zip file, with splits and classes as sub folders."""

import os
import pathlib
import zipfile

import numpy as np

from wae_tf.data import images, splits

__all__ = ["FolderSource"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp")
_SKIPPED = ("__macosx", "thumbs.db", "desktop.ini")  # And names that start with a dot.
_SPLITS = {"train", "validation", "val", "valid", "test"}


class FolderSource:
    """A folder or zip file of images, sorted by path, folder by folder.

    One single folder at the top, such as `cifar10/`, is looked through. Folders train,
    test and validation (or val) there are splits; without them all images are "train".
    Where every image lies one folder below that, the folders, sorted by name over all
    splits, number the labels; otherwise there are none.

    Args:
        path: The folder or zip file.

    Raises:
        ValueError: if it holds no image, a file which is not one, or splits beside
            something else.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        names = [name for name in self._list() if not _skipped(name)]
        for name in names:
            if not name.lower().endswith(_SUFFIXES):
                raise ValueError(
                    "`source` must hold only images (JPEG, PNG, BMP, GIF or WebP), in sub folders "
                    "or not. Move this file out, or start its name with a dot to have it skipped. "
                    f"Received: source={str(self.path)!r} with {name!r}"
                )
        if not names:
            raise ValueError(
                "`source` must hold at least one image (JPEG, PNG, BMP, GIF or WebP). Check the "
                f"path. Received: source={str(self.path)!r}"
            )
        self.files, relative = self._by_split(names)
        self.counts = {split: len(files) for split, files in self.files.items()}
        self.labels = _labels(relative)

    def read(self, split, start, stop, preparation, verbose):
        """Returns `(images, labels or None)` for the range `start` to `stop` of a split."""
        items = self._contents(self.files[split][start:stop])
        labels = None if self.labels is None else self.labels[split][start:stop]
        return images.stack(items, stop - start, preparation, verbose), labels

    def _list(self):
        """Returns the paths of all files, relative to the top, with forward slashes."""
        if self.path.is_dir():
            return [
                pathlib.Path(folder, file).relative_to(self.path).as_posix()
                for folder, _, files in os.walk(self.path, followlinks=True)
                for file in files
            ]
        try:
            with zipfile.ZipFile(self.path) as archive:
                return [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        except zipfile.BadZipFile as error:
            raise ValueError(
                f"`source` must be a whole zip file. Copy or download it again ({error}). "
                f"Received: source={str(self.path)!r}"
            ) from error

    def _by_split(self, names):
        """Sorts files into splits: names, and the parts of their paths below the split."""
        parts = {name: name.split("/") for name in names}
        tops = {path[0] for path in parts.values()}
        if len(tops) == 1 and not tops & _SPLITS and all(len(p) > 1 for p in parts.values()):
            parts = {name: path[1:] for name, path in parts.items()}
            tops = {path[0] for path in parts.values()}
        relative = {"train": parts}
        if tops & _SPLITS:
            if not tops <= _SPLITS:
                raise ValueError(
                    "`source` must hold nothing beside its folders train, validation and test. "
                    "Move the rest out, or, if these are classes, put all of them into one folder "
                    f"train. Received: source={str(self.path)!r} with {sorted(tops - _SPLITS)[:5]}"
                )
            relative = {splits.canonical(top): {} for top in tops}
            for name, path in parts.items():
                relative[splits.canonical(path[0])][name] = path[1:]
        relative = {
            split: dict(sorted(files.items(), key=lambda item: item[1]))
            for split, files in relative.items()
        }
        return {split: list(files) for split, files in relative.items()}, relative

    def _contents(self, names):
        """Yields `(name, bytes)` of each file."""
        if self.path.is_dir():
            for name in names:
                yield str(self.path / name), (self.path / name).read_bytes()
            return
        with zipfile.ZipFile(self.path) as archive:
            for name in names:
                try:
                    yield f"{self.path}/{name}", archive.read(name)
                except (zipfile.BadZipFile, RuntimeError, OSError, NotImplementedError) as error:
                    raise ValueError(
                        "`source` must be a whole zip file without a password. Copy or download it "
                        f"again ({error}). Received: source={str(self.path)!r} with {name!r}"
                    ) from error


def _skipped(name):
    """Returns whether a path is hidden or was left by an operating system."""
    return any(part.startswith(".") or part.lower() in _SKIPPED for part in name.split("/"))


def _labels(relative):
    """Returns class indices by split, or None unless every image lies one folder deep."""
    paths = [path for files in relative.values() for path in files.values()]
    if any(len(path) != 2 for path in paths):
        return None
    classes = {name: i for i, name in enumerate(sorted({path[0] for path in paths}))}
    return {
        split: np.array([classes[path[0]] for path in files.values()], "int64")
        for split, files in relative.items()
    }
