"""Target weights in the authors' layout: what each model was trained to weigh."""

from pathlib import Path

import numpy as np
import pandas as pd

from introspect_bayes.protocol.contexts import DecisionContext
from introspect_bayes.study.authors_layout.columns import (
    known_contexts,
    numbered,
    require_all_attributes,
    shape_of,
)
from introspect_bayes.study.authors_layout.file_names import TARGETS_FILE
from introspect_bayes.study.checked_csv import CheckedTable
from introspect_bayes.study.chosen_rows import EVERYTHING, ChosenRows, rows_with


def read_targets(
    folder: Path,
    contexts: dict[str, DecisionContext],
    chosen: ChosenRows = EVERYTHING,
    *,
    elsewhere: bool = False,
) -> pd.DataFrame:
    """Read the target weights, if there are any: one row an attribute."""
    path = folder / TARGETS_FILE
    nothing = pd.DataFrame(columns=pd.Index(["context", "position", "target"]))
    if not path.is_file():
        return nothing
    table = CheckedTable(path, ("scenario", "attr1"))
    rows = rows_with(table, chosen.where)
    if elsewhere:
        rows = rows & table.text["scenario"].isin(contexts).to_numpy()
    if not rows.any():
        return nothing
    table = table.only(rows)
    ks = numbered(table, r"attr(\d+)")
    columns = [f"attr{k}" for k in ks]
    names = known_contexts(table, contexts)
    table.refuse(names.duplicated(), "scenario", lambda cell: f"context {cell!r} occurs twice")
    require_all_attributes(table, names, contexts, len(ks))
    _, absent = shape_of(names, contexts, len(ks))
    weights = table.numbers(columns, blank=absent)
    long = pd.DataFrame(
        {
            "context": np.repeat(names.to_numpy(), len(ks)),
            "position": np.tile(ks, len(names)),
            "target": weights.reshape(-1),
        }
    )
    return long[~absent.reshape(-1)].reset_index(drop=True)
