"""Reports on disk: the file, and beside it a folder with the numbers of every table and figure."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from introspect_bayes.document.formats import FORMATS, format_named
from introspect_bayes.errors import InputError
from introspect_bayes.presentation.records import Document, Figure, Table, csv_text

INDEX: Final = "index.csv"
"""The file that lists what a folder of a report holds, and marks it as one."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a report goes, and in what format.

    Attributes
    ----------
    file
        The report.
    format
        A key of `FORMATS`.
    """

    file: Path
    format: str

    @classmethod
    def checked(cls, file: Path, file_format: str | None = None) -> "Target":
        """Return a target that can be written, before anything is computed.

        Raises
        ------
        InputError
            If the format is unknown, the file cannot be written, or its folder of data is
            something else.
        """
        target = cls(file, format_named(file_format, file.suffix))
        place = file.absolute().parent
        if not place.is_dir():
            msg = f"{file}: its folder does not exist"
            raise InputError(msg)
        if file.is_dir():
            msg = f"{file}: is a folder; name a file"
            raise InputError(msg)
        if not os.access(place, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
            msg = f"{file}: cannot be written"
            raise InputError(msg)
        _refuse_foreign(target.folder)
        return target

    @property
    def folder(self) -> Path:
        """The folder beside the report: ``study.html`` has ``study-data``."""
        return self.file.with_name(f"{self.file.stem}-data")


def _refuse_foreign(folder: Path) -> None:
    """Refuse to replace what is not the data of an earlier report."""
    if not folder.exists():
        return
    index = folder / INDEX
    names = {INDEX, *pd.read_csv(index)["file"]} if index.is_file() else set()
    foreign = sorted({path.name for path in folder.iterdir()} - names) if folder.is_dir() else []
    if not index.is_file() or foreign:
        also = f" (it holds {foreign[0]})" if foreign else ""
        msg = (
            f"{folder}: is there already and is not the data of an earlier report{also}; choose "
            "another name, or move it away"
        )
        raise InputError(msg)


def write_document(document: Document, target: Target) -> list[Path]:
    """Write a report and its folder of data, completely or not at all.

    Parameters
    ----------
    document
        The report.
    target
        Where to.

    Returns
    -------
    list of Path
        The report and the folder.

    Raises
    ------
    InputError
        If writing fails; what was there before is then as it was.

    Examples
    --------
    >>> write_document(document, Target.checked(Path("study.html")))  # doctest: +SKIP
    """
    text = FORMATS[target.format][1](document, target.folder.name)
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{target.file.name}-", dir=target.file.absolute().parent
        ) as scratch:
            draft, data = Path(scratch) / target.file.name, Path(scratch) / "data"
            draft.write_text(text, encoding="utf-8", newline="\n")
            _write_data(document, data)
            # The folder first: a report without its data would be the worse half.
            if target.folder.exists():
                target.folder.replace(Path(scratch) / "earlier")
            data.replace(target.folder)
            draft.replace(target.file)
    except OSError as error:
        msg = f"{target.file}: cannot be written: {error.strerror or error}"
        raise InputError(msg) from error
    return [target.file, target.folder]


def _write_data(document: Document, folder: Path) -> None:
    folder.mkdir()
    rows = []
    blocks: list[Table | Figure] = [*document.tables, *document.figures]
    for block in blocks:
        name = f"{block.name}.csv"
        (folder / name).write_text(csv_text(block), encoding="utf-8", newline="\n")
        rows.append((name, block.title))
    for figure in document.figures:
        name = f"{figure.name}.svg"
        (folder / name).write_bytes(figure.svg)
        rows.append((name, figure.title))
    index = pd.DataFrame(rows, columns=["file", "title"])
    index.to_csv(folder / INDEX, index=False, lineterminator="\n")
