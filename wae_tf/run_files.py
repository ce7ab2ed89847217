"""What a directory remembers of its run, so that no other run goes on there."""

import json

from wae_tf import data, files
from wae_tf.config import WAEConfig

__all__ = ["check_config", "check_images", "describe_images", "write"]

_CONFIG = "config.json"
_IMAGES = "training_data.json"
_SAME_CONFIG = (
    "`workdir` must be new, or hold a run of this very config to resume: choose another directory, "
    "or take the changes back."
)
_SAME_IMAGES = (
    "`workdir` must be new, or hold a run on these very training images to resume: choose another "
    "directory, or take the former images and split."
)


def describe_images(images):
    """Returns what tells training images from others, wherever they lie; a part of an entry."""
    return {"training_images": len(images), "training_data_sha256": data.fingerprint(images)}


def check_config(directory, config, requirement=_SAME_CONFIG):
    """Raises a ValueError if the config that a directory holds, if any, is another one.

    Args:
        directory: Path of the directory.
        config: `WAEConfig` of the run that is to go there.
        requirement: What the error asks for.
    """
    path = directory / _CONFIG
    if path.exists():
        before = _read(path, lambda text: WAEConfig.from_json(text).to_dict(), requirement)
        _compare(path, before, config.to_dict(), requirement, "values")


def check_images(directory, described):
    """Raises a ValueError if the images that a directory knows of, if any, are others.

    Args:
        directory: Path of the directory.
        described: What `describe_images` returned.
    """
    path = directory / _IMAGES
    if path.exists():
        before = _read(path, lambda text: dict(json.loads(text)), _SAME_IMAGES)
        _compare(path, before, described, _SAME_IMAGES, "images")


def write(directory, config, described=None):
    """Writes what the two checks look at; None leaves out images that are not known."""
    contents = {_CONFIG: config.to_json()}
    if described is not None:
        contents[_IMAGES] = json.dumps(described, indent=2) + "\n"
    for name, content in contents.items():
        with files.replacing(directory / name) as temporary:
            temporary.write_text(content, encoding="utf-8")


def _read(path, parse, requirement):
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{requirement} Received: {path}, which this version cannot read ({error})"
        ) from error


def _compare(path, before, now, requirement, what):
    changed = {k: (before.get(k), v) for k, v in now.items() if before.get(k) != v}
    if changed:
        raise ValueError(
            f"{requirement} Received: {path} with other {what}, (there, now): {changed}"
        )
