"""The figures as functions of sums over contexts, for intervals that take contexts as units."""

from collections.abc import Callable
from typing import Final

import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.context_sums import accuracy_sums, ratio_sums, share_sums
from introspect_bayes.analysis.contexts_as_units import ContextInterval, ContextSums, combined
from introspect_bayes.analysis.experiments import mean_reports, reports_of
from introspect_bayes.analysis.predicted_choices import predicted_by_own, predicted_by_targets
from introspect_bayes.errors import CannotCompute
from introspect_bayes.protocol.comparisons import COMPARISONS, EFFECTS
from introspect_bayes.protocol.stages import Stage


def context_interval(analysis: Analysis, kind: str, base_model: str = "") -> ContextInterval:
    """Return the 95% interval of a figure that takes contexts as units.

    It knows nothing of the priors of the figure's regression: it is that of least squares.

    Parameters
    ----------
    analysis
        The analysis.
    kind
        A key of `figures.FIGURES`.
    base_model
        The base model, for figures of one.
    """
    if kind not in SUMS:
        return ContextInterval(missing="not a figure that adds up over contexts")
    try:
        return SUMS[kind](analysis, base_model).interval()
    except CannotCompute as reason:
        return ContextInterval(missing=str(reason))


def slope_sums(analysis: Analysis, base_model: str, figure: str) -> ContextSums:
    """Return the slope of a comparison (key of `COMPARISONS`) as a function of sums."""
    comparison = COMPARISONS[figure]
    learned = analysis.learned(base_model, comparison.context_set, comparison.chooser)
    return accuracy_sums(
        analysis.rows(base_model, figure), _mean_reports(analysis, base_model, figure), learned
    )


def _slope(figure: str) -> Callable[[Analysis, str], ContextSums]:
    return lambda analysis, base_model: slope_sums(analysis, base_model, figure)


def _correlation(figure: str) -> Callable[[Analysis, str], ContextSums]:
    def sums(analysis: Analysis, base_model: str) -> ContextSums:
        rows = analysis.rows(base_model, figure)
        return accuracy_sums(rows, _mean_reports(analysis, base_model, figure))

    return sums


def _against_targets(figure: str) -> Callable[[Analysis, str], ContextSums]:
    def sums(analysis: Analysis, base_model: str) -> ContextSums:
        rows = analysis.target_rows(base_model, figure)
        return accuracy_sums(rows, _mean_reports(analysis, base_model, figure))

    return sums


def _mean_reports(analysis: Analysis, base_model: str, figure: str) -> pd.DataFrame:
    return mean_reports(reports_of(analysis.study, base_model, COMPARISONS[figure]))


def _learned_targets(analysis: Analysis, base_model: str) -> ContextSums:
    learned = analysis.learned(base_model, "instilled")
    rows = learned.merge(analysis.targets(base_model), on=["context", "position"])
    rows = rows.assign(report_set="targets", mean_report=rows["target"])
    return accuracy_sums(rows, rows)


def _effect(figure: str) -> Callable[[Analysis, str], ContextSums]:
    def sums(analysis: Analysis, _: str) -> ContextSums:
        base_models = list(analysis.effect_rows(figure))
        share = 1 / len(base_models)
        parts, factors = [], []
        for base_model in base_models:
            before, after = (slope_sums(analysis, base_model, name) for name in EFFECTS[figure])
            parts += [before, after]
            factors += [-share, share]
        return combined(parts, factors)

    return sums


def _agreement(analysis: Analysis, base_model: str) -> ContextSums:
    predicted = predicted_by_targets(analysis, base_model)
    return share_sums(predicted["context"], predicted["predicted"])


def _own_choices(stage: Stage) -> Callable[[Analysis, str], ContextSums]:
    def sums(analysis: Analysis, base_model: str) -> ContextSums:
        predicted = predicted_by_own(analysis, base_model, stage)
        return share_sums(predicted["context"], predicted["predicted"])

    return sums


def _invalid(analysis: Analysis, base_model: str) -> ContextSums:
    study = analysis.study
    sets = study.report_sets[study.report_sets["base_model"] == base_model]
    asked = pd.concat(
        pd.Series(replies / len(contexts), index=pd.Index(contexts))
        for contexts, replies in zip(sets["contexts_asked"], sets["replies"], strict=True)
        if contexts
    )
    reports = study.reports[study.reports["base_model"] == base_model]
    valid = reports[["report_set", "context", "report"]].drop_duplicates()["context"]
    counts = asked.groupby(level=0).sum()
    hits = counts - valid.value_counts().reindex(counts.index, fill_value=0)
    if (hits < 0).any():
        msg = f"some context has more reports of {base_model} than were asked on average"
        raise CannotCompute(msg)
    return ratio_sums(pd.Series(counts.index, counts.index), hits, counts)


SUMS: Final[dict[str, Callable[[Analysis, str], ContextSums]]] = {
    **{name: _slope(name) for name in ("e1.acc", "e1.base", "e2.acc", "native.acc")},
    **{name: _correlation(name) for name in ("e3.before", "e3.after")},
    **{name: _effect(name) for name in EFFECTS},
    "e1.learned": _learned_targets,
    "e1.agree": _agreement,
    "e3.fit": _own_choices("weight-trained"),
    "native.fit": _own_choices("off-the-shelf"),
    "invalid": _invalid,
    "d.target.e1": _against_targets("e1.acc"),
    "d.target.e2": _against_targets("e2.acc"),
}
"""From an analysis and a base model to the sums of each figure that contexts make up."""
