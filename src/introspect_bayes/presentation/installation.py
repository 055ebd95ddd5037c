"""What is installed, configured and cached here: the facts behind `introspect-bayes info`."""

import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from introspect_bayes.collect.secrets import KEY_VARIABLE
from introspect_bayes.errors import InputError
from introspect_bayes.places import CACHE_VARIABLE, cache_root, shipped_folder
from introspect_bayes.sampling.finished_fits import PACKAGES
from introspect_bayes.study import SHIPPED_STUDIES
from introspect_bayes.study.download import (
    DATA_VARIABLE,
    MIRROR_VARIABLE,
    cache_folder,
    find_paper_data,
    identity,
)

_OTHERS: Final = ("openai", "arviz", "distributed", "pyarrow", "preliz")
"""Packages that no fit depends on: asking, plots, and what extras bring."""


@dataclass(frozen=True, slots=True)
class EnvironmentVariable:
    """An environment variable that the package reads.

    Attributes
    ----------
    name
        Of the variable.
    meaning
        What it decides.
    otherwise
        What holds where it is not set.
    overridden_by
        What on the command line or in Python goes before it; empty if nothing.
    secret
        Whether its value is shown to nobody.
    """

    name: str
    meaning: str
    otherwise: str
    overridden_by: str = ""
    secret: bool = False

    def shown(self) -> str | None:
        """Return its value, "set" for a secret, or None where it is not set.

        Examples
        --------
        >>> EnvironmentVariable("INTROSPECT_BAYES_NOT_SET", "nothing", "nothing").shown() is None
        True
        """
        value = os.environ.get(self.name, "").strip()
        if not value:
            return None
        return "set" if self.secret else value


ENVIRONMENT: Final = (
    EnvironmentVariable(
        DATA_VARIABLE,
        "a local copy of the paper's data (the authors' `data` folder)",
        "the data is looked for in the cache, and downloaded once",
        "--data",
    ),
    EnvironmentVariable(
        CACHE_VARIABLE,
        "the cache folder: downloads and finished fits; it may be emptied at any time",
        "the user's cache folder of this system",
    ),
    EnvironmentVariable(
        MIRROR_VARIABLE,
        "the address of another server with the paper's data (checksums hold all the same)",
        "the authors' repository at a pinned commit",
    ),
    EnvironmentVariable(
        KEY_VARIABLE,
        "the key that servers are sent; kept nowhere",
        "none is sent, and OpenAI's own server cannot be asked",
        secret=True,
    ),
    EnvironmentVariable(
        "OPENAI_BASE_URL",
        "the address of the chat API that is asked by `collect` and `train`",
        "OpenAI's own server",
        "--base-url",
    ),
    EnvironmentVariable(
        "COLUMNS",
        "the width of tables that go into a file or a pipe",
        "tables have 140 columns at most",
    ),
)
"""All environment variables that the package reads."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A file or folder in the cache.

    Attributes
    ----------
    name
        In the cache folder.
    meaning
        What it holds.
    files
        Number of files.
    size
        Bytes.
    """

    name: str
    meaning: str
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Installation:
    """What `introspect-bayes info` says.

    Attributes
    ----------
    versions
        Of Python and of packages, by name; None where a package is not installed.
    system
        Operating system, its version and the processor's kind.
    cores
        Number of processors; None where it is not known.
    models, studies
        Names of the specifications and studies that ship with the package.
    paper_data, paper_data_identity
        Folder with the paper's data, empty where it would have to be downloaded; and how its files
        compare with the authors' published ones, or what is wrong.
    cache
        The cache folder.
    cached
        What lies in it.
    environment
        Value (None if not set) by name of the variables in `ENVIRONMENT`; secrets are "set".
    """

    versions: dict[str, str | None]
    system: str
    cores: int | None
    models: list[str]
    studies: list[str]
    paper_data: str
    paper_data_identity: str
    cache: str
    cached: list[CacheEntry]
    environment: dict[str, str | None]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


def installation() -> Installation:
    """Look at what is installed, configured and cached; change and download nothing.

    Examples
    --------
    >>> "choice_weights" in installation().models
    True
    """
    folder, same = _paper_data()
    return Installation(
        versions=_versions(),
        system=platform.platform(),
        cores=os.cpu_count(),
        models=sorted(path.stem for path in shipped_folder("models").glob("*.toml")),
        studies=list(SHIPPED_STUDIES),
        paper_data=folder,
        paper_data_identity=same,
        cache=str(cache_root()),
        cached=_cached(),
        environment={variable.name: variable.shown() for variable in ENVIRONMENT},
    )


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {
        "introspect-bayes": version("introspect-bayes"),
        "python": platform.python_version(),
    }
    for package in (*PACKAGES, *_OTHERS):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _paper_data() -> tuple[str, str]:
    """Return the folder of the paper's data, empty if there is none, and what its files are."""
    if not os.environ.get(DATA_VARIABLE) and not cache_folder().is_dir():
        return "", "not here; downloaded (12 MB) by the first command that needs it"
    try:
        named = os.environ.get(DATA_VARIABLE)
        folder = find_paper_data() if named else cache_folder()
    except InputError as error:
        return "", str(error)
    return str(folder), identity(folder) or "none of its files"


def _cached() -> list[CacheEntry]:
    root = cache_root()
    if not root.is_dir():
        return []
    return [_entry(path) for path in sorted(root.iterdir())]


def _entry(path: Path) -> CacheEntry:
    # A fit may be thrown away by another process while we look.
    sizes = []
    for file in [path, *path.rglob("*")]:
        try:
            if file.is_file():
                sizes.append(file.stat().st_size)
        except FileNotFoundError:
            continue
    return CacheEntry(path.name, _meaning(path.name), len(sizes), sum(sizes))


def _meaning(name: str) -> str:
    """Say what an entry of the cache folder holds."""
    if name == "fits":
        return "finished fits"
    if name == cache_folder().name:
        return "the paper's data"
    if name.startswith("simulated-"):
        return "a simulated study in place of the paper's data"
    return "nothing that this version wrote"
