"""Choices in the authors' layout: one row of a file a choice."""

from typing import Final

import pandas as pd

from introspect_bayes.contexts import DecisionContext
from introspect_bayes.study.authors_layout.columns import (
    known_contexts,
    numbered,
    require_all_attributes,
    shape_of,
)
from introspect_bayes.study.authors_layout.file_names import DataFile
from introspect_bayes.study.checked_csv import CheckedTable
from introspect_bayes.study.frames import KEYS

CHOICES: Final = [*KEYS, "context", "trial", "selection"]
"""Columns of a frame of choices, before the differences."""


def read_choices(file: DataFile, contexts: dict[str, DecisionContext]) -> pd.DataFrame:
    """Read a file of choices: one row a choice, with normalized differences d1 to dK."""
    table = CheckedTable(file.path, ("model", "scenario", "selection", "A_attribute_1"))
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
    frame = pd.DataFrame({**file.columns, "model": table.strings("model"), "context": names})
    frame["trial"] = frame.groupby("context").cumcount() + 1
    frame["selection"] = selection
    differences = pd.DataFrame((a - b) / span, columns=[f"d{k}" for k in ks])
    return pd.concat([frame[CHOICES], differences], axis=1)


def contexts_of_sets(
    contexts: dict[str, DecisionContext], choices: pd.DataFrame
) -> dict[str, list[str]]:
    """Return the instilled and the native contexts, in the study's order."""
    fallback = {"instilled": list(contexts)[:100], "native": list(contexts)[100:200]}
    sets = {}
    for context_set, positions in fallback.items():
        chosen = set(choices.loc[choices["context_set"] == context_set, "context"])
        sets[context_set] = [name for name in contexts if name in chosen] or positions
    return sets
