"""The paper's public data: found locally, in the user's cache, or downloaded once."""

import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from introspect_bayes.errors import InputError
from introspect_bayes.places import cache_root, shipped_folder

DATA_VARIABLE: Final = "INTROSPECT_BAYES_DATA"
"""Environment variable that names a local copy of the paper's data."""

MIRROR_VARIABLE: Final = "INTROSPECT_BAYES_MIRROR"
"""Environment variable with the address of another server that holds the same files."""


def paper_data() -> dict[str, Any]:
    """Return what `data/plunkett2025.toml` says: commit, address, SHA-256 of every file.

    Examples
    --------
    >>> paper_data()["commit"][:7]
    '1b723c6'
    """
    path = shipped_folder("data") / "plunkett2025.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def cache_folder() -> Path:
    """Return the folder that downloads go to."""
    return cache_root() / f"plunkett2025-{paper_data()['commit'][:7]}"


def find_paper_data(folder: Path | None = None, *, progress: bool = False) -> Path:
    """Return a folder with the paper's data, downloading it once if need be.

    Looked for in this order: `folder`, the environment variable ``INTROSPECT_BAYES_DATA``, the
    user's cache, the authors' repository at a pinned commit.

    Parameters
    ----------
    folder
        A local copy; used as it is.
    progress
        Whether to show a progress bar while downloading.

    Raises
    ------
    InputError
        If a named folder does not exist, a cached file is damaged, or the download fails. The
        message says what was tried and what to do.
    """
    if folder is not None:
        return _existing(folder, "--data")
    named = os.environ.get(DATA_VARIABLE)
    if named:
        return _existing(Path(named).expanduser(), DATA_VARIABLE)
    return _download(cache_folder(), progress=progress)


def _existing(folder: Path, origin: str) -> Path:
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        msg = f"{origin} names {folder}, which {what}."
        raise InputError(msg)
    return folder


def _download(folder: Path, *, progress: bool) -> Path:
    data = paper_data()
    address = os.environ.get(MIRROR_VARIABLE) or data["address"]
    files: dict[str, str] = data["sha256"]
    missing = [name for name in files if not (folder / name).is_file()]
    _refuse_damaged(folder, {name: files[name] for name in files if name not in missing})
    if not missing:
        return folder
    from introspect_bayes.study.fetch import fetch

    try:
        fetch(address, folder, {name: files[name] for name in missing}, progress=progress)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = (
            f"The paper's data is neither named nor cached, and downloading it failed.\n"
            f"  tried: --data (not given), {DATA_VARIABLE} (not set), cache {folder} "
            f"({len(files) - len(missing)} of {len(files)} files), {address}\n"
            f"  reason: {reason}\n"
            f"  what to do: connect and run again (finished files are kept), or get the authors' "
            f"repository ({data['repository']}, commit {data['commit'][:7]}) and name its data "
            f"folder with --data or {DATA_VARIABLE}."
        )
        raise InputError(msg) from error
    return folder


def _refuse_damaged(folder: Path, files: dict[str, str]) -> None:
    for name in damaged_files(folder, files):
        msg = (
            f"{folder / name}: checksum mismatch; the file is cut off or was changed. "
            "Nothing was overwritten: delete it and run again to download it anew."
        )
        raise InputError(msg)


def damaged_files(folder: Path, files: dict[str, str]) -> list[str]:
    """Return the names of files whose SHA-256 differs from the given one, or that are missing."""
    from hashlib import file_digest

    def digest(path: Path) -> str:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()

    return [
        name
        for name, sha256 in files.items()
        if not (folder / name).is_file() or digest(folder / name) != sha256
    ]


def is_papers_file(path: Path) -> bool:
    """Return whether a file is one of the paper's data, whatever it is called."""
    from hashlib import sha256

    return sha256(path.read_bytes()).hexdigest() in set(paper_data()["sha256"].values())


@lru_cache(maxsize=8)
def unchanged(folder: Path) -> bool:
    """Return whether no file in a folder differs from the authors' file of that name."""
    known: dict[str, str] = paper_data()["sha256"]
    return not damaged_files(folder, {n: h for n, h in known.items() if (folder / n).is_file()})


def identity(folder: Path) -> str:
    """Say how the files in a folder compare with the authors' published ones.

    Returns
    -------
    str
        Such as "identical to the authors' commit 1b723c6"; empty for a folder that holds no
        file of the paper's data.
    """
    data = paper_data()
    present = {name: h for name, h in data["sha256"].items() if (folder / name).is_file()}
    changed = damaged_files(folder, present)
    commit = data["commit"][:7]
    if not present:
        return ""
    if not changed and len(present) == len(data["sha256"]):
        return f"all {len(present)} files identical to the authors' commit {commit}"
    same = len(present) - len(changed)
    return f"{same} of {len(data['sha256'])} files identical to the authors' commit {commit}"
