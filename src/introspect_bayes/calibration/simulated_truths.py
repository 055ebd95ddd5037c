"""Parameters drawn from a specification's prior, and data drawn with them, by PyMC itself."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.checks.truth_among_draws import in_a_row
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import InputError
from introspect_bayes.features import FEATURES
from introspect_bayes.regressions.predictive import posterior_predictive, prior_predictive
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.sampling.bambi_models import OBSERVATION
from introspect_bayes.sampling.prior_distributions import prior_numbers
from introspect_bayes.specs import Specification
from introspect_bayes.specs.prior import RESPONSE_STATISTICS, Prior

_PROPER: Final = {
    "Flat": Prior("Normal", {"mu": 0, "sigma": 1}),
    "HalfFlat": Prior("HalfNormal", {"sigma": 1}),
}
"""Slopes are of standardized on standardized weights, so that 1 is large."""

_FIXED: Final = {"median(response)": 0.0, "max(2.5, mad(response))": 2.5}
"""What brms's statistics of a response are for standardized weights."""

_ROWS: Final = 60
_LEVELS: Final = 12
_CHOICES: Final = (15, 50)
_POOLED_CHOICES: Final = (20,) * 12
_ATTRIBUTES: Final = 5
_POOLED_ATTRIBUTES: Final = 3


def with_proper_priors(specification: Specification) -> Specification:
    """Replace the priors that nothing can be drawn from before the data are seen.

    Flat becomes Normal(0, 1), HalfFlat HalfNormal(1), brms's median of the response 0 and its scale
    2.5: their values for standardized weights.

    Parameters
    ----------
    specification
        Any specification.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> proper = with_proper_priors(spec("report_accuracy"))
    >>> print(proper.priors["reported"], proper.priors["sigma"])
    Normal(mu=0, sigma=1) HalfStudentT(nu=3, sigma=2.5)
    """
    assert _FIXED.keys() == RESPONSE_STATISTICS.keys()  # noqa: S101 - a new statistic needs a value
    changed = {}
    for parameter, prior in specification.priors.items():
        args = {
            name: _FIXED.get(value, value) if isinstance(value, str) else value
            for name, value in prior.args.items()
        }
        changed[parameter] = _PROPER.get(prior.dist, replace(prior, args=args))
    return specification.with_priors(**changed)


def require_proper(specification: Specification) -> None:
    """Raise InputError if a prior is flat or taken from the response."""
    improper = [
        f"{parameter} ~ {prior}"
        for parameter, prior in specification.priors.items()
        if prior.dist in _PROPER or prior.depends_on_response
    ]
    if improper:
        msg = (
            f"{specification.name}: nothing can be drawn from {', '.join(improper)} before data "
            "are seen; give proper priors (with_priors), or take with_proper_priors(...)"
        )
        raise InputError(msg)


def simulated_predictors(specification: Specification, seed: int) -> pd.DataFrame:
    """Return predictors as a study has them, none of them centred.

    Parameters
    ----------
    specification
        Of choices: two contexts, of 15 and 50 choices between options with five attributes; with
        hyperparameters, twelve of 20 choices with three. Of a regression: 60 rows in 12 contexts
        (the first has most), a binary ``introspection_trained``, two base models, all else normal.
        Of a feature's response: what it simulates (`features.Feature.rows`).
    seed
        Seed.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> simulated_predictors(spec("report_accuracy"), seed=1).columns.tolist()
    ['reported']
    >>> simulated_predictors(spec("choice_weights"), seed=1).groupby("context").size().tolist()
    [15, 50]
    """
    random = np.random.default_rng(seed)
    if specification.is_of_choices:
        return _simulated_differences(random, pooled=bool(specification.hyperparameters))
    for feature in FEATURES:
        if feature.rows and feature.response == specification.response:
            rows: pd.DataFrame = feature.load(feature.rows)(seed)
            return rows
    columns: dict[str, Any] = {}
    factors = {*specification.dropped_when_constant, *specification.groups}
    for name in specification.variables:
        if name in specification.groups:
            share = 1 / np.arange(2, _LEVELS + 2)
            own = random.choice(_LEVELS, _ROWS - _LEVELS, p=share / share.sum())
            columns[name] = [f"{name}_{k:02d}" for k in sorted([*own, *range(_LEVELS)])]
        elif name in factors:
            columns[name] = random.permutation([f"{name}_{k % 2}" for k in range(_ROWS)])
        elif name == "introspection_trained":
            columns[name] = random.permutation(np.arange(_ROWS) % 3 == 0).astype(int)
        else:
            columns[name] = random.normal(0.5, 1, _ROWS)
    return pd.DataFrame(columns)


def _simulated_differences(random: np.random.Generator, *, pooled: bool) -> pd.DataFrame:
    frames = []
    width = _POOLED_ATTRIBUTES if pooled else _ATTRIBUTES
    for number, count in enumerate(_POOLED_CHOICES if pooled else _CHOICES):
        values = random.uniform(-1, 1, (count, width)) + random.normal(0, 0.4, width)
        frame = pd.DataFrame(values, columns=[f"d{k + 1}" for k in range(width)])
        frames.append(frame.assign(context=f"context_{number:02d}"))
    return pd.concat(frames, ignore_index=True)


def draw_truths(
    specification: Specification, predictors: pd.DataFrame, simulations: int, seed: int
) -> xr.DataTree:
    """Draw parameters from the prior, and a response with each.

    Bambi builds the model, one context's for choices, so that neither the fits' means nor their
    likelihood takes part; only models with hyperparameters over contexts are beyond Bambi and
    are built by `build_model`.

    Parameters
    ----------
    specification
        With proper priors.
    predictors
        One row an observation; for choices without hyperparameters, those of one context.
    simulations
        How many.
    seed
        Seed.

    Returns
    -------
    xarray.DataTree
        Groups prior and prior_predictive, dims (chain of 1, draw, ...), as `prior_predictive`, but
        with the intercept at zero, as fits report it.

    Raises
    ------
    InputError
        If a prior is improper, or depends on the response.
    """
    require_proper(specification)
    response = specification.response
    if specification.is_of_choices and specification.hyperparameters:
        data = choice_data(predictors, np.zeros(len(predictors), dtype=int))
        return prior_predictive(
            ChoiceWeights(specification, data, _seen(response, data.selection)), seed, simulations
        )
    # Any response will do, though Bambi refuses a Bernoulli one without both values.
    placeholder = np.arange(len(predictors)) % 2
    rows = predictors.assign(**{response: placeholder})
    unfitted = Regression(specification, rows, _seen(response, placeholder))
    tree = prior_predictive(unfitted, seed, simulations)
    if (centring := unfitted.centring) is not None:
        tree["prior"] = xr.DataTree(centring.at_zero(tree["prior"].to_dataset()))
    return tree


def choice_data(predictors: pd.DataFrame, selection: np.ndarray) -> ChoiceData:
    """Return choices as the fits take them.

    Parameters
    ----------
    predictors
        Columns context and d1, ..., dK.
    selection
        1 for A, 0 for B, shape (choice,).
    """
    columns = [name for name in predictors.columns if name[:1] == "d" and name[1:].isdigit()]
    chosen = predictors.assign(selection=np.where(selection == 1, "A", "B"))
    return ChoiceData.from_frame(chosen, columns)


def _seen(response: str, values: np.ndarray) -> xr.DataTree:
    return xr.DataTree.from_dict({"observed_data": xr.Dataset({response: (OBSERVATION, values)})})


def draw_posterior_truths(
    specification: Specification, observed: pd.DataFrame, fitter: Any, simulations: int, seed: int
) -> tuple[Specification, pd.DataFrame, xr.DataTree]:
    """Draw parameters from the posterior of some data, and a second response with each.

    Each truth is a draw from its own posterior given both responses, so that flat priors can be
    calibrated, too: posterior simulation-based calibration (Säilynoja et al. 2025,
    doi:10.48550/arXiv.2502.03279).

    Parameters
    ----------
    specification
        Of a regression. Priors that depend on the response are taken from the first response and
        kept.
    observed
        The formula's variables, the response included.
    fitter
        Samples the posterior of `observed`.
    simulations
        How many.
    seed
        Seed of the second responses.

    Returns
    -------
    tuple
        The specification with fixed priors; the predictors twice; and a tree like that of
        `draw_truths`, whose responses are the observed one followed by a second one.
    """
    if specification.is_of_choices:
        msg = f"{specification.name}: give choices a proper prior and calibrate that"
        raise InputError(msg)
    response = specification.response
    numbers = prior_numbers(specification, observed)
    fixed = specification.with_priors(
        **{
            parameter: replace(prior, args={**prior.args, **numbers[parameter]})
            for parameter, prior in specification.priors.items()
        }
    )
    fit = fitter.fit(fixed, observed, "calibration, observed")
    drawn = posterior_predictive(fit, seed, simulations)
    replicates = drawn["posterior_predictive"].to_dataset()[response]
    first = xr.zeros_like(replicates) + observed[response].to_numpy()
    both = xr.Dataset({response: xr.concat([first, replicates], dim="observation")})
    tree = {"prior": in_a_row(drawn["posterior"].to_dataset()), "prior_predictive": in_a_row(both)}
    return fixed, pd.concat([observed] * 2, ignore_index=True), xr.DataTree.from_dict(tree)
