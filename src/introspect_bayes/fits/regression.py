"""Regressions, with coefficients by group: of learned on reported weights, of scores."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from functools import cached_property, partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from introspect_bayes.engines import Engine
from introspect_bayes.errors import InputError
from introspect_bayes.fits.bambi_models import build_bambi_model, mean_component, prior_numbers
from introspect_bayes.fits.compiled_models import compiled_once
from introspect_bayes.fits.finished_fits import FinishedFit, FromSource
from introspect_bayes.fits.intervals import Estimate, estimate
from introspect_bayes.fits.model_sampler import ModelSampler
from introspect_bayes.fits.multilevel_model import (
    build_multilevel_model,
    multilevel_applies,
    multilevel_arrays,
)
from introspect_bayes.fits.one_thread import built_once
from introspect_bayes.fits.prepared_model import PreparedModel, diagnostics_of
from introspect_bayes.fits.responses import check_response, stand_in
from introspect_bayes.fits.sampling import Diagnostics, target_acceptance
from introspect_bayes.fits.shared_data import with_shared_data
from introspect_bayes.specs import Specification

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Regression", "RegressionSampler", "build_bambi_model"]


@dataclass(frozen=True)
class Regression(FromSource):
    """A fitted regression.

    Attributes
    ----------
    spec
        The specification as fitted: constant factors dropped.
    data
        The rows used.
    source
        The posterior, or where it is kept. ``idata`` is the DataTree: the posterior, a variable for
        each parameter of the specification, and the sampler's statistics. A group-specific term
        such as ``reported|context`` has the dim ``context__factor_dim`` and holds deviations from
        the common coefficient, as in Bambi.
    """

    spec: Specification
    data: pd.DataFrame = field(repr=False)
    source: "xr.DataTree | FinishedFit" = field(repr=False)

    @built_once
    def model(self) -> Any:
        """The Bambi model, for prediction, plots and whatever else Bambi can do."""
        return build_bambi_model(self.spec, self.data)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Worst diagnostics over all parameters."""
        found = self._remembered("diagnostics", lambda: diagnostics_of(self.idata).as_list())
        return Diagnostics(*found)

    @property
    def engine(self) -> str:
        """What sampled the posterior: importance or nuts."""
        named: str = self._remembered("engine", self._read_engine)
        return named

    def _read_engine(self) -> str:
        return str(self.idata["sample_stats"]["engine"].item())

    def slope(self, term: str = "reported") -> Estimate:
        """Return the posterior mean and 95% HDI of a scalar coefficient."""
        return self.estimated(term, partial(self.draws_of, term))

    def draws_of(self, term: str) -> np.ndarray:
        """Return posterior draws of a coefficient, shape (chain, draw, ...)."""
        return np.asarray(self.idata["posterior"][term])

    def estimated(self, name: str, draws: Callable[[], np.ndarray]) -> Estimate:
        """Return the posterior mean and 95% HDI of a quantity.

        Parameters
        ----------
        name
            Names the quantity; of a finished fit it is summarized once only.
        draws
            Returns its posterior draws, shape (chain, draw).
        """
        found = self._remembered(f"estimate-{name}", lambda: astuple(estimate(draws())))
        return Estimate(*found)

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


class RegressionSampler(ModelSampler):
    """Fits regressions; the first of a structure compiles for all data and prior numbers.

    Bambi compiles every model anew because it keeps data and the priors' numbers as constants; here
    they become data that the next fit only exchanges. Settings are those of
    `ModelSampler`.
    """

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
            If the specification is one of choices, the engine does not allow it, or the response
            has values that its family does not.
        """
        if self.engine == "importance" and not importance_applies(spec):
            msg = (
                f"{spec.name}: importance sampling needs a model without group-specific terms, "
                "hyperparameters or horseshoe; take the engine nuts or auto"
            )
            raise InputError(msg)
        if "slopes" in spec.terms:
            msg = f"{spec.name}: a model of choices; fit it with ChoiceWeightsSampler"
            raise InputError(msg)
        check_response(spec, data)
        for factor in spec.dropped_when_constant:
            if len(data[factor].unique()) == 1:
                spec = spec.without(factor)
        columns = [spec.response, *spec.variables, *spec.groups]
        held = {column: data[column].to_numpy() for column in dict.fromkeys(columns)}
        source = self._found_or_made(spec, held, name, lambda: self._fit(spec, data, name))
        return Regression(spec, data, source)

    def _fit(self, spec: Specification, data: pd.DataFrame, name: str) -> "xr.DataTree":
        import xarray as xr

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
            terms = mean_component(model).common_terms  # in the order of the design's columns
            columns = [np.atleast_3d(posterior[term].to_numpy()) for term in terms]
            slopes = np.concatenate(columns, axis=2)
            posterior["Intercept"] = posterior["Intercept"] - slopes @ design.mean(axis=0)
        observed = xr.Dataset({spec.response: ("__obs__", data[spec.response].to_numpy())})
        groups = {
            "posterior": posterior,
            "sample_stats": tree["sample_stats"].to_dataset(),
            "observed_data": observed,
        }
        return xr.DataTree.from_dict(groups)

    def _sample(
        self, spec: Specification, data: pd.DataFrame, model: Any, name: str
    ) -> "xr.DataTree":
        dims = model.backend.model.coords.items()
        sizes = tuple((dim, len(levels)) for dim, levels in dims if dim != "__obs__")
        priors = sorted(
            (p, prior.dist, *prior.references.items()) for p, prior in spec.priors.items()
        )
        key = (spec.formula, spec.family, tuple(priors), sizes)
        numbers = {
            _shared_name(parameter, argument): np.asarray(number)
            for parameter, given in prior_numbers(spec, data).items()
            for argument, number in given.items()
        }
        if multilevel_applies(spec):
            arrays = multilevel_arrays(spec, data, model)
            prepared: PreparedModel = compiled_once(
                key, lambda: _prepare_multilevel(spec, data, model, arrays)
            )
            return prepared.sample(self.sampler, name, "nuts", {**arrays, **numbers}, 0.9)
        arrays = _arrays(model, data[spec.response])
        prepared = compiled_once(key, lambda: _prepare(spec, data))
        engine: Engine = self.engine if importance_applies(spec) else "nuts"
        return prepared.sample(
            self.sampler, name, engine, {**arrays, **numbers}, target_acceptance(spec)
        )


def importance_applies(spec: Specification) -> bool:
    """Return whether a regression has few parameters, none of them a scale of others."""
    plain = all(prior.dist != "Horseshoe" for prior in spec.priors.values())
    return plain and not spec.hyperparameters and not spec.groups


def _prepare_multilevel(
    spec: Specification, data: pd.DataFrame, model: Any, arrays: dict[str, np.ndarray]
) -> PreparedModel:
    made = build_multilevel_model(spec, data, model, arrays)
    return PreparedModel(made, list(spec.parameters))


def _prepare(spec: Specification, data: pd.DataFrame) -> PreparedModel:
    """Prepare a specification for whatever data has the same dims, and whatever prior numbers."""
    import pytensor

    # Bambi's arrays are found by their values, which in real data may be equal to each other.
    random = np.random.default_rng(0)
    columns = data.select_dtypes("number").columns.intersection([spec.response, *spec.variables])
    columns = columns.difference(list(spec.groups))
    data = data.assign(**{column: random.normal(size=len(data)) for column in columns})
    data[spec.response] = stand_in(spec.family, data[spec.response], random)
    shared = {
        parameter: {
            argument: pytensor.shared(np.asarray(number), name=_shared_name(parameter, argument))
            for argument, number in given.items()
        }
        for parameter, given in prior_numbers(spec, data).items()
    }
    model = build_bambi_model(spec, data, shared)
    held = with_shared_data(model.backend.model, _arrays(model, data[spec.response]))
    return PreparedModel(held, list(spec.parameters))


def _shared_name(parameter: str, argument: str) -> str:
    return f"{parameter}.{argument}"


def design_columns(model: Any) -> np.ndarray | None:
    """Return the common terms' columns, shape (observation, column), as the formula has them."""
    terms = mean_component(model).common_terms.values()
    return np.column_stack([term.data for term in terms]) if terms else None


def _arrays(model: Any, response: pd.Series) -> dict[str, np.ndarray]:
    """Return the arrays of data that the PyMC model of a Bambi model holds."""
    arrays = {"response": response.to_numpy()}
    design = design_columns(model)
    if design is not None:
        centred = mean_component(model).intercept_term is not None
        arrays["design"] = design - design.mean(axis=0) if centred else design
    for name, term in mean_component(model).group_specific_terms.items():
        inner, group = name.split("|")
        arrays[f"predictor {inner}"] = term.predictor
        arrays[f"index {group}"] = term.group_index
    return arrays
