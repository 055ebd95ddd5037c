"""What the advantage of self rests on where only two models tell it, and how far that moves it."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.regressions.regression import Regression, RegressionSampler
from introspect_bayes.sampling.array_functions import array_function
from introspect_bayes.sampling.importance import resampled, smoothed
from introspect_bayes.sampling.intervals import estimate
from introspect_bayes.scores.rows import ScoreRows
from introspect_bayes.scores.score_answers import OVERALL, advantage_draws
from introspect_bayes.specs.prior import Prior

PAIR_SCALE: Final = "1|pair_sigma"
"""The scale of what is particular to a pair of explainer and target."""

PAIRS: Final = {
    "hardly differ": Prior("HalfNormal", {"sigma": 0.1}),
    "may differ twice as much": Prior("HalfNormal", {"sigma": 1.0}),
}
"""What else could be thought of pairs, beside the HalfNormal(0.5) of the shipped models."""

_LARGEST_K: Final = 0.5
"""Pareto k up to which weights have a variance: ends of intervals need that, means do not."""

ADDED: Final = "none: explainers and targets add up in scores"
"""Name of the figure that takes no prior: the difference of mean scores of the cells."""

COLUMNS: Final = ["task", "pairs", "prior", "advantage", "hdi_low", "hdi_high", "how"]


def other_pairs(fit: Regression, rows: ScoreRows, fitter: RegressionSampler) -> pd.DataFrame:
    """Return the advantage of self under other assumptions, where two models tell it.

    Two models make four cells: an intercept, an explainer, a target and the advantage of self use
    them up. What is particular to a pair is then told from the advantage only by its prior, and the
    advantage from explainers and targets only if these add up.

    Parameters
    ----------
    fit, rows
        The fit under the usual prior of pairs, and its rows.
    fitter
        Fits anew where the draws at hand cannot be reweighted (Pareto k above .5).

    Returns
    -------
    pandas.DataFrame
        task, pairs (what is assumed of them), prior (of the scale of pairs; empty if none),
        advantage, hdi_low, hdi_high (missing if none), how ("reweighted", "fitted anew" or
        "observed"). Empty if no task rests on two models, or pairs are not in the model.
    """
    tasks = [task for task in rows.tasks if task in rows.told_by_two]
    return pd.DataFrame(list(_found(fit, rows, fitter, tasks)) if tasks else [], columns=COLUMNS)


def _found(
    fit: Regression, rows: ScoreRows, fitter: RegressionSampler, tasks: list[str]
) -> Iterator[dict[str, Any]]:
    wanted = [*tasks, *([OVERALL] if len(rows.tasks) > 1 else [])]
    for pairs, prior in PAIRS.items() if PAIR_SCALE in fit.spec.priors else ():
        how, advantages = _under(fit, rows, fitter, prior)
        for task in wanted:
            if task in advantages:
                summary = estimate(advantages[task])
                row: dict[str, Any] = {"task": task, "pairs": pairs, "prior": str(prior)}
                row |= {"advantage": summary.mean, "hdi_low": summary.low}
                yield row | {"hdi_high": summary.high, "how": how}
    for task in tasks:
        row = {"task": task, "pairs": ADDED, "prior": "", "advantage": _added(rows.table, task)}
        yield row | {"hdi_low": np.nan, "hdi_high": np.nan, "how": "observed"}


def _under(
    fit: Regression, rows: ScoreRows, fitter: RegressionSampler, prior: Prior
) -> tuple[str, dict[str, np.ndarray]]:
    """Return how the posterior was found, and draws of the advantages."""
    scales = fit.draws_of(PAIR_SCALE)
    usual = fit.spec.priors[PAIR_SCALE]
    log_weights = _log_density(prior, scales) - _log_density(usual, scales)
    weights, pareto_k = smoothed(log_weights.reshape(1, -1))
    advantages = _advantages(fit, rows)
    if pareto_k[0] <= _LARGEST_K:
        random = np.random.default_rng(fitter.sampler.seed_for(f"pairs ~ {prior}"))
        places = resampled(weights[0], random)
        drawn = {task: own.ravel()[places].reshape(own.shape) for task, own in advantages.items()}
        return "reweighted", drawn
    spec = fit.spec.with_priors(**{PAIR_SCALE: prior})
    again = fitter.fit(spec, rows.data, f"explanation_scores, pairs ~ {prior}")
    return "fitted anew", _advantages(again, rows)


def _advantages(fit: Regression, rows: ScoreRows) -> dict[str, np.ndarray]:
    return {task: own - other for task, (own, other) in advantage_draws(fit, rows).items()}


def _log_density(prior: Prior, values: np.ndarray) -> np.ndarray:
    import pymc as pm
    import pytensor.tensor as pt

    value = pt.dvector("value")
    density = pm.logp(getattr(pm, prior.dist).dist(**prior.numbers()), value)
    return np.asarray(array_function([value], density)(values.ravel()))


def _added(table: pd.DataFrame, task: str) -> float:
    """Return own minus other of the four cells' mean scores, from which what adds up cancels."""
    rows = table[table["task"] == task]
    both = set(rows["explainer"]) & set(rows["target"])
    rows = rows[rows["explainer"].isin(both) & rows["target"].isin(both)]
    cells = rows.groupby(["explainer", "target", "self"])["score"].mean().reset_index()
    means = cells.groupby("self")["score"].mean()
    return float(means[True] - means[False])
