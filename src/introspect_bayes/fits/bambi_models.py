"""Bambi models of specifications, every prior set explicitly."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.fits.one_thread import one_thread_at_a_time
from introspect_bayes.fits.prior_distributions import prior_variable
from introspect_bayes.specs import Specification

Numbers = Mapping[str, Mapping[str, Any]]
"""Parameter to argument to number (or shared data): a specification's priors without references."""


def prior_numbers(spec: Specification, data: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the numbers in a specification's priors, by parameter and argument.

    Parameters
    ----------
    spec
        The specification.
    data
        The rows of the regression, from which brms's defaults are taken.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> rows = pd.DataFrame({"learned": [0.0, 1.04, 3.0]})
    >>> prior_numbers(spec("report_accuracy"), rows)["Intercept"]
    {'nu': 3.0, 'mu': 1.0, 'sigma': 2.5}
    """
    numeric = any(prior.depends_on_response for prior in spec.priors.values())
    response = data[spec.response].to_numpy() if numeric else np.empty(0)
    return {parameter: prior.numbers(response) for parameter, prior in spec.priors.items()}


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
    formula = spec.formula.replace("d1 + ... + dK", " + ".join(terms))
    model = bmb.Model(formula, frame, family=spec.family, priors=priors)
    model.build()
    for term, made in mean_component(model).group_specific_terms.items():
        if made.predictor.ndim > 1 and made.predictor.shape[1] == 1:
            # Bambi 0.21 multiplies every row's effect with every row's product.
            msg = f"{spec.name}: {term}: give the product a column of its own, and name that"
            raise InputError(msg)
    return model


def mean_parameter(model: Any) -> str:
    """Return what Bambi calls the parameter of the family that the formula is about."""
    return str(model.family.likelihood.parent)


def mean_component(model: Any) -> Any:
    """Return the terms of a Bambi model's formula."""
    return model.parameters[mean_parameter(model)]


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
