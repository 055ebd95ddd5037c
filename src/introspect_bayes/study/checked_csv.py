"""CSV files read strictly: every complaint names file, line and column."""

import csv
import gzip
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, Self, TextIO, cast

import numpy as np
import pandas as pd

from introspect_bayes.constants import PLAIN_NUMBER
from introspect_bayes.errors import InputError

_NUMERIC: Final = re.compile(r"[0-9.eE+\-\s]*", re.ASCII)


UNREADABLE: Final = (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error)
"""What reading a CSV file may raise."""


def one_spelling(text: str) -> str:
    """Return text with accents composed (NFC), so that names that look the same are the same.

    Examples
    --------
    >>> len("cafe\u0301"), len(one_spelling("cafe\u0301"))
    (5, 4)
    """
    return unicodedata.normalize("NFC", text)


class CheckedTable:
    """A CSV file as text cells, whose accessors check and locate what they read.

    Parameters
    ----------
    path
        The file. It must hold a header and at least one row, every row as long as the header.
        Its text is read in one spelling (`one_spelling`).
    required
        Columns that must be there.
    may_be_empty
        Whether a file without rows is good, even one without a header (which then has none of
        the required columns).

    Raises
    ------
    InputError
        If the file cannot be read, is empty, lacks a column, or has a row of another length.
    """

    def __init__(self, path: Path, required: Iterable[str], *, may_be_empty: bool = False) -> None:
        self.path = path
        header, rows, self._lines = _read_rows(path, may_be_empty=may_be_empty)
        doubled = {name for name in header if header.count(name) > 1}
        if doubled:
            msg = f"{path.name}, line 1: column {min(doubled)!r} occurs twice"
            raise InputError(msg)
        self.text = pd.DataFrame(rows, columns=pd.Index(header), dtype=str)
        if header or not may_be_empty:
            self.require(required)

    @property
    def columns(self) -> list[str]:
        """Column names in the file's order."""
        return list(self.text.columns)

    def __len__(self) -> int:
        return len(self.text)

    def only(self, rows: np.ndarray) -> Self:
        """Return the table of some rows (a mask), which complaints locate as in the whole one."""
        part = copy(self)
        part.text = self.text[rows].reset_index(drop=True)
        part._lines = [line for line, kept in zip(self._lines, rows, strict=True) if kept]  # noqa: SLF001
        return part

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
            number = _plain_numbers(text)
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
        return f"{self.path.name}, line {self._lines[row]}, column {column}"


def opened(path: Path) -> TextIO:
    """Open a CSV file, compressed or not, for reading; may raise `UNREADABLE`."""
    compressed = path.suffix.lower() == ".gz"
    binary = gzip.open(path) if compressed else path.open("rb")  # noqa: SIM115 - closed with it
    return TextIOWrapper(cast("BinaryIO", binary), encoding="utf-8-sig", newline="")


def _plain_numbers(text: pd.Series) -> np.ndarray:
    """Return cells as floats, NaN where one is not a plain number."""
    number = pd.to_numeric(text, errors="coerce").to_numpy(dtype=float)
    known = np.flatnonzero(np.isfinite(number))
    cells = text.to_numpy()
    # Written in these characters only, what pandas reads as a number is a plain one.
    if _NUMERIC.fullmatch("".join(cells[known])) is None:
        number[[k for k in known if PLAIN_NUMBER.fullmatch(cells[k]) is None]] = np.nan
    return number


def _read_rows(path: Path, *, may_be_empty: bool) -> tuple[list[str], list[list[str]], list[int]]:
    """Return header, rows, and the line of the file on which each row begins."""
    lines, starts, end = [], [], 0
    try:
        with opened(path) as file:
            text = one_spelling(file.read())
        reader = csv.reader(StringIO(text, newline=""), strict=True)
        for line in reader:
            lines.append(line)
            starts.append(end + 1)
            end = reader.line_num
    except UNREADABLE as error:
        msg = f"{path.name}: cannot be read as a CSV file: {error}"
        raise InputError(msg) from error
    if may_be_empty and not any(any(line) for line in lines):
        return [], [], []
    if not lines or not any(lines[0]):
        msg = f"{path.name}: the file is empty"
        raise InputError(msg)
    header, *rows = lines
    while rows and not rows[-1]:
        rows.pop()
    if not rows and not may_be_empty:
        msg = f"{path.name}: the file has a header but no rows"
        raise InputError(msg)
    for index, row in enumerate(rows):
        if len(row) != len(header):
            msg = (
                f"{path.name}, line {starts[index + 1]}: {len(row)} cells where the header "
                f"has {len(header)} (column {header[min(len(row), len(header) - 1)]}); "
                "is the file cut off?"
            )
            raise InputError(msg)
    return header, rows, starts[1:]
