"""The notebooks run from top to bottom anywhere, and what is stored is what they say."""

import ast
import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

from introspect_bayes.places import CACHE_VARIABLE
from introspect_bayes.study.download import DATA_VARIABLE, MIRROR_VARIABLE

pytestmark = pytest.mark.compiles

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 600_000
"""Bytes of a notebook."""

PLACES = re.compile(r"/(work|tmp|root|home|Users)/|[A-Z]:\\\\Users|\.venv|site-packages")
"""Paths of the machine on which outputs were made."""

ON_PAPERS_DATA = [path for path in NOTEBOOKS if path.stem[:2] in {"01", "02", "03", "06"}]
"""Notebooks that use the paper's data where it is at hand."""

QUICK = ("04_your_own_model",)
"""Notebooks that run in half a minute; the others take up to two."""


def execute(path, folder):
    """Run a notebook as `notebooks/execute.py` does."""
    file = importlib.util.spec_from_file_location("execute_notebooks", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(file)
    file.loader.exec_module(module)
    return module.execute(path, folder)


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def text(output):
    return output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))


def pictures(notebook):
    """Return the number of figures that each cell shows."""
    return [
        sum("image/png" in o.get("data", {}) for o in c.get("outputs", [])) for c in notebook.cells
    ]


def test_there_are_notebooks_and_the_index_names_each():
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) == 7
    assert all(f"({path.name})" in index for path in NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert all(output.output_type != "error" for output in outputs(notebook))
    assert all(output.get("name") != "stderr" for output in outputs(notebook))
    assert sum(pictures(notebook)) >= 1
    stored = path.read_text(encoding="utf-8")
    assert not PLACES.search(stored)
    assert len(stored) < LARGEST
    # What a run on another machine would change, though nothing changed.
    assert all(not cell.metadata for cell in notebook.cells)
    assert "created_at" not in stored
    assert not re.search(r"object at 0x|Elapsed|\d it/s", stored)


@pytest.mark.parametrize("path", ON_PAPERS_DATA, ids=lambda path: path.stem)
def test_stored_numbers_are_of_the_papers_data(path):
    said = "".join(text(output) for output in outputs(nbformat.read(path, as_version=4)))
    assert said.startswith("The paper's data: all 31 files identical to the authors' commit")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_imports_of_ours_is_there(path):
    """Most notebooks run in slow tests only."""
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    # Lines for a shell are no Python.
    code = re.sub("^[!%].*", "", "\n".join(cell.source for cell in cells), flags=re.MULTILINE)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("introspect_bayes"):
            exec(ast.unparse(node), {})  # noqa: S102 - an import


def test_links_between_notebooks_lead_somewhere():
    for path in [*NOTEBOOKS, FOLDER / "README.md"]:
        written = path.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", written):
            assert link.startswith("https://") or (FOLDER / link).is_file(), f"{path.name}: {link}"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder; without the paper's data at hand, no network either."""
    for name in ("INTROSPECT_BAYES_MODEL_URL", "INTROSPECT_BAYES_MODEL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(MIRROR_VARIABLE, "http://127.0.0.1:9/data")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def check_run(path, folder):
    notebook = execute(path, folder)
    assert [o for o in outputs(notebook) if o.get("name") == "stderr"] == []
    assert pictures(notebook) == pictures(nbformat.read(path, as_version=4))
    return notebook


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=() if path.stem in QUICK else pytest.mark.slow, id=path.stem)
        for path in NOTEBOOKS
    ],
)
def test_notebook_runs(path, elsewhere):
    """On the paper's data where it is at hand, else on a simulated study."""
    check_run(path, elsewhere)


@pytest.mark.slow
@pytest.mark.parametrize("path", ON_PAPERS_DATA, ids=lambda path: path.stem)
def test_notebook_runs_without_the_papers_data(path, elsewhere, monkeypatch):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    said = "".join(text(output) for output in outputs(check_run(path, elsewhere)))
    assert said.startswith("The paper's data is out of reach")
