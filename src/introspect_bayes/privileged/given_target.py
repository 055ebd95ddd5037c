"""Own reports with own weights, given the target.

Does a model know what it learned wrongly? Where targets were instilled, reports may agree with
weights because both follow the target. What is left is what both share beyond a straight line in
the target: the model's own departures from what it was taught, but also common sense, and any bend
that choices and reports share. So the control stands beside it: reports of the model before it was
taught, against the weights that it learned. (A plug-in: noise in weights and reports makes it
smaller.)
"""

from collections.abc import Collection
from typing import Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.analysis.analysis import Analysis
from introspect_bayes.analysis.context_sums import moments
from introspect_bayes.analysis.contexts_as_units import ContextInterval, ContextSums
from introspect_bayes.errors import CannotCompute
from introspect_bayes.protocol.comparisons import COMPARISONS

COLUMNS: Final = (
    "figure", "base_model", "control", "estimate", "low", "high", "alone", "n", "contexts",
    "missing",
)  # fmt: skip
_COLUMNS_OF_A_SET: Final = 10


def given_target(analysis: Analysis, figures: Collection[str] = tuple(COMPARISONS)) -> pd.DataFrame:
    """Return the correlation of own reports with own weights, given the target weights.

    Parameters
    ----------
    analysis
        The analysis.
    figures
        Keys of `COMPARISONS`; those in other contexts than the instilled ones have no targets.

    Returns
    -------
    pandas.DataFrame
        One row a base model and comparison in instilled contexts: figure, base_model, control
        (whether the reports are of the model before it was taught), estimate (partial correlation;
        none where the weights are the targets), low and high (95% interval with contexts as units;
        none where it cannot be had, for the reason in the column missing), alone (the correlation
        without regard to the target), n (attributes), contexts. Empty if nothing was instilled.

    Source: partial correlation, with reports standardized by report set as the accuracy has them.
    """
    rows = [
        found
        for figure in figures
        if COMPARISONS[figure].context_set == "instilled"
        for base_model in analysis.study.base_models
        if (found := _row(analysis, base_model, figure)) is not None
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def json_ready(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows of `given_target` as JSON-ready values, of one comparison."""
    return [
        {
            "base_model": row["base_model"],
            "control": row["control"],
            "estimate": row["estimate"],
            "hdi_contexts": None if row["missing"] else [row["low"], row["high"]],
            "hdi_contexts_missing": row["missing"],
            "alone": row["alone"],
            "n": row["n"],
            "contexts": row["contexts"],
        }
        for row in rows.to_dict("records")
    ]


def _row(analysis: Analysis, base_model: str, figure: str) -> dict[str, Any] | None:
    try:
        rows = analysis.rows(base_model, figure)
        targets = analysis.targets(base_model)
    except CannotCompute:
        return None
    rows = rows.merge(targets, on=["context", "position"], validate="one_to_one")
    sums = partial_sums(rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = sums.value()
    interval = sums.interval()
    if not np.isfinite(estimate):
        interval = ContextInterval(missing="weights or reports do not depart from the targets")
    low, high = interval.ends or (None, None)
    return {
        "figure": figure,
        "base_model": base_model,
        "control": COMPARISONS[figure].stage == "off-the-shelf",
        "estimate": estimate if np.isfinite(estimate) else None,
        "low": low,
        "high": high,
        "alone": float(rows["weight"].corr(rows["reported"])),
        "n": len(rows),
        "contexts": rows["context"].nunique(),
        "missing": interval.missing,
    }


def partial_sums(rows: pd.DataFrame) -> ContextSums:
    """Return the partial correlation as a function of sums over contexts.

    Parameters
    ----------
    rows
        One row an attribute: context, report_set, weight, mean_report, target.

    Examples
    --------
    >>> rows = pd.DataFrame({"context": list("aabbccd"), "report_set": "one",
    ...     "weight": [1.0, 2, 3, 4, 5, 7, 1], "mean_report": [2.0, 1, 4, 3, 6, 5, 0],
    ...     "target": [1.0, 3, 2, 5, 4, 6, 2]})
    >>> r = rows[["weight", "mean_report", "target"]].corr().to_numpy()
    >>> alone, taught, told = r[0, 1], r[0, 2], r[1, 2]
    >>> expected = (alone - taught * told) / np.sqrt((1 - taught**2) * (1 - told**2))
    >>> bool(round(partial_sums(rows).value(), 6) == round(expected, 6))
    True
    """
    parts = [
        moments(mine, "weight", "mean_report", "target")
        for _, mine in rows.groupby("report_set", sort=False)
    ]
    table = pd.concat(parts, axis=1, keys=range(len(parts))).fillna(0.0)
    return ContextSums(table, pd.Index(rows["context"].unique()), _partial_of_totals)


def _partial_of_totals(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the partial correlation over all report sets, each with reports standardized."""
    sets = totals.reshape(*totals.shape[:-1], -1, _COLUMNS_OF_A_SET)
    n, w, y, t, ww, wy, wt, yy, yt, tt = np.moveaxis(sets, -1, 0)
    mean = y / n
    scale = np.sqrt((yy - y * mean) / (n - 1))
    # Standardized reports of a set add up to zero, and their squares to n - 1.
    count, told = n.sum(axis=-1), (n - 1).sum(axis=-1)
    weights, target = w.sum(axis=-1), t.sum(axis=-1)
    www = ww.sum(axis=-1) - weights**2 / count
    ttt = tt.sum(axis=-1) - target**2 / count
    wtt = wt.sum(axis=-1) - weights * target / count
    wyy = ((wy - w * mean) / scale).sum(axis=-1)
    tyy = ((yt - t * mean) / scale).sum(axis=-1)
    alone, taught = wyy / np.sqrt(www * told), wtt / np.sqrt(www * ttt)
    said = tyy / np.sqrt(ttt * told)
    found = (alone - taught * said) / np.sqrt((1 - taught**2) * (1 - said**2))
    return found, -np.ones_like(found), np.ones_like(found)
