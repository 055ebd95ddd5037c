"""Ranks of true choice weights among the draws of their posteriors."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.calibration.simulated_truths import choice_data, draw_truths
from introspect_bayes.checks.prior_predictive import context_sums
from introspect_bayes.checks.truth_among_draws import RANKED, in_a_row, rank_truths, with_truth
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.regressions.predictive import thinned
from introspect_bayes.sampling.centring import shift_of_intercept
from introspect_bayes.specs import Specification


def rank_contexts(
    specification: Specification,
    chosen: Specification,
    rows: pd.DataFrame,
    simulations: int,
    fitter: Any,
) -> pd.DataFrame:
    """Rank the truths of independent contexts, all of which are fitted together.

    Parameters
    ----------
    specification, chosen
        What truths and data come from, and what is fitted.
    rows
        Differences; simulations take turns with their contexts.
    simulations
        Truths.
    fitter
        A ``ChoiceWeightsSampler``, from whose seed those of the truths derive.
    """
    parts: list[pd.DataFrame] = []
    true_slopes, true_intercepts = [], []
    groups = [group for _, group in rows.groupby("context", sort=False)]
    for number, group in enumerate(groups[:simulations]):
        count = len(range(number, simulations, len(groups)))
        seed = fitter.sampler.seed_for(f"calibration, truths {number}")
        tree = draw_truths(specification, group, count, seed)
        prior = tree["prior"].to_dataset()
        responses = tree["prior_predictive"].to_dataset()[specification.response]
        terms = [name for name in map(str, group) if name[:1] == "d" and name[1:].isdigit()]
        true_slopes.append(np.column_stack([prior[term].to_numpy()[0] for term in terms]))
        if specification.has_intercept:
            true_intercepts.append(prior["Intercept"].to_numpy()[0])
        parts += [
            group.assign(context=f"{number}.{draw}", selection=choices)
            for draw, choices in enumerate(responses.to_numpy()[0])
        ]
    together = pd.concat(parts, ignore_index=True)
    data = choice_data(together.drop(columns="selection"), together["selection"].to_numpy())
    fit = fitter.fit(chosen, data, "calibration")
    posterior = in_a_row(thinned(fit, RANKED))
    slopes = _below_truth(true_slopes, posterior["slopes"])
    intercepts = None
    if specification.has_intercept:
        intercepts = _below_truth(true_intercepts, posterior["Intercept"])
    return rank_truths(_choice_quantities(data, slopes, intercepts), fit, _effective(fit))


def _below_truth(truths: list[np.ndarray], draws: xr.DataArray) -> np.ndarray:
    """Return truths (one array a group of contexts) and draws, shape (1 + draw, context, ...)."""
    return np.concatenate([np.concatenate(truths)[None], draws.to_numpy()[0]])


def _effective(fit: ChoiceWeights) -> np.ndarray:
    """Return the smallest effective sample size of each context's slopes, shape (context,)."""
    import arviz as az

    found: np.ndarray = fit.idata["sample_stats"]["effective_draws"].to_numpy().copy()
    by_chains = np.flatnonzero(np.isnan(found))
    if len(by_chains):
        slopes = fit.idata["posterior"].to_dataset()[["slopes"]].isel(context=by_chains)
        found[by_chains] = az.ess(slopes, method="bulk")["slopes"].min("attribute").to_numpy()
    return found


def rank_study(
    chosen: Specification, rows: pd.DataFrame, tree: xr.DataTree, fitter: Any
) -> pd.DataFrame:
    """Rank the truths of one study, whose contexts share hyperparameters.

    Parameters
    ----------
    chosen, rows, tree
        As of `regression_ranks.rank_regression`; the predictors are differences.
    fitter
        A ``ChoiceWeightsSampler``.
    """
    number = int(tree["prior"]["draw"].item())
    data = choice_data(rows, tree["prior_predictive"][chosen.response].to_numpy()[0, 0])
    fit = fitter.fit(chosen, data, f"calibration {number}")
    joint = with_truth(fit, tree["prior"].to_dataset())
    intercepts = joint["Intercept"].to_numpy()[0] if chosen.has_intercept else None
    found = _choice_quantities(data, joint["slopes"].to_numpy()[0], intercepts)
    total = found.pop("log likelihood").sum(axis=1)
    quantities = {
        f"{name}[{data.contexts[end]}]": values[:, end]
        for name, values in found.items()
        for end in (0, -1)
    }
    quantities |= {name: joint[name].to_numpy()[0] for name in chosen.hyperparameters}
    quantities["log likelihood"] = total
    return rank_truths(quantities, fit)


def _choice_quantities(
    data: ChoiceData, slopes: np.ndarray, intercepts: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Return slopes, intercepts and log likelihood of each context, shape (1 + draw, context)."""
    from scipy.special import log_expit

    utility = np.einsum("ik,sik->si", data.differences, slopes[:, data.index])
    found = {f"d{k + 1}": slopes[..., k] for k in range(slopes.shape[-1])}
    if intercepts is not None:
        utility = utility + intercepts[:, data.index]
        found["Intercept"] = intercepts
        found["centred Intercept"] = intercepts + shift_of_intercept(slopes, data.means)
    signed = utility * np.where(data.selection == 1, 1, -1)
    return {**found, "log likelihood": context_sums(data, log_expit(signed))}
