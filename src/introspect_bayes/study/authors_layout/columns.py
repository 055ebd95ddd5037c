"""Columns of the authors' files: numbered attributes, and names of contexts."""

import re
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.study.authors_layout.file_names import CONTEXTS_FILE
from introspect_bayes.study.checked_csv import CheckedTable

OF_ATTRIBUTES: Final = re.compile(r"[A-Z]_attribute_\d+|report_attr\d+")
"""Columns of files of choices and reports that state an attribute."""


def numbered(table: CheckedTable, pattern: str) -> list[int]:
    """Return the numbers of columns such as attr1, attr2; refuse gaps."""
    found = sorted(int(m[1]) for name in table.columns if (m := re.fullmatch(pattern, name)))
    if found != list(range(1, len(found) + 1)):
        msg = f"{table.path.name}, line 1: attribute columns are numbered {found}, not 1 to K"
        raise InputError(msg)
    return found


def known_contexts(table: CheckedTable, contexts: dict[str, DecisionContext]) -> pd.Series:
    """Return the column of contexts; refuse one that is not described."""
    names = table.strings("scenario")
    table.refuse(
        ~names.isin(contexts),
        "scenario",
        lambda cell: f"context {cell!r} is not in {CONTEXTS_FILE}",
    )
    return names


def shape_of(
    names: pd.Series, contexts: dict[str, DecisionContext], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return per row: range of each attribute (rows, count), and where the context lacks it."""
    spans = {name: [a.span for a in contexts[name].attributes[:count]] for name in names.unique()}
    padded = {name: s + [np.nan] * (count - len(s)) for name, s in spans.items()}
    span = np.array([padded[name] for name in names]).reshape(len(names), count)
    return span, np.isnan(span)


def require_all_attributes(
    table: CheckedTable, names: pd.Series, contexts: dict[str, DecisionContext], count: int
) -> None:
    """Refuse a context with more attributes than the file has columns."""
    short = names.map(lambda name: len(contexts[name].attributes) > count)
    table.refuse(
        short,
        "scenario",
        lambda cell: f"context {cell!r} has more attributes than the file columns",
    )
