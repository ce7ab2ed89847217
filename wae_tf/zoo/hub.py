"""Entries that lie on a Hugging Face hub: which of their files come here, and how."""

import pathlib
import re

from wae_tf import files
from wae_tf.samplers import storage
from wae_tf.zoo import entry_checks, keras_layout
from wae_tf.zoo.entry_checks import ENTRY
from wae_tf.zoo.keras_classes import check_classes

__all__ = [
    "SIZE_LIMIT",
    "client",
    "download",
    "first_line",
    "is_address",
    "is_repository",
    "parse",
]

SIZE_LIMIT = 2 * 2**30  # Bytes of one file: far above any model of images that trains on one GPU.

_PREFIX = "hf://"
_NAME = r"[A-Za-z0-9](?:[\w.-]*\w)?"
_ADDRESS = re.compile(rf"hf://({_NAME}/{_NAME})(?:@([\w][\w./-]*))?", re.ASCII)


def is_address(name):
    """Returns whether a name of an entry is meant as an address on a hub."""
    return isinstance(name, str) and name.startswith(_PREFIX)


def is_repository(name):
    """Returns whether a name is that of a repository, such as `"ada/digits"`."""
    return re.fullmatch(f"{_NAME}/{_NAME}", name, re.ASCII) is not None and ".." not in name


def parse(address):
    """Splits an address into the repository and its revision.

    Args:
        address: `"hf://user/name"`, or with a branch, tag or commit `"hf://user/name@revision"`.

    Returns:
        Pair of strings, the second `None` where the address has no revision.

    Raises:
        ValueError: It is no such address.

    Example:
        >>> parse("hf://ada/digits@v1")
        ('ada/digits', 'v1')
    """
    match = _ADDRESS.fullmatch(address)
    if not match or ".." in address:
        raise ValueError(
            "An address on the hub must be 'hf://user/name' or 'hf://user/name@revision'. "
            f"Received: {address!r}"
        )
    return match.group(1), match.group(2)


def client():
    """Returns the module `huggingface_hub`.

    Raises:
        ImportError: It is not installed.
    """
    try:
        import huggingface_hub.errors
        import huggingface_hub.utils
    except ImportError as error:
        raise ImportError(
            "Models on the hub need huggingface_hub: `pip install 'wae_tf[hub]'`. "
            f"Received: {error}"
        ) from error
    return huggingface_hub


def download(address, weights=True, size_limit=SIZE_LIMIT):
    """Fetches an entry from the hub into the cache of `huggingface_hub`.

    Only `entry.json` and the files that it lists come, or without it what Keras wrote of a model,
    all of one commit; nothing of them is executed. What is in the cache is not fetched again,
    unless it is damaged: each file must have the SHA-256 that `entry.json` records, and one that
    has another is removed and fetched once more. The environment variables of `huggingface_hub`
    hold: `HF_TOKEN`, `HF_HOME`, `HF_ENDPOINT`, `HF_HUB_OFFLINE`.

    Args:
        address: As in `parse`.
        weights: Whether weights and samplers come as well.
        size_limit: Most bytes that one file may have.

    Returns:
        Path of a directory of the cache, to be read only.

    Raises:
        ValueError: The address is none, the hub has no such repository, revision or file, it is
            no entry, or a file is above the limit or has another SHA-256 on the hub, too.
        ConnectionError: The hub did not answer as it must, and the cache has no copy.
        ImportError: `huggingface_hub` is not installed.

    Example:
        >>> wae_tf.load("hf://ada/digits@v1").sample(16, seed=0)
    """
    repository, revision = parse(address)
    try:
        path = pathlib.Path(_fetch(address, repository, ENTRY, revision, files.JSON_LIMIT))
    except ValueError as error:
        if weights and _absent(error):
            return _download_keras(address, repository, revision, size_limit, error)
        raise
    if weights:
        # The cache names a directory by its commit: later files are of that one.
        for name, digest in _listed(address, path).items():
            _fetch_whole(address, repository, name, path.parent.name, size_limit, digest)
    return path.parent


def _download_keras(address, repository, revision, limit, missing):
    """Fetches what `model.save("hf://user/name")` of Keras wrote, or raises the error `missing`."""
    try:
        path = pathlib.Path(_fetch(address, repository, "config.json", revision, files.JSON_LIMIT))
    except ValueError:
        raise missing from missing.__cause__
    commit = path.parent.name
    try:
        check_classes(files.read_object(path))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            "A repository must hold an entry, or a model whose parts are known here. "
            f"Received: {address!r} ({type(error).__name__}: {error})"
        ) from error
    for name in keras_layout.KERAS_FILES:
        _fetch(address, repository, name, commit, limit)
    try:
        names = _fetch(address, repository, "assets/samplers.json", commit, files.JSON_LIMIT)
    except ValueError as error:
        if not _absent(error):
            raise
        return path.parent
    try:
        count = len(storage.read_names(pathlib.Path(names)))
    except ValueError as error:
        raise ValueError(f"{error} Received: {address!r}") from error
    for place in range(count):
        _fetch(address, repository, f"assets/sampler_{place}.h5", commit, limit)
    return path.parent


def _absent(error):
    """Returns whether an error of `_fetch` says that the repository lacks the file alone."""
    return isinstance(error.__cause__, client().errors.EntryNotFoundError)


def _listed(address, path):
    """Returns the `listed_files` of an entry."""
    try:
        entry = files.read_object(path)
        entry_checks.check_entry(entry)
        return entry_checks.listed_files(entry)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "A repository must hold an entry that `wae_tf.save_entry` wrote. "
            f"Received: {address!r}, whose {ENTRY} is none ({type(error).__name__}: {error})"
        ) from error


def _fetch_whole(address, repository, name, commit, limit, digest):
    """Fetches a file until it has its SHA-256, at most twice; one without it does not stay."""
    for _ in range(2):
        path = pathlib.Path(_fetch(address, repository, name, commit, limit))
        got = files.sha256(path)
        if got == digest:
            return
        # Else it would be taken from the cache for ever. What lies there is a link to a blob.
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    raise ValueError(
        "A file on the hub must have the SHA-256 that `entry.json` beside it records. This one, "
        "fetched again, has another, and was removed from the cache: load another revision, or "
        "tell who published it. "
        f"Received: {name} of {address!r} with {got}, expected {digest}"
    )


def _fetch(address, repository, name, revision, limit):
    """Returns the path of a file in the cache, fetched if it is not there."""
    hub = client()
    errors = hub.errors
    try:
        cached = hub.try_to_load_from_cache(repository, name, revision=revision)
        immutable = revision is not None and re.fullmatch(r"[0-9a-f]{40}", revision)
        if isinstance(cached, str) and immutable:
            return cached
        planned = hub.hf_hub_download(repository, name, revision=revision, dry_run=True)
        if not planned.will_download or 0 <= planned.file_size <= limit:
            return hub.hf_hub_download(repository, name, revision=revision)
    except errors.LocalEntryNotFoundError as error:
        raise ConnectionError(
            "The hub must be reachable, or the files be in the cache of huggingface_hub: look at "
            f"the network, HF_ENDPOINT and HF_HUB_OFFLINE. Received: {name} of {address!r} "
            f"({first_line(error)})"
        ) from error
    except (
        errors.RepositoryNotFoundError,
        errors.RevisionNotFoundError,
        errors.EntryNotFoundError,
    ) as error:
        raise ValueError(
            "The hub must have the repository, its revision and its file, and let you read them: "
            "look at the spelling; for a private one log in by `hf auth login`, or set HF_TOKEN. "
            f"Received: {name} of {address!r} ({type(error).__name__}: {first_line(error)})"
        ) from error
    except Exception as error:  # Its HTTP client, and so the errors, change by version.
        raise ConnectionError(
            "The hub must send the file whole: try again later; what has arrived is kept. "
            f"Received: {name} of {address!r} ({type(error).__name__}: {first_line(error)})"
        ) from error
    raise ValueError(
        f"A file of an entry must have at most {limit:,} bytes. "
        f"Received: {name} of {address!r}, with {planned.file_size:,}"
    )


def first_line(error):
    """Returns the first line of what an error says."""
    return str(error).strip().split("\n")[0]
