"""Ranks of a regression's true parameters among the draws of their posteriors."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.checks.truth_among_draws import rank_truths, with_truth
from introspect_bayes.regressions.linear_predictor import cuts_of
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.sampling.bambi_models import common_terms, grouped_terms
from introspect_bayes.sampling.ordered_beta import FAMILY, log_density_of_arrays
from introspect_bayes.specs import Specification


def rank_regression(
    chosen: Specification, rows: pd.DataFrame, tree: xr.DataTree, fitter: Any
) -> pd.DataFrame:
    """Rank the truths of one regression.

    Parameters
    ----------
    chosen
        What is fitted.
    rows
        Predictors.
    tree
        One draw of `draw_truths` or `draw_posterior_truths`.
    fitter
        A ``RegressionSampler``.
    """
    number = int(tree["prior"]["draw"].item())
    response = tree["prior_predictive"][chosen.response].to_numpy()[0, 0]
    fit = fitter.fit(chosen, rows.assign(**{chosen.response: response}), f"calibration {number}")
    joint = with_truth(fit, tree["prior"].to_dataset())
    quantities = dict(_scalars(joint))
    if (centring := fit.centring) is not None:
        quantities["centred Intercept"] = centring.at_means(joint).to_numpy()[0]
    quantities["log likelihood"] = log_likelihood(fit, joint)
    return rank_truths(quantities, fit)


def log_likelihood(fit: Regression, joint: xr.Dataset) -> np.ndarray:
    """Return the log likelihood of the response under each draw of the parameters, (draw,).

    Parameters
    ----------
    fit
        The regression.
    joint
        Draws of all its parameters, dims (chain of 1, draw, ...).
    """
    from scipy import special, stats

    spec, rows = fit.spec, fit.data
    centre = _centre(fit.model, joint)
    response = rows[spec.response].to_numpy(dtype=float)

    def column(name: str) -> np.ndarray:
        return np.asarray(joint[name].to_numpy()[0][:, None])

    if spec.family == "bernoulli":
        pointwise = special.log_expit(np.where(response == 1, centre, -centre))
    elif spec.family == FAMILY:
        given = (response, centre, column("kappa"), *cuts_of(spec, joint, rows))
        pointwise = log_density_of_arrays()(*np.broadcast_arrays(*given))
    elif spec.family == "t":
        pointwise = stats.t.logpdf(response, column("nu"), centre, column("sigma"))
    else:
        pointwise = stats.norm.logpdf(response, centre, column("sigma"))
    return np.asarray(pointwise.sum(axis=1))


def _centre(model: Any, joint: xr.Dataset) -> np.ndarray:
    """Return the linear predictor, shape (1 + draw, row): `expected_response` takes 0.1 s."""
    total = joint["Intercept"].to_numpy()[0][:, None] if "Intercept" in joint else np.zeros((1, 1))
    for name, columns in common_terms(model).items():
        values = joint[name].to_numpy()[0]
        total = total + values.reshape(len(values), -1) @ columns.T
    for name, term in grouped_terms(model).items():
        total = total + joint[name].to_numpy()[0][:, term.index] * term.predictor.squeeze()
    return np.asarray(total)


def _scalars(joint: xr.Dataset) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each scalar of a posterior; of a term by group those of the first and last level."""
    for name, variable in joint.data_vars.items():
        levels = [list(range(variable.sizes[dim])) for dim in variable.dims[2:]]
        if "|" in str(name):
            levels = [[places[0], places[-1]] for places in levels]
        for place in product(*levels):
            label = ", ".join(str(index) for index in place)
            values = variable.to_numpy()[0]
            yield f"{name}[{label}]" if place else str(name), values[:, *place]
