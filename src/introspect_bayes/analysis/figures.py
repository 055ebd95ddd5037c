"""Every figure of the paper, and a few of our own, as a computation on a study."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.analysis.analysis import Analysis, of_batches, plain_correlation, weight_error
from introspect_bayes.analysis.exclusion import RAW_READING, exclusion_table
from introspect_bayes.analysis.experiments import correlation, standardize
from introspect_bayes.analysis.predicted_choices import predicted_by_own, predicted_by_targets
from introspect_bayes.analysis.result import Result
from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import CannotCompute, NotInStudy
from introspect_bayes.protocol.comparisons import COMPARISONS, EFFECTS, PAPER_COMPARISONS
from introspect_bayes.protocol.stages import ContextSet, Stage
from introspect_bayes.regressions.regression import Regression


@dataclass(frozen=True, slots=True)
class FigureKind:
    """A figure for one base model or over all of them."""

    title: str
    compute: Callable[[Analysis, str], Result]
    per_model: bool = True


def _weight_problems(
    analysis: Analysis,
    base_models: Iterable[str],
    context_set: ContextSet,
    stage: Stage = "weight-trained",
) -> list[str]:
    found = []
    for base_model in base_models:
        diagnostics = analysis.weights(base_model, context_set, stage).diagnostics
        whose = base_model if stage == "weight-trained" else f"{base_model}, {stage}"
        found += [f"choice weights of {whose}: {p}" for p in diagnostics.problems]
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
        read_draws=partial(fit.draws_of, "reported"),
    )


def _accuracy(figure: str) -> Callable[[Analysis, str], Result]:
    def compute(analysis: Analysis, base_model: str) -> Result:
        rows = analysis.rows(base_model, figure)
        fit = analysis.accuracy(base_model, figure)
        comparison = COMPARISONS[figure]
        problems = _weight_problems(
            analysis, [base_model], comparison.context_set, comparison.chooser
        )
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


def _agreement(analysis: Analysis, base_model: str) -> Result:
    predicted = predicted_by_targets(analysis, base_model)["predicted"]
    return Result(estimate=float(predicted.mean()), n=len(predicted))


def _native_fit(stage: Stage) -> Callable[[Analysis, str], Result]:
    def compute(analysis: Analysis, base_model: str) -> Result:
        def share(column: str) -> float:
            predicted = predicted_by_own(analysis, base_model, stage, column)
            return float(predicted["predicted"].mean())

        weights = analysis.learned(base_model, "native", stage)
        chains = [share(name) for name in of_batches(weights)]
        error = float(np.std(chains, ddof=1) / math.sqrt(len(chains)))
        return Result(
            estimate=share("weight"),
            n=len(analysis.choices(base_model, "native", stage)),
            errors=(error, 0.0, 0.0),
            problems=tuple(_weight_problems(analysis, [base_model], "native", stage)),
            note="in sample: from the rounded weights of the same choices, without the intercept",
        )

    return compute


def _invalid_share(analysis: Analysis, base_model: str) -> Result:
    study = analysis.study
    sets = study.report_sets[study.report_sets["base_model"] == base_model]
    asked = int(sets["replies"].sum())
    if asked == 0:
        msg = f"no reports of {base_model}"
        raise NotInStudy(msg)
    reports = study.reports[study.reports["base_model"] == base_model]
    valid = len(reports[["report_set", "context", "report"]].drop_duplicates())
    note = ""
    if "count" not in study.failures:
        note = _asked_note(sets)
    return Result(estimate=1 - valid / asked, n=asked, note=note)


def _asked_note(sets: pd.DataFrame) -> str:
    """Say how many reports were asked in each context, and where only the least is known."""

    def counts(some: pd.DataFrame) -> str:
        return "/".join(str(count) for count in sorted(some["reports_asked"].unique()))

    known = sets["asked_known"].astype(bool)
    note = f"taking {counts(sets[known])} reports asked in each context" if known.any() else ""
    if known.all():
        return note
    guessed = (
        f"of at least {counts(sets[~known])} reports asked in each context, the most that one has "
        "(--reports-asked says how many)"
    )
    return "; ".join(filter(None, (note, guessed)))


def _effect(figure: str) -> Callable[[Analysis, str], Result]:
    def compute(analysis: Analysis, _: str) -> Result:
        fit = analysis.effect(figure)
        draws = partial(fit.slope_difference, "reported", "introspection_trained", "base_model")
        difference = fit.estimated("training", draws)
        base_models = sorted(fit.data["base_model"].unique())
        context_set = COMPARISONS[EFFECTS[figure][0]].context_set
        problems = _weight_problems(analysis, base_models, context_set)
        lent = weight_error(fit.data, lambda weights: _training_gain(fit.data, weights))
        return Result(
            estimate=difference.mean,
            n=len(fit.data),
            hdi=(difference.low, difference.high),
            errors=(
                math.hypot(difference.mean_error, lent),
                math.hypot(difference.low_error, lent),
                math.hypot(difference.high_error, lent),
            ),
            problems=(*problems, *fit.diagnostics.problems),
            note=f"averaged over {', '.join(base_models)}",
            base_models=tuple(base_models),
            read_draws=draws,
        )

    return compute


def _training_gain(rows: pd.DataFrame, weights: pd.Series) -> float:
    """Return the contrast by least squares: slope trained minus untrained, mean of base models."""
    gains = []
    for _, mine in rows.assign(other=weights).groupby("base_model"):
        slopes = {}
        for trained, cell in mine.groupby("introspection_trained"):
            scale = float(cell["learned"].std() / cell["reported"].std())
            slopes[trained] = correlation(cell["other"], cell["reported"]) * scale
        gains.append(slopes[1] - slopes[0])
    return float(np.mean(gains))


_CONTEXT_SETS: Final[tuple[ContextSet, ...]] = ("instilled", "native")


def _all_weight_problems(analysis: Analysis) -> tuple[str, ...]:
    found = []
    for context_set in _CONTEXT_SETS:
        for base_model in analysis.study.base_models:
            try:
                found += _weight_problems(analysis, [base_model], context_set)
            except CannotCompute:
                continue
    return tuple(found)


def _exclusion(analysis: Analysis, _: str) -> Result:
    table = exclusion_table(analysis)
    size = table["change"].abs().fillna(np.inf)
    largest = size.groupby(table["reading"]).max()
    judged = largest[[name for name in largest.index if name != RAW_READING]].sort_values()
    listed = ", ".join(f"{reading} {value:.3f}" for reading, value in judged.items())
    raw = table.loc[table["reading"] == RAW_READING]
    return Result(
        estimate=float(judged.iloc[0]),
        n=int(table.loc[table["reading"] == judged.index[0], "n"].sum()),
        problems=_all_weight_problems(analysis),
        note=(
            f"largest change under the kindest reading; by reading: {listed}. Excluding only mean "
            f"reports of exactly ±100, which are not rescaled, changes at most "
            f"{largest[RAW_READING]:.3f}, but drops {1 - raw['n'].sum() / raw['n_all'].sum():.1%} "
            "of values, not the 20% of Appendix D"
        ),
        base_models=tuple(analysis.study.base_models),
    )


def _share_at_limit(analysis: Analysis, _: str) -> Result:
    weights, raw = [], []
    for base_model in analysis.study.base_models:
        for context_set in _CONTEXT_SETS:
            try:
                weights.append(analysis.learned(base_model, context_set)["weight"])
            except CannotCompute:
                continue
    for figure in PAPER_COMPARISONS:
        for base_model in analysis.study.base_models:
            try:
                raw.append(analysis.rows(base_model, figure)["mean_report"])
            except CannotCompute:
                continue
    if not weights:
        msg = "no choices of a weight-trained model"
        raise NotInStudy(msg)
    learned = pd.concat(weights).abs() == WEIGHT_LIMIT
    notes = ["learned weights"]
    for name, values in (("targets", analysis.study.targets.get("target")), ("mean reports", raw)):
        if values is not None and len(values):
            series = pd.concat(values) if isinstance(values, list) else values
            notes.append(f"{name}: {(series.abs() == WEIGHT_LIMIT).mean():.1%}")
    return Result(
        estimate=float(learned.mean()),
        n=len(learned),
        problems=_all_weight_problems(analysis),
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
    "e3.fit": FigureKind("native choices predicted", _native_fit("weight-trained")),
    "native.acc": FigureKind("accuracy, off-the-shelf, native weights", _accuracy("native.acc")),
    "native.fit": FigureKind(
        "native choices predicted, off-the-shelf", _native_fit("off-the-shelf")
    ),
    "invalid": FigureKind("invalid reports, all sets", _invalid_share),
    "d.target.e1": FigureKind("r(reported, target), weight-trained", _against_targets("e1.acc")),
    "d.target.e2": FigureKind(
        "r(reported, target), introspection-trained", _against_targets("e2.acc")
    ),
    "d.learned.e2": FigureKind("trained on learned weights instead", _no_public_data),
    "d.excl100": FigureKind("largest change of r without ±100", _exclusion, per_model=False),
    "d.pct100": FigureKind("weights of exactly ±100", _share_at_limit, per_model=False),
}
"""Figures by id, without the base model's label."""

OWN_FIGURES: Final = frozenset({"native.acc", "native.fit"})
"""Figures that the paper does not have: of models that were never trained."""

PAPER_ONLY: Final = frozenset({"d.learned.e2"})
"""Figures that only the paper has."""

PROPORTIONS: Final = frozenset({"e1.agree", "e3.fit", "native.fit", "invalid", "d.pct100"})
"""Figures that a table shows as percentages."""
