"""Regressions with several grouped terms, in a form that chains explore well.

Levels of crossed groupings trade off with each other and with the intercept, more so the more data
there are. Hence all coefficients are written as what the data make of them given the scales, on a
Gaussian approximation, plus offsets in units of their uncertainty, as in the room `joint_model`;
the exact density follows by the change of variables. Scales are sampled with a sign.
"""

from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.regressions.multilevel_information import Layout, information
from introspect_bayes.sampling.bambi_models import (
    common_terms,
    design_columns,
    grouped_terms,
    levels_of,
)
from introspect_bayes.sampling.compiled_operations import compiled_operation
from introspect_bayes.sampling.one_thread import one_thread_at_a_time
from introspect_bayes.sampling.ordered_beta import FAMILY, cuts, log_density
from introspect_bayes.sampling.prior_distributions import (
    prior_numbers,
    prior_variable,
    signed_variable,
)
from introspect_bayes.specs import Specification

_FAMILIES: Final = ("bernoulli", FAMILY)
INFORMATION: Final = ("information", "pull", "cross", "last_information", "last_pull")
_UP_TO_ZERO: Final = ("HalfNormal", "HalfStudentT", "HalfCauchy", "Exponential")
"""Priors whose density at zero is neither zero nor infinite."""


def multilevel_applies(spec: Specification) -> bool:
    """Return whether a regression can be sampled in this form."""
    if spec.family not in _FAMILIES or not spec.has_intercept or "slopes" in spec.terms:
        return False
    grouped = spec.terms_of_formula.grouped
    if len(grouped) < 2:  # noqa: PLR2004 - a single one does not trade off with others
        return False
    levels = [spec.priors[term] for term in grouped]
    if any(p.dist != "Normal" or set(p.references) != {"sigma"} or p.args["mu"] for p in levels):
        return False
    others = [prior for name, prior in spec.priors.items() if name not in grouped]
    return not spec.horseshoes and not any(prior.references for prior in others)


def multilevel_arrays(spec: Specification, data: pd.DataFrame, model: Any) -> dict[str, np.ndarray]:
    """Return what the sampled model holds as data.

    Parameters
    ----------
    spec
        The specification.
    data
        The rows.
    model
        Its Bambi model.
    """
    columns = design_columns(model)
    design = np.empty((len(data), 0)) if columns is None else columns
    design = np.column_stack([np.ones(len(data)), design - design.mean(axis=0)])
    arrays = {"response": data[spec.response].to_numpy(dtype=float), "design": design}
    dummies = []
    sizes = _sizes(model)
    for term, size in sizes.items():
        made = grouped_terms(model)[term]
        predictor = np.broadcast_to(np.ravel(made.predictor), len(data)).astype(float)
        arrays |= {f"predictor {term}": predictor, f"index {term}": made.index}
        dummies.append(np.eye(size)[made.index] * predictor[:, None])
    layout = Layout(design.shape[1], tuple(sizes.values()))
    parts = _columns_of_parts(spec, data)
    sides = np.column_stack([np.zeros(len(data)), *parts.values()])
    known = {
        "columns": np.concatenate([design, *dummies], axis=1),
        "response": arrays["response"],
        "side": np.unique(sides, axis=0, return_inverse=True)[1].ravel(),
    }
    arrays |= {f"column {name}": column for name, column in parts.items()}
    arrays["common_scales"] = _common_scales(spec, data)
    return arrays | information(layout, known, arrays["common_scales"], spec.family)


@one_thread_at_a_time
def build_multilevel_model(
    spec: Specification, data: pd.DataFrame, model: Any, arrays: dict[str, np.ndarray]
) -> Any:
    r"""Build the PyMC model that is sampled.

    Parameters
    ----------
    spec, data, model
        As for `multilevel_arrays`.
    arrays
        Its result.

    Returns
    -------
    pymc.Model
        Its deterministic variables have the names and dims of the specification's parameters, the
        intercept at the predictors' means. Arrays and the priors' numbers (``own.sigma``) are
        shared data.

    Notes
    -----
    With S the diagonal matrix of scales (of a common coefficient that of its prior), G the
    information of the data about the coefficients and h where it pulls them, the coefficients are

    .. math:: S L^{-T} (z + L^{-1} S h), \qquad L L^T = 1 + S G S

    and the log density gains minus the log determinant of L. The levels of the largest grouping
    do not share rows, so that given the other coefficients each has an offset of its own.
    """
    import pymc as pm
    import pytensor.tensor as pt

    sizes = _sizes(model)
    grouped = grouped_terms(model)
    layout = Layout(arrays["design"].shape[1], tuple(sizes.values()))
    with pm.Model(coords=levels_of(model)) as made:
        held = {name: pm.Data(name, value) for name, value in arrays.items()}
        numbers = {
            parameter: {a: pm.Data(f"{parameter}.{a}", np.asarray(n)) for a, n in given.items()}
            for parameter, given in prior_numbers(spec, data).items()
            if parameter not in grouped
        }
        scales = [_scale(spec, spec.priors[t].references["sigma"], numbers) for t in sizes]
        coefficients = {"Intercept", *spec.terms}
        family = {
            name: prior_variable(spec.priors[name], name, numbers[name])
            for name in spec.model_parameters
            if name not in coefficients
        }
        offsets = pm.Flat("offsets", shape=layout.shared + layout.levels[-1])
        constants = [held["common_scales"], pt.as_tensor(layout.shared_terms)]
        known = [held[name] for name in INFORMATION]
        effects, density = placement_op()(pt.stack(scales), offsets, *constants, *known)
        pm.Potential("levels", density.sum())
        log_odds = (held["design"] * effects[: layout.common][None, :]).sum(axis=1)
        start = layout.common
        for term, size in sizes.items():
            levels = effects[start : start + size]
            pm.Deterministic(term, levels, dims=grouped[term].dim)
            log_odds = log_odds + levels[held[f"index {term}"]] * held[f"predictor {term}"]
            start += size
        for place, name in enumerate(["Intercept", *common_terms(model)]):
            value = pm.Deterministic(name, effects[place])
            density = getattr(pm, spec.priors[name].dist).dist(**numbers[name])
            pm.Potential(f"{name}_prior", pm.logp(density, value).sum())
        likelihood = _log_likelihood(spec, held, log_odds, family)
        pm.Potential(spec.response, likelihood.sum())
    return made


@cache
def placement_op() -> Any:
    """Return `multilevel_kernel.placed` as an operation of PyTensor, derivatives included."""
    from introspect_bayes.regressions.multilevel_kernel import placed, pulled_back

    back = compiled_operation(pulled_back, ["dvector", "dvector"])

    def pullback(inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:  # noqa: ARG001
        return list(back(*inputs, *cotangents))

    return compiled_operation(placed, ["dvector", "dvector"], pullback, differentiable=(0, 1))


def _scale(spec: Specification, name: str, numbers: Any) -> Any:
    """Add a scale, which chains may take through zero where its prior's density allows that."""
    prior = spec.priors[name]
    variable = signed_variable if prior.dist in _UP_TO_ZERO else prior_variable
    return variable(prior, name, numbers[name])


def _log_likelihood(spec: Specification, held: Any, log_odds: Any, family: Any) -> Any:
    import pytensor.tensor as pt

    response = held["response"]
    if spec.family != FAMILY:
        return response * log_odds - pt.softplus(log_odds)
    parts = spec.terms_of_formula.parts
    columns = {name: held[f"column {name}"] for _, terms in parts for name in terms}
    return log_density(response, log_odds, family["kappa"], *cuts(family, parts, columns))


def _columns_of_parts(spec: Specification, data: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the columns that parameters of the family vary with."""
    names = (name for _, terms in spec.terms_of_formula.parts for name in terms)
    return {name: data[name].to_numpy(dtype=float) for name in names}


def _sizes(model: Any) -> dict[str, int]:
    """Return the number of levels of each grouped term, the largest last."""
    levels = levels_of(model)
    sizes = {name: len(levels[term.dim]) for name, term in grouped_terms(model).items()}
    return dict(sorted(sizes.items(), key=lambda item: item[1]))


def _common_scales(spec: Specification, data: pd.DataFrame) -> np.ndarray:
    """Return the scales of the common coefficients' priors, one where a prior has none."""
    numbers = prior_numbers(spec, data)
    names = ["Intercept", *spec.terms_of_formula.common]
    return np.array([float(numbers[name].get("sigma", 1.0)) for name in names])
