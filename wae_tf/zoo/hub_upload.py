"""Files of one directory as one commit of a repository on the hub."""

import contextlib
import fnmatch

from wae_tf._version import __version__
from wae_tf.zoo import hub

__all__ = ["upload"]

# What an earlier model may have left in a repository. Other files stay.
_OURS = ("assets/*", "*.weights.h5", "sampler_*.h5", "samples_*.png", "samples_*.jpg")
_NOT_OURS = (".gitattributes",)


def upload(directory, repository, *, private, overwrite, message):
    """Uploads all files of a directory, all of them or none.

    Arguments and errors are those of `wae_tf.push_to_hub`.

    Returns:
        The commit, 40 hexadecimal digits.
    """
    client = hub.client()
    api = client.HfApi(library_name="wae_tf", library_version=__version__)
    new = {p.relative_to(directory).as_posix(): p for p in directory.rglob("*") if p.is_file()}
    with _hub_errors(repository):
        found = _find(api, repository)
        if found is None:
            api.create_repo(repository, private=private)
    there = [] if found is None else _check(found, repository, private, overwrite)
    old = [n for n in there if n not in new and any(fnmatch.fnmatch(n, p) for p in _OURS)]
    operations = [client.CommitOperationDelete(path_in_repo=name) for name in old]
    operations += [
        client.CommitOperationAdd(path_in_repo=name, path_or_fileobj=str(path))
        for name, path in sorted(new.items())
    ]
    with _hub_errors(repository):
        return api.create_commit(
            repository,
            operations,
            commit_message=message,
            parent_commit=None if found is None else found.sha,
        ).oid


def _find(api, repository):
    """Returns what the hub says of a repository, None if there is none that we can see."""
    try:
        return api.repo_info(repository)
    except hub.client().errors.RepositoryNotFoundError:
        return None


def _check(found, repository, private, overwrite):
    """Returns the names of the files in a repository, if it may be written to."""
    if bool(found.private) != private:
        state = "private" if found.private else "public"
        raise ValueError(
            "`private` must be what the repository is: choose another one, or change it in its "
            f"settings on the hub. Received: private={private}, and {repository!r} is {state}"
        )
    names = [sibling.rfilename for sibling in found.siblings or []]
    others = [name for name in names if name not in _NOT_OURS]
    if others and not overwrite:
        raise ValueError(
            "The repository must be new or empty: choose another name, or pass overwrite=True "
            "(--overwrite) for a new commit, after which the former can still be loaded by its "
            f"revision. Received: {repository!r}, which holds {others[0]!r}"
        )
    return names


@contextlib.contextmanager
def _hub_errors(repository):
    """Turns what the hub's library raises into what a user can do about it."""
    try:
        yield
    except Exception as error:  # Its HTTP client, and so the errors, change by version.
        causes = list(_causes(error))
        said = "; ".join(f"{type(cause).__name__}: {hub.first_line(cause)}" for cause in causes)
        said = f"Received: {repository!r} ({said})"
        if any(_status(cause) in (401, 403, 404) for cause in causes):
            raise ValueError(
                "You must be logged in with a token that may write there: `hf auth login`, or "
                f"set HF_TOKEN; look at the spelling, too. {said}"
            ) from error
        raise ConnectionError(
            "The hub must take the files whole; nothing of them is in the repository: try again "
            f"later, and look at the network, HF_ENDPOINT and HF_HUB_OFFLINE. {said}"
        ) from error


def _causes(error):
    """Yields an error of the library, and the one of its HTTP client that it tells of."""
    while error is not None:
        yield error
        error = error.__cause__


def _status(error):
    return getattr(getattr(error, "response", None), "status_code", None)
