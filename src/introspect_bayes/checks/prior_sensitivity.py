"""Whether prior and data pull apart, or the prior decides where the data are weak."""

from collections.abc import Hashable
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.analyses.experiments import CannotCompute
from introspect_bayes.checks.examination import Examination, moving_chains, varied
from introspect_bayes.checks.outcome import Check, first_upper
from introspect_bayes.fits import ChoiceWeights, Regression

PRIOR_SENSITIVITY: Final = "prior.sensitivity"

SENSITIVE: Final = 0.05
"""Power-scaling sensitivity that counts (Kallioinen et al. 2024,
doi:10.1007/s11222-023-10366-5)."""

CONFLICT: Final = "potential prior-data conflict"
WEAK: Final = "potential strong prior / weak likelihood"
FINE: Final = "✓"

CONFLICT_SHARE: Final = 0.05
"""Share of a fit's parameters in conflict above which the check fails."""

WEAK_SHARE: Final = 0.2
"""Share of a fit's parameters that the prior decides above which the check fails."""

_ALPHAS: Final = (0.99, 1.01)
_DRAWS: Final = ("chain", "draw")
_RELATIVE: Final = "relative weight"


def power_scaling(of: Examination[ChoiceWeights] | Examination[Regression]) -> pd.DataFrame:
    """Return how each parameter answers to a stronger or weaker prior and likelihood.

    The posteriors of contexts that share no parameter factorize: each is scaled by its own prior
    and likelihood. Beside the slopes, choice weights have relative weights: the slopes divided by
    their Euclidean length in the context, which is what the comparison with reports rests on.

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
    The same as ``arviz.psense_summary``, but for many contexts at once.
    Source: Kallioinen et al. 2024, doi:10.1007/s11222-023-10366-5.

    Examples
    --------
    >>> power_scaling(Examination(fit, "e1.acc.4o", seed=1))  # doctest: +SKIP
    """
    densities = of.densities
    if "log_prior" not in densities:
        msg = "a horseshoe's density needs local scales, which fits do not keep"
        raise CannotCompute(msg)
    parameters = densities["posterior"].to_dataset()
    prior = _totals(densities["log_prior"].to_dataset())
    pointwise = densities["log_likelihood"].to_dataset()[of.fit.spec.response]
    likelihood = pointwise.sum("observation")
    if isinstance(of.fit, ChoiceWeights):
        if "context" in prior.dims:
            likelihood = _by_context(of.fit, pointwise)
        parameters = _shown(of.fit, parameters)
    with moving_chains():
        frames = [_sensitivity(parameters, varied(part)) for part in (prior, likelihood)]
    table = frames[0].merge(
        frames[1], on=["context", "parameter"], suffixes=("_prior", "_likelihood")
    )
    table = table.rename(columns=lambda name: name.removeprefix("sensitivity_"))
    table["diagnosis"] = [
        _diagnosis(*pair) for pair in zip(table["prior"], table["likelihood"], strict=True)
    ]
    table.insert(0, "fit", of.subject)
    return table


def prior_sensitivity(of: Examination[ChoiceWeights] | Examination[Regression]) -> Check:
    """Judge the power-scaling sensitivities of a fit.

    Fails if more than `CONFLICT_SHARE` of the parameters move with the prior as well as with the
    data (ArviZ: potential prior-data conflict), or more than `WEAK_SHARE` with the prior alone. An
    informative prior has that effect even where it is right; ``prior.predictive`` tells whether it
    is wrong.

    Examples
    --------
    >>> prior_sensitivity(Examination(fit, "e1.acc.4o", seed=1)).status  # doctest: +SKIP
    'pass'
    """
    table = power_scaling(of)
    relative = table["parameter"].str.startswith(_RELATIVE)
    own = table[~relative]
    conflict, weak = ((own["diagnosis"] == words) for words in (CONFLICT, WEAK))
    numbers = {
        "parameters": len(own),
        "conflict": int(conflict.sum()),
        "weak_likelihood": int(weak.sum()),
        "median_prior": float(own["prior"].median()),
        "median_likelihood": float(own["likelihood"].median()),
        "relative_weights": int(relative.sum()),
        "relative_conflict": int((table.loc[relative, "diagnosis"] == CONFLICT).sum()),
    }
    found = []
    if conflict.mean() > CONFLICT_SHARE:
        found.append(
            f"estimates move with the prior as well as with the data in {conflict.sum()} of "
            f"{len(own)} parameters{_relative(numbers)}"
        )
    if weak.mean() > WEAK_SHARE:
        found.append(
            f"estimates move with the prior and hardly with the data in {weak.sum()} of "
            f"{len(own)} parameters, which are prior more than data"
        )
    if found:
        message = f"{first_upper('; '.join(found))}: {of.other_prior}."
        return Check(PRIOR_SENSITIVITY, of.subject, "fail", message, numbers)
    message = "Estimates hardly move with the prior (power-scaling)."
    return Check(PRIOR_SENSITIVITY, of.subject, "pass", message, numbers)


def _relative(numbers: dict[str, float]) -> str:
    if not numbers["relative_weights"]:
        return ""
    conflict, of = numbers["relative_conflict"], numbers["relative_weights"]
    return f", and in {conflict} of {of} relative weights"


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
    present = xr.DataArray(
        fit.data.present,
        dims=("context", "attribute"),
        coords={name: posterior[name] for name in ("context", "attribute")},
    )
    slopes = posterior["slopes"].where(present)
    shown = {str(name): values for name, values in posterior.items() if name != "centred_intercept"}
    shown["slopes"] = slopes
    several = present.sum("attribute") > 1
    length = (slopes**2).sum("attribute") ** 0.5
    shown[_RELATIVE] = slopes / length.where(several)
    return xr.Dataset(shown)


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
