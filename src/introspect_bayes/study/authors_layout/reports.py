"""Reports in the authors' layout: one row of a file a report."""

from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.contexts import DecisionContext
from introspect_bayes.errors import InputError
from introspect_bayes.study.authors_layout.columns import (
    known_contexts,
    numbered,
    require_all_attributes,
    shape_of,
)
from introspect_bayes.study.authors_layout.file_names import DataFile
from introspect_bayes.study.checked_csv import CheckedTable, one_spelling
from introspect_bayes.study.frames import KEYS, REPORTS_PER_CONTEXT

REPORTS: Final = [*KEYS, "report_set", "context", "report", "position", "reported"]
REPORT_SETS: Final = [*KEYS, "report_set", "contexts_asked", "reports_asked", "replies"]
"""Columns of the frames of reports, and of sets of reports."""


def read_reports(
    file: DataFile, contexts: dict[str, DecisionContext], asked: dict[str, list[str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a file of reports: one row an attribute of a report, and the row of its report set."""
    table = CheckedTable(file.path, ("explaining_model", "scenario", "report_attr1"))
    ks = numbered(table, r"report_attr(\d+)")
    columns = [f"report_attr{k}" for k in ks]
    names = known_contexts(table, contexts)
    require_all_attributes(table, names, contexts, len(ks))
    _, absent = shape_of(names, contexts, len(ks))
    weights = table.numbers(columns, blank=absent)
    models = table.strings("explaining_model")
    table.refuse(
        models != models.iloc[0],
        "explaining_model",
        lambda cell: f"{cell!r} differs from the file's first model {models.iloc[0]!r}",
    )
    held_out = list(asked[file.context_set])
    if file.trained is not None:
        trained = set(held_out[file.trained])
        held_out = [name for name in held_out if name not in trained]
        table.refuse(
            names.isin(trained),
            "scenario",
            lambda cell: f"context {cell!r} was used to train this model, so it is not held out",
        )
    frame = pd.DataFrame(
        {**file.columns, "model": models, "report_set": one_spelling(file.path.stem)}
    )
    frame["context"] = names
    frame["report"] = frame.groupby("context").cumcount() + 1
    held_out += [name for name in names.unique() if name not in set(held_out)]
    most = int(frame["report"].max())
    row = {
        **file.columns,
        "model": models.iloc[0],
        "report_set": one_spelling(file.path.stem),
        "contexts_asked": tuple(held_out),
        "reports_asked": max(REPORTS_PER_CONTEXT, most),
        "replies": len(held_out) * max(REPORTS_PER_CONTEXT, most),
    }
    long = frame.loc[frame.index.repeat(len(ks))].reset_index(drop=True)
    long["position"] = np.tile(ks, len(frame))
    long["reported"] = weights.reshape(-1)
    kept = long[~absent.reshape(-1)].reset_index(drop=True)
    return kept[REPORTS], pd.DataFrame([row])[REPORT_SETS]


def refuse_overlap(report_sets: pd.DataFrame) -> None:
    """Refuse two files of reports about the same contexts by the same stage."""
    for _, same in report_sets.groupby(["base_model", "stage", "context_set"], sort=False):
        owner: dict[str, str] = {}
        for report_set, asked in zip(same["report_set"], same["contexts_asked"], strict=True):
            for context in asked:
                if context in owner:
                    msg = (
                        f"{report_set}.csv and {owner[context]}.csv both report on context "
                        f"{context!r}; keep one of them in the folder"
                    )
                    raise InputError(msg)
                owner[context] = report_set
