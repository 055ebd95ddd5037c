"""What accuracy consists of, beyond a correlation, as functions of sums over contexts."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.analysis.context_sums import moments, ratio_sums
from introspect_bayes.analysis.contexts_as_units import (
    ContextInterval,
    ContextSums,
    share_of_contexts,
)
from introspect_bayes.errors import CannotCompute

_BOTH: Final = 6


@dataclass(frozen=True, slots=True)
class Estimate:
    """A quantity of the profile.

    Attributes
    ----------
    value
        The quantity.
    interval
        Its interval with contexts as units.
    contexts
        Contexts behind it.
    problems
        Failed diagnostics of what was sampled for it alone.
    """

    value: float
    interval: ContextInterval
    contexts: int
    problems: tuple[str, ...] = ()


def slope_of_reports(rows: pd.DataFrame) -> Estimate:
    """Return by how many points mean reports rise with a point of weight.

    Parameters
    ----------
    rows
        One row an attribute: context, weight (-100 to 100), mean_report.

    Raises
    ------
    CannotCompute
        If weights or reports do not vary.

    Examples
    --------
    >>> rows = pd.DataFrame({"context": list("aabbcc"), "weight": [100.0, -50, 100, 20, -100, 80],
    ...     "mean_report": [50.0, -25, 50, 10, -50, 40]})
    >>> slope_of_reports(rows).value
    0.5
    """
    table = moments(rows, "weight", "mean_report")
    return _estimate(ContextSums(table, table.index, slope_of_totals))


def sign_accuracy(rows: pd.DataFrame) -> Estimate:
    """Return the share of attributes whose report has the sign of the weight.

    Attributes whose weight is exactly 0 have no sign to tell and do not count; a mean report of
    exactly 0 tells none and counts half, as a guess does.

    Examples
    --------
    >>> rows = pd.DataFrame({"context": list("aabbcc"), "weight": [100.0, -50, 100, 0, -100, 80],
    ...     "mean_report": [50.0, -25, -50, 10, -50, 0]})
    >>> sign_accuracy(rows).value
    0.7
    """
    some = rows[rows["weight"] != 0]
    product = np.sign(some["weight"]) * np.sign(some["mean_report"])
    counts = pd.Series(1.0, index=some.index)
    return _estimate(ratio_sums(some["context"], (1 + product) / 2, counts))


def chance_of_signs(rows: pd.DataFrame) -> float:
    """Return the share of right signs where weights and reports are paired at random.

    With p the share of positive weights and q that of positive reports (0 counts half):
    pq + (1 - p)(1 - q), which is one half only if either is as often positive as negative.

    Examples
    --------
    >>> rows = pd.DataFrame({"weight": [100.0, 50, 80, -20], "mean_report": [5.0, 9, -4, 3]})
    >>> chance_of_signs(rows)
    0.625
    """
    some = rows[rows["weight"] != 0]
    p, q = (float((np.sign(some[name]).mean() + 1) / 2) for name in ("weight", "mean_report"))
    return p * q + (1 - p) * (1 - q)


def rank_correlation(rows: pd.DataFrame) -> Estimate:
    """Return the mean over contexts of Spearman's correlation of weights and reports within one.

    Contexts in which either side does not vary tell none and do not count.

    Raises
    ------
    CannotCompute
        If no context tells one.
    """
    ranks = rows[["context"]].copy()
    for name in ("weight", "mean_report"):
        ranked = rows.groupby("context")[name].rank()
        ranks[name] = ranked - ranked.groupby(rows["context"]).transform("mean")
    square = (ranks["weight"] ** 2).groupby(ranks["context"]).sum()
    other = (ranks["mean_report"] ** 2).groupby(ranks["context"]).sum()
    product = (ranks["weight"] * ranks["mean_report"]).groupby(ranks["context"]).sum()
    varies = (square > 0) & (other > 0)
    rho: pd.Series = (product / np.sqrt(square * other))[varies]
    if rho.empty:
        msg = "in no context do both weights and reports vary"
        raise CannotCompute(msg)
    names = pd.Series(rho.index, index=rho.index)
    return _estimate(ratio_sums(names, rho, pd.Series(1.0, index=rho.index), low=-1.0))


def most_important_named(rows: pd.DataFrame) -> Estimate:
    """Return the share of contexts whose largest weight has the largest report, signs aside.

    Where several are largest, the share of the pairs that agree counts.

    Examples
    --------
    >>> rows = pd.DataFrame({"context": list("aabbcc"), "weight": [100.0, -50, 20, -100, 100, 80],
    ...     "mean_report": [50.0, -25, 10, -60, 40, -40]})
    >>> round(most_important_named(rows).value, 3)  # of c, half
    0.833
    """
    named = rows.groupby("context", sort=False)[["weight", "mean_report"]].apply(_top_named)
    hits, contexts = float(named.sum()), len(named)
    interval = ContextInterval(share_of_contexts(hits, contexts))
    return Estimate(hits / contexts, interval, contexts)


def chance_named(rows: pd.DataFrame) -> float:
    """Return the share of contexts whose most important attribute guessing names."""
    return float((1 / rows.groupby("context").size()).mean())


def noise_ceiling(weights: pd.DataFrame, reports: pd.DataFrame) -> Estimate:
    """Return the correlation that noise leaves to reports that know all: √(R_w R_r).

    The reliabilities R come from the correlation r of two halves of the data (Spearman and Brown:
    2r / (1 + r)); a negative one counts as zero.

    Parameters
    ----------
    weights, reports
        One row an attribute: context, first, second.
    """
    parts = [moments(half, "first", "second") for half in (weights, reports)]
    table = pd.concat(parts, axis=1, keys=range(2)).fillna(0.0)
    units = parts[0].index.intersection(parts[1].index)

    def figure(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        both = [reliability(piece) for piece in np.split(totals, [_BOTH], axis=-1)]
        ceiling = np.sqrt(both[0] * both[1])
        return ceiling, np.zeros_like(ceiling), np.ones_like(ceiling)

    return _estimate(ContextSums(table, units, figure))


def reliability(totals: np.ndarray) -> np.ndarray:
    """Return the reliability of whole data, from sums over halves (Spearman and Brown)."""
    n, x, y, xx, xy, yy = np.moveaxis(totals, -1, 0)
    r = np.maximum((xy - x * y / n) / np.sqrt((xx - x**2 / n) * (yy - y**2 / n)), 0.0)
    return np.asarray(2 * r / (1 + r))


def slope_of_totals(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the slope of reports on weights, and its limits."""
    n, x, y, xx, xy, yy = np.moveaxis(totals, -1, 0)
    square = xx - x**2 / n
    limit = np.sqrt((yy - y**2 / n) / square)
    return (xy - x * y / n) / square, -limit, limit


def _estimate(sums: ContextSums) -> Estimate:
    with np.errstate(divide="ignore", invalid="ignore"):
        value = sums.value()
    if not np.isfinite(value):
        msg = "weights or reports do not vary"
        raise CannotCompute(msg)
    return Estimate(value, sums.interval(), len(sums.units))


def _top_named(rows: pd.DataFrame) -> float:
    largest = [rows[name].abs() == rows[name].abs().max() for name in ("weight", "mean_report")]
    return float((largest[0] & largest[1]).sum() / (largest[0].sum() * largest[1].sum()))
