"""Regressions, with coefficients by group: of learned on reported weights, of scores."""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.errors import InputError
from introspect_bayes.fits.bambi_models import build_bambi_model, mean_parameter, prior_numbers
from introspect_bayes.fits.compiled_models import compiled_once
from introspect_bayes.fits.finished_fits import FinishedFits, fit_key
from introspect_bayes.fits.intervals import Estimate, estimate
from introspect_bayes.fits.sampling import (
    Diagnostics,
    Sampler,
    diagnose,
    run_nuts,
    target_acceptance,
)
from introspect_bayes.fits.shared_data import exchanged, with_shared_data
from introspect_bayes.specs import Specification

__all__ = ["Regression", "RegressionSampler", "build_bambi_model"]


_BOUNDED: Final = {"bernoulli": "0 or 1", "beta": "between 0 and 1, neither of them"}
_HALF: Final = 0.5


@dataclass(frozen=True)
class Regression:
    """A fitted regression.

    Attributes
    ----------
    spec
        The specification as fitted: constant factors dropped.
    data
        The rows used.
    idata
        DataTree with the posterior, a variable for each parameter of the specification, and the
        sampler's statistics. A group-specific term such as ``reported|context`` has the dim
        ``context__factor_dim`` and holds deviations from the common coefficient, as in Bambi.
    """

    spec: Specification
    data: pd.DataFrame = field(repr=False)
    idata: xr.DataTree = field(repr=False)

    @cached_property
    def model(self) -> Any:
        """The Bambi model, for prediction, plots and whatever else Bambi can do."""
        return build_bambi_model(self.spec, self.data)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Worst diagnostics over all parameters."""
        posterior = self.idata["posterior"].to_dataset()
        return diagnose(posterior, int(self.idata["sample_stats"]["diverging"].sum()))

    def slope(self, term: str = "reported") -> Estimate:
        """Return the posterior mean and 95% HDI of a scalar coefficient."""
        return estimate(self.idata["posterior"][term].to_numpy())

    def slope_difference(self, slope: str, condition: str, over: str) -> np.ndarray:
        """Return draws of how much a binary condition changes a slope, averaged over a factor.

        The contrast of ``emmeans::emtrends(..., weights = "equal")``: levels count equally,
        however many rows they have.

        Parameters
        ----------
        slope, condition
            Names of the predictor and of the 0/1 condition.
        over
            Factor to average over; absent from the model where it has a single level.

        Returns
        -------
        numpy.ndarray
            Shape (chain, draw).
        """
        posterior = self.idata["posterior"]
        interaction = f"{slope}:{condition}"
        difference = posterior[interaction].to_numpy()
        term = f"{interaction}:{over}"
        if term in posterior:
            # Treatment coding: the first level's own deviation is zero.
            deviations = posterior[term].to_numpy()
            difference = difference + deviations.sum(-1) / (deviations.shape[-1] + 1)
        return np.asarray(difference)

    def slope_by(self, group: str, term: str = "reported") -> pd.DataFrame:
        """Return each group's own coefficient: the common one and the group's deviation.

        Parameters
        ----------
        group
            Grouping variable of a term such as ``(0 + reported | context)``.
        term
            The coefficient.

        Returns
        -------
        pandas.DataFrame
            One row a group: its name in a column called as `group`, mean, hdi_low, hdi_high.
        """
        posterior = self.idata["posterior"]
        slopes = posterior[term] + posterior[f"{term}|{group}"]
        rows = []
        for values in slopes.transpose(f"{group}__factor_dim", "chain", "draw"):
            summary = estimate(values.to_numpy())
            name = values[f"{group}__factor_dim"].item()
            rows.append((name, summary.mean, summary.low, summary.high))
        return pd.DataFrame(rows, columns=[group, "mean", "hdi_low", "hdi_high"])

    def hdi(self) -> pd.DataFrame:
        """Return posterior means and 95% HDIs.

        Returns
        -------
        pandas.DataFrame
            One row a coefficient: parameter (with the level in brackets where it has several, as
            in ``reported|context[clay]``), mean, hdi_low, hdi_high.
        """
        rows = []
        for name, variable in self.idata["posterior"].data_vars.items():
            draws = variable.to_numpy().reshape(*variable.shape[:2], -1)
            levels = list(product(*(variable[dim].to_numpy() for dim in variable.dims[2:])))
            for level, values in zip(levels, np.moveaxis(draws, -1, 0), strict=True):
                label = f"{name}[{', '.join(map(str, level))}]" if len(levels) > 1 else name
                summary = estimate(values)
                rows.append((str(label), summary.mean, summary.low, summary.high))
        return pd.DataFrame(rows, columns=["parameter", "mean", "hdi_low", "hdi_high"])


class RegressionSampler:
    """Fits regressions; the first of a structure compiles for all data and prior numbers.

    Bambi compiles every model anew because it keeps data and the priors' numbers as constants; here
    they become shared variables, so that the next fit only exchanges them.

    Parameters
    ----------
    sampler
        Settings.
    finished
        Where finished fits are found and kept; nowhere if not given.
    """

    def __init__(self, sampler: Sampler, finished: FinishedFits | None = None) -> None:
        self.sampler = sampler
        self.finished = finished

    def fit(self, spec: Specification, data: pd.DataFrame, name: str) -> Regression:
        """Fit a specification to a frame.

        Parameters
        ----------
        spec
            The specification; factors in `dropped_when_constant` with a single level fall away.
        data
            One row an observation, with the formula's variables as columns.
        name
            Name of the fit, from which its seed derives.

        Raises
        ------
        InputError
            If the specification is one of choices, or the response has values that its family
            does not (`check_response`).
        """
        if "slopes" in spec.terms:
            msg = f"{spec.name}: a model of choices; fit it with ChoiceWeightsSampler"
            raise InputError(msg)
        check_response(spec, data)
        for factor in spec.dropped_when_constant:
            if len(data[factor].unique()) == 1:
                spec = spec.without(factor)
        if self.finished is None:
            return self._fit(spec, data, name)
        columns = [spec.response, *spec.variables, *spec.groups]
        held = {column: data[column].to_numpy() for column in dict.fromkeys(columns)}
        key = fit_key(spec, held, self.sampler, name, "nuts")
        if (found := self.finished.find(key)) is not None:
            return Regression(spec, data, found)
        fit = self._fit(spec, data, name)
        self.finished.keep(key, fit.idata)
        return fit

    def _fit(self, spec: Specification, data: pd.DataFrame, name: str) -> Regression:
        model = build_bambi_model(spec, data)
        tree = self._sample(spec, data, model, name)
        posterior = tree["posterior"].to_dataset()[list(spec.parameters)]
        levels = model.backend.model.coords
        posterior = posterior.assign_coords(
            {d: list(levels[d]) for d in posterior.dims if d in levels}
        )
        design = design_columns(model)
        if spec.has_intercept and design is not None:
            # As brms and Bambi report it: the intercept at zero, not at the predictors' means.
            terms = model.parameters[mean_parameter(model)].common_terms  # in the order of the design's columns
            columns = [np.atleast_3d(posterior[term].to_numpy()) for term in terms]
            slopes = np.concatenate(columns, axis=2)
            posterior["Intercept"] = posterior["Intercept"] - slopes @ design.mean(axis=0)
        observed = xr.Dataset({spec.response: ("__obs__", data[spec.response].to_numpy())})
        groups = {
            "posterior": posterior,
            "sample_stats": tree["sample_stats"].to_dataset(),
            "observed_data": observed,
        }
        return Regression(spec, data, xr.DataTree.from_dict(groups))

    def _sample(
        self, spec: Specification, data: pd.DataFrame, model: Any, name: str
    ) -> xr.DataTree:
        dims = model.backend.model.coords.items()
        sizes = tuple((dim, len(levels)) for dim, levels in dims if dim != "__obs__")
        priors = sorted(
            (p, prior.dist, *prior.references.items()) for p, prior in spec.priors.items()
        )
        key = (spec.formula, spec.family, tuple(priors), sizes)
        compiled = compiled_once(key, lambda: _compile(spec, data))
        used = {variable.name for variable in compiled.shared_var_keys}
        numbers = {
            _shared_name(parameter, argument): np.asarray(number)
            for parameter, given in prior_numbers(spec, data).items()
            for argument, number in given.items()
            if _shared_name(parameter, argument) in used  # Bambi leaves out a mu that must be 0
        }
        arrays = _arrays(model, data[spec.response])
        held = exchanged(compiled, {**arrays, **numbers})
        return run_nuts(held, self.sampler, name, target_acceptance(spec))


def check_response(spec: Specification, data: pd.DataFrame) -> None:
    """Check that a response has only values that its family can have.

    Raises
    ------
    InputError
        If it has others; the message names one.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> check_response(spec("explanation_scores"), pd.DataFrame({"score": [0.0, 0.5]}))
    Traceback (most recent call last):
    ...
    introspect_bayes.errors.InputError: explanation_scores: score has 0.5; bernoulli needs 0 or 1
    """
    if spec.family not in _BOUNDED:
        return
    values = data[spec.response].to_numpy(dtype=float)
    inside = (values > 0) & (values < 1) if spec.family == "beta" else np.isin(values, (0.0, 1.0))
    if not inside.all():
        msg = (
            f"{spec.name}: {spec.response} has {values[~inside][0]:g}; {spec.family} needs "
            f"{_BOUNDED[spec.family]}"
        )
        raise InputError(msg)


def _compile(spec: Specification, data: pd.DataFrame) -> Any:
    """Compile a specification for whatever data has the same dims, and whatever prior numbers."""
    import nutpie
    import pytensor

    # Bambi's arrays are found by their values, which in real data may be equal to each other.
    random = np.random.default_rng(0)
    columns = data.select_dtypes("number").columns.intersection([spec.response, *spec.variables])
    columns = columns.difference(list(spec.groups))
    data = data.assign(**{column: random.normal(size=len(data)) for column in columns})
    if spec.family in _BOUNDED:
        values = random.uniform(size=len(data))
        data[spec.response] = values if spec.family == "beta" else (values < _HALF).astype(float)
    shared = {
        parameter: {
            argument: pytensor.shared(np.asarray(number), name=_shared_name(parameter, argument))
            for argument, number in given.items()
        }
        for parameter, given in prior_numbers(spec, data).items()
    }
    model = build_bambi_model(spec, data, shared)
    held = with_shared_data(model.backend.model, _arrays(model, data[spec.response]))
    return nutpie.compile_pymc_model(held, var_names=list(spec.parameters))


def _shared_name(parameter: str, argument: str) -> str:
    return f"{parameter}.{argument}"


def design_columns(model: Any) -> np.ndarray | None:
    """Return the common terms' columns, shape (observation, column), as the formula has them."""
    terms = model.parameters[mean_parameter(model)].common_terms.values()
    return np.column_stack([term.data for term in terms]) if terms else None


def _arrays(model: Any, response: pd.Series) -> dict[str, np.ndarray]:
    """Return the arrays of data that the PyMC model of a Bambi model holds."""
    arrays = {"response": response.to_numpy()}
    design = design_columns(model)
    if design is not None:
        centred = model.parameters[mean_parameter(model)].intercept_term is not None
        arrays["design"] = design - design.mean(axis=0) if centred else design
    for name, term in model.parameters[mean_parameter(model)].group_specific_terms.items():
        inner, group = name.split("|")
        arrays[f"predictor {inner}"] = term.predictor
        arrays[f"index {group}"] = term.group_index
    return arrays
