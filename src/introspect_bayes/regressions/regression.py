"""Regressions, with coefficients by group: of learned on reported weights, of scores."""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.regressions.multilevel_model import (
    build_multilevel_model,
    multilevel_applies,
    multilevel_arrays,
)
from introspect_bayes.regressions.responses import check_response, stand_in
from introspect_bayes.sampling.bambi_models import (
    OBSERVATION,
    build_bambi_model,
    centring_of,
    data_arrays,
    level_dim,
    levels_of,
    pymc_model,
)
from introspect_bayes.sampling.centring import Centring
from introspect_bayes.sampling.compiled_models import compiled_once
from introspect_bayes.sampling.fit import Fit
from introspect_bayes.sampling.intervals import Estimate, estimate
from introspect_bayes.sampling.model_sampler import ModelSampler
from introspect_bayes.sampling.one_thread import built_once
from introspect_bayes.sampling.prior_distributions import prior_numbers, shared_name, shared_numbers
from introspect_bayes.sampling.ready_model import ReadyModel
from introspect_bayes.sampling.shared_data import with_shared_data
from introspect_bayes.specs import Specification
from introspect_bayes.specs.engines import Engine

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Regression", "RegressionSampler", "build_bambi_model"]


@dataclass(frozen=True)
class Regression(Fit[pd.DataFrame]):
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

    @built_once
    def model(self) -> Any:
        """The Bambi model, for prediction, plots and whatever else Bambi can do."""
        return build_bambi_model(self.spec, self.data)

    @property
    def pymc_model(self) -> Any:
        """The PyMC model that Bambi builds."""
        return pymc_model(self.model)

    @property
    def centring(self) -> Centring | None:
        """Where Bambi centres the predictors; None without intercept or predictors."""
        return centring_of(self.model)

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
        for values in slopes.transpose(level_dim(group), "chain", "draw"):
            summary = estimate(values.to_numpy())
            name = values[level_dim(group)].item()
            rows.append((name, summary.mean, summary.low, summary.high))
        return pd.DataFrame(rows, columns=[group, "mean", "hdi_low", "hdi_high"])

    def hdi(self) -> pd.DataFrame:
        """Return posterior means, standard deviations and 95% HDIs of all coefficients.

        Returns
        -------
        pandas.DataFrame
            As of `Fit.hdi`, but where a parameter has several levels its name ends with the level
            in brackets, as in ``reported|context[clay]``.
        """
        table = super().hdi()
        several = table["parameter"].duplicated(keep=False)
        labels = table["parameter"] + "[" + table["level"] + "]"
        return table.assign(parameter=table["parameter"].mask(several, labels))


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
        if "slopes" in spec.terms:
            msg = f"{spec.name}: a model of choices; fit it with ChoiceWeightsSampler"
            raise InputError(msg)
        check_response(spec, data)
        for factor in spec.dropped_when_constant:
            if len(data[factor].unique()) == 1:
                spec = spec.without(factor)
        columns = dict.fromkeys([spec.response, *spec.variables, *spec.groups])
        used = data[list(columns)]
        source = self._posterior(spec, used, name, lambda: self._fit(spec, data, name))
        return Regression(spec, data, source)

    def _fit(self, spec: Specification, data: pd.DataFrame, name: str) -> "xr.DataTree":
        import xarray as xr

        model = build_bambi_model(spec, data)
        tree = self._sample(spec, data, model, name)
        posterior = tree["posterior"].to_dataset()[list(spec.parameters)]
        levels = {dim: names for dim, names in levels_of(model).items() if dim in posterior.dims}
        posterior = posterior.assign_coords(levels)
        if (centring := centring_of(model)) is not None:
            posterior = centring.at_zero(posterior)
        observed = xr.Dataset({spec.response: (OBSERVATION, data[spec.response].to_numpy())})
        groups = {
            "posterior": posterior,
            "sample_stats": tree["sample_stats"].to_dataset(),
            "observed_data": observed,
        }
        return xr.DataTree.from_dict(groups)

    def _sample(
        self, spec: Specification, data: pd.DataFrame, model: Any, name: str
    ) -> "xr.DataTree":
        sizes = tuple((dim, len(levels)) for dim, levels in levels_of(model).items())
        key = (spec.structure, sizes)
        numbers = shared_numbers(spec, data)
        if multilevel_applies(spec):
            arrays = multilevel_arrays(spec, data, model)
            ready: ReadyModel = compiled_once(
                key, lambda: _ready_multilevel(spec, data, model, arrays)
            )
            return ready.sample(self.sampler, name, "nuts", {**arrays, **numbers}, 0.9)
        arrays = data_arrays(model, data[spec.response])
        ready = compiled_once(key, lambda: _ready(spec, data))
        engine: Engine = self.engine if spec.importance_applies else "nuts"
        return ready.sample(
            self.sampler, name, engine, {**arrays, **numbers}, target_acceptance(spec)
        )


def target_acceptance(spec: Specification) -> float:
    """Return the acceptance rate to aim at: shorter steps where scales are sampled too.

    At nutpie's default of 0.8 a few in a hundred such fits to the paper's data had a divergent
    transition or two, at 0.9 none had. Horseshoes need still shorter ones.
    """
    if spec.horseshoes or len(spec.terms_of_formula.grouped) > 1:  # scales, some near zero
        return 0.95
    return 0.9 if spec.hyperparameters or spec.family == "t" else 0.8


def _ready_multilevel(
    spec: Specification, data: pd.DataFrame, model: Any, arrays: dict[str, np.ndarray]
) -> ReadyModel:
    made = build_multilevel_model(spec, data, model, arrays)
    return ReadyModel(made, list(spec.parameters))


def _ready(spec: Specification, data: pd.DataFrame) -> ReadyModel:
    """Make a specification ready for whatever data of the same dims, and whatever prior numbers."""
    import pytensor

    # Bambi's arrays are found by their values, which in real data may be equal to each other.
    random = np.random.default_rng(0)
    columns = data.select_dtypes("number").columns.intersection([spec.response, *spec.variables])
    columns = columns.difference(list(spec.groups))
    data = data.assign(**{column: random.normal(size=len(data)) for column in columns})
    data[spec.response] = stand_in(spec.family, data[spec.response], random)
    shared = {
        parameter: {
            argument: pytensor.shared(np.asarray(number), name=shared_name(parameter, argument))
            for argument, number in given.items()
        }
        for parameter, given in prior_numbers(spec, data).items()
    }
    model = build_bambi_model(spec, data, shared)
    held = with_shared_data(pymc_model(model), data_arrays(model, data[spec.response]))
    return ReadyModel(held, list(spec.parameters))
