"""Bambi models of specifications, every prior set explicitly, and what they consist of.

Bambi's own objects are looked into here and nowhere else: a test tells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.sampling.centring import Centring
from introspect_bayes.sampling.one_thread import one_thread_at_a_time
from introspect_bayes.sampling.ordered_beta import ENDS, FAMILY, PARENT, response_maker
from introspect_bayes.sampling.prior_distributions import prior_numbers, prior_variable
from introspect_bayes.specs import Specification

if TYPE_CHECKING:
    import xarray as xr

OBSERVATION: Final = "__obs__"
"""Bambi's name for the dim of observations."""

Numbers = Mapping[str, Mapping[str, Any]]
"""Parameter to argument to number (or shared data): a specification's priors without references."""


@one_thread_at_a_time
def build_bambi_model(
    spec: Specification, data: pd.DataFrame, shared: Numbers | None = None
) -> Any:
    """Build the Bambi model of a specification, every prior set explicitly.

    Parameters
    ----------
    spec
        The specification.
    data
        One row an observation, with the formula's variables as columns.
    shared
        Shared data instead of the priors' numbers, for a model that is compiled once and then
        sampled with many.

    Returns
    -------
    bambi.Model
        Built; its variables have the names of the specification's parameters.

    Raises
    ------
    InputError
        If a group-specific coefficient is one of a product such as ``a:b``.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> rows = pd.DataFrame({"learned": [0.1, 0.9, 0.4], "reported": [0.0, 1.0, 0.5]})
    >>> model = build_bambi_model(spec("report_accuracy_student"), rows)
    >>> sorted(variable.name for variable in model.backend.model.free_RVs)
    ['Intercept', 'nu', 'reported', 'sigma']
    """
    import bambi as bmb

    terms = [f"d{k}" for k in range(1, _attributes(data) + 1)]
    numbers = shared if shared is not None else prior_numbers(spec, data)
    priors = {}
    for parameter in spec.model_parameters:
        for term in terms if parameter == "slopes" else [parameter]:
            priors[term] = _bambi_prior(spec, parameter, numbers, own=shared is not None)
    named = [v for name in spec.variables for v in (terms if name == "slopes" else [name])]
    frame = data[[spec.response, *named]].copy()
    for factor in (*spec.dropped_when_constant, *spec.groups):
        if factor in frame:
            frame[factor] = pd.Categorical(frame[factor], categories=sorted(frame[factor].unique()))
    formula = spec.formula.partition(";")[0].replace("d1 + ... + dK", " + ".join(terms))
    family = _ordered_beta(spec, frame) if spec.family == FAMILY else spec.family
    model = bmb.Model(formula, frame, family=family, priors=priors)
    model.build()
    for term, made in grouped_terms(model).items():
        if made.predictor.ndim > 1 and made.predictor.shape[1] == 1:
            # Bambi 0.21 multiplies every row's effect with every row's product.
            msg = f"{spec.name}: {term}: give the product a column of its own, and name that"
            raise InputError(msg)
    return model


@dataclass(frozen=True)
class GroupedTerm:
    """A group-specific term of a Bambi model.

    Attributes
    ----------
    predictor
        What its levels' effects are multiplied with, shape (observation,), or (1,) for all.
    index
        Level of each observation, shape (observation,).
    dim
        The dim of its levels.
    """

    predictor: np.ndarray
    index: np.ndarray
    dim: str


def pymc_model(model: Any) -> Any:
    """Return the PyMC model that a Bambi model has built."""
    return model.backend.model


def levels_of(model: Any) -> dict[str, list[Any]]:
    """Return the dims of a Bambi model's variables and their levels."""
    dims = pymc_model(model).coords.items()
    return {dim: list(levels) for dim, levels in dims if dim != OBSERVATION}


def level_dim(group: str) -> str:
    """Return the dim of the levels of a grouping variable."""
    return f"{group}__factor_dim"


def common_terms(model: Any) -> dict[str, np.ndarray]:
    """Return the columns of each common term, shape (observation, column)."""
    terms = _component(model).common_terms.items()
    return {name: np.reshape(term.data, (len(term.data), -1)) for name, term in terms}


def grouped_terms(model: Any) -> dict[str, GroupedTerm]:
    """Return the group-specific terms by name, such as ``reported|context``."""
    return {
        name: GroupedTerm(term.predictor, term.group_index, level_dim(name.partition("|")[2]))
        for name, term in _component(model).group_specific_terms.items()
    }


def design_columns(model: Any) -> np.ndarray | None:
    """Return the common terms' columns, shape (observation, column), as the formula has them."""
    columns = list(common_terms(model).values())
    return np.concatenate(columns, axis=1) if columns else None


def centring_of(model: Any) -> Centring | None:
    """Return where a Bambi model centres predictors; None without intercept or predictors."""
    design = design_columns(model)
    if design is None or _component(model).intercept_term is None:
        return None
    return Centring(tuple(common_terms(model)), design.mean(axis=0))


def data_arrays(model: Any, response: pd.Series) -> dict[str, np.ndarray]:
    """Return the arrays of data that the PyMC model of a Bambi model holds."""
    arrays = {"response": response.to_numpy()}
    design = design_columns(model)
    if design is not None:
        centring = centring_of(model)
        arrays["design"] = design if centring is None else design - centring.means
    for name, term in grouped_terms(model).items():
        inner, group = name.split("|")
        arrays[f"predictor {inner}"] = term.predictor
        arrays[f"index {group}"] = term.index
    for name, column in getattr(model.family, "columns", {}).items():
        arrays.setdefault(f"predictor {name}", column)
    return arrays


def expected_means(model: Any, posterior: "xr.Dataset") -> "xr.DataArray":
    """Return the parameter that the formula is about, dims (chain, draw, observation)."""
    import xarray as xr

    tree = xr.DataTree.from_dict({"posterior": posterior})
    predicted = model.predict(tree, kind="response_params", inplace=False)
    means: xr.DataArray = predicted["posterior"].to_dataset()[_mean_parameter(model)]
    return means.rename({OBSERVATION: "observation"})


def _mean_parameter(model: Any) -> str:
    return str(model.family.likelihood.parent)


def _ordered_beta(spec: Specification, frame: pd.DataFrame) -> Any:
    """Return the family with cut points, and as ``columns`` what these vary with."""
    import bambi as bmb

    parts = spec.terms_of_formula.parts
    columns = {term: frame[term].to_numpy(dtype=float) for _, terms in parts for term in terms}
    varying = [f"{name}_{term}" for name, terms in parts for term in terms]
    names = [PARENT, "kappa", *ENDS, *varying]
    likelihood = bmb.Likelihood("OrderedBeta", names, PARENT, response_maker(parts, columns))
    family = bmb.Family(FAMILY, likelihood, dict.fromkeys(names, "identity"))
    family.columns = columns
    return family


def _component(model: Any) -> Any:
    """Return the terms of a Bambi model's formula."""
    return model.parameters[_mean_parameter(model)]


def _attributes(data: pd.DataFrame) -> int:
    return sum(1 for name in data.columns if name[:1] == "d" and name[1:].isdigit())


def _bambi_prior(spec: Specification, parameter: str, numbers: Numbers, *, own: bool) -> Any:
    """Return a prior for Bambi, which makes its variable itself unless `own` or it cannot."""
    import bambi as bmb

    prior = spec.priors[parameter]
    grouped = "|" in parameter
    references: Mapping[str, Any] = prior.references
    if grouped:
        references = {
            argument: _bambi_prior(spec, reference, numbers, own=own)
            for argument, reference in references.items()
        }
    # Bambi takes hyperparameters only for group-specific terms, and has another horseshoe.
    own = own or prior.dist == "Horseshoe" or (bool(references) and not grouped)
    return bmb.Prior(
        prior.dist,
        dist=_maker(spec, parameter, numbers) if own else None,
        noncentered=False if grouped and prior.dist != "Normal" else None,  # as Bambi can
        **{**numbers[parameter], **references},
    )


def _maker(spec: Specification, parameter: str, numbers: Numbers) -> Callable[..., Any]:
    """Return a function that adds a parameter's variable to the model at hand, as Bambi asks."""
    import pymc as pm

    def make(name: str, dims: Any = None, **given: Any) -> Any:
        model = pm.modelcontext(None)
        # What is given are Bambi's copies; shared data must not be copied to be exchanged.
        values = {**given, **numbers[parameter]}
        for argument, reference in spec.priors[parameter].references.items():
            if isinstance(given[argument], str):
                if reference not in model.named_vars:
                    _maker(spec, reference, numbers)(reference, **spec.priors[reference].references)
                values[argument] = model[reference]
        return prior_variable(spec.priors[parameter], name, values, dims=dims)

    return make
