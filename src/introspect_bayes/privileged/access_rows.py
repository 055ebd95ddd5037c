"""Rows of all models' weights and reports, on the attributes that all of them chose among."""

from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.experiments import mean_reports, reports_of
from introspect_bayes.errors import CannotCompute, cannot_compute
from introspect_bayes.protocol.comparisons import COMPARISONS

ALIKE: Final = 0.8
"""Correlation of two models' weights from which own and other weights are nearly the same."""

KEYS: Final = ("context", "position")
"""Columns that tell an attribute of a context."""

_LEAST_CONTEXTS: Final = 3


def shared_rows(analysis: Analysis, figure: str) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Return the models that chose and reported, and the attributes that all of them chose among.

    Returns
    -------
    tuple
        Names of the models, and one row an attribute: context, position, ``weights of NAME`` and
        ``reports of NAME`` (standardized; missing where a model gave no valid report).

    Raises
    ------
    CannotCompute
        If fewer than two models, or fewer than three contexts, are left.
    """
    comparison = COMPARISONS[figure]
    weights, reports = {}, {}
    reasons: list[CannotCompute] = []
    for model in analysis.study.base_models:
        try:
            learned = analysis.learned(model, comparison.context_set, comparison.chooser)
            stated = mean_reports(reports_of(analysis.study, model, comparison))
        except CannotCompute as reason:
            reasons.append(reason)
            continue
        weights[model] = learned[[*KEYS, "learned"]].rename(
            columns={"learned": f"weights of {model}"}
        )
        reports[model] = stated[[*KEYS, "reported"]].rename(
            columns={"reported": f"reports of {model}"}
        )
    models = tuple(weights)
    if len(models) < 2:  # noqa: PLR2004
        missing = "; ".join(str(reason) for reason in reasons)
        who = f"only {models[0]} has both weights and reports" if models else "no model has both"
        msg = f"{figure}: own and other need two models, but {who}"
        raise cannot_compute(f"{msg} ({missing})" if missing else msg, reasons or [CannotCompute()])
    rows = weights[models[0]]
    for model in models[1:]:
        rows = rows.merge(weights[model], on=list(KEYS), validate="one_to_one")
    for model in models:
        rows = rows.merge(reports[model], how="left", on=list(KEYS), validate="one_to_one")
    _check_shared(figure, models, rows)
    return models, rows


def _check_shared(figure: str, models: tuple[str, ...], rows: pd.DataFrame) -> None:
    shared = rows["context"].nunique()
    if shared < _LEAST_CONTEXTS:
        msg = (
            f"{figure}: {', '.join(models)} chose in {shared} shared contexts; own and other need "
            f"at least {_LEAST_CONTEXTS}"
        )
        raise CannotCompute(msg)
    for model in models:
        told = rows.loc[rows[f"reports of {model}"].notna(), "context"].nunique()
        if told < _LEAST_CONTEXTS:
            msg = (
                f"{figure}: {model} gave valid reports in {told} of the {shared} shared contexts; "
                f"own and other need at least {_LEAST_CONTEXTS}"
            )
            raise CannotCompute(msg)


def alike_warning(
    analysis: Analysis, figure: str, models: tuple[str, ...], rows: pd.DataFrame
) -> str:
    """Say where own and other weights are nearly the same, and how little they could differ.

    Returns
    -------
    str
        Empty unless models were trained towards the same targets, or their weights correlate by
        `ALIKE` or more.
    """
    r = rows[[f"weights of {model}" for model in models]].corr().to_numpy()
    same = float(r[np.triu_indices(len(models), 1)].mean())
    comparison = COMPARISONS[figure]
    taught = comparison.chooser == "weight-trained" and comparison.context_set == "instilled"
    if not (taught and not analysis.study.targets.empty) and same < ALIKE:
        return ""
    why = "all models were trained towards the same targets" if taught else "the models are alike"
    return (
        f"{figure}: {why}, so that own and other weights are nearly the same (r = {same:.2f}): "
        f"even reports that repeat the own weights exactly would come only {1 - same:.2f} closer "
        "to them than to the others'"
    )
