"""What made a run: versions, and the state of the code."""

import platform
import sqlite3
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path


def provenance() -> dict[str, object]:
    """Return package versions, and the commit of a checkout with whether it was changed."""
    commit, dirty = _commit(Path(__file__).parent)
    return {
        "introspect_bayes": version("introspect-bayes"),
        "openai": version("openai"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "platform": sys.platform,
        "commit": commit,
        "dirty": dirty,
    }


def _commit(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit that this package's own source is at; None for an installed package."""
    try:
        # An installed package may lie inside some other project's checkout.
        _git(folder, "ls-files", "--error-unmatch", __file__)
        return _git(folder, "rev-parse", "HEAD"), bool(_git(folder, "status", "--porcelain"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(folder: Path, *arguments: str) -> str:
    command = ("git", "-C", str(folder), *arguments)
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=10)  # noqa: S603
    return done.stdout.strip()
