"""Frames of a study that columns split: what notebooks add to them, and several models in one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from introspect_bayes.errors import InputError
from introspect_bayes.protocol.study_folder import STUDY_FILE
from introspect_bayes.study.authors_layout.choices import CHOICES
from introspect_bayes.study.authors_layout.reports import REPORTS
from introspect_bayes.study.frames import Study
from introspect_bayes.study.splits import Split, counts_of, find_splits, refusal

_PARTS: Final = ["base_model", "stage", "context_set"]
"""Columns whose combinations have weights, and reports, of their own."""

_DIFFERENCE: Final = re.compile(r"d\d+")


def require_unsplit(study: Study) -> None:
    """Refuse a study whose trials are split by a column, or come from several models.

    Raises
    ------
    InputError
        Naming the column, its values, and what to type.
    """
    if study.splits:
        raise InputError(refusal(study.splits))
    models = list(_models(study))
    stored = (Path(study.source) / STUDY_FILE).is_file()
    if models and stored:
        name = next(iter(models[0].counts))
        msg = (
            f"{models[0].place}: several models answered ({models[0].counted}), whose weights are "
            f"not the same; type `--where model={name}` to use the replies of one of them"
        )
        raise InputError(msg)
    splits = [*models, *_columns(study)]
    if splits:
        first = splits[0]
        frame = first.place.partition(" ")[0]
        msg = (
            f"{first.place}, column {first.column}: {len(first.counts)} values ({first.counted}) "
            f"in the same contexts, which would be pooled as if they were the same; keep the rows "
            f"of one value (dataclasses.replace(study, {frame}=...)), or say "
            f"study.pooled({first.column!r}) to analyse all together"
        )
        raise InputError(msg)


def _models(study: Study) -> Iterator[Split]:
    """Yield where several models chose, or several sets of reports are about one context."""
    pooled = "model" in study.chosen_rows.pool
    for part, rows in study.choices.groupby(_PARTS, sort=False):
        # Halves of introspection training are models of one stage by design, and no analysis reads
        # weights off their choices.
        several = rows["model"].nunique() > 1 and part[1] != "introspection-trained"
        if several and not pooled:
            yield Split(_place("choices", part), "model", counts_of(rows["model"]), among="")
    for part, rows in study.reports.groupby(_PARTS, sort=False):
        for column in ("report_set", "model"):
            owners = rows[[column, "context"]].drop_duplicates()
            if owners["context"].duplicated().any() and not (pooled and column == "model"):
                owner = "model" if rows["model"].nunique() > 1 else "report_set"
                counts = counts_of(rows.loc[rows["position"] == 1, owner])
                yield Split(_place("reports", part), owner, counts, among="")
                break


def _columns(study: Study) -> Iterator[Split]:
    each = study.reports.drop_duplicates(["model", "report_set", "context", "report"])
    for what, frame, used in (("choices", study.choices, CHOICES), ("reports", each, REPORTS)):
        known: set[Any] = {*used, *study.chosen_rows.pool, *filter(_is_difference, frame)}
        if known.issuperset(frame):
            continue
        for part, rows in frame.groupby(_PARTS, sort=False):
            yield from find_splits(
                _place(what, part), rows, groups=("model", "context"), known=known
            )


def _is_difference(column: object) -> bool:
    return _DIFFERENCE.fullmatch(str(column)) is not None


def _place(what: str, part: tuple[object, ...]) -> str:
    return f"{what} of {', '.join(map(str, part))} contexts"
