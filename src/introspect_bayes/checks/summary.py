"""One table of every parameter: HDI, diagnostics, and how much it owes to the prior."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.prior_sensitivity import label, power_scaling
from introspect_bayes.fits import ChoiceWeights, Regression, hdi

_SEED = 2025


def summary(fits: Mapping[str, ChoiceWeights | Regression]) -> pd.DataFrame:
    """Summarize every parameter of fits, in the manner of ``arviz.summary``.

    Parameters
    ----------
    fits
        Fits by name, such as `fit` returns.

    Returns
    -------
    pandas.DataFrame
        One row a parameter: fit, context (empty if not of a single context), parameter, mean, sd,
        hdi_low, hdi_high (95%), r_hat, ess_bulk, prior_sensitivity, likelihood_sensitivity
        (power-scaling: how much the posterior changes with a stronger or weaker prior, or
        likelihood; above 0.05 counts) and diagnosis, in ArviZ's words. Where importance sampling
        was used, draws are independent: r_hat is about 1, and the fit's Pareto k
        (``fit.diagnostics``) is what to look at.

    Notes
    -----
    Power-scaling: Kallioinen et al. 2024, doi:10.1007/s11222-023-10366-5.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> weights = ib.fit("choice_weights", ib.load_study("smollm2"))  # doctest: +SKIP
    >>> ib.summary(weights)  # doctest: +SKIP
    """
    return pd.concat([_of_one(name, fit) for name, fit in fits.items()], ignore_index=True)


def _of_one(name: str, fit: ChoiceWeights | Regression) -> pd.DataFrame:
    examination: Examination[ChoiceWeights] | Examination[Regression]
    if isinstance(fit, ChoiceWeights):
        examination = Examination(fit, name, _SEED)
    else:
        examination = Examination(fit, name, _SEED)
    sensitivity = power_scaling(examination).rename(
        columns={"prior": "prior_sensitivity", "likelihood": "likelihood_sensitivity"}
    )
    table = pd.DataFrame(_rows(fit.idata["posterior"].to_dataset())).assign(fit=name)
    keys = ["fit", "context", "parameter"]
    # Inner: slopes of attributes that a context lacks are draws from the prior, and left out.
    joined = table.merge(sensitivity, on=keys, validate="one_to_one")
    return joined[[*keys, *(column for column in joined if column not in keys)]]


def _rows(posterior: xr.Dataset) -> list[dict[str, object]]:
    import arviz as az

    found = []
    for variable, draws in posterior.data_vars.items():
        ordered = draws.transpose("chain", "draw", ...)
        with np.errstate(divide="ignore", invalid="ignore"):  # chains that stand still
            rhat = az.rhat(ordered.to_dataset(name="x"))["x"].to_numpy()
            ess = az.ess(ordered.to_dataset(name="x"), method="bulk")["x"].to_numpy()
        values = ordered.to_numpy()
        for place in np.ndindex(values.shape[2:]):
            mine = values[(slice(None), slice(None), *place)].reshape(-1)
            low, high = hdi(mine)
            context, parameter = label(str(variable), ordered, place)
            found.append(
                {
                    "context": context,
                    "parameter": parameter,
                    "mean": mine.mean(),
                    "sd": mine.std(ddof=1),
                    "hdi_low": low,
                    "hdi_high": high,
                    "r_hat": float(rhat[place]),
                    "ess_bulk": float(ess[place]),
                }
            )
    return found
