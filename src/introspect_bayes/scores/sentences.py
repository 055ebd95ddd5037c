"""What explanation scores tell, in sentences."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.scores.score_answers import OVERALL


def advantage_sentences(table: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each task, and one for all of them first.

    Parameters
    ----------
    table
        As `ExplanationScores.advantage` returns it.
    """
    for row in _overall_first(table):
        if row["note"]:
            yield f"{_where(row)}: whether self explains better cannot be told ({row['note']})."
            continue
        figures = _figures(row, "advantage")
        if row["hdi_low"] > 0:
            yield f"{_where(row)}: models explain themselves better than others do, by {figures}."
        elif row["hdi_high"] < 0:
            yield f"{_where(row)}: others explain models better than they themselves, by {figures}."
        else:
            yield (
                f"{_where(row)}: the scores do not settle whether models explain themselves better "
                f"or worse than others do (self minus other {figures})."
            )


def learning_sentences(table: pd.DataFrame, *, has_sizes: bool) -> Iterator[str]:
    """Yield a sentence for each task, and one for all of them first.

    Parameters
    ----------
    table
        As `ExplanationScores.learning` returns it.
    has_sizes
        Whether the table has several training sizes at all.
    """
    if not has_sizes:
        yield "No learning curve: there are not several training sizes."
        return
    for row in _overall_first(table):
        if row["note"]:
            yield f"{_where(row)}: whether self learns otherwise cannot be told ({row['note']})."
            continue
        gains = f"{_number(row['self'])} for self and {_number(row['other'])} for other"
        figures = _figures(row, "difference")
        told = "gains more for self than for other" if row["hdi_low"] > 0 else ""
        told = "gains less for self than for other" if row["hdi_high"] < 0 else told
        told = told or "may gain the same for both, more or less for self"
        yield f"{_where(row)}: a doubling of training {told} ({gains}; difference {figures})."


def two_model_sentences(
    alternatives: pd.DataFrame, advantage: pd.DataFrame, usual: object
) -> Iterator[str]:
    """Yield a sentence for each task that two models tell: what its advantage rests on.

    Parameters
    ----------
    alternatives
        As `two_models.other_pairs` returns it.
    advantage
        As `ExplanationScores.advantage` returns it.
    usual
        The prior of the scale of pairs; None if pairs are not in the model.
    """
    usually = advantage.set_index("task")["advantage"]
    for task, mine in alternatives[alternatives["task"] != OVERALL].groupby("task", sort=False):
        prior = f", and on the prior of what is particular to a pair ({usual})" if usual else ""
        rows: list[dict[str, Any]] = mine.to_dict("records")  # type: ignore[assignment]
        figures = [
            f"{_figures(row, 'advantage')}, if pairs {row['pairs']} ({row['prior']})"
            for row in rows
            if row["prior"]
        ]
        added = next(row["advantage"] for row in rows if not row["prior"])
        figures.append(f"{_number(added)} as observed, if explainers and targets add up in scores")
        yield (
            f"Task {task}: only two models tell, so that this rests on explainers and targets "
            f"adding up in log-odds{prior}. {_number(float(usually[task]))} becomes "
            f"{'; '.join(figures)}."
        )


def _overall_first(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
    return sorted(rows, key=lambda row: row["task"] != OVERALL)


def _where(row: dict[str, Any]) -> str:
    return "Overall" if row["task"] == OVERALL else f"Task {row['task']}"


def _figures(row: dict[str, Any], name: str) -> str:
    ends = f"[{_number(row['hdi_low'])}, {_number(row['hdi_high'])}]"
    return f"{_number(row[name])}, {HDI_PROB:.0%} HDI {ends}"


def _number(value: float) -> str:
    text = f"{value:.3f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("0.", ".", 1) if abs(value) < 1 else text
