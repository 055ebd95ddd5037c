"""One table of every parameter: HDI, diagnostics, and how much it owes to the prior."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.checks.examination import Examination
from introspect_bayes.checks.power_scaling import label, power_scaling
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import CannotCompute, InputError
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.sampling.intervals import hdi

_SEED = 2025


def summary(
    fits: Mapping[str, ChoiceWeights | Regression] | ChoiceWeights | Regression,
) -> pd.DataFrame:
    """Summarize every parameter of fits, in the manner of ``arviz.summary``.

    Parameters
    ----------
    fits
        Fits by name, such as `fit` returns; or a single fit, named as its specification.

    Returns
    -------
    pandas.DataFrame
        One row a parameter: fit, context (empty if not of a single context), parameter, mean, sd,
        hdi_low, hdi_high (95%), r_hat, ess_bulk, prior_sensitivity, likelihood_sensitivity
        (power-scaling: how much the posterior changes with a stronger or weaker prior, or
        likelihood; above 0.05 counts) and diagnosis, in ArviZ's words, or why there is none. Where
        importance sampling was used, draws are independent: r_hat is about 1, ess_bulk the
        effective number of draws, and the fit's Pareto k (``fit.diagnostics``) is what to look at.

    Raises
    ------
    InputError
        If there are no fits in it.

    Notes
    -----
    Power-scaling: Kallioinen et al. 2024, doi:10.1007/s11222-023-10366-5.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> weights = ib.fit("choice_weights", ib.load_study("smollm2"))  # doctest: +SKIP
    >>> ib.summary(weights)  # doctest: +SKIP
    """
    if isinstance(fits, ChoiceWeights | Regression):
        fits = {fits.spec.name: fits}
    if not isinstance(fits, Mapping):
        msg = f"a fit, or fits by name as fit(...) returns them, have a summary; not {fits!r}"
        raise InputError(msg)
    return pd.concat([_of_one(name, fit) for name, fit in fits.items()], ignore_index=True)


def _of_one(name: str, fit: ChoiceWeights | Regression) -> pd.DataFrame:
    examination: Examination[ChoiceWeights] | Examination[Regression]
    if isinstance(fit, ChoiceWeights):
        examination = Examination(fit, name, _SEED)
    else:
        examination = Examination(fit, name, _SEED)
    table = pd.DataFrame(_rows(fit.idata["posterior"].to_dataset())).assign(fit=name)
    if isinstance(fit, ChoiceWeights):
        table = _of_what_contexts_have(table, fit)
    keys = ["fit", "context", "parameter"]
    try:
        sensitivity = power_scaling(examination)
    except CannotCompute as reason:
        joined = table.assign(prior=np.nan, likelihood=np.nan, diagnosis=f"cannot tell: {reason}")
    else:
        joined = table.merge(sensitivity, on=keys, how="left", validate="one_to_one")
    joined = joined.rename(
        columns={"prior": "prior_sensitivity", "likelihood": "likelihood_sensitivity"}
    )
    return joined[[*keys, *(column for column in joined if column not in keys)]]


def _of_what_contexts_have(table: pd.DataFrame, fit: ChoiceWeights) -> pd.DataFrame:
    """Leave out slopes of attributes that a context lacks, and take over importance sampling's ESS.

    Such slopes are draws from the prior; and the draws that importance sampling keeps have been
    resampled, so that their own autocorrelation does not tell how many they are worth.
    """
    width = fit.data.present.shape[1]
    absent = {
        (context, f"slopes[d{position + 1}]")
        for context, present in zip(fit.data.contexts, fit.data.present, strict=True)
        for position in range(width)
        if not present[position]
    }
    pairs = zip(table["context"], table["parameter"], strict=True)
    table = table[[pair not in absent for pair in pairs]].reset_index(drop=True)
    stats = fit.idata["sample_stats"]["effective_draws"].to_numpy()
    effective = table["context"].map(dict(zip(fit.data.contexts, stats, strict=True)))
    return table.assign(ess_bulk=effective.fillna(table["ess_bulk"]))


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
