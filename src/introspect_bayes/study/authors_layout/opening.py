"""Files of choices and reports in the authors' layout, opened: which of their rows are used."""

from collections.abc import Sequence
from typing import Final

from introspect_bayes.study.authors_layout import choices, reports
from introspect_bayes.study.authors_layout.columns import OF_ATTRIBUTES
from introspect_bayes.study.authors_layout.file_names import DataFile
from introspect_bayes.study.checked_csv import CheckedTable
from introspect_bayes.study.chosen_rows import ChosenRows, choose_rows, spelling
from introspect_bayes.study.splits import Split, find_splits

Opened = Sequence[tuple[DataFile, CheckedTable]]

_REQUIRED: Final = {"choices": choices.REQUIRED, "reports": reports.REQUIRED}

MODEL_COLUMN: Final = {"choices": "model", "reports": "explaining_model"}
"""Columns that name the model of a row, by the task."""


def open_files(files: Sequence[DataFile]) -> Opened:
    """Open files of choices and reports.

    Raises
    ------
    InputError
        If one is malformed.
    """
    return [
        (f, CheckedTable(f.path, _REQUIRED[f.task], may_be_empty=f.task == "reports"))
        for f in files
    ]


def used_rows(opened: Opened, chosen: ChosenRows) -> tuple[Opened, ChosenRows]:
    """Return the files with the rows that are used, and what was chosen, with notes about files.

    Raises
    ------
    InputError
        If no file has a column or a value that was chosen.
    """
    if not chosen:
        return opened, chosen
    tables, noted = choose_rows({f.path.name: t for f, t in opened}, chosen, is_known)
    return [(f, tables[f.path.name]) for f, _ in opened if f.path.name in tables], noted


def is_known(column: str) -> bool:
    """Return whether the readers of choices and reports use a column.

    Examples
    --------
    >>> is_known("A_attribute_3"), is_known("flipped")
    (True, False)
    """
    used = any(column in required for required in _REQUIRED.values())
    return used or OF_ATTRIBUTES.fullmatch(column) is not None


def splits_of(opened: Opened, chosen: ChosenRows) -> tuple[Split, ...]:
    """Return the columns that split the trials of the files, but for those pooled over."""
    found: list[Split] = []
    for file, table in opened:
        if not len(table):
            continue
        model = MODEL_COLUMN[file.task]
        pooled = [spelt for column in chosen.pool if (spelt := spelling(table, column)) is not None]
        found += find_splits(
            file.path.name,
            table.text,
            groups=(model, "scenario"),
            known={*filter(is_known, table.columns), *pooled},
            single="" if model in pooled else model,
        )
    return tuple(found)
