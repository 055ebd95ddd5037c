"""Reports in the authors' layout: one row of a file a report."""

from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
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
from introspect_bayes.study.download import is_papers_file
from introspect_bayes.study.frames import KEYS, ODD_ROWS, REPORTS_PER_CONTEXT

REPORTS: Final = [*KEYS, "report_set", "context", "report", "position", "reported"]
REPORT_SETS: Final = [
    *KEYS,
    "report_set",
    "contexts_asked",
    "reports_asked",
    "asked_known",
    "replies",
]
"""Columns of the frames of reports, and of sets of reports."""


REQUIRED: Final = ("explaining_model", "scenario", "report_attr1")
"""Columns that a file of reports needs."""


def read_reports(
    file: DataFile,
    table: CheckedTable,
    contexts: dict[str, DecisionContext],
    asked: dict[str, list[str]],
    unused: set[str],
    reports_asked: int | None,
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
    reports_asked
        How many reports were asked in each context, if it was said.
    unused
        Contexts without a choice that is used: a report on one is good, none is no failure.
    """
    if not len(table):
        return _none_survived(file, _held_out(file, asked, unused), reports_asked)
    ks = numbered(table, r"report_attr(\d+)")
    columns = [f"report_attr{k}" for k in ks]
    names = known_contexts(table, contexts)
    require_all_attributes(table, names, contexts, len(ks))
    _, absent = shape_of(names, contexts, len(ks))
    weights = table.numbers(columns, blank=absent)
    model = " + ".join(table.strings("explaining_model").str.strip().unique())
    table.refuse(
        names.isin(_trained(file, asked)),
        "scenario",
        lambda cell: f"context {cell!r} was used to train this model, so it is not held out",
    )
    held_out = _held_out(file, asked, unused)
    frame = pd.DataFrame({"context": names})
    frame = frame.assign(**file.columns, model=model, report_set=file.label)
    frame["report"] = frame.groupby("context").cumcount() + 1
    held_out += [name for name in names.unique() if name not in set(held_out)]
    count, known = _reports_asked(file, frame, reports_asked)
    row = {
        **file.columns,
        "model": model,
        "report_set": file.label,
        "contexts_asked": tuple(held_out),
        "reports_asked": count,
        "asked_known": known,
        "replies": len(held_out) * count,
    }
    long = frame.loc[frame.index.repeat(len(ks))].reset_index(drop=True)
    long["position"] = np.tile(ks, len(frame))
    long["reported"] = weights.reshape(-1)
    kept = long[~absent.reshape(-1)].reset_index(drop=True)
    odd = OddRows(table, frame.rename(columns={"report": "number"}), "report")
    odd.note_surplus(columns, absent)
    odd.note_copies(columns)
    return kept[REPORTS], pd.DataFrame([row])[REPORT_SETS], odd.frame()


def _trained(file: DataFile, asked: dict[str, list[str]]) -> set[str]:
    """Return the contexts that the model was trained to report on."""
    return set() if file.trained is None else set(asked[file.context_set][file.trained])


def _held_out(file: DataFile, asked: dict[str, list[str]], unused: set[str]) -> list[str]:
    gone = _trained(file, asked) | unused
    return [name for name in asked[file.context_set] if name not in gone]


def _none_survived(
    file: DataFile, held_out: list[str], stated: int | None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what a file without rows says: reports were asked, and none is valid."""
    row = {
        **file.columns,
        "model": file.base_model,
        "report_set": file.label,
        "contexts_asked": tuple(held_out),
        "reports_asked": stated or 1,
        "asked_known": stated is not None,
        "replies": len(held_out) * (stated or 1),
    }
    nothing = [pd.DataFrame(columns=pd.Index(names)) for names in (REPORTS, ODD_ROWS)]
    return nothing[0], pd.DataFrame([row])[REPORT_SETS], nothing[1]


def _reports_asked(file: DataFile, frame: pd.DataFrame, stated: int | None) -> tuple[int, bool]:
    """Return how many reports were asked in each context, or at least, and whether it is known."""
    counts = frame["context"].value_counts()
    most = int(counts.max()) if len(counts) else 0
    if stated is not None:
        if most > stated:
            msg = (
                f"{file.path.name}: {most} reports on context {counts.idxmax()!r}, more than "
                f"--reports-asked {stated}"
            )
            raise InputError(msg)
        return stated, True
    if is_papers_file(file.path):
        return max(REPORTS_PER_CONTEXT, most), True
    return max(1, most), False


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
