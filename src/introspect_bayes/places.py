"""Where files lie: those that ship with the package (`models/`, `data/`), and the cache."""

import os
from importlib.resources import files
from pathlib import Path
from typing import Final

from introspect_bayes.errors import InputError

CACHE_VARIABLE: Final = "INTROSPECT_BAYES_CACHE"
"""Environment variable that moves the cache."""


def shipped_folder(name: str) -> Path:
    """Return the folder `name` ("models" or "data") that ships with the package.

    A wheel carries both folders inside the package; a checkout (editable install) has them at
    its top level.

    Raises
    ------
    InputError
        If the installation is incomplete.

    Examples
    --------
    >>> (shipped_folder("models") / "choice_weights.toml").is_file()
    True
    """
    package = Path(str(files("introspect_bayes")))
    candidates = (package / name, package.parents[1] / name)
    for folder in candidates:
        if folder.is_dir():
            return folder
    tried = " and ".join(str(folder) for folder in candidates)
    msg = f"The package's {name}/ folder is missing (looked in {tried}): install it again."
    raise InputError(msg)


def cache_root() -> Path:
    """Return the user's cache folder, or the one that ``INTROSPECT_BAYES_CACHE`` names."""
    from platformdirs import user_cache_path

    root = os.environ.get(CACHE_VARIABLE)
    return Path(root).expanduser() if root else user_cache_path("introspect-bayes")
