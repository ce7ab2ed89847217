"""Images from a data set that TensorFlow Datasets has prepared."""

import difflib

import numpy as np

from wae_tf.data.source import Source
from wae_tf.runtime.requirements import need

__all__ = ["KINDS", "TfdsSource"]

KINDS = (
    "a TFDS name (such as 'mnist' or 'celeb_a'), the path of a folder, .zip or .npz file of "
    "images, or a NumPy array"
)


class TfdsSource(Source):
    """A TFDS data set with one image per example, in the order it is stored.

    Images are decoded by Pillow, as those of folders are. Labels are the only class
    label, or the one called "label".

    Args:
        name: TFDS name, with a config and version or not: `"celeb_a_hq/256:2.0.0"`.
        data_dir: Folder of prepared data sets; None for the default of TFDS.
        download: Whether to download and prepare the data set where it is missing.

    Raises:
        ImportError: without TensorFlow Datasets.
        ValueError: for a name that TFDS does not know, or a data set without images.
        FileNotFoundError: if the data set is not prepared, and `download` is False.
    """

    def __init__(self, name, data_dir=None, download=False):
        purpose = f"A data set by name, as {name!r} is (a folder is './{name}', with a slash),"
        self.tfds = need("tensorflow_datasets", purpose)
        self.builder = _builder(self.tfds, name, data_dir)
        if not self.builder.is_prepared():
            if not download:
                raise FileNotFoundError(
                    f"The TFDS data set {name!r} must be prepared first, and "
                    f"{self.builder.data_dir} does not hold it. Pass `download=True` to fetch it "
                    f"there, or `data_dir=` the folder that holds {self.builder.info.full_name!r}. "
                    f"Received: source={name!r}, data_dir={_text(data_dir)}, download=False"
                )
            self.builder.download_and_prepare()
        self.image_key = self._key(self.tfds.features.Image, "image")
        self.label_key = self._key(self.tfds.features.ClassLabel, "label")
        feature = self.builder.info.features[self.image_key] if self.image_key else None
        if feature is None or feature.np_dtype != np.uint8:
            raise ValueError(
                "`source` must name a TFDS data set with one uint8 image per example. Extract the "
                "images to a folder or an .npz file, and pass its path. Received: "
                f"source={name!r} with features {sorted(self.builder.info.features)}"
            )
        self.channels = {1: 1, 3: 3, 4: 3}.get(feature.shape[-1])
        self.name = self.builder.info.full_name
        self.counts = {split: info.num_examples for split, info in self.builder.info.splits.items()}

    def _items(self, split, start, stop):
        index = start
        for batch in self._batches(self.image_key, split, start, stop):
            for content in batch:
                yield f"{self.name} {split}[{index}]", lambda content=content: content
                index += 1

    def _labels(self, split, start, stop):
        if self.label_key is None:
            return None
        batches = list(self._batches(self.label_key, split, start, stop))
        return np.concatenate(batches).astype("int64")

    def _stamps(self, split, start, stop):
        stored = self.builder.info.splits[split].num_bytes
        yield f"{self.name} {split}[{start}:{stop}] {stored}"

    def _batches(self, key, split, start, stop):
        """Yields one feature of the examples `start` to `stop` of a split, images undecoded."""
        dataset = self.builder.as_dataset(
            split=self.tfds.core.ReadInstruction(split, from_=start, to=stop, unit="abs"),
            shuffle_files=False,
            decoders={self.image_key: self.tfds.decode.SkipDecoding()},
            # One file after the other: interleaved, a slice would not be a prefix.
            read_config=self.tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        )
        return dataset.map(lambda example: example[key]).batch(256).as_numpy_iterator()

    def _key(self, kind, usual):
        """Returns the key of the only feature of a kind, or of the one with the usual name."""
        keys = [k for k, feature in self.builder.info.features.items() if isinstance(feature, kind)]
        return keys[0] if len(keys) == 1 else usual if usual in keys else None


def _builder(tfds, name, data_dir):
    """Returns the TFDS builder of a name, or raises our error."""
    try:
        return tfds.builder(name, data_dir=data_dir)
    except Exception as error:  # Unknown name, config or version: each raises another type.
        known = sorted(set(tfds.list_builders(with_community_datasets=False)))
        head = name.replace(":", "/").split("/")[0]
        if head in known:
            raise ValueError(
                f"`source` must name a config and version which TFDS has of {head!r} ({error}). "
                f"Received: source={name!r}, data_dir={_text(data_dir)}"
            ) from error
        near = difflib.get_close_matches(head.lower(), known)
        near = f" Near in TFDS: {near}." if near else ""
        raise ValueError(
            f"`source` must be {KINDS}; this is neither a TFDS name nor a file that exists.{near} "
            f"A folder in the working directory is './{name}'. "
            f"Received: source={name!r}, data_dir={_text(data_dir)}"
        ) from None


def _text(data_dir):
    return None if data_dir is None else repr(str(data_dir))
