"""What a study's data hides: anomalies, and how much each changes the correlation it touches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis, plain_correlation
from introspect_bayes.analysis.experiments import correlation, mean_reports, reports_of, standardize
from introspect_bayes.checks.values import ODDITIES, OF_CHOICES, few_choices
from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import CannotCompute
from introspect_bayes.protocol.comparisons import COMPARISONS
from introspect_bayes.study.frames import without_rows

BALANCED_SHARES: Final = (0.2, 0.8)
"""A context whose share of A lies outside is called unbalanced."""

ANOMALIES: Final = {
    "out_of_range": "report beyond ±100",
    "all_zero": "report of zeros only",
    "no_report": "context without report",
    "value_outside": "choice with a value out of range",
    "lacking_attribute": "row with surplus attributes",
    "third_option": "choice among further options",
    "repeated": "copy of another row",
    "few_choices": "context with few choices",
    "tells_nothing": "all weights within an SD of 0",
    "position_bias": "intercept's HDI excludes 0",
    "unbalanced": "under 20% or over 80% A",
}
"""Anomalies, and what is counted: reports, choices, rows of both, or contexts. By chance alone the
95% HDI of the intercept excludes 0 in about 5% of contexts. Few choices, or choices of one letter,
tell nothing of weights, whose posterior means then lie within one posterior SD of 0
(`ChoiceWeights.telling_nothing`)."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """How often something odd occurs, and the correlation with and without it.

    Attributes
    ----------
    count, of
        Occurrences among so many reports or contexts.
    r_without
        The correlation without them (``no_report``: with the missing reports counted as
        zeros); None if it cannot be computed or nothing occurred.
    """

    count: int
    of: int
    r_without: float | None


@dataclass(frozen=True, slots=True)
class HealthRow:
    """The data behind one comparison of one base model.

    Attributes
    ----------
    figure, base_model
        Key of `COMPARISONS`, and the base model.
    r
        Pearson's correlation of learned and reported weights; None if it cannot be computed.
    invalid_share
        Share of the reports asked that were invalid.
    asked_at_least
        Reports in each context that the share is taken of, where nobody said how many were asked;
        None where it is known.
    share_a
        Share of choices of A.
    intercept
        Mean over contexts of the intercept: the pull to A between equal options, in log-odds.
    anomalies
        By the keys of `ANOMALIES`; those that cannot be computed are missing.
    note
        Why something is missing.
    problems
        Failed diagnostics of the choice weights that the row rests on.
    """

    figure: str
    base_model: str
    r: float | None
    invalid_share: float | None
    share_a: float | None
    intercept: float | None
    anomalies: dict[str, Anomaly]
    note: str
    problems: tuple[str, ...] = ()
    asked_at_least: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        anomalies = {
            name: {
                "count": a.count,
                "of": a.of,
                "r_without": a.r_without,
                "change": None if None in (a.r_without, self.r) else a.r_without - self.r,  # type: ignore[operator]
            }
            for name, a in self.anomalies.items()
        }
        return {
            "id": f"{self.figure}.{self.base_model}",
            "r": self.r,
            "invalid_share": self.invalid_share,
            "asked_at_least": self.asked_at_least,
            "share_a": self.share_a,
            "intercept": self.intercept,
            "anomalies": anomalies,
            "note": self.note,
            "problems": list(self.problems),
        }


def data_health(analysis: Analysis) -> Iterator[HealthRow]:
    """Examine the data behind every comparison of every base model.

    Parameters
    ----------
    analysis
        Analysis of the study; its fits are reused.
    """
    for base_model in analysis.study.base_models:
        for figure in COMPARISONS:
            row = _examine(analysis, base_model, figure)
            if row is not None:
                yield row


def _examine(analysis: Analysis, base_model: str, figure: str) -> HealthRow | None:
    """Return the row of a comparison, or None if the study does not have it at all."""
    comparison = COMPARISONS[figure]
    notes: list[str] = []
    reports = _or_none(lambda: reports_of(analysis.study, base_model, comparison), notes)
    chosen = (base_model, comparison.context_set, comparison.chooser)
    choices = _or_none(lambda: analysis.choices(*chosen), notes)
    asked = _asked(analysis, base_model, figure)
    if reports is None and asked == (0, 0):
        return None
    rows = None
    if reports is not None:
        rows = _or_none(lambda: analysis.rows(base_model, figure), notes)
    r = None if rows is None else _or_none(lambda: plain_correlation(rows), notes)
    contexts, total = asked
    valid = 0 if reports is None else len(_each_report(reports))
    anomalies: dict[str, Anomaly] = {}
    if reports is not None:
        anomalies |= _report_anomalies(analysis, base_model, figure, reports)
        anomalies["no_report"] = _missing_contexts(analysis, base_model, figure, reports, contexts)
    intercept: float | None = None
    problems: tuple[str, ...] = ()
    if choices is not None:
        weights = analysis.weights(*chosen)
        problems = weights.diagnostics.problems
        bias = weights.position_bias()
        intercept = float(bias["mean"].mean())
        anomalies |= _context_anomalies(analysis, rows, choices, bias, weights.telling_nothing())
    if reports is not None or choices is not None:
        anomalies |= _odd_rows(analysis, base_model, figure, reports, choices)
    return HealthRow(
        figure=figure,
        base_model=base_model,
        r=r,
        invalid_share=1 - valid / total if total else None,
        share_a=None if choices is None else float((choices["selection"] == "A").mean()),
        intercept=intercept,
        anomalies={name: anomalies[name] for name in ANOMALIES if name in anomalies},
        note="; ".join(dict.fromkeys(notes)),
        problems=problems,
        asked_at_least=_at_least(_sets(analysis, base_model, figure)),
    )


def _at_least(sets: pd.DataFrame) -> int | None:
    guessed = sets.loc[~sets["asked_known"].astype(bool), "reports_asked"]
    return int(guessed.min()) if len(guessed) else None


def _learned(analysis: Analysis, base_model: str, figure: str) -> pd.DataFrame:
    comparison = COMPARISONS[figure]
    return analysis.learned(base_model, comparison.context_set, comparison.chooser)


def _or_none[T](compute: Callable[[], T], notes: list[str]) -> T | None:
    try:
        return compute()
    except CannotCompute as reason:
        notes.append(str(reason))
        return None


def _asked(analysis: Analysis, base_model: str, figure: str) -> tuple[int, int]:
    """Return the number of contexts and of reports that were asked for."""
    mine = _sets(analysis, base_model, figure)
    return int(mine["contexts_asked"].map(len).sum()), int(mine["replies"].sum())


def _sets(analysis: Analysis, base_model: str, figure: str) -> pd.DataFrame:
    """Return the report sets that belong to a comparison."""
    comparison = COMPARISONS[figure]
    sets = analysis.study.report_sets
    return sets[
        (sets["base_model"] == base_model)
        & (sets["stage"] == comparison.stage)
        & (sets["context_set"] == comparison.context_set)
    ]


def _each_report(reports: pd.DataFrame) -> pd.DataFrame:
    """Return one row a report: its largest absolute weight."""
    keys = ["report_set", "context", "report"]
    size = reports.assign(size=reports["reported"].abs())
    return size.groupby(keys, sort=False)["size"].max().reset_index()


def _report_anomalies(
    analysis: Analysis, base_model: str, figure: str, reports: pd.DataFrame
) -> dict[str, Anomaly]:
    each = _each_report(reports)
    odd = {"out_of_range": each["size"] > WEIGHT_LIMIT, "all_zero": each["size"] == 0}
    found = {}
    for name, flags in odd.items():
        keys = ["report_set", "context", "report"]
        kept = reports.merge(each.loc[~flags, keys], on=keys)
        r = _correlation_of(analysis, base_model, figure, kept) if flags.any() else None
        found[name] = Anomaly(int(flags.sum()), len(each), r)
    return found


def _correlation_of(
    analysis: Analysis, base_model: str, figure: str, reports: pd.DataFrame
) -> float | None:
    try:
        learned = _learned(analysis, base_model, figure)
        rows = learned.merge(mean_reports(reports), on=["context", "position"])
        return plain_correlation(rows)
    except CannotCompute:
        return None


def _missing_contexts(
    analysis: Analysis, base_model: str, figure: str, reports: pd.DataFrame, asked: int
) -> Anomaly:
    reported = reports[["report_set", "context"]].drop_duplicates()
    missing = asked - len(reported)
    r = None
    if missing:
        try:
            learned = _learned(analysis, base_model, figure)
            r = _with_zeros(learned, _sets(analysis, base_model, figure), reports)
        except CannotCompute:
            r = None
    return Anomaly(missing, asked, r)


def _with_zeros(learned: pd.DataFrame, sets: pd.DataFrame, reports: pd.DataFrame) -> float:
    """Return the correlation over all contexts asked, those without a report as zeros."""
    asked = sets[["report_set", "contexts_asked"]].explode("contexts_asked")
    asked = asked.rename(columns={"contexts_asked": "context"})
    means = mean_reports(reports)[["report_set", "context", "position", "mean_report"]]
    rows = learned.merge(asked, on="context")
    rows = rows.merge(means, on=["report_set", "context", "position"], how="left")
    filled = rows.assign(mean_report=rows["mean_report"].fillna(0.0))
    groups = filled.groupby("report_set", sort=False)["mean_report"]
    standardized = pd.concat([standardize(values) for _, values in groups])
    return correlation(filled["learned"], standardized.reindex(filled.index))


def _odd_rows(
    analysis: Analysis,
    base_model: str,
    figure: str,
    reports: pd.DataFrame | None,
    choices: pd.DataFrame | None,
) -> dict[str, Anomaly]:
    """Return the anomalies of rows read on trust; without them, weights are learned anew."""
    chosen, reported = COMPARISONS[figure].chooser, COMPARISONS[figure].stage
    odd = analysis.study.odd_rows
    odd = odd[
        (odd["base_model"] == base_model)
        & (odd["context_set"] == COMPARISONS[figure].context_set)
        & (odd["stage"] == odd["task"].map({"decision": chosen, "report": reported}))
    ]
    of_choices = 0 if choices is None else len(choices)
    of_reports = 0 if reports is None else len(_each_report(reports))
    found: dict[str, Anomaly] = {}
    for oddity in ODDITIES:
        same = odd[odd["oddity"] == oddity]
        r = None
        if len(same):
            other = Analysis(without_rows(analysis.study, same), analysis.settings)
            r = _or_none(lambda other=other: plain_correlation(other.rows(base_model, figure)), [])  # type: ignore[misc]
        of = of_choices + (0 if oddity in OF_CHOICES else of_reports)
        found[oddity] = Anomaly(len(same), of, r)
    return found


def _context_anomalies(
    analysis: Analysis,
    rows: pd.DataFrame | None,
    choices: pd.DataFrame,
    bias: pd.DataFrame,
    telling_nothing: frozenset[str],
) -> dict[str, Anomaly]:
    share = (choices["selection"] == "A").groupby(choices["context"]).mean()
    low, high = BALANCED_SHARES
    biased = bias.loc[(bias["hdi_low"] > 0) | (bias["hdi_high"] < 0), "context"]
    odd = {
        "position_bias": set(biased),
        "unbalanced": set(share.index[(share < low) | (share > high)]),
        "few_choices": set(few_choices(choices, analysis.study.decision_contexts).index),
        "tells_nothing": telling_nothing,
    }
    found = {}
    for name, contexts in odd.items():
        r = None
        if rows is not None and contexts:
            kept = rows[~rows["context"].isin(contexts)]
            r = _or_none(lambda kept=kept: plain_correlation(kept), [])  # type: ignore[misc]
        found[name] = Anomaly(len(contexts), len(share), r)
    return found
