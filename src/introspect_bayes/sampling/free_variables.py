"""What fits report, in terms of the variables that their PyMC models sample."""

from dataclasses import replace
from typing import Any

import xarray as xr

from introspect_bayes.errors import InputError
from introspect_bayes.sampling.fit import Fit


def free_variables(fit: Fit[Any], posterior: xr.Dataset, model: Any = None) -> xr.Dataset:
    """Return a posterior in terms of a model's own free variables.

    Fits report the intercept at zero, while models put its prior at the predictors' means, as brms
    does; and group-specific effects, which models may write as an offset times its scale.

    Parameters
    ----------
    fit
        The fit.
    posterior
        Its posterior, or some draws of it.
    model
        A PyMC model of it; its own if not given.

    Raises
    ------
    InputError
        If the posterior does not tell one of the free variables; the message names it.
    """
    known = dict(posterior.data_vars)
    centring = fit.centring
    if centring is not None and {"Intercept", *centring.terms} <= known.keys():
        known[centring.variable] = centring.at_means(posterior)
    chosen = fit.pymc_model if model is None else model
    free = [variable.name for variable in chosen.free_RVs]
    for variable in free:
        whole = variable.removesuffix("_offset")
        if variable not in known and {whole, f"{whole}_sigma"} <= known.keys():
            known[variable] = known[whole] / known[f"{whole}_sigma"]
    missing = [variable for variable in free if variable not in known]
    if missing:
        msg = f"{fit.spec.name}: the posterior does not tell {', '.join(missing)}"
        raise InputError(msg)
    return xr.Dataset({variable: known[variable] for variable in free})


def model_of_likelihood(fit: Fit[Any]) -> Any:
    """Return the fit's PyMC model, or one of the same likelihood whose free variables fits keep."""
    if not (hidden := fit.spec.horseshoes):
        return fit.pymc_model
    plain = fit.spec.with_priors(**dict.fromkeys(hidden, "Normal(0, 1)"))
    return replace(fit, spec=plain).pymc_model
