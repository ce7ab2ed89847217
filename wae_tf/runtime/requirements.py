"""What must be installed: the ranges that were tested, and what some calls need beside them."""

import importlib
import importlib.metadata
import warnings

__all__ = ["need", "warn_of_others"]

_COMPARED = ("tensorflow", "keras", "numpy", "pillow")
# Where a module that can be missing comes from: the name on PyPI, and our extra with it.
_EXTRAS = {
    "PIL": ("pillow", None),
    "gradio": ("gradio", "explore"),
    "jax": ("jax", "xla"),
    "matplotlib": ("matplotlib", "plots"),
    "scipy": ("scipy", "evaluate"),
    "sklearn": ("scikit-learn", "evaluate"),
    "tensorflow_datasets": ("tensorflow-datasets", None),
}


def need(module, purpose):
    """Imports a module that not every installation has.

    Args:
        module: Its name, such as `"sklearn.mixture"`.
        purpose: What needs it, as the beginning of a sentence.

    Returns:
        The module.

    Raises:
        ImportError: It is not installed; the text has the command that installs it.

    Example:
        >>> need("math", "An example").sqrt(4.0)
        2.0
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        name = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != name:
            raise  # One of its own requirements is missing.
        package, extra = _EXTRAS.get(name, (name, None))
        command = f"pip install {package}" if extra is None else f"pip install 'wae_tf[{extra}]'"
        raise ImportError(
            f"{purpose} needs {package}, which is not installed: `{command}`"
        ) from error


def warn_of_others():
    """Warns of each package whose version is outside the range that the tests ran with."""
    for name, wanted in _ranges().items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # Such as tensorflow by another name; its import tells.
        if not wanted.contains(found, prereleases=True):
            warnings.warn(
                f"wae_tf was tested with {name} {wanted} and found {found}: it may fail, or give "
                f"other numbers. `pip install '{name}{wanted}'` installs what was tested",
                stacklevel=3,
            )


def _ranges():
    """Returns the ranges in the metadata of this installation by name, {} where it has none."""
    try:
        from packaging.requirements import Requirement

        parsed = map(Requirement, importlib.metadata.requires("wae_tf") or [])
        return {r.name: r.specifier for r in parsed if r.name in _COMPARED and r.marker is None}
    except (ImportError, ValueError):  # PackageNotFoundError is an ImportError.
        return {}
