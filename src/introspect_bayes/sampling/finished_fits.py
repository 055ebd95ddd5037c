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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from introspect_bayes.errors import InputError
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import Specification

if TYPE_CHECKING:
    import xarray as xr

PACKAGES: Final = (
    "arviz-stats", "bambi", "formulae", "introspect-bayes", "llvmlite", "numba", "numpy", "nutpie",
    "pandas", "pymc", "pytensor", "scipy", "xarray",
)  # fmt: skip
"""Packages whose versions a fit depends on."""

FORMAT: Final = 2
"""Raised where nothing that was kept before may be found again: up to 1, a fit made beside others
in threads could be kept with another data set's posterior."""

LARGEST: Final = 1 << 30
"""Bytes that finished fits may take (1 GiB); those not used for the longest time go first."""

_SHARED: Final = ("constants.py", "specs", "sampling", "choices", "regressions")
_ABOUT: Final = "about"
_UNREADABLE: Final = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)
_NOT_WHOLE: Final = (OSError, ValueError, KeyError, TypeError, RecursionError)


@dataclass(frozen=True)
class FinishedFit:
    """A fit on disk, and what was computed from it.

    Neither is read before it is asked for: whoever wants only an interval that was computed before
    needs no draws.
    """

    folder: "FinishedFits"
    key: str

    @cached_property
    def tree(self) -> "xr.DataTree":
        """The fit.

        Raises
        ------
        InputError
            If the file was damaged after it was found; it is removed.
        """
        path = self.folder.path(self.key)
        try:
            tree = _read(path)
        except _UNREADABLE as error:
            path.unlink(missing_ok=True)
            msg = f"{path}: this finished fit cannot be read ({error}); run again to fit it anew"
            raise InputError(msg) from error
        return tree

    def remembered(self, what: str, compute: Callable[[], Any]) -> Any:
        """Return what was computed from this fit before, or compute and keep it.

        Parameters
        ----------
        what
            Its name: letters, digits, "_", ":" and "-".
        compute
            Returns numbers, text, and lists of them.
        """
        path = self.folder.path(self.key).with_suffix(f".{what}.json".replace(":", "+"))
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            whole = held["sha256"] == _digest(held["value"])
            os.utime(path)
        except _NOT_WHOLE:
            whole = False
        if whole:
            return held["value"]
        found = compute()
        # With a digest, so that whatever else stands in the file is not taken for a result.
        text = json.dumps({"value": found, "sha256": _digest(found)})
        self.folder.write(path, lambda file: file.write(text.encode()))
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the draws themselves: a folder may be emptied, and is not on every machine."""
        return _itself, (self.tree,)


def _itself(tree: "xr.DataTree") -> "xr.DataTree":
    return tree


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


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
    >>> import xarray as xr
    >>> finished = FinishedFits(Path(tempfile.mkdtemp()))
    >>> draws = xr.Dataset({"slope": (("chain", "draw"), [[0.1, 0.2]])})
    >>> kept = finished.keep("a1", xr.DataTree.from_dict({"posterior": draws}))
    >>> float(finished.find("a1").tree["posterior"]["slope"].mean())
    0.15000000000000002
    >>> finished.find("b2") is None
    True
    """

    folder: Path
    largest: int = LARGEST

    def find(self, key: str) -> FinishedFit | None:
        """Return the finished fit with this key, or None if there is none that can be read."""
        try:
            with zipfile.ZipFile(self.path(key)) as archive:
                whole = archive.testzip() is None
            os.utime(self.path(key))
        except _UNREADABLE:
            return None
        return FinishedFit(self, key) if whole else None

    def keep(self, key: str, tree: "xr.DataTree") -> "FinishedFit | xr.DataTree":
        """Keep a finished fit; return it as found again, or as it is if nothing can be written."""
        if not self.write(self.path(key), lambda file: _write(file, tree)):
            return tree
        fit = FinishedFit(self, key)
        vars(fit)["tree"] = tree
        return fit

    def path(self, key: str) -> Path:
        """Return the file of the fit with this key."""
        return self.folder / f"{key}.npz"

    def write(self, path: Path, fill: Callable[[Any], Any]) -> bool:
        """Write a file of the folder, whole or not at all; return whether that could be done."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    fill(file)
                Path(name).replace(path)
            finally:
                Path(name).unlink(missing_ok=True)
            self._forget_oldest()
        except OSError:
            return False
        return True

    def _forget_oldest(self) -> None:
        known = []
        for path in self.folder.iterdir():
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


def arrays_of(data: Any) -> dict[str, Any]:
    """Return the arrays that data hold, by name.

    Parameters
    ----------
    data
        A mapping of them, a frame of columns, or a dataclass, whose fields may be dataclasses.
    """
    if not is_dataclass(data):
        return {str(name): np.asarray(values) for name, values in data.items()}
    found: dict[str, Any] = {}
    for each in fields(data):
        value = getattr(data, each.name)
        found |= arrays_of(value) if is_dataclass(value) else {each.name: value}
    return found


def fit_key(
    spec: Specification,
    data: Any,
    sampler: Sampler,
    name: str,
    engine: str,
    room: str = "regressions",
) -> str:
    """Return the key of a fit: a digest of all that its draws depend on.

    Parameters
    ----------
    spec
        The specification, of which titles and sources do not count.
    data
        Arrays, or sequences of text (`arrays_of`).
    sampler
        Settings; how many chains run at a time does not count.
    name
        Name of the fit, from which its seed derives.
    engine
        What samples.
    room
        The room of whatever asks for the fit, whose source counts beside that of the shared ones.
    """
    digest = hashlib.sha256()
    about = {
        "format": FORMAT,
        "formula": spec.formula,
        "family": spec.family,
        "priors": {n: [prior.dist, prior.args] for n, prior in spec.priors.items()},
        "sampler": [sampler.draws, sampler.warmup, sampler.chains, sampler.seed],
        "name": name,
        "engine": engine,
        "versions": _versions(room),
    }
    # In order: that of priors decides the order of what is sampled.
    digest.update(json.dumps(about, default=float).encode())
    for key, values in arrays_of(data).items():
        array = np.asarray(values)
        text = array.dtype.kind in "OUT"
        held = json.dumps(array.tolist()).encode() if text else array.tobytes()
        digest.update(f"{key} {array.dtype.str} {array.shape}".encode())
        digest.update(held)
    return digest.hexdigest()


@cache
def _versions(room: str) -> dict[str, str]:
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    found["source"] = source_digest(Path(__file__).parents[1], room)
    return found


def source_digest(package: Path, room: str) -> str:
    """Return a digest of the modules that fits depend on, which change without a new version.

    Parameters
    ----------
    package
        The folder of this package. Modules of its rooms count at any depth, under their names.
    room
        The room whose models are fitted.
    """
    digest = hashlib.sha256()
    modules = {
        module
        for name in {*_SHARED, room}
        for module in ((package / name).rglob("*.py") if "." not in name else [package / name])
    }
    for name, module in sorted((path.relative_to(package).as_posix(), path) for path in modules):
        digest.update(name.encode() + b"\0" + hashlib.sha256(module.read_bytes()).digest())
    return digest.hexdigest()


def _write(file: Any, tree: "xr.DataTree") -> None:
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


def _variables(tree: "xr.DataTree") -> "Iterator[tuple[str, str, str, xr.DataArray]]":
    for group in tree.subtree:
        dataset = group.to_dataset()
        for kind, variables in (("data", dataset.data_vars), ("coords", dataset.coords)):
            for name, variable in variables.items():
                yield group.path, kind, str(name), variable


def _read(path: Path) -> "xr.DataTree":
    import xarray as xr

    groups: dict[str, dict[str, dict[str, Any]]] = {}
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        about = json.loads(archive[_ABOUT].tobytes().decode())
        for number, (group, kind, name, dims) in enumerate(about):
            kinds = groups.setdefault(group, {"data": {}, "coords": {}})
            kinds[kind][name] = (tuple(dims), archive[f"a{number}"])
    return xr.DataTree.from_dict(
        {group: xr.Dataset(kinds["data"], kinds["coords"]) for group, kinds in groups.items()}
    )
