"""What a fitted model says of data: predictions before and after seeing it, and log densities.

Everything comes from the PyMC model that a specification builds (Bambi builds the regressions'),
through its own free and observed variables: no likelihood is written a second time.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import xarray as xr

from introspect_bayes.errors import InputError
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.sampling.bambi_models import expected_means
from introspect_bayes.sampling.fit import Fit
from introspect_bayes.sampling.free_variables import free_variables, model_of_likelihood
from introspect_bayes.sampling.one_thread import one_thread_at_a_time

__all__ = [
    "LARGEST",
    "PREDICTIVE_DRAWS",
    "ImproperPriorError",
    "expected_response",
    "free_variables",
    "log_densities",
    "observed",
    "posterior_predictive",
    "prior_predictive",
    "thinned",
]

PREDICTIVE_DRAWS: Final = 1000
"""Replicated data sets, unless another number is asked for."""

LARGEST: Final = 20_000_000
"""Values of a pointwise log-likelihood (160 MB) beyond which draws are thinned."""

_COMPILE: Final = {"mode": "FAST_COMPILE"}
# Each function runs some thousand times on whole arrays: compiling it costs more than it saves.


class ImproperPriorError(InputError):
    """A prior that is no probability distribution, so that nothing can be drawn from it."""


@one_thread_at_a_time
def posterior_predictive(fit: Fit[Any], seed: int, draws: int = PREDICTIVE_DRAWS) -> xr.DataTree:
    """Draw replicated data from the posterior predictive distribution.

    Parameters
    ----------
    fit
        Fitted choice weights or a fitted regression.
    seed
        Seed of the replicates.
    draws
        Posterior draws to use, spread evenly over the chains; one replicate a draw.

    Returns
    -------
    xarray.DataTree
        Groups posterior (thinned), posterior_predictive and observed_data, the last two with one
        variable named as the response, dims (chain, draw, observation) and (observation).

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> accuracy = ib.fit("report_accuracy", ib.load_study("plunkett2025"))  # doctest: +SKIP
    >>> fit = accuracy["e1.acc.gpt-4o-2024-08-06"]  # doctest: +SKIP
    >>> posterior_predictive(fit, seed=1)["posterior_predictive"]["learned"].sizes  # doctest: +SKIP
    Frozen({'chain': 4, 'draw': 250, 'observation': 500})
    """
    import pymc as pm

    posterior = thinned(fit, draws)
    model = model_of_likelihood(fit)
    free = free_variables(fit, posterior, model)
    with _quiet():
        drawn = pm.sample_posterior_predictive(
            xr.DataTree.from_dict({"posterior": free}),
            model=model,
            var_names=[fit.spec.response],
            # Priors depend on numbers held as data, which PyMC would take for changed.
            freeze_vars=list(free.data_vars),
            random_seed=seed,
            progressbar=False,
            compile_kwargs=dict(_COMPILE),
        )
    replicates = _pointwise(drawn["posterior_predictive"].to_dataset(), fit)
    return xr.DataTree.from_dict(
        {"posterior": posterior, "posterior_predictive": replicates, "observed_data": observed(fit)}
    )


@one_thread_at_a_time
def prior_predictive(fit: Fit[Any], seed: int, draws: int = PREDICTIVE_DRAWS) -> xr.DataTree:
    """Draw parameters from the prior, and data from each.

    Parameters
    ----------
    fit
        Fitted choice weights or a fitted regression, for its model and the sizes of its data.
    seed
        Seed of the draws.
    draws
        Draws from the prior.

    Returns
    -------
    xarray.DataTree
        Groups prior, prior_predictive and observed_data; dims as in `posterior_predictive`, with a
        single chain.

    Raises
    ------
    ImproperPriorError
        If a prior is flat: it is no distribution that one could draw from. The message names it.

    Examples
    --------
    >>> import introspect_bayes as ib
    >>> weights = ib.fit("choice_weights", ib.load_study("smollm2"))  # doctest: +SKIP
    >>> fit = next(iter(weights.values()))  # doctest: +SKIP
    >>> prior_predictive(fit, seed=1)["prior_predictive"]["selection"].mean()  # doctest: +SKIP
    """
    model = fit.pymc_model
    flat = [f"{variable.name} ~ {kind}" for variable in model.free_RVs if (kind := _flat(variable))]
    if flat:
        msg = f"nothing can be drawn from {' and '.join(flat)}, which is improper"
        raise ImproperPriorError(msg)
    drawn = draw_from_prior(model, draws, seed)
    replicates = _pointwise(drawn["prior_predictive"].to_dataset(), fit)
    prior = drawn["prior"].to_dataset()
    return xr.DataTree.from_dict(
        {"prior": prior, "prior_predictive": replicates, "observed_data": observed(fit)}
    )


@one_thread_at_a_time
def draw_from_prior(model: Any, draws: int, seed: int) -> xr.DataTree:
    """Return draws of all variables of a PyMC model, and of what it observes, from the prior.

    Parameters
    ----------
    model
        A PyMC model with proper priors.
    draws, seed
        How many, and the seed.

    Returns
    -------
    xarray.DataTree
        Groups prior and prior_predictive, dims (chain of 1, draw, ...).
    """
    import pymc as pm

    with _quiet():
        drawn: xr.DataTree = pm.sample_prior_predictive(
            draws, model=model, random_seed=seed, compile_kwargs=dict(_COMPILE)
        )
    return drawn


@one_thread_at_a_time
def log_densities(fit: Fit[Any], draws: int | None = None) -> xr.DataTree:
    """Return the log-likelihood of every observation and the log prior of every parameter.

    What ``arviz.loo``, ``arviz.compare`` and ``arviz.psense_summary`` need.

    Parameters
    ----------
    fit
        Fitted choice weights or a fitted regression.
    draws
        Posterior draws to use, spread evenly over the chains; by default all, or as many as keep
        the pointwise log-likelihood below `LARGEST` values.

    Returns
    -------
    xarray.DataTree
        Groups posterior (thinned), observed_data, log_likelihood (one variable named as the
        response, dims chain, draw, observation) and log_prior (one variable a free variable of the
        model; zero where the prior is flat). No log_prior with a horseshoe, whose density needs
        local scales that fits do not keep.

    Examples
    --------
    >>> import arviz as az
    >>> import introspect_bayes as ib
    >>> accuracy = ib.fit("report_accuracy", ib.load_study("plunkett2025"))  # doctest: +SKIP
    >>> az.loo(log_densities(accuracy["e1.acc.gpt-4o-2024-08-06"]))  # doctest: +SKIP
    """
    from pymc.stats import compute_log_likelihood, compute_log_prior

    data = observed(fit)
    if draws is None:
        draws = LARGEST // max(1, data.sizes["observation"])
    posterior = thinned(fit, draws)
    model = model_of_likelihood(fit)
    tree = xr.DataTree.from_dict({"posterior": free_variables(fit, posterior, model)})
    options: dict[str, Any] = {
        "model": model,
        "extend_inferencedata": False,
        "progressbar": False,
        "compile_kwargs": dict(_COMPILE),
    }
    groups = {
        "posterior": posterior,
        "observed_data": data,
        "log_likelihood": _pointwise(compute_log_likelihood(tree, **options), fit),
    }
    if not fit.spec.horseshoes:
        groups["log_prior"] = compute_log_prior(tree, **options)
    return xr.DataTree.from_dict(groups)


@one_thread_at_a_time
def expected_response(fit: Regression, posterior: xr.Dataset) -> xr.DataArray:
    """Return the mean (of Student's t: the centre) of each observation under each draw.

    Parameters
    ----------
    fit
        A regression.
    posterior
        Its posterior, or some draws of it (`thinned`).

    Returns
    -------
    xarray.DataArray
        Dims (chain, draw, observation), in the units of the response.
    """
    return expected_means(fit.model, posterior)


def thinned(fit: Fit[Any], draws: int) -> xr.Dataset:
    """Return the posterior with at most so many draws, spread evenly over each chain.

    Raises
    ------
    InputError
        If fewer than one draw a chain is asked for.
    """
    posterior = fit.idata["posterior"].to_dataset()
    each = draws // posterior.sizes["chain"]
    if each < 1:
        msg = f"draws = {draws}: must be at least {posterior.sizes['chain']}, one for each chain"
        raise InputError(msg)
    kept = min(each, posterior.sizes["draw"])
    places = np.linspace(0, posterior.sizes["draw"] - 1, kept).round().astype(int)
    return posterior.isel(draw=places)


def observed(fit: Fit[Any]) -> xr.Dataset:
    """Return the response that was observed, dim (observation)."""
    data = fit.idata["observed_data"].to_dataset()[[fit.spec.response]]
    return data.rename({str(dim): "observation" for dim in data.dims})


def _flat(variable: Any) -> str:
    """Return the name of a variable's prior if it is improper, else nothing."""
    import pymc as pm

    for prior in (pm.Flat, pm.HalfFlat):
        if isinstance(variable.owner.op, prior.rv_type):
            return str(prior.__name__)
    return ""


def _pointwise(values: xr.Dataset, fit: Fit[Any]) -> xr.Dataset:
    """Return the response's variable with the dims chain, draw and observation."""
    array = values[fit.spec.response]
    dim = next(name for name in array.dims if name not in {"chain", "draw"})
    return xr.Dataset(
        {fit.spec.response: array.rename({dim: "observation"}).drop_vars("observation")}
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep PyMC from announcing on standard error what it samples."""
    logger = logging.getLogger("pymc.sampling.forward")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
