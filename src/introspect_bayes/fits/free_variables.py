"""What fits report, in terms of the variables that their PyMC models sample."""

from typing import Any

import numpy as np
import xarray as xr

from introspect_bayes.errors import InputError
from introspect_bayes.fits.bambi_models import build_bambi_model, mean_parameter
from introspect_bayes.fits.choice_model import build_model
from introspect_bayes.fits.choice_weights import ChoiceWeights
from introspect_bayes.fits.regression import Regression


def pymc_model(fit: ChoiceWeights | Regression) -> Any:
    """Return the PyMC model of a fit."""
    return fit.model if isinstance(fit, ChoiceWeights) else fit.model.backend.model


def free_variables(
    fit: ChoiceWeights | Regression, posterior: xr.Dataset, model: Any = None
) -> xr.Dataset:
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
    name, shift = _centring(fit, posterior)
    if shift is not None:
        known[name] = posterior["Intercept"] + shift
    chosen = pymc_model(fit) if model is None else model
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


def horseshoes(fit: ChoiceWeights | Regression) -> list[str]:
    """Return the parameters whose prior is a horseshoe, with local scales that no fit keeps."""
    return [name for name, prior in fit.spec.priors.items() if prior.dist == "Horseshoe"]


def model_of_likelihood(fit: ChoiceWeights | Regression) -> Any:
    """Return the fit's model, or one of the same likelihood whose free variables fits keep."""
    hidden = horseshoes(fit)
    if not hidden:
        return pymc_model(fit)
    plain = fit.spec.with_priors(**dict.fromkeys(hidden, "Normal(0, 1)"))
    if isinstance(fit, ChoiceWeights):
        return build_model(plain, fit.data)
    return build_bambi_model(plain, fit.data).backend.model


def _centring(
    fit: ChoiceWeights | Regression, posterior: xr.Dataset
) -> tuple[str, xr.DataArray | None]:
    """Return the model's intercept and what to add to the reported one; None if the same."""
    if "Intercept" not in posterior:
        return "Intercept", None
    if isinstance(fit, ChoiceWeights):
        means = xr.DataArray(fit.data.means, dims=("context", "attribute"))
        return "centred_intercept", (posterior["slopes"] * means).sum("attribute")
    component = fit.model.backend.distributional_components[mean_parameter(fit.model)]
    design = component.design_matrix_without_intercept
    if design is None:
        return "Intercept", None
    columns = [
        posterior[term].to_numpy().reshape(*posterior["Intercept"].shape, -1)
        for term in component.component.common_terms
    ]
    shift = np.concatenate(columns, axis=-1) @ design.mean(axis=0)
    return "Intercept", posterior["Intercept"].copy(data=shift)
