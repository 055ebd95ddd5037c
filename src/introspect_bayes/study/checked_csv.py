"""CSV files read strictly: every complaint names file, line and column."""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError

FIRST_DATA_LINE = 2
"""Line of a file's first data row: line 1 is the header."""


class CheckedTable:
    """A CSV file as text cells, whose accessors check and locate what they read.

    Parameters
    ----------
    path
        The file. It must hold a header and at least one row, every row as long as the header.
    required
        Columns that must be there.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, lacks a column, or has a row of another length.
    """

    def __init__(self, path: Path, required: Iterable[str]) -> None:
        self.path = path
        header, rows = _read_rows(path)
        doubled = {name for name in header if header.count(name) > 1}
        if doubled:
            msg = f"{path.name}, line 1: column {min(doubled)!r} occurs twice"
            raise InputError(msg)
        self.text = pd.DataFrame(rows, columns=pd.Index(header), dtype=str)
        self.require(required)

    @property
    def columns(self) -> list[str]:
        """Column names in the file's order."""
        return list(self.text.columns)

    def __len__(self) -> int:
        return len(self.text)

    def require(self, columns: Iterable[str]) -> None:
        """Raise InputError unless all the columns are there."""
        missing = [column for column in columns if column not in self.text.columns]
        if missing:
            msg = (
                f"{self.path.name}, line 1: missing column {', '.join(missing)} "
                f"(found: {', '.join(self.columns)})"
            )
            raise InputError(msg)

    def strings(self, column: str) -> pd.Series:
        """Return a column as text, none of it empty."""
        values = self.text[column]
        self.refuse(values.str.strip() == "", column, lambda _: "is empty")
        return values

    def numbers(self, columns: Sequence[str], *, blank: np.ndarray | None = None) -> np.ndarray:
        """Return columns as finite floats, shape (rows, columns).

        Parameters
        ----------
        columns
            Which columns.
        blank
            Where true (same shape), the cell is ignored and gives NaN: attributes that a
            decision context does not have.
        """
        values = np.empty((len(self), len(columns)))
        for index, column in enumerate(columns):
            text = self.text[column]
            number = pd.to_numeric(text, errors="coerce").to_numpy(dtype=float)
            ignored = np.zeros(len(self), bool) if blank is None else blank[:, index]
            bad = ~np.isfinite(number) & ~ignored
            self.refuse(bad, column, lambda cell: f"{cell!r} is not a finite number")
            values[:, index] = np.where(ignored, np.nan, number)
        return values

    def refuse(
        self,
        bad: pd.Series | np.ndarray,
        column: str,
        complaint: Callable[[str], str],
    ) -> None:
        """Raise InputError for the first row where `bad` is true."""
        where = np.flatnonzero(np.asarray(bad))
        if where.size:
            row = int(where[0])
            cell = str(self.text[column].iloc[row])
            more = f" (and {where.size - 1} more)" if where.size > 1 else ""
            msg = f"{self.locate(row, column)}: {complaint(cell)}{more}"
            raise InputError(msg)

    def locate(self, row: int, column: str) -> str:
        """Return "file, line N, column NAME" for a zero-based data row."""
        return f"{self.path.name}, line {row + FIRST_DATA_LINE}, column {column}"


def _read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path.name}: cannot be read as a CSV file: {error}"
        raise InputError(msg) from error
    if not lines or not any(lines[0]):
        msg = f"{path.name}: the file is empty"
        raise InputError(msg)
    header, *rows = lines
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        msg = f"{path.name}: the file has a header but no rows"
        raise InputError(msg)
    for index, row in enumerate(rows):
        if len(row) != len(header):
            msg = (
                f"{path.name}, line {index + FIRST_DATA_LINE}: {len(row)} cells where the header "
                f"has {len(header)} (column {header[min(len(row), len(header) - 1)]}); "
                "is the file cut off?"
            )
            raise InputError(msg)
    return header, rows
