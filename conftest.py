"""What holds for every test: a cache of its own, and who compiles a model says so.

Compiling one costs seconds in every process, so that `-m "not compiles"` is the quick part of the
suite; other tests that take seconds have the mark, too. There, a test in which nutpie compiles
fails: it lacks the mark. Elsewhere it would depend on what was compiled before in the same process.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest

hypothesis.settings.register_profile("full")

# Some machines forbid it, and then each of some hundred processes compiles all libraries anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

compiled: list[Any] = []
"""Models that nutpie compiled in this process, and its first import, which is for one."""


TOGETHER = ("tests/checks/", "tests/document/")
"""Rooms of tests whose files share fits: one process makes them all."""


def _unit(nodeid: str) -> str:
    file = nodeid.split("::", maxsplit=1)[0]
    return next((room for room in TOGETHER if file.startswith(room)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a process a file of tests, or a room of them that share fits."""
    from xdist.scheduler import LoadFileScheduling

    class ByFits(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return _unit(nodeid)

    return ByFits(config, log) if config.option.dist == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    """Leave out what is slow unless it is named, whatever else is asked for."""
    marked = config.option.markexpr
    if "slow" not in marked:
        config.option.markexpr = f"({marked}) and not slow" if marked else "not slow"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that the processes end together."""
    heavy = {_unit(item.nodeid) for item in items if item.get_closest_marker("compiles")}
    items.sort(key=lambda item: _unit(item.nodeid) not in heavy)


@pytest.fixture(scope="session", autouse=True)
def _places_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test finds, or leaves, anything in the user's own cache.

    Nor in the folder for temporary files, where PyTensor leaves the source of all it compiles.
    """
    temporary = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTROSPECT_BAYES_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("TMPDIR", temporary)
        patch.setattr(tempfile, "tempdir", temporary)
        yield


@pytest.fixture(scope="session", autouse=True)
def _compiled_models_stay() -> Iterator[None]:
    """Keep the compiled models of all tests of a process, more than an analysis needs."""
    from introspect_bayes.sampling import compiled_models

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_models, "KEPT", 1000)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Watch what is compiled in it."""
    return (yield from _says_so(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Watch what is compiled in it."""
    return (yield from _says_so(item))


def _says_so(item: pytest.Item) -> Iterator[None]:
    known = len(compiled)
    _note_compilations(first_import=False)
    result = yield
    _note_compilations(first_import=True)
    if len(compiled) > known and "not compiles" in item.config.option.markexpr:
        pytest.fail(
            "nutpie compiled a model in this test: mark it, or its file, with"
            " pytest.mark.compiles, so that the quick part of the suite stays quick",
            pytrace=False,
        )
    return result


def _note_compilations(*, first_import: bool) -> None:
    nutpie = sys.modules.get("nutpie")
    if nutpie is None or hasattr(nutpie.compile_pymc_model, "noted"):
        return
    if first_import:
        compiled.append(nutpie)
    nutpie.compile_pymc_model = _noted(nutpie.compile_pymc_model)  # type: ignore[attr-defined]


def _noted(compile_model: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*models: Any, **options: Any) -> Any:
        compiled.append(models)
        return compile_model(*models, **options)

    noted.noted = True  # type: ignore[attr-defined]
    return noted
