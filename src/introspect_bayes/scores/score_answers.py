"""Draws of what explanation scores are expected to be, were everything else the same."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.regressions.linear_predictor import expected_share
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.scores.rows import ScoreRows

OVERALL: Final = "overall"
"""What the average over tasks, each counting the same, is called."""

_ROWS_AT_ONCE: Final = 200
_PLACE: Final = ["task", "explainer", "target", "pair", "item"]


def advantage_draws(fit: Regression, rows: ScoreRows) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the expected scores of self and of other in each task that tells them apart.

    Every row of the task is predicted twice, as if the explainer were the target itself and as if
    it were not; all else stays: explainer, target, pair, item and training size (an average
    predictive comparison, Gelman & Pardoe 2007, doi:10.1111/j.1467-9531.2007.00181.x).

    Returns
    -------
    dict
        By task (and "overall", where there are several), draws of the mean score of self and of
        other, each of shape (chain, draw).
    """
    found = {}
    for task in rows.tasks:
        if task not in rows.advantage_untold:
            mine = rows.data[rows.data["task"] == task]
            weights = np.full(len(mine), 1 / len(mine))
            found[task] = _self_and_other(fit, rows, mine, weights)
    return _with_overall(found)


def curve_draws(
    fit: Regression, rows: ScoreRows, sizes: list[float]
) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Return the expected scores of self and of other at training sizes.

    Averages over the rows of a task, whatever their own training size.

    Returns
    -------
    dict
        By task that tells, and overall, one pair as of `advantage_draws` for each size.
    """
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for task in rows.tasks:
        if task in rows.learning_untold:
            continue
        mine = rows.data[rows.data["task"] == task]
        counts = mine.groupby(_PLACE, as_index=False, sort=False).size()
        weights = counts["size"].to_numpy() / counts["size"].sum()
        found[task] = [
            _self_and_other(fit, rows, counts.assign(doublings=rows.doublings(size)), weights)
            for size in sizes
        ]
    by_size = [_with_overall({task: pairs[n] for task, pairs in found.items()})
               for n in range(len(sizes))]  # fmt: skip
    return {task: [pairs[task] for pairs in by_size] for task in (by_size[0] if by_size else ())}


def cell_draws(
    fit: Regression, rows: ScoreRows
) -> Iterator[tuple[tuple[str, str, str], np.ndarray]]:
    """Yield the expected score of each explainer about each target in each task that was scored.

    Averages over all items of the target in the task, whoever explained them, at the geometric
    mean of the training sizes.

    Yields
    ------
    tuple
        Task, explainer and target; draws of shape (chain, draw).
    """
    names = rows.table[["task", "explainer", "target"]]
    of_target = rows.data.groupby("target", sort=False)["item"].unique()
    for place in names.drop_duplicates().index:
        cell = rows.data.loc[place]
        items = of_target[cell["target"]]
        frame = pd.DataFrame({name: cell[name] for name in _PLACE}, index=range(len(items)))
        frame["item"], frame["own"] = items, cell["own"]
        frame[["doublings", "own_doublings"]] = 0.0
        task, explainer, target = names.loc[place]
        weights = np.full(len(items), 1 / len(items))
        yield (str(task), str(explainer), str(target)), _mean(fit, frame, weights)


def _self_and_other(
    fit: Regression, rows: ScoreRows, data: pd.DataFrame, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    task = data["task"].iloc[0]
    learns = float(task not in rows.learning_untold)
    own = data.assign(own=1.0, own_doublings=learns * data["doublings"])
    other = data.assign(own=0.0, own_doublings=0.0)
    return _mean(fit, own, weights), _mean(fit, other, weights)


def _mean(fit: Regression, data: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    """Return draws of the weighted mean of the expected scores, shape (chain, draw)."""
    posterior = fit.idata["posterior"].to_dataset()
    shape = posterior.sizes["chain"], posterior.sizes["draw"]
    total = np.zeros(shape[0] * shape[1])
    for start in range(0, len(data), _ROWS_AT_ONCE):
        piece = slice(start, start + _ROWS_AT_ONCE)
        total += expected_share(fit.spec, posterior, data.iloc[piece]) @ weights[piece]
    return total.reshape(shape)


def _with_overall(
    found: dict[str, tuple[np.ndarray, np.ndarray]],
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    if len(found) < 2:  # noqa: PLR2004 - a single task is the whole
        return found
    own, other = (np.mean([pair[side] for pair in found.values()], axis=0) for side in (0, 1))
    return {**found, OVERALL: (own, other)}
