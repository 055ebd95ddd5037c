"""Choices in the authors' layout: one row of a file a choice."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.study.authors_layout.columns import (
    known_contexts,
    numbered,
    require_all_attributes,
    shape_of,
)
from introspect_bayes.study.authors_layout.file_names import DataFile
from introspect_bayes.study.authors_layout.oddities import OddRows
from introspect_bayes.study.checked_csv import CheckedTable
from introspect_bayes.study.frames import KEYS

CHOICES: Final = [*KEYS, "context", "trial", "selection"]
"""Columns of a frame of choices, before the differences."""

PAPERS_CONTEXTS: Final = 100
"""Contexts of each set in the paper's data, the instilled ones first."""

REQUIRED: Final = ("model", "scenario", "selection", "A_attribute_1")
"""Columns that a file of choices needs."""


def read_choices(
    file: DataFile, table: CheckedTable, contexts: dict[str, DecisionContext]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a file of choices: one row a choice, with normalized differences d1 to dK; odd rows."""
    ks = numbered(table, r"A_attribute_(\d+)")
    columns = [[f"{option}_attribute_{k}" for k in ks] for option in "AB"]
    table.require(columns[1])
    names = known_contexts(table, contexts)
    require_all_attributes(table, names, contexts, len(ks))
    selection = table.strings("selection")
    table.refuse(
        ~selection.isin(["A", "B"]), "selection", lambda cell: f"{cell!r} is neither A nor B"
    )
    span, absent = shape_of(names, contexts, len(ks))
    a, b = (table.numbers(option, blank=absent) for option in columns)
    frame = pd.DataFrame({**file.columns, "model": table.strings("model").str.strip()})
    frame["context"] = names
    frame["trial"] = frame.groupby("context").cumcount() + 1
    frame["selection"] = selection
    differences = pd.DataFrame((a - b) / span, columns=[f"d{k}" for k in ks])
    odd = OddRows(table, frame.rename(columns={"trial": "number"}), "decision")
    odd.note_outside([*columns[0], *columns[1]], np.hstack([a, b]), contexts)
    odd.note_surplus([*columns[0], *columns[1]], absent)
    odd.note_other_options()
    odd.note_copies(["selection"])
    return pd.concat([frame[CHOICES], differences], axis=1), odd.frame()


def contexts_of_sets(
    contexts: dict[str, DecisionContext], opened: Sequence[tuple[DataFile, CheckedTable]]
) -> dict[str, list[str]]:
    """Return the instilled and the native contexts, in the study's order, by files of choices.

    Without choices they are those at the paper's positions: as many instilled as names of files
    count, or 100, and then 100 native ones.
    """
    stated = {file.instilled for file, _ in opened if file.instilled is not None}
    count = stated.pop() if len(stated) == 1 else PAPERS_CONTEXTS
    names = list(contexts)
    fallback = {"instilled": names[:count], "native": names[count : count + PAPERS_CONTEXTS]}
    chosen: dict[str, set[str]] = {context_set: set() for context_set in fallback}
    for file, table in opened:
        if file.task == "choices":
            chosen[file.context_set].update(table.text["scenario"])
    sets = {}
    for context_set, positions in fallback.items():
        found = [name for name in contexts if name in chosen[context_set]]
        sets[context_set] = found or positions
    return sets
