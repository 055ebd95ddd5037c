"""Run the notebooks and store their outputs: `uv run python notebooks/execute.py [NAME ...]`.

What differs from run to run without meaning anything (times, kernel versions) is not stored, so
that a diff shows what changed.
"""

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
TIMEOUT = 1800
"""Seconds that a cell may take, generous for a busy machine."""


def execute(path: Path, folder: Path) -> nbformat.NotebookNode:
    """Return a notebook with the outputs of running it from top to bottom.

    Parameters
    ----------
    path
        The notebook.
    folder
        Where it runs; what it writes stays there.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return bare(notebook)


def bare(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Strip what differs from run to run or from machine to machine."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
    return notebook


def main(names: list[str]) -> None:
    """Run the named notebooks, or all, each in an empty folder, and store them."""
    named = [(FOLDER / name).with_suffix(".ipynb") for name in names]
    paths = named or sorted(FOLDER.glob("*.ipynb"))
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(execute(path, Path(folder)), path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
