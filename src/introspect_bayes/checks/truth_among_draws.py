"""Ranks of truths among draws of their posteriors: what choices and regressions have in common."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.regressions.predictive import thinned
from introspect_bayes.regressions.regression import Regression

RANKED: Final = 100
"""Draws among which a truth is ranked, spread over the chains so that they are nearly independent:
autocorrelated ones would give too many extreme ranks."""

COLUMNS: Final = ["parameter", "simulation", "rank", "draws", "ess", "divergences"]


def with_truth(fit: ChoiceWeights | Regression, truth: xr.Dataset) -> xr.Dataset:
    """Return the truth and some draws of the posterior, dims (chain of 1, 1 + draw, ...)."""
    arrays = {
        name: (draws.dims, np.concatenate([truth[name].to_numpy(), draws.to_numpy()], axis=1))
        for name, draws in in_a_row(thinned(fit, RANKED)).data_vars.items()
        if name in truth
    }
    return xr.Dataset(arrays)


def rank_truths(
    quantities: Mapping[str, np.ndarray],
    fit: ChoiceWeights | Regression,
    effective: np.ndarray | float | None = None,
) -> pd.DataFrame:
    """Return how many draws lie below each truth, with the columns `COLUMNS`.

    Parameters
    ----------
    quantities
        Name to values, shape (1 + draw, simulation) or (1 + draw,): the truth, then the draws.
    fit
        The fit that the draws come from.
    effective
        Effective sample size of each simulation, if the fit's smallest is not meant.
    """
    import arviz as az

    if effective is None:
        by_variable = az.ess(fit.idata["posterior"].to_dataset(), method="bulk")
        effective = min(float(variable.min()) for variable in by_variable.data_vars.values())
    frames = []
    for name, given in quantities.items():
        values = given.reshape(len(given), -1)
        ranks = (values[1:] < values[0]).sum(axis=0)
        frames.append(
            pd.DataFrame(
                {"parameter": name, "simulation": np.arange(len(ranks)), "rank": ranks}
            ).assign(ess=effective)
        )
    found = pd.concat(frames, ignore_index=True).assign(
        draws=len(values) - 1,
        divergences=int(fit.idata["sample_stats"].to_dataset().get("diverging", np.zeros(1)).sum()),
    )
    return found[COLUMNS]


def in_a_row(posterior: xr.Dataset) -> xr.Dataset:
    """Put chains one after the other: a single chain, its draws numbered from zero."""
    posterior = posterior.transpose("chain", "draw", ...)
    count = posterior.sizes["chain"] * posterior.sizes["draw"]
    arrays = {
        str(name): (variable.dims, variable.to_numpy().reshape(1, -1, *variable.shape[2:]))
        for name, variable in posterior.data_vars.items()
    }
    return xr.Dataset(arrays, {"draw": np.arange(count)})
