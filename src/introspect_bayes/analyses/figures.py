"""Every figure of the paper as a computation on a study."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.analyses.analysis import (
    Analysis,
    plain_correlation,
    weight_error,
)
from introspect_bayes.analyses.exclusion import exclusion_table
from introspect_bayes.analyses.experiments import (
    COMPARISONS,
    EFFECTS,
    CannotCompute,
    chosen_by_weights,
    correlation,
    standardize,
)
from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.fits import Regression


@dataclass(frozen=True, slots=True)
class Result:
    """A figure computed from a study.

    Attributes
    ----------
    estimate
        Posterior mean of a regression's slope, Pearson's correlation, or a proportion.
    n
        Rows used: attributes, choices or reports.
    hdi
        95% HDI, None for proportions.
    errors
        Monte Carlo standard errors of the estimate and of the HDI's two ends.
    problems
        Failed diagnostics of any fit that the figure rests on.
    note
        What a reader should know.
    """

    estimate: float
    n: int
    hdi: tuple[float, float] | None = None
    errors: tuple[float, float, float] = (0.0, 0.0, 0.0)
    problems: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class FigureKind:
    """A figure of the paper, for one base model or over all of them."""

    title: str
    compute: Callable[[Analysis, str], Result]
    per_model: bool = True


def _weight_problems(analysis: Analysis, base_models: Iterable[str], context_set: str) -> list[str]:
    found = []
    for base_model in base_models:
        diagnostics = analysis.weights(base_model, context_set).diagnostics
        found += [f"choice weights of {base_model}: {p}" for p in diagnostics.problems]
    return found


def _slope_result(fit: Regression, rows: pd.DataFrame, problems: list[str]) -> Result:
    slope = fit.slope()
    reported = rows["reported"]

    def least_squares(weights: pd.Series) -> float:
        return correlation(weights, reported) * float(rows["learned"].std() / reported.std())

    lent = weight_error(rows, least_squares)
    return Result(
        estimate=slope.mean,
        n=len(rows),
        hdi=(slope.low, slope.high),
        errors=(
            math.hypot(slope.mean_error, lent),
            math.hypot(slope.low_error, lent),
            math.hypot(slope.high_error, lent),
        ),
        problems=(*problems, *fit.diagnostics.problems),
    )


def _accuracy(figure: str) -> Callable[[Analysis, str], Result]:
    def compute(analysis: Analysis, base_model: str) -> Result:
        rows = analysis.rows(base_model, figure)
        fit = analysis.accuracy(base_model, figure)
        problems = _weight_problems(analysis, [base_model], COMPARISONS[figure].context_set)
        return _slope_result(fit, rows, problems)

    return compute


def _correlated(analysis: Analysis, name: str, rows: pd.DataFrame, problems: list[str]) -> Result:
    """Pearson's correlation as the estimate, the regression's HDI around it."""
    fit = analysis.correlate(name, rows)
    result = _slope_result(fit, fit.data, problems)
    lent = weight_error(rows, lambda weights: correlation(weights, rows["reported"]))
    return replace(
        result, estimate=plain_correlation(rows), errors=(lent, result.errors[1], result.errors[2])
    )


def _native(figure: str) -> Callable[[Analysis, str], Result]:
    def compute(analysis: Analysis, base_model: str) -> Result:
        rows = analysis.rows(base_model, figure)
        problems = _weight_problems(analysis, [base_model], "native")
        return _correlated(analysis, f"{figure}.{base_model}.correlation", rows, problems)

    return compute


def _against_targets(figure: str) -> Callable[[Analysis, str], Result]:
    def compute(analysis: Analysis, base_model: str) -> Result:
        rows = analysis.target_rows(base_model, figure)
        return _correlated(analysis, f"{figure}.{base_model}.target", rows, [])

    return compute


def _learned_targets(analysis: Analysis, base_model: str) -> Result:
    learned = analysis.learned(base_model, "instilled")
    targets = analysis.targets(base_model)
    rows = learned.merge(targets, on=["context", "position"], validate="one_to_one")
    if rows.empty:
        msg = f"no target weights for the contexts in which {base_model} chose"
        raise CannotCompute(msg)
    rows["reported"] = standardize(rows["target"])
    problems = _weight_problems(analysis, [base_model], "instilled")
    return _correlated(analysis, f"learned.{base_model}.target", rows, problems)


def _weight_matrix(
    analysis: Analysis, choices: pd.DataFrame, weights: pd.DataFrame, column: str
) -> np.ndarray:
    """Return the weights of each choice's context, shape (choice, attribute), 0 if absent."""
    wide = weights.pivot(index="context", columns="position", values=column)  # noqa: PD010
    positions = range(1, len(analysis.study.difference_columns) + 1)
    matrix = wide.reindex(columns=positions).loc[choices["context"]]
    return matrix.fillna(0.0).to_numpy()


def _share_predicted(choices: pd.DataFrame, columns: list[str], matrix: np.ndarray) -> float:
    predicted = chosen_by_weights(choices[columns].to_numpy(), matrix)
    return float((predicted == (choices["selection"] == "A")).mean())


def _agreement(analysis: Analysis, base_model: str) -> Result:
    choices = analysis.choices(base_model, "instilled")
    targets = analysis.targets(base_model)
    choices = choices[choices["context"].isin(targets["context"])]
    if choices.empty:
        msg = f"no target weights for the contexts in which {base_model} chose"
        raise CannotCompute(msg)
    matrix = _weight_matrix(analysis, choices, targets, "target")
    share = _share_predicted(choices, analysis.study.difference_columns, matrix)
    return Result(estimate=share, n=len(choices))


def _native_fit(analysis: Analysis, base_model: str) -> Result:
    choices = analysis.choices(base_model, "native")
    weights = analysis.learned(base_model, "native")
    columns = analysis.study.difference_columns

    def share(column: str) -> float:
        matrix = _weight_matrix(analysis, choices, weights, column)
        return _share_predicted(choices, columns, matrix)

    chains = [share(str(name)) for name in weights if str(name).startswith("weight_")]
    error = float(np.std(chains, ddof=1) / math.sqrt(len(chains)))
    return Result(
        estimate=share("weight"),
        n=len(choices),
        errors=(error, 0.0, 0.0),
        problems=tuple(_weight_problems(analysis, [base_model], "native")),
        note="from the rounded weights, without the intercept",
    )


def _invalid_share(analysis: Analysis, base_model: str) -> Result:
    study = analysis.study
    sets = study.report_sets[study.report_sets["base_model"] == base_model]
    asked = int((sets["contexts_asked"].map(len) * sets["reports_asked"]).sum())
    if asked == 0:
        msg = f"no reports of {base_model}"
        raise CannotCompute(msg)
    reports = study.reports[study.reports["base_model"] == base_model]
    valid = len(reports[["report_set", "context", "report"]].drop_duplicates())
    return Result(estimate=1 - valid / asked, n=asked)


def _effect(figure: str) -> Callable[[Analysis, str], Result]:
    def compute(analysis: Analysis, _: str) -> Result:
        fit = analysis.effect(figure)
        difference = fit.slope_difference("reported", "introspection_trained", "base_model")
        base_models = sorted(fit.data["base_model"].unique())
        context_set = COMPARISONS[EFFECTS[figure][0]].context_set
        problems = _weight_problems(analysis, base_models, context_set)
        return Result(
            estimate=difference.mean,
            n=len(fit.data),
            hdi=(difference.low, difference.high),
            errors=(difference.mean_error, difference.low_error, difference.high_error),
            problems=(*problems, *fit.diagnostics.problems),
            note=f"averaged over {', '.join(base_models)}",
        )

    return compute


def _exclusion(analysis: Analysis, _: str) -> Result:
    table = exclusion_table(analysis)
    largest = table["change"].abs().groupby(table["reading"]).max().sort_values()
    listed = ", ".join(f"{reading} {value:.3f}" for reading, value in largest.items())
    return Result(
        estimate=float(largest.iloc[0]),
        n=int(table.loc[table["reading"] == largest.index[0], "n"].sum()),
        note=f"largest change under the kindest reading; by reading: {listed}",
    )


def _share_at_limit(analysis: Analysis, _: str) -> Result:
    weights, raw = [], []
    for base_model in analysis.study.base_models:
        for context_set in ("instilled", "native"):
            try:
                weights.append(analysis.learned(base_model, context_set)["weight"])
            except CannotCompute:
                continue
    for figure in COMPARISONS:
        for base_model in analysis.study.base_models:
            try:
                raw.append(analysis.rows(base_model, figure)["mean_report"])
            except CannotCompute:
                continue
    if not weights:
        msg = "no choices in this study"
        raise CannotCompute(msg)
    learned = pd.concat(weights).abs() == WEIGHT_LIMIT
    notes = ["learned weights"]
    for name, values in (("targets", analysis.study.targets.get("target")), ("mean reports", raw)):
        if values is not None and len(values):
            series = pd.concat(values) if isinstance(values, list) else values
            notes.append(f"{name}: {(series.abs() == WEIGHT_LIMIT).mean():.1%}")
    return Result(
        estimate=float(learned.mean()),
        n=len(learned),
        note="; ".join([*notes, "the public analysis does not rescale reports"]),
    )


def _no_public_data(_: Analysis, __: str) -> Result:
    msg = "the authors published no reports of models trained on learned weights"
    raise CannotCompute(msg)


FIGURES: Final[dict[str, FigureKind]] = {
    "e1.learned": FigureKind("r(learned, target weights)", _learned_targets),
    "e1.agree": FigureKind("choices that agree with target weights", _agreement),
    "e1.acc": FigureKind("accuracy, weight-trained", _accuracy("e1.acc")),
    "e1.base": FigureKind("accuracy, off-the-shelf control", _accuracy("e1.base")),
    "e2.acc": FigureKind("accuracy, introspection-trained", _accuracy("e2.acc")),
    "e2.effect": FigureKind(
        "effect of introspection training", _effect("e2.effect"), per_model=False
    ),
    "e3.before": FigureKind("native weights, before training: r", _native("e3.before")),
    "e3.after": FigureKind("native weights, after training: r", _native("e3.after")),
    "e3.effect": FigureKind("effect on native weights", _effect("e3.effect"), per_model=False),
    "e3.fit": FigureKind("native choices predicted", _native_fit),
    "invalid": FigureKind("invalid reports, all sets", _invalid_share),
    "d.target.e1": FigureKind("r(reported, target), weight-trained", _against_targets("e1.acc")),
    "d.target.e2": FigureKind(
        "r(reported, target), introspection-trained", _against_targets("e2.acc")
    ),
    "d.learned.e2": FigureKind("trained on learned weights instead", _no_public_data),
    "d.excl100": FigureKind("largest change of r without ±100", _exclusion, per_model=False),
    "d.pct100": FigureKind("weights of exactly ±100", _share_at_limit, per_model=False),
}
"""The paper's figures by id, without the base model's label."""

PROPORTIONS: Final = frozenset({"e1.agree", "e3.fit", "invalid", "d.pct100"})
"""Figures that a table shows as percentages."""
