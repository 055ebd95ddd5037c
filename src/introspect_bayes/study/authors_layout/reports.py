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
from introspect_bayes.study.authors_layout.oddities import OddRows
from introspect_bayes.study.checked_csv import CheckedTable, one_spelling
from introspect_bayes.study.frames import KEYS, REPORTS_PER_CONTEXT

REPORTS: Final = [*KEYS, "report_set", "context", "report", "position", "reported"]
REPORT_SETS: Final = [*KEYS, "report_set", "contexts_asked", "reports_asked", "replies"]
"""Columns of the frames of reports, and of sets of reports."""


REQUIRED: Final = ("explaining_model", "scenario", "report_attr1")
"""Columns that a file of reports needs."""


def read_reports(
    file: DataFile,
    table: CheckedTable,
    contexts: dict[str, DecisionContext],
    asked: dict[str, list[str]],
    unused: set[str],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read a file of reports: one row an attribute of a report, its report set, and odd rows.

    Several models in one file are one set of reports, under all their names: whether they may be
    pooled is decided elsewhere (`splits`).

    Parameters
    ----------
    file, table
        The file, and its rows that are used.
    contexts
        All decision contexts, by name.
    asked
        Contexts by their set; the numbers in names of files count them.
    unused
        Contexts without a choice that is used: a report on one is good, none is no failure.
    """
    ks = numbered(table, r"report_attr(\d+)")
    columns = [f"report_attr{k}" for k in ks]
    names = known_contexts(table, contexts)
    require_all_attributes(table, names, contexts, len(ks))
    _, absent = shape_of(names, contexts, len(ks))
    weights = table.numbers(columns, blank=absent)
    model = " + ".join(table.strings("explaining_model").str.strip().unique())
    held_out = list(asked[file.context_set])
    if file.trained is not None:
        trained = set(held_out[file.trained])
        held_out = [name for name in held_out if name not in trained]
        table.refuse(
            names.isin(trained),
            "scenario",
            lambda cell: f"context {cell!r} was used to train this model, so it is not held out",
        )
    held_out = [name for name in held_out if name not in unused]
    frame = pd.DataFrame({"context": names})
    label = one_spelling(file.path.stem)
    frame = frame.assign(**file.columns, model=model, report_set=label)
    frame["report"] = frame.groupby("context").cumcount() + 1
    held_out += [name for name in names.unique() if name not in set(held_out)]
    most = int(frame["report"].max())
    row = {
        **file.columns,
        "model": model,
        "report_set": label,
        "contexts_asked": tuple(held_out),
        "reports_asked": max(REPORTS_PER_CONTEXT, most),
        "replies": len(held_out) * max(REPORTS_PER_CONTEXT, most),
    }
    long = frame.loc[frame.index.repeat(len(ks))].reset_index(drop=True)
    long["position"] = np.tile(ks, len(frame))
    long["reported"] = weights.reshape(-1)
    kept = long[~absent.reshape(-1)].reset_index(drop=True)
    odd = OddRows(table, frame.rename(columns={"report": "number"}), "report")
    odd.note_surplus(columns, absent)
    odd.note_copies(columns)
    return kept[REPORTS], pd.DataFrame([row])[REPORT_SETS], odd.frame()


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
