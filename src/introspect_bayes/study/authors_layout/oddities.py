"""Rows of the authors' files that would be taken on trust, although something is odd about them."""

import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.protocol.trials import Task
from introspect_bayes.study.authors_layout.columns import OF_ATTRIBUTES
from introspect_bayes.study.authors_layout.repeats import copied_rows
from introspect_bayes.study.checked_csv import CheckedTable
from introspect_bayes.study.frames import ODD_ROWS, Oddity

ROUNDING: Final = 0.02
"""Share of an attribute's range by which a value may lie outside: files hold rounded values (the
authors' up to 1% outside)."""

_OPTIONS: Final = 2
_OTHER_OPTION: Final = re.compile(r"[C-Z]_attribute_\d+")
_BLANK: Final = {"", "na", "n/a", "nan", "none", "null"}


class OddRows:
    """Collects the odd rows of one file.

    Parameters
    ----------
    table
        The file.
    rows
        For each of its rows the columns of ``Study.odd_rows`` that say whose it is.
    task
        What the rows answer.
    """

    def __init__(self, table: CheckedTable, rows: pd.DataFrame, task: Task) -> None:
        self.table = table
        self.rows = rows.assign(task=task)
        self.found: list[pd.DataFrame] = []

    def note(self, odd: np.ndarray, oddity: Oddity, where: Callable[[int], str]) -> None:
        """Note the rows that are odd, and where the first of them is."""
        if odd.any():
            said = [where(int(np.flatnonzero(odd)[0])), *[""] * (int(odd.sum()) - 1)]
            self.found.append(self.rows[odd].assign(oddity=oddity, where=said))

    def frame(self) -> pd.DataFrame:
        """Return rows of ``Study.odd_rows``."""
        if not self.found:
            return pd.DataFrame(columns=pd.Index(ODD_ROWS))
        return pd.concat(self.found, ignore_index=True).reindex(columns=ODD_ROWS)

    def note_copies(self, answers: Sequence[str]) -> None:
        """Note rows that are copies of others, if they are suspicious (`copied_rows`)."""
        text = self.table.text
        counting = [name for name in text if _counts_rows(str(name), text[name])]
        copies = copied_rows(text.drop(columns=counting), "scenario", answers)
        self.note(copies, "repeated", lambda row: self.table.locate(row, "scenario"))

    def note_surplus(self, columns: Sequence[str], lacking: np.ndarray) -> None:
        """Note rows with cells of attributes that their context lacks.

        Parameters
        ----------
        columns
            Columns of attributes 1 to K, perhaps of several options.
        lacking
            Whether the row's context lacks the attribute, shape (row, K).
        """
        if not lacking.any():
            return
        filled = np.column_stack([_filled(self.table.text[name]) for name in columns])
        filled &= np.tile(lacking, (1, len(columns) // lacking.shape[1]))
        self.note(filled.any(axis=1), "lacking_attribute", self._cell(columns, filled))

    def note_other_options(self) -> None:
        """Note rows that state the attributes of an option beside A and B."""
        columns = [name for name in self.table.columns if _OTHER_OPTION.fullmatch(name)]
        if columns:
            filled = np.column_stack([_filled(self.table.text[name]) for name in columns])
            self.note(filled.any(axis=1), "third_option", self._cell(columns, filled))

    def note_outside(
        self,
        columns: Sequence[str],
        values: np.ndarray,
        contexts: dict[str, DecisionContext],
    ) -> None:
        """Note rows with attribute values outside minimum to maximum, rounding allowed for.

        Parameters
        ----------
        columns
            Columns of attributes 1 to K, of option A and then of B.
        values
            Their values, shape (row, columns); NaN where a context lacks the attribute.
        contexts
            Decision contexts by name.
        """
        names = self.rows["context"]
        known = {name: contexts[name].attributes for name in names.unique()}
        width = len(columns) // _OPTIONS
        blank = [(np.nan, np.nan)] * width
        ranges = {
            name: np.array([*((a.minimum, a.maximum) for a in attributes), *blank][:width])
            for name, attributes in known.items()
        }
        bounds = np.array([ranges[name] for name in names])
        bounds = np.tile(bounds, (1, _OPTIONS, 1))
        low, high = bounds[..., 0], bounds[..., 1]
        slack = ROUNDING * (high - low)
        outside = (values < low - slack) | (values > high + slack)
        cell = self._cell(columns, outside)

        def where(row: int) -> str:
            column = int(np.flatnonzero(outside[row])[0])
            return f"{cell(row)}, range {low[row, column]:g} to {high[row, column]:g}"

        self.note(outside.any(axis=1), "value_outside", where)

    def _cell(self, columns: Sequence[str], odd: np.ndarray) -> Callable[[int], str]:
        def where(row: int) -> str:
            column = columns[int(np.flatnonzero(odd[row])[0])]
            return f"{self.table.locate(row, column)}: {self.table.text[column].iloc[row]}"

        return where


def _counts_rows(name: str, cells: pd.Series) -> bool:
    """Return whether a column numbers a file's rows, as programs that join files write it."""
    if OF_ATTRIBUTES.fullmatch(name) or not cells.is_unique:
        return False
    return bool(cells.str.fullmatch(r"[0-9]+").all())


def _filled(cells: pd.Series) -> np.ndarray:
    return ~cells.str.strip().str.casefold().isin(_BLANK).to_numpy()
