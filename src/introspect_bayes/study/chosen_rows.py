"""Which rows of a study are used, and which of their conditions are pooled."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.study.checked_csv import CheckedTable, one_spelling
from introspect_bayes.study.splits import BLANK, counted, counts_of, text_of

MODEL_COLUMNS: Final = ("model", "explaining_model")
"""Columns of names of models, by which rows can be chosen although the readers use them."""


@dataclass(frozen=True)
class ChosenRows:
    """Which rows of a study are used, and which columns are pooled over.

    Attributes
    ----------
    where
        Values by column: a row is used if it has one of them in each of the columns.
    pool
        Columns whose values are analysed together.
    notes
        What that meant for single files, one sentence each.
    """

    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pool: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, where: Mapping[str, Any] | None = None, pool: str | Sequence[str] = ()
    ) -> "ChosenRows":
        """Return what was asked for; values are compared as text, trimmed.

        Parameters
        ----------
        where
            A value, or several, by column.
        pool
            One column or several.

        Examples
        --------
        >>> ChosenRows.of({"flipped": 0, "prompt": ["a", "b"]}, "seed").sentences()
        ['Only rows with flipped = 0 and prompt = a or b', 'Pooled over seed']
        """
        values = {
            one_spelling(str(column).strip()): _values(given)
            for column, given in (where or {}).items()
        }
        columns = [pool] if isinstance(pool, str) else pool
        return cls(values, tuple(dict.fromkeys(one_spelling(str(c).strip()) for c in columns)))

    @classmethod
    def typed(cls, where: Iterable[str], pool: Sequence[str]) -> "ChosenRows":
        """Return what was typed: COLUMN=VALUE, several values of a column added up.

        Raises
        ------
        InputError
            If there is no equals sign.

        Examples
        --------
        >>> ChosenRows.typed(["flipped=0", "prompt=a", "prompt=b"], []).where
        {'flipped': ('0',), 'prompt': ('a', 'b')}
        """
        values: dict[str, list[str]] = {}
        for text in where:
            column, equals, value = text.partition("=")
            if not equals:
                msg = f"--where {text}: write COLUMN=VALUE, such as --where {shlex.quote(text)}=0"
                raise InputError(msg)
            values.setdefault(column.strip(), []).append(value)
        return cls.of(values, pool)

    def __bool__(self) -> bool:
        return bool(self.where or self.pool)

    def sentences(self) -> list[str]:
        """Return in sentences, without a full stop, what was chosen; none if nothing was."""
        only = " and ".join(
            f"{column} = {' or '.join(value or BLANK for value in values)}"
            for column, values in self.where.items()
        )
        said = [f"Only rows with {only}"] if only else []
        pooled = f"Pooled over {', '.join(self.pool)}"
        return [*said, *self.notes, *([pooled] if self.pool else [])]

    def as_dict(self) -> dict[str, Any]:
        """Return what was chosen as JSON-ready values; nothing if nothing was."""
        where = {column: list(values) for column, values in self.where.items()}
        pool = list(self.pool)
        return {**({"where": where} if where else {}), **({"pool": pool} if pool else {})}

    def as_columns(self) -> dict[str, str]:
        """Return what was chosen as columns of a table, the same in each row."""
        return {name: "; ".join(_written(given)) for name, given in self.as_dict().items()}


EVERYTHING: Final = ChosenRows()
"""All rows, nothing pooled."""


def choose_rows(
    tables: Mapping[str, CheckedTable], chosen: ChosenRows, is_known: Callable[[str], bool]
) -> tuple[dict[str, CheckedTable], ChosenRows]:
    """Return what is used of some files.

    A file without a column is used whole, as far as that column goes; a file that has the column,
    but none of the values, is left out. Either is said.

    Parameters
    ----------
    tables
        The files by name.
    chosen
        What is wanted.
    is_known
        Whether the readers use a column.

    Returns
    -------
    tuple
        The tables with the rows that are used, and what was chosen, with notes about files.

    Raises
    ------
    InputError
        If no file has a column, or none has such rows.
    """
    for option, columns in (("--where", chosen.where), ("--pool", chosen.pool)):
        for column in columns:
            _require(option, column, tables, is_known)
    for column, values in chosen.where.items():
        _require_values(column, values, tables)
    kept: dict[str, CheckedTable] = {}
    empty: list[str] = []
    whole: dict[str, list[str]] = {}
    for name, table in tables.items():
        rows = rows_with(table, chosen.where)
        if len(table) and not rows.any():
            empty.append(name)
            continue
        kept[name] = table if rows.all() else table.only(rows)
        for column in chosen.where:
            if spelling(table, column) is None:
                whole.setdefault(column, []).append(name)
    if not any(len(table) for table in kept.values()):
        msg = f"{' '.join(_typed(chosen))}: no row of {', '.join(tables)} has all of that"
        raise InputError(msg)
    notes = [f"Without such rows, and left out: {', '.join(empty)}"] if empty else []
    notes += [f"Without a column {c}, and used whole: {', '.join(n)}" for c, n in whole.items()]
    return kept, replace(chosen, notes=tuple(notes))


def rows_with(table: CheckedTable, where: Mapping[str, tuple[str, ...]]) -> np.ndarray:
    """Return in which rows a table has one of the values, in each of the columns that it has."""
    rows = np.ones(len(table), bool)
    for column, values in where.items():
        if (spelt := spelling(table, column)) is not None:
            rows &= text_of(table.text[spelt]).isin(values).to_numpy()
    return rows


def spelling(table: CheckedTable, column: str) -> str | None:
    """Return how a table spells a column's name, which may have blanks around it; None if not."""
    if column in table.columns:
        return column
    return next((name for name in table.columns if name.strip() == column), None)


def _require(
    option: str,
    column: str,
    tables: Mapping[str, CheckedTable],
    is_known: Callable[[str], bool],
) -> None:
    typed = f"{option} {shlex.quote(column)}"
    if is_known(column) and column not in MODEL_COLUMNS:
        msg = (
            f"{typed}: the analysis itself needs this column; {option} is for columns that the "
            "package does not know"
        )
        raise InputError(msg)
    if all(spelling(table, column) is None for table in tables.values()):
        others = dict.fromkeys(
            name.strip() for table in tables.values() for name in table.columns if name.strip()
        )
        own = [name for name in others if not is_known(name) or name in MODEL_COLUMNS]
        msg = f"{typed}: no such column in {', '.join(tables)} (found: {', '.join(own) or 'none'})"
        raise InputError(msg)


def _require_values(column: str, values: Sequence[str], tables: Mapping[str, CheckedTable]) -> None:
    having = {
        name: counts_of(table.text[spelt])
        for name, table in tables.items()
        if (spelt := spelling(table, column)) is not None
    }
    for value in values:
        if not any(value in counts for counts in having.values()):
            found = "; ".join(f"{name} has {counted(counts)}" for name, counts in having.items())
            msg = f"--where {shlex.quote(f'{column}={value}')}: no row has this value; {found}"
            raise InputError(msg)


def _typed(chosen: ChosenRows) -> list[str]:
    return [
        f"--where {shlex.quote(f'{column}={value}')}"
        for column, values in chosen.where.items()
        for value in values
    ]


def _values(given: Any) -> tuple[str, ...]:
    """Return one value, or several, as text."""
    several = isinstance(given, list | tuple | set | frozenset | np.ndarray | pd.Series)
    cells = text_of(pd.Series(list(given) if several else [given], dtype=object))
    return tuple(dict.fromkeys(one_spelling(cell) for cell in cells))


def _written(given: Any) -> list[str]:
    if isinstance(given, dict):
        return [f"{column}={' or '.join(values)}" for column, values in given.items()]
    return list(given)
