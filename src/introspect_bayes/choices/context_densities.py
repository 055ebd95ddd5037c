"""Log posterior densities of the contexts' coefficients, from PyMC's distributions."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from introspect_bayes.choices.choice_data import ChoiceData, place_in_context
from introspect_bayes.choices.choice_model import model_data
from introspect_bayes.sampling.array_functions import array_function
from introspect_bayes.sampling.one_thread import one_thread_at_a_time
from introspect_bayes.specs import Specification
from introspect_bayes.specs.distributions import DISTRIBUTIONS
from introspect_bayes.specs.prior import Prior


class ContextDensities:
    """Log posterior densities of a block of contexts, up to each context's constant.

    Parameters
    ----------
    spec
        The specification.
    data
        The choices of the block.
    """

    def __init__(self, spec: Specification, data: ChoiceData) -> None:
        held = model_data(spec, data)
        rows = held["centred_differences"]
        if spec.has_intercept:
            rows = np.column_stack([np.ones(len(rows)), rows])
        # A choice of B is a choice of A with all signs turned; zero rows only add a constant.
        signed = rows * np.where(data.selection == 1, 1.0, -1.0)[:, None]
        count = np.bincount(data.index, minlength=len(data.contexts))
        self.design = np.zeros((len(count), max(1, int(count.max())), rows.shape[1]))
        self.design[data.index, place_in_context(data.index)] = signed
        first = int(spec.has_intercept)
        self.heavy_tailed = _heavy_tailed(spec, rows.shape[1])
        self._priors: list[tuple[slice, Prior]] = [(slice(first, None), spec.priors["slopes"])]
        if first:
            self._priors.append((slice(0, first), spec.priors["Intercept"]))

    def take(self, contexts: np.ndarray) -> "ContextDensities":
        """Return the densities of some contexts of the block."""
        some = copy(self)
        some.design = self.design[contexts]
        return some

    @property
    def unbounded(self) -> np.ndarray:
        """Whether only a heavy tail of the prior bounds some coefficients, shape (context,).

        Along a direction in which all choices become certain, the posterior's tail is the prior's.
        """
        columns = self.design[..., self.heavy_tailed]
        return np.array([bool(columns.shape[-1]) and _separable(rows) for rows in columns])

    def log_density(self, coefficients: np.ndarray) -> np.ndarray:
        """Return log densities, shape (context, draw), of coefficients (context, draw, P)."""
        utility = coefficients @ self.design.transpose(0, 2, 1)
        total: np.ndarray = _likelihood().total(utility)
        for columns, prior in self._priors:
            density = _density(prior.dist)
            total = total + density.total(coefficients[..., columns], **prior.numbers())
        return total

    def derivatives(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return gradients (context, P) and information matrices (context, P, P).

        Where a prior is not log-concave its curvature counts as zero, so that every matrix is
        positive definite and Newton's steps go uphill.
        """
        utility = (self.design @ coefficients[:, :, None])[..., 0]
        slope, curvature = _likelihood().derivatives(utility)
        gradient = np.einsum("ctp,ct->cp", self.design, slope)
        information = np.einsum("ctp,ct,ctq->cpq", self.design, -curvature, self.design)
        diagonal = np.arange(coefficients.shape[1])
        for columns, prior in self._priors:
            slope, curvature = _density(prior.dist).derivatives(
                coefficients[:, columns], **prior.numbers()
            )
            gradient[:, columns] += slope
            information[:, diagonal[columns], diagonal[columns]] += np.maximum(-curvature, 0)
        information[:, diagonal, diagonal] += 1e-6
        return gradient, information


_HEAVY_TAILED: Final = frozenset(
    {"Cauchy", "Flat", "HalfCauchy", "HalfFlat", "HalfStudentT", "InverseGamma", "StudentT"}
)
"""Distributions with tails like a power, or none."""


def _heavy_tailed(spec: Specification, width: int) -> np.ndarray:
    """Return which coefficients have a heavy-tailed prior, shape (coefficient,)."""
    heavy = np.full(width, spec.priors["slopes"].dist in _HEAVY_TAILED)
    if spec.has_intercept:
        heavy[0] = spec.priors["Intercept"].dist in _HEAVY_TAILED
    return heavy


_ROUNDING: Final = 1e-7


def _separable(rows: np.ndarray) -> bool:
    """Return whether some coefficients make no choice less, and one more, probable (rows signed).

    Source: Albert & Anderson 1984, doi:10.1093/biomet/71.1.1, on when maximum likelihood estimates
    are infinite.
    """
    if rows.shape[1] == 1:
        return bool((rows >= 0).all() or (rows <= 0).all())
    from scipy.optimize import linprog

    gains = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1))
    return bool(-gains.fun > _ROUNDING)


@dataclass(frozen=True)
class _Density:
    """Compiled log density: its sum over the last axis, and its derivatives by element."""

    total: Callable[..., Any]
    derivatives: Callable[..., Any]


@cache
@one_thread_at_a_time
def _likelihood() -> _Density:
    import pymc as pm

    return _compile(lambda utility: pm.logp(pm.Bernoulli.dist(logit_p=utility), 1))


@cache
@one_thread_at_a_time
def _density(dist: str) -> _Density:
    import pymc as pm
    import pytensor.tensor as pt

    numbers = {name: pt.dscalar(name) for name in DISTRIBUTIONS[dist]}
    made = getattr(pm, dist).dist(**numbers)
    return _compile(lambda value: pm.logp(made, value) + pt.zeros_like(value), numbers)


def _compile(log_density: Callable[[Any], Any], numbers: dict[str, Any] | None = None) -> _Density:
    import pytensor
    import pytensor.tensor as pt

    inputs = list((numbers or {}).values())
    draws, point = pt.dtensor3("draws"), pt.dmatrix("point")
    log = log_density(point)
    # A flat prior does not depend on its value.
    slope = pytensor.grad(log.sum(), point, disconnected_inputs="ignore")
    curvature = pytensor.grad(slope.sum(), point, disconnected_inputs="ignore")
    return _Density(
        array_function([draws, *inputs], log_density(draws).sum(-1)),
        array_function([point, *inputs], [slope, curvature]),
    )
