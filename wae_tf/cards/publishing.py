"""An entry as a repository of the hub: weights, samplers, and a card with pictures."""

import pathlib
import shutil
import tempfile

from wae_tf import zoo
from wae_tf.cards.card_pictures import find_picture
from wae_tf.cards.hub_header import hub_header, licence_of
from wae_tf.cards.model_card import CARD, default_sampler, model_card
from wae_tf.plots import pictures
from wae_tf.zoo import copies, hub, hub_upload

__all__ = ["push_to_hub", "write_repository"]

_PICTURES = ("reconstructions", "codes", "interpolations", "nearest_training_images", "thumbnail")


def push_to_hub(
    name_or_directory,
    repository,
    *,
    private=True,
    license=None,
    datasets=None,
    overwrite=False,
    message=None,
):
    """Publishes a trained entry in a repository of a Hugging Face hub, in one commit.

    `wae_tf.load("hf://user/name")` returns the model there, its SHA-256 checked, and
    `keras.saving.load_model("hf://user/name")` does where wae_tf is imported. The repository
    gets what `wae_tf.zoo.save_keras` packs and the card as `README.md`, with its pictures and
    the header that the hub searches.

    Log in before, by `hf auth login` or the environment variable `HF_TOKEN`.

    Args:
        name_or_directory: Entry with weights, as in `wae_tf.load`: a finished run, a zoo name, a
            `.keras` file.
        repository: `"user/name"`; made if it is not there.
        private: Whether only you can see it. Of a repository that is there it must be what it is.
        license: Name of a licence on the hub, such as `"mit"`, where the entry records none.
        datasets: Names on the hub of the training data, such as `["ylecun/mnist"]`; None takes
            them from the entry.
        overwrite: Whether the repository may hold an earlier model, which stays in its history.
        message: Of the commit; None says which model it is.

    Returns:
        Address with the commit, such as `"hf://ada/digits@0f3c..."`, for `wae_tf.load`.

    Raises:
        ValueError: There is no such entry, you may not write there, the repository holds
            something, or it is public where `private` is asked for, or the reverse.
        ConnectionError: The hub did not take all files. Nothing of them is in the repository.
        ImportError: `huggingface_hub` is not installed.

    Example:
        >>> wae_tf.push_to_hub("runs/mnist", "ada/digits", private=True, license="mit")
    """
    if not hub.is_repository(repository):
        raise ValueError(f"`repository` must be 'user/name'. Received: repository={repository!r}")
    hub.client()
    with tempfile.TemporaryDirectory() as parent:
        directory = pathlib.Path(parent, repository.split("/")[1])
        write_repository(directory, name_or_directory, repository, license, datasets)
        commit = hub_upload.upload(
            directory,
            repository,
            private=private,
            overwrite=overwrite,
            message=message or f"{directory.name}, by wae_tf",
        )
    return f"hf://{repository}@{commit}"


def write_repository(directory, name_or_directory, repository, license=None, datasets=None):
    """Writes the files of a repository into a new directory; arguments as in `push_to_hub`."""
    licence = licence_of(zoo.read_entry(name_or_directory), license)  # Before the work.
    directory.mkdir(parents=True)
    source = copies.save_layout(name_or_directory, directory)
    entry = zoo.read_entry(directory)
    _copy_pictures(source, directory)
    if not list(directory.glob("samples_*")):
        _draw_samples(directory)
    if licence and licence[0] == "other":
        (directory / "LICENSE").write_text(licence[1] + "\n", encoding="utf-8")
    header = hub_header(entry, directory.name, license, datasets)
    yaml = hub.client().utils.yaml_dump(header, sort_keys=False)
    text = f"---\n{yaml}---\n\n{model_card(directory, address=f'hf://{repository}')}"
    (directory / CARD).write_text(text, encoding="utf-8")


def _copy_pictures(source, directory):
    samples = {path.stem for path in source.glob("samples_*")}
    for name in (*sorted(samples), *_PICTURES):
        if (path := find_picture(source, name)) is not None:
            shutil.copyfile(path, directory / path.name)


def _draw_samples(directory):
    """Draws what no evaluation has drawn: samples from the prior, and from the best sampler."""
    model = zoo.load(directory)
    for kind in {"prior", default_sampler(model.samplers) or "prior"}:
        images = model.sample(64, seed=0, sampler=kind)
        pictures.save(directory / f"samples_{kind}.png", pictures.grid(images))
