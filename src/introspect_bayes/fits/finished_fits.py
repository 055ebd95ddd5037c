"""Finished fits on disk, so that the same fit is never sampled twice.

A fit is known by all that its draws depend on: formula and priors, data, sampler, engine, seed,
the versions of what samples, and this package's own source. Whatever differs makes another fit.
"""

import hashlib
import json
import os
import platform
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from introspect_bayes.fits.sampling import Sampler
from introspect_bayes.specs import Specification

PACKAGES: Final = (
    "arviz-stats", "bambi", "formulae", "introspect-bayes", "llvmlite", "numba", "numpy", "nutpie",
    "pandas", "pymc", "pytensor", "scipy", "xarray",
)  # fmt: skip
"""Packages whose versions a fit depends on."""

LARGEST: Final = 1 << 30
"""Bytes that finished fits may take (1 GiB); those not used for the longest time go first."""

_ROOMS: Final = ("fits", "priors", "specs")
_ABOUT: Final = "about"


@dataclass(frozen=True, slots=True)
class FinishedFits:
    """A folder of finished fits.

    Parameters
    ----------
    folder
        Where they are; made when the first is kept. It may be deleted at any time.
    largest
        Bytes that they may take.

    Examples
    --------
    >>> import tempfile
    >>> finished = FinishedFits(Path(tempfile.mkdtemp()))
    >>> draws = xr.Dataset({"slope": (("chain", "draw"), [[0.1, 0.2]])})
    >>> finished.keep("a1", xr.DataTree.from_dict({"posterior": draws}))
    >>> float(finished.find("a1")["posterior"]["slope"].mean())
    0.15000000000000002
    >>> finished.find("b2") is None
    True
    """

    folder: Path
    largest: int = LARGEST

    def find(self, key: str) -> xr.DataTree | None:
        """Return the finished fit with this key, or None if there is none that can be read."""
        path = self._path(key)
        try:
            tree = _read(path)
            os.utime(path)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        return tree

    def keep(self, key: str, tree: xr.DataTree) -> None:
        """Keep a finished fit, if the folder can be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    _write(file, tree)
                Path(name).replace(self._path(key))
            finally:
                Path(name).unlink(missing_ok=True)
            self._forget_oldest()
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"

    def _forget_oldest(self) -> None:
        known = []
        for path in self.folder.glob("*.npz"):
            try:
                stat = path.stat()
            except FileNotFoundError:  # another process was faster
                continue
            known.append((stat.st_mtime, stat.st_size, path))
        excess = sum(size for _, size, _ in known) - self.largest
        for _, size, path in sorted(known):
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= size


def fit_key(
    spec: Specification,
    data: Mapping[str, Any],
    sampler: Sampler,
    name: str,
    engine: str,
) -> str:
    """Return the key of a fit: a digest of all that its draws depend on.

    Parameters
    ----------
    spec
        The specification, of which titles and sources do not count.
    data
        Arrays, or sequences of text, by name.
    sampler
        Settings; how many chains run at a time does not count.
    name
        Name of the fit, from which its seed derives.
    engine
        What samples.
    """
    digest = hashlib.sha256()
    about = {
        "formula": spec.formula,
        "family": spec.family,
        "priors": {n: [prior.dist, prior.args] for n, prior in spec.priors.items()},
        "sampler": [sampler.draws, sampler.warmup, sampler.chains, sampler.seed],
        "name": name,
        "engine": engine,
        "versions": _versions(),
    }
    # In order: that of priors decides the order of what is sampled.
    digest.update(json.dumps(about, default=float).encode())
    for key, values in data.items():
        array = np.asarray(values)
        text = array.dtype.kind in "OUT"
        held = json.dumps(array.tolist()).encode() if text else array.tobytes()
        digest.update(f"{key} {array.dtype.str} {array.shape}".encode())
        digest.update(held)
    return digest.hexdigest()


@cache
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    found["source"] = _own_source()
    return found


def _own_source() -> str:
    """Return a digest of the modules that fits depend on, which change without a new version."""
    package = files("introspect_bayes")
    digest = hashlib.sha256((package / "distributions.py").read_bytes())
    for room in _ROOMS:
        for module in sorted((package / room).iterdir(), key=lambda module: module.name):
            if module.name.endswith(".py"):
                digest.update(module.name.encode() + module.read_bytes())
    return digest.hexdigest()


def _write(file: Any, tree: xr.DataTree) -> None:
    """Write every variable and coordinate of a tree as an npz archive, and what they are."""
    about: list[list[Any]] = []
    arrays: dict[str, Any] = {}
    for group, kind, name, variable in _variables(tree):
        array = variable.to_numpy()
        arrays[f"a{len(about)}"] = array.astype(str) if array.dtype.kind in "OT" else array
        about.append([group, kind, name, [str(dim) for dim in variable.dims]])
    arrays[_ABOUT] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    # Without pickles, so that reading runs nothing.
    np.savez(file, allow_pickle=False, **arrays)


def _variables(tree: xr.DataTree) -> Iterator[tuple[str, str, str, xr.DataArray]]:
    for group in tree.subtree:
        dataset = group.to_dataset()
        for kind, variables in (("data", dataset.data_vars), ("coords", dataset.coords)):
            for name, variable in variables.items():
                yield group.path, kind, str(name), variable


def _read(path: Path) -> xr.DataTree:
    groups: dict[str, dict[str, dict[str, Any]]] = {}
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        about = json.loads(archive[_ABOUT].tobytes().decode())
        for number, (group, kind, name, dims) in enumerate(about):
            kinds = groups.setdefault(group, {"data": {}, "coords": {}})
            kinds[kind][name] = (tuple(dims), archive[f"a{number}"])
    return xr.DataTree.from_dict(
        {group: xr.Dataset(kinds["data"], kinds["coords"]) for group, kinds in groups.items()}
    )
