"""Power-scaling: how each estimate answers to a stronger or weaker prior and likelihood."""

from collections.abc import Hashable
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.checks.examination import Examination, moving_chains, varied
from introspect_bayes.choices.choice_model import COEFFICIENTS
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import CannotCompute
from introspect_bayes.regressions.regression import Regression

SENSITIVE: Final = 0.05
"""Power-scaling sensitivity that counts (Kallioinen et al. 2024,
doi:10.1007/s11222-023-10366-5)."""

CONFLICT: Final = "potential prior-data conflict"
WEAK: Final = "potential strong prior / weak likelihood"
FINE: Final = "✓"

RELATIVE: Final = "relative weight"
"""What a slope divided by the Euclidean length of its context's slopes is called."""

_ALPHAS: Final = (0.99, 1.01)
_DRAWS: Final = ("chain", "draw")


def power_scaling(of: Examination[ChoiceWeights] | Examination[Regression]) -> pd.DataFrame:
    """Return how each parameter answers to a stronger or weaker prior and likelihood.

    The posteriors of contexts that share no parameter factorize: each is scaled by its own prior
    and likelihood. Where coefficients have a common scale, the prior is that of the scale, as in
    brms's ``lprior``: the coefficients' spread around it is part of the model. Beside the slopes,
    choice weights have relative weights: the slopes divided by their Euclidean length in the
    context, which is what the comparison with reports rests on.

    Parameters
    ----------
    of
        A fit under examination.

    Returns
    -------
    pandas.DataFrame
        One row a parameter: fit (the subject), context (empty if not of a single context),
        parameter, prior and likelihood (sensitivities), diagnosis (in ArviZ's words).

    Raises
    ------
    CannotCompute
        If a prior is a horseshoe.
    InputError
        If there are too few draws, or many are the same, as where chains stand still.

    Notes
    -----
    The same as ``arviz.psense_summary``, but for many contexts at once. A flat prior is as flat
    to any power, so that its sensitivity is zero whatever another prior would change.
    Source: Kallioinen et al. 2024, doi:10.1007/s11222-023-10366-5.

    Examples
    --------
    >>> power_scaling(Examination(fit, "e1.acc.4o", seed=1))  # doctest: +SKIP
    """
    densities = of.densities
    _require_densities(densities)
    parameters = densities["posterior"].to_dataset()
    prior = _totals(_scaled_priors(of.fit, densities["log_prior"].to_dataset()))
    pointwise = densities["log_likelihood"].to_dataset()[of.fit.spec.response]
    likelihood = pointwise.sum("observation")
    if isinstance(of.fit, ChoiceWeights):
        if "context" in prior.dims:
            likelihood = _by_context(of.fit, pointwise)
        parameters = _shown(of.fit, parameters)
    table = _joined(parameters, prior, likelihood)
    table.insert(0, "fit", of.subject)
    return table


def answers_scaled(of: Examination[Regression], answers: xr.Dataset) -> pd.DataFrame:
    """Return how quantities computed from a regression answer to scaled prior and likelihood.

    Parameters
    ----------
    of
        A regression under examination.
    answers
        Draws of the quantities, for the draws of ``of.densities``; dims (chain, draw).

    Returns
    -------
    pandas.DataFrame
        As of `power_scaling`, without the column fit.

    Raises
    ------
    CannotCompute
        If a prior is a horseshoe.

    Examples
    --------
    >>> answers_scaled(of, draws)  # doctest: +SKIP
    """
    densities = of.densities
    _require_densities(densities)
    prior = _totals(_scaled_priors(of.fit, densities["log_prior"].to_dataset()))
    pointwise = densities["log_likelihood"].to_dataset()[of.fit.spec.response]
    return _joined(answers, prior, pointwise.sum("observation"))


def _require_densities(densities: xr.DataTree) -> None:
    if "log_prior" not in densities:
        msg = "a horseshoe's density needs local scales, which fits do not keep"
        raise CannotCompute(msg)


def _joined(parameters: xr.Dataset, prior: xr.DataArray, likelihood: xr.DataArray) -> pd.DataFrame:
    """Return the sensitivities to prior and likelihood, and what they mean."""
    with moving_chains():
        frames = [_sensitivity(parameters, varied(part)) for part in (prior, likelihood)]
    table = frames[0].merge(
        frames[1], on=["context", "parameter"], suffixes=("_prior", "_likelihood")
    )
    table = table.rename(columns=lambda name: name.removeprefix("sensitivity_"))
    table["diagnosis"] = [
        _diagnosis(*pair) for pair in zip(table["prior"], table["likelihood"], strict=True)
    ]
    return table


def _scaled_priors(fit: ChoiceWeights | Regression, log_prior: xr.Dataset) -> xr.Dataset:
    """Return the log priors that are scaled: not those given hyperparameters, nor of nothing."""
    inner = {COEFFICIENTS.get(n, n) for n, prior in fit.spec.priors.items() if prior.references}
    kept = log_prior.drop_vars(
        [name for name in log_prior if str(name).removesuffix("_offset") in inner]
    )
    if isinstance(fit, ChoiceWeights) and "slopes" in kept:
        kept["slopes"] = kept["slopes"].where(_present(fit, kept["slopes"]), 0.0)
    return kept


def _totals(log_prior: xr.Dataset) -> xr.DataArray:
    """Return the log prior of each context, or of everything if contexts share parameters."""
    variables = list(log_prior.data_vars.values())
    kept: set[Hashable] = set(_DRAWS)
    if all("context" in variable.dims for variable in variables):
        kept.add("context")
    sums = [
        variable.sum([dim for dim in variable.dims if dim not in kept]) for variable in variables
    ]
    total = sums[0]
    for other in sums[1:]:
        total = total + other
    return total


def _by_context(fit: ChoiceWeights, log_likelihood: xr.DataArray) -> xr.DataArray:
    values = log_likelihood.to_numpy()
    totals = np.zeros((len(fit.data.contexts), *values.shape[:2]))
    np.add.at(totals, fit.data.index, np.moveaxis(values, -1, 0))
    coords = {"context": list(fit.data.contexts)}
    return xr.DataArray(np.moveaxis(totals, 0, -1), dims=(*_DRAWS, "context"), coords=coords)


def _shown(fit: ChoiceWeights, posterior: xr.Dataset) -> xr.Dataset:
    """Return the parameters that the contexts have, and the relative weights."""
    present = _present(fit, posterior["slopes"])
    slopes = posterior["slopes"].where(present)
    shown = {str(name): values for name, values in posterior.items() if name != "centred_intercept"}
    shown["slopes"] = slopes
    several = present.sum("attribute") > 1
    length = (slopes**2).sum("attribute") ** 0.5
    shown[RELATIVE] = slopes / length.where(several)
    return xr.Dataset(shown)


def _present(fit: ChoiceWeights, slopes: xr.DataArray) -> xr.DataArray:
    """Return which attributes each context has, with the coordinates of the slopes."""
    return xr.DataArray(
        fit.data.present,
        dims=("context", "attribute"),
        coords={name: slopes[name] for name in ("context", "attribute") if name in slopes.coords},
    )


def _sensitivity(parameters: xr.Dataset, component: xr.DataArray) -> pd.DataFrame:
    """Return the sensitivity of each parameter to scaling a component: prior or likelihood."""
    weights = []
    for alpha in _ALPHAS:
        log_weights = component.azstats.power_scale_lw(alpha=alpha, dim=list(_DRAWS))
        scaled = np.exp(log_weights - log_weights.max(_DRAWS))
        weights.append(scaled / scaled.sum(_DRAWS))
    rows = []
    for name, values in parameters.items():
        with np.errstate(invalid="ignore", divide="ignore"):  # what a context lacks
            found = values.azstats.power_scale_sense(
                lower_w=weights[0],
                upper_w=weights[1],
                lower_alpha=_ALPHAS[0],
                upper_alpha=_ALPHAS[1],
                sample_dims=list(_DRAWS),
            )
        rows += _rows(str(name), found)
    return pd.DataFrame(rows, columns=["context", "parameter", "sensitivity"])


def _rows(name: str, values: xr.DataArray) -> list[tuple[str, str, float]]:
    rows = []
    for place in np.ndindex(values.shape):
        value = float(values.to_numpy()[place])
        if np.isnan(value):
            continue
        rows.append((*label(name, values, place), value))
    return rows


def label(name: str, values: xr.DataArray, place: tuple[int, ...]) -> tuple[str, str]:
    """Return the context (empty if none) and the parameter's name at a place of an array.

    Examples
    --------
    >>> import xarray as xr
    >>> values = xr.DataArray([[0, 1]], {"context": ["tea"], "attribute": ["d1", "d2"]})
    >>> label("slopes", values, (0, 1))
    ('tea', 'slopes[d2]')
    """
    dims = [dim for dim in values.dims if dim not in _DRAWS]
    labels = {
        str(dim): str(values[dim].to_numpy()[number]) if dim in values.coords else str(number)
        for dim, number in zip(dims, place, strict=True)
    }
    context = labels.pop("context", "")
    return context, f"{name}[{', '.join(labels.values())}]" if labels else name


def _diagnosis(prior: float, likelihood: float) -> str:
    if prior >= SENSITIVE and likelihood >= SENSITIVE:
        return CONFLICT
    return WEAK if prior > SENSITIVE > likelihood else FINE
