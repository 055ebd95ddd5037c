"""Regressions of learned on reported weights, through Bambi."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.fits.intervals import Estimate, estimate
from introspect_bayes.fits.sampling import Diagnostics, Sampler, diagnose, run_nuts
from introspect_bayes.specs import Specification


@dataclass(frozen=True)
class Regression:
    """A fitted regression.

    Attributes
    ----------
    spec
        The specification as fitted: constant factors dropped.
    data
        The rows used.
    model
        The Bambi model, for prediction, plots and whatever else Bambi can do.
    idata
        DataTree with the posterior and the sampler's statistics.
    """

    spec: Specification
    data: pd.DataFrame
    model: Any
    idata: xr.DataTree

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Worst diagnostics over all parameters."""
        posterior = self.idata["posterior"].to_dataset()
        return diagnose(posterior, int(self.idata["sample_stats"]["diverging"].sum()))

    def slope(self, term: str = "reported") -> Estimate:
        """Return the posterior mean and 95% HDI of a scalar coefficient."""
        return estimate(self.idata["posterior"][term].to_numpy())

    def slope_difference(self, slope: str, condition: str, over: str) -> Estimate:
        """Return how much a binary condition changes a slope, averaged over a factor's levels.

        The contrast of ``emmeans::emtrends(..., weights = "equal")``: levels count equally,
        however many rows they have.

        Parameters
        ----------
        slope, condition
            Names of the predictor and of the 0/1 condition.
        over
            Factor to average over; absent from the model where it has a single level.
        """
        posterior = self.idata["posterior"]
        interaction = f"{slope}:{condition}"
        difference = posterior[interaction].to_numpy()
        term = f"{interaction}:{over}"
        if term in posterior:
            # Treatment coding: the first level's own deviation is zero.
            deviations = posterior[term].to_numpy()
            difference = difference + deviations.sum(-1) / (deviations.shape[-1] + 1)
        return estimate(difference)

    def hdi(self) -> pd.DataFrame:
        """Return one row a coefficient: parameter, mean, hdi_low, hdi_high."""
        rows = []
        for name, variable in self.idata["posterior"].data_vars.items():
            draws = variable.to_numpy().reshape(*variable.shape[:2], -1)
            for values in np.moveaxis(draws, -1, 0):
                summary = estimate(values)
                rows.append((str(name), summary.mean, summary.low, summary.high))
        return pd.DataFrame(rows, columns=["parameter", "mean", "hdi_low", "hdi_high"])


class RegressionSampler:
    """Fits regressions, compiling once for all data of the same specification and shape.

    Bambi compiles every model anew because it keeps the data as constants; here they become
    shared variables, so that the next fit of a specification only exchanges them.

    Parameters
    ----------
    sampler
        Settings.
    """

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self._compiled: dict[Hashable, Any] = {}

    def fit(self, spec: Specification, data: pd.DataFrame, name: str) -> Regression:
        """Fit a Gaussian specification to a frame.

        Parameters
        ----------
        spec
            The specification; factors in `dropped_when_constant` with a single level fall away.
        data
            One row an observation, with the formula's variables as columns.
        name
            Name of the fit, from which its seed derives.
        """
        for factor in spec.dropped_when_constant:
            if len(data[factor].unique()) == 1:
                spec = spec.without(factor)
        model = build_bambi_model(spec, data)
        component = model.backend.distributional_components["mu"]
        design = component.design_matrix_without_intercept
        terms = list(component.component.common_terms)  # in the order of the design's columns
        means = design.mean(axis=0)
        constants = {"design": design - means, "response": data[spec.response].to_numpy()}
        tree = self._sample(spec, model, constants, name)
        posterior = tree["posterior"].to_dataset()
        columns = [posterior[term].to_numpy() for term in terms]
        slopes = np.concatenate([np.atleast_3d(column) for column in columns], axis=2)
        # As brms and Bambi report it: the intercept at zero, not at the predictors' means.
        posterior["Intercept"] = posterior["Intercept"] - slopes @ means
        observed = xr.Dataset({spec.response: ("__obs__", constants["response"])})
        groups = {
            "posterior": posterior[list(spec.parameters)],
            "sample_stats": tree["sample_stats"].to_dataset(),
            "observed_data": observed,
        }
        return Regression(spec, data, model, xr.DataTree.from_dict(groups))

    def _sample(
        self, spec: Specification, model: Any, constants: dict[str, np.ndarray], name: str
    ) -> xr.DataTree:
        import nutpie

        priors = tuple(
            f"{name} ~ {prior.dist} {prior.numbers(constants['response'])}"
            for name, prior in sorted(spec.priors.items())
        )
        coords = model.backend.model.coords.items()
        levels = tuple((dim, tuple(map(str, v))) for dim, v in coords if dim != "__obs__")
        key = (spec.formula, spec.family, priors, levels)
        if key not in self._compiled:
            self._compiled[key] = nutpie.compile_pymc_model(
                with_shared_data(model.backend.model, constants), var_names=list(spec.parameters)
            )
        return run_nuts(self._compiled[key].with_data(**constants), self.sampler, name)


def with_shared_data(model: Any, constants: dict[str, np.ndarray]) -> Any:
    """Return a copy of a PyMC model in which arrays of data are shared variables.

    Parameters
    ----------
    model
        A PyMC model that holds the arrays as constants.
    constants
        Name of each new shared variable and the array that it replaces.

    Raises
    ------
    RuntimeError
        If the model does not hold one of the arrays exactly once: Bambi has changed.
    """
    import pytensor
    from pymc.model.fgraph import fgraph_from_model, model_from_fgraph
    from pytensor.graph.fg import FunctionGraph
    from pytensor.graph.replace import clone_replace
    from pytensor.tensor.variable import TensorConstant

    graph, _ = fgraph_from_model(model)
    held = [v for v in graph.variables if isinstance(v, TensorConstant) and v.data.ndim]
    replacements = {}
    for name, array in constants.items():
        matches = [v for v in held if np.array_equal(v.data, array)]
        if len(matches) != 1:
            msg = f"the Bambi model holds the array {name!r} {len(matches)} times, not once"
            raise RuntimeError(msg)
        shared = pytensor.shared(array, name=name, shape=(None,) * array.ndim)
        replacements[matches[0]] = shared
    # Rebuilt, not merely replaced: every node inferred its shape from the constants.
    outputs = clone_replace(graph.outputs, replacements, rebuild_strict=False)
    rebuilt = FunctionGraph(outputs=outputs, clone=False)
    for shared in replacements.values():
        # The product of design and coefficients as a plain sum: numba takes half a minute to
        # compile the matrix product the first time, and is no faster with it.
        for product, coefficients in _products(rebuilt, shared):
            total = (shared * coefficients.T).sum(axis=-1, keepdims=True)
            rebuilt.replace(product, total, import_missing=True)
    for attribute in ("_coords", "_dim_lengths"):  # PyMC keeps the model's dims here
        setattr(rebuilt, attribute, getattr(graph, attribute))
    return model_from_fgraph(rebuilt, mutate_fgraph=True)


def _products(graph: Any, matrix: Any) -> list[tuple[Any, Any]]:
    """Return the products of a matrix with columns in a graph, each with its (p, 1) column."""
    from pytensor.tensor.math import Dot

    return [
        (node.outputs[0], node.inputs[1])
        for node, position in graph.clients[matrix]
        if isinstance(node.op, Dot) and position == 0
    ]


def build_bambi_model(spec: Specification, data: pd.DataFrame) -> Any:
    """Build the Bambi model of a specification, every prior set explicitly."""
    import bambi as bmb

    response = data[spec.response].to_numpy()
    if spec.family == "bernoulli":
        response = np.empty(0)
    terms = [f"d{k}" for k in range(1, _attributes(data) + 1)]
    formula = spec.formula.replace("d1 + ... + dK", " + ".join(terms))
    priors = {}
    for parameter, prior in spec.priors.items():
        named = terms if parameter == "slopes" else [parameter]
        for term in named:
            priors[term] = bmb.Prior(prior.dist, **prior.numbers(response))
    frame = data[[spec.response, *_variables(spec, terms)]].copy()
    for factor in spec.dropped_when_constant:
        if factor in frame:
            frame[factor] = pd.Categorical(frame[factor], categories=sorted(frame[factor].unique()))
    model = bmb.Model(formula, frame, family=spec.family, priors=priors)
    model.build()
    return model


def _variables(spec: Specification, terms: list[str]) -> list[str]:
    named = [v for name in spec.variables for v in (terms if name == "slopes" else [name])]
    return list(dict.fromkeys(named))


def _attributes(data: pd.DataFrame) -> int:
    return sum(1 for name in data.columns if name[:1] == "d" and name[1:].isdigit())
