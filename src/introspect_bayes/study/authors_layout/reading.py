"""A folder in the authors' layout, read as a study."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.study.authors_layout.choices import (
    CHOICES,
    contexts_of_sets,
    read_choices,
)
from introspect_bayes.study.authors_layout.contexts import read_contexts
from introspect_bayes.study.authors_layout.mix_ups import mix_ups
from introspect_bayes.study.authors_layout.opening import Opened, open_files, splits_of, used_rows
from introspect_bayes.study.authors_layout.places import find_places
from introspect_bayes.study.authors_layout.reports import (
    REPORT_SETS,
    REPORTS,
    read_reports,
    refuse_overlap,
)
from introspect_bayes.study.authors_layout.sorting import sorted_files
from introspect_bayes.study.authors_layout.targets import read_targets
from introspect_bayes.study.chosen_rows import EVERYTHING, ChosenRows
from introspect_bayes.study.frames import ODD_ROWS, Study
from introspect_bayes.study.splits import refusal


def read_authors_layout(
    folder: Path,
    chosen: ChosenRows = EVERYTHING,
    *,
    reports_asked: int | None = None,
    contexts_from: Path | None = None,
    fitting: bool = True,
) -> Study:
    """Read a folder that is laid out like the `data/` folder of the authors' repository.

    One or several base models, any of the experiments' files missing, any number of
    attributes. Which contexts were instilled and which are native follows from the files of
    choices; without one, from the paper's positions (contexts 1-100 and 101-200, or as many as
    names of files count).

    Parameters
    ----------
    folder
        The folder.
    chosen
        Which rows are used, and which columns are pooled over.
    reports_asked
        How many reports were asked in each context; if not given, ten for the paper's own files,
        else at least as many as the context with the most has.
    contexts_from
        A folder with the files of contexts, target weights and units.
    fitting
        Whether models are to be fitted, so that columns which split trials are refused.

    Raises
    ------
    InputError
        For anything missing, malformed or inconsistent, with file, line and column; for a column
        that splits trials, unless it is pooled over or one of its values chosen.
    """
    places = find_places(folder, contexts_from)
    contexts = read_contexts(places.contexts, places.units)
    files, left_out = sorted_files(folder)
    if not files:
        msg = (
            f"{folder}: no choices and no reports (expected files such as "
            "MODEL_instilled_selections.csv or MODEL_instilled_weight_reports.csv)"
            + "".join(f"; {sentence}" for sentence in left_out)
        )
        raise InputError(msg)
    whole = open_files(files)
    opened, chosen = used_rows(whole, chosen)
    decided = [read_choices(f, t, contexts) for f, t in opened if f.task == "choices"]
    choices = _stack([frame for frame, _ in decided], CHOICES)
    # Names of files count all contexts, also those in which no row is used.
    asked = contexts_of_sets(contexts, whole)
    unused = {name for names in asked.values() for name in names}.difference(choices["context"])
    unused = unused if chosen.where else set()
    told = [
        read_reports(f, t, contexts, asked, unused, reports_asked)
        for f, t in opened
        if f.task == "reports"
    ]
    reports = _stack([frame for frame, _, _ in told if len(frame)], REPORTS)
    report_sets = _stack([row for _, row, _ in told], REPORT_SETS)
    refuse_overlap(report_sets)
    splits = splits_of(opened, chosen)
    if splits and fitting:
        raise InputError(refusal(splits))
    models = pd.concat([f[["base_model", "model", "stage"]] for f in (choices, report_sets)])
    return Study(
        name=folder.name,
        source=str(folder),
        decision_contexts=contexts,
        choices=choices.fillna({name: 0.0 for name in choices if re.fullmatch(r"d\d+", str(name))}),
        reports=reports,
        report_sets=report_sets,
        targets=read_targets(places.targets, contexts, chosen, elsewhere=places.targets != folder),
        models=models.drop_duplicates(ignore_index=True),
        chosen_rows=replace(chosen, notes=(*chosen.notes, *places.notes)),
        splits=splits,
        reading_warnings=(*left_out, *_of_empty_files(opened), *mix_ups(opened)),
        odd_rows=_stack([odd for *_, odd in (*decided, *told) if len(odd)], ODD_ROWS),
    )


def _of_empty_files(opened: Opened) -> list[str]:
    """Say together which files hold no report."""
    names = [file.path.name for file, table in opened if not len(table)]
    if not names:
        return []
    each = "holds" if len(names) == 1 else "hold"
    return [f"{', '.join(names)} {each} no report: none of those asked is valid"]


def _stack(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame(columns=pd.Index(columns))
    return pd.concat(frames, ignore_index=True)
