"""Accuracies, correlations and shares as functions of sums over contexts."""

from functools import partial

import numpy as np
import pandas as pd

from introspect_bayes.analysis.contexts_as_units import ContextSums

_STATED = 3
_BOTH = 6


def accuracy_sums(
    rows: pd.DataFrame, reports: pd.DataFrame, learned: pd.DataFrame | None = None
) -> ContextSums:
    """Return the slope of standardized weights on standardized reports, or their correlation.

    Parameters
    ----------
    rows
        One row an attribute with a weight and a report: context, report_set, weight, mean_report.
    reports
        All mean reports, over which each report set is standardized: context, report_set,
        mean_report.
    learned
        All weights, over which they are standardized: context, weight. Without them the figure is
        Pearson's correlation of weights and standardized reports, else the slope.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"context": list("aabbcc"), "report_set": "one",
    ...     "weight": [1.0, 2, 3, 4, 5, 7], "mean_report": [2.0, 1, 4, 3, 6, 5]})
    >>> round(accuracy_sums(rows, rows).value(), 3)
    0.792
    """
    parts = []
    for name in reports["report_set"].unique():
        stated, both = (frame[frame["report_set"] == name] for frame in (reports, rows))
        parts += [moments(stated, "mean_report"), moments(both, "weight", "mean_report")]
    if learned is not None:
        parts.append(moments(learned, "weight"))
    table = pd.concat(parts, axis=1, keys=range(len(parts))).fillna(0.0)
    figure = correlation_of_totals if learned is None else slope_of_totals
    return ContextSums(table, pd.Index(rows["context"].unique()), figure)


def share_sums(contexts: pd.Series, hits: pd.Series | np.ndarray) -> ContextSums:
    """Return a share as a function of sums over contexts.

    Parameters
    ----------
    contexts
        The context of each trial.
    hits
        Whether it counts.

    Examples
    --------
    >>> import pandas as pd
    >>> share_sums(pd.Series(["tea", "tea", "cup", "pot"]), [True, False, True, True]).value()
    0.75
    """
    counts = pd.Series(1.0, index=contexts.index)
    return ratio_sums(contexts, pd.Series(np.asarray(hits, dtype=float), contexts.index), counts)


def ratio_sums(
    contexts: pd.Series, hits: pd.Series, counts: pd.Series, low: float = 0.0
) -> ContextSums:
    """Return a ratio of two sums, between `low` and 1, as a function of sums over contexts."""
    columns = {"hits": np.asarray(hits, dtype=float), "counts": np.asarray(counts, dtype=float)}
    table = pd.DataFrame(columns).groupby(np.asarray(contexts), sort=False).sum()
    figure = partial(ratio_of_totals, low=low)
    return ContextSums(table, table.index, figure, share=low == 0)


def moments(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return count, sums, and sums of squares and products of columns, by context."""
    columns = [rows[name].to_numpy(dtype=float) for name in names]
    products = [columns[i] * columns[j] for i in range(len(names)) for j in range(i, len(names))]
    values = np.column_stack([np.ones(len(rows)), *columns, *products])
    return pd.DataFrame(values).groupby(rows["context"].to_numpy(), sort=False).sum()


def ratio_of_totals(
    totals: np.ndarray, low: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the first total by the second, and its limits."""
    ratio = totals[..., 0] / totals[..., 1]
    return ratio, np.full_like(ratio, low), np.ones_like(ratio)


def correlation_of_totals(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Pearson's correlation of weights and reports, the latter standardized by set."""
    weights, reports, products = _pooled(totals)
    r = products / np.sqrt(weights * reports)
    return r, -np.ones_like(r), np.ones_like(r)


def slope_of_totals(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the slope of standardized weights on standardized reports, and its limits."""
    weights, reports, products = _pooled(totals[..., :-_STATED])
    deviation = _deviation(totals[..., -_STATED:])
    limit = np.sqrt(weights / reports) / deviation
    return products / reports / deviation, -limit, limit


def _pooled(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sums of squares and products about the mean, over all report sets together."""
    sets = totals.reshape(*totals.shape[:-1], -1, _STATED + _BOTH)
    mean = sets[..., 1] / sets[..., 0]
    scale = _deviation(sets[..., :_STATED])
    n, x, y, xx, xy, yy = np.moveaxis(sets[..., _STATED:], -1, 0)
    reported = ((y - n * mean) / scale).sum(axis=-1)
    squares = ((yy - 2 * mean * y + n * mean**2) / scale**2).sum(axis=-1)
    products = ((xy - mean * x) / scale).sum(axis=-1)
    n, x, xx = n.sum(axis=-1), x.sum(axis=-1), xx.sum(axis=-1)
    return xx - x**2 / n, squares - reported**2 / n, products - x * reported / n


def _deviation(totals: np.ndarray) -> np.ndarray:
    n, x, xx = np.moveaxis(totals, -1, 0)
    return np.asarray(np.sqrt((xx - x**2 / n) / (n - 1)))
