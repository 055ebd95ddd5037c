"""Warnings about a study's replies, for whoever is about to trust its estimates."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

import pandas as pd

from introspect_bayes.checks.values import few_choice_signs, odd_row_signs, out_of_range_signs
from introspect_bayes.protocol.warning_signs import (
    LEAST,
    Tally,
    WarningSign,
    how_many,
    listed,
    warning_signs,
)
from introspect_bayes.study import Study

NOT_KEPT: Final = "not kept by the authors"
"""Reason of invalid reports in the authors' layout, which holds the valid ones only."""

LEAST_CHOICES: Final = 10
"""Choices in a context below which the same letter throughout may well be chance."""

SAME_LETTER: Final = 0.1
"""Share of contexts with the same letter throughout above which they are worth a warning."""

SAME_REPORT: Final = 0.5
"""Share of equal reports above which they say nothing about single contexts."""

_WHO: Final = ["base_model", "model", "stage"]


def study_warnings(study: Study) -> list[str]:
    """Return a sentence for each warning sign in the replies of each model of a study.

    Parameters
    ----------
    study
        The study.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> ib.study_warnings(ib.load_study("plunkett2025"))  # doctest: +SKIP
    ['ft:gpt-4o-mini-... (weight-trained): 42% of 2,000 reports cannot be used ...']
    """
    of_models = [
        f"{of.model}: {of.text}" if not of.stage else f"{of.model} ({of.stage}): {of.text}"
        for of in model_warnings(study)
    ]
    return [*study.reading_warnings, *of_models]


class ModelWarning(NamedTuple):
    """A warning sign of a model: its kind, the same whatever the counts, and a sentence.

    The stage is empty for what concerns all of the model's replies.
    """

    base_model: str
    model: str
    stage: str
    kind: str
    text: str


def model_warnings(study: Study) -> Iterator[ModelWarning]:
    """Yield the warning signs in the replies of each model of a study.

    Parameters
    ----------
    study
        The study.
    """
    base_models = dict(zip(study.models["model"], study.models["base_model"], strict=True))
    for model, left in study.unanswered.items():
        text = f"{left:,} planned requests have no answer yet; `introspect-bayes collect` goes on"
        yield ModelWarning(base_models.get(model, model), model, "", "unanswered", text)
    yield from _refused(study)
    for who in study.models[_WHO].drop_duplicates().itertuples(index=False):
        choices = _of(study.choices, who)
        reports = _of(study.reports, who)
        each = _each_report(reports)
        signs = [
            *warning_signs(_tally(study, who, choices, each)),
            *(WarningSign("same letter", text) for text in _same_letter(choices)),
            *(WarningSign("same report", text) for text in _same_report(each)),
            *odd_row_signs(_of(study.odd_rows, who), _counts(choices, each)),
            *out_of_range_signs(each),
            *few_choice_signs(choices, study.decision_contexts),
        ]
        base_model, model, stage = (str(name) for name in who)
        for sign in signs:
            yield ModelWarning(base_model, model, stage, sign.kind, sign.text)


def _refused(study: Study) -> Iterator[ModelWarning]:
    if study.refused.empty:
        return
    for (base_model, model, stage), rows in study.refused.groupby(_WHO, sort=False):
        counts = rows["count"].tolist()
        reasons, contexts = Counter[str](), Counter[str]()
        for counter, column in ((reasons, "reason"), (contexts, "context")):
            for name, count in zip(rows[column].tolist(), counts, strict=True):
                counter[name] += count
        text = (
            f"the server refused {how_many(sum(counts), 'request')}, missing and not invalid: "
            f"{listed(reasons)}; in the contexts {listed(contexts)}"
        )
        yield ModelWarning(str(base_model), str(model), str(stage), "refused", text)


def _of(frame: pd.DataFrame, who: tuple[str, ...]) -> pd.DataFrame:
    return frame[(frame[_WHO] == list(who)).all(axis=1)]


def _counts(choices: pd.DataFrame, each: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return how many choices and valid reports there are, by task and set of contexts."""
    frames = {"decision": choices, "report": each}
    return {
        (task, str(context_set)): int(count)
        for task, frame in frames.items()
        for context_set, count in frame["context_set"].value_counts().items()
    }


def _tally(study: Study, who: tuple[str, ...], choices: pd.DataFrame, each: pd.DataFrame) -> Tally:
    tally = Tally(Counter(choices["selection"].tolist()))
    for weights in each["weights"]:
        tally.add_report(weights)
    if "count" in study.failures:
        failures = _of(study.failures, who)
        columns = (failures[name].tolist() for name in ("task", "failure", "count"))
        for task, why, count in zip(*columns, strict=True):
            tally.failures[task, why] += count
    else:
        sets = _of(study.report_sets, who)
        # Of the others nobody knows how many were asked, so no share of theirs is one.
        sets = sets[sets["asked_known"].astype(bool)]
        valid = int(each["report_set"].isin(sets["report_set"]).sum())
        tally.failures["report", NOT_KEPT] = int(sets["replies"].sum()) - valid
    return tally


def _same_letter(choices: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each set of contexts in many of which A, or B, is always chosen."""
    for context_set, chosen in choices.groupby("context_set", sort=False):
        by_context = chosen.groupby("context")["selection"]
        first, kinds, sizes = by_context.first(), by_context.nunique(), by_context.size()
        letters = first[(kinds == 1) & (sizes >= LEAST_CHOICES)].value_counts()
        if letters.sum() > SAME_LETTER * len(first):
            counted = " or ".join(letters.index)
            if len(letters) > 1:
                counted = f"the same letter ({', '.join(f'{k}: {n}' for k, n in letters.items())})"
            yield (
                f"in {letters.sum()} of {len(first)} {context_set} contexts every choice is "
                f"{counted}: its weights there are prior, not data"
            )


def _each_report(reports: pd.DataFrame) -> pd.DataFrame:
    """Return one row a report: its context, and the weights as a tuple."""
    keys = ["report_set", "context_set", "context", "report"]
    ordered = reports.sort_values("position").groupby(keys, sort=False)["reported"]
    return ordered.agg(tuple).rename("weights").reset_index()


def _same_report(each: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence if most reports are zeros only, or one and the same."""
    count = len(each)
    if count < LEAST:
        return
    zeros = sum(not any(weights) for weights in each["weights"])
    if zeros > SAME_REPORT * count:
        yield f"{zeros / count:.0%} of {count:,} valid reports are zeros only: they tell no weights"
        return
    weights, most = Counter(each["weights"]).most_common(1)[0]
    # In one context equal reports are no bad sign: without randomness they must be equal.
    about = each.loc[[w == weights for w in each["weights"]], "context"].nunique()
    if most > SAME_REPORT * count and about > 1:
        stated = ", ".join(f"{weight:g}" for weight in weights)
        yield (
            f"{most / count:.0%} of {count:,} valid reports are the same ({stated}), about "
            f"{about} contexts: they do not follow the context"
        )
