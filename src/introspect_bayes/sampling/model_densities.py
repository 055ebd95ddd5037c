"""The posterior density of a PyMC model, for many draws at once, and its summit."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Final

import numpy as np

from introspect_bayes.sampling.array_functions import array_function
from introspect_bayes.sampling.shared_data import shared_variables

_BLOCK: Final = 2_000_000
"""Numbers that one array of a block of draws holds, about."""

_FLATTEST: Final = 1e-6
"""Smallest information: a proposal of standard deviation 1,000."""


class ModelDensities:
    """Log posterior density of a PyMC model's free variables, unconstrained and side by side.

    Prior, likelihood and transformations are the model's own. Data that are shared variables in it
    are arguments here, so that densities of several data sets may be evaluated side by side.

    Parameters
    ----------
    model
        The model. All its variables must be continuous.
    names
        Variables, deterministic ones included, that `variables` returns.

    Attributes
    ----------
    data
        Values of the model's shared data by name, the model's own unless `given`.
    start
        Zero, unconstrained, shape (coefficient,). The model's own initial point depends on the data
        that it holds when it is built, and with it, in the last digits, would the draws.

    Examples
    --------
    >>> import pymc as pm
    >>> with pm.Model() as model:
    ...     size = pm.LogNormal("size")
    ...     seen = pm.Normal("seen", size, 1, observed=[1.0, 2.0])
    >>> target = ModelDensities(model, ["size"])
    >>> target.log_density(np.zeros((1, 2, 1))).shape
    (1, 2)
    """

    def __init__(self, model: Any, names: Sequence[str]) -> None:
        import pytensor
        import pytensor.tensor as pt
        from pymc.pytensorf import join_nonshared_inputs
        from pytensor.graph.replace import graph_replace, vectorize_graph

        point = model.initial_point()
        self.start = np.zeros(sum(np.size(point[v.name]) for v in model.value_vars))
        asked = model.replace_rvs_by_values([model[name] for name in names])
        (log, *kept), joined = join_nonshared_inputs(
            point, [model.logp(), *asked], model.value_vars
        )
        shared = shared_variables([log, *kept])
        given = [variable.type(variable.name) for variable in shared]
        log, *kept = graph_replace([log, *kept], dict(zip(shared, given, strict=True)))
        draws = pt.dmatrix("draws")
        many, *variables = vectorize_graph([log, *kept], {joined: draws})
        gradient = pytensor.grad(log, joined, disconnected_inputs="ignore")
        self._log = array_function([draws, *given], many)
        self._variables = array_function([draws, *given], variables)
        self._gradient = array_function([joined, *given], [log, gradient])
        self.names = tuple(names)
        self.data = {variable.name: variable.get_value() for variable in shared}
        self._types = {variable.name: variable.dtype for variable in shared}
        seen = [model.rvs_to_values[variable] for variable in model.observed_RVs]
        self._seen = [variable.name for variable in seen if variable in shared]
        self._constants = sum(v.data.size for v in seen if hasattr(v, "data"))

    def given(self, values: Mapping[str, np.ndarray]) -> "ModelDensities":
        """Return these densities with other data.

        Parameters
        ----------
        values
            All or some of the model's shared data by name; others stay as they are. Names of none
            are passed over.
        """
        other = copy(self)
        other.data = {
            name: np.asarray(values.get(name, held), dtype=self._types[name])
            for name, held in self.data.items()
        }
        return other

    def log_density(self, places: np.ndarray) -> np.ndarray:
        """Return log densities, shape (1, draw), of unconstrained values (1, draw, coefficient)."""
        seen = self._constants + sum(self.data[name].size for name in self._seen)
        size = max(1, _BLOCK // max(1, seen))
        (draws,) = places
        parts = np.array_split(draws, max(1, -(-len(draws) // size)))
        return np.concatenate([self._log(part, *self.data.values()) for part in parts])[None]

    def take(self, _: np.ndarray) -> "ModelDensities":
        """Return these densities: there is one posterior only."""
        return self

    def variables(self, draws: np.ndarray) -> dict[str, np.ndarray]:
        """Return the model's variables at unconstrained draws (draw, coefficient).

        Returns
        -------
        dict
            Name to values, shape (draw, ...).
        """
        return dict(zip(self.names, self._variables(draws, *self.data.values()), strict=True))

    def mode(self) -> tuple[np.ndarray, np.ndarray]:
        """Climb from zero to the density's summit.

        Returns
        -------
        tuple
            The summit, shape (coefficient,), and the information matrix there.
        """
        from scipy.optimize import approx_fprime, minimize

        def downhill(place: np.ndarray) -> tuple[float, np.ndarray]:
            log, gradient = self._gradient(place, *self.data.values())
            return -float(log), -gradient

        summit = minimize(downhill, self.start, jac=True, method="BFGS").x
        information = approx_fprime(summit, lambda place: downhill(place)[1])
        return summit, _positive(np.atleast_2d(information))


def _positive(matrix: np.ndarray) -> np.ndarray:
    """Return the nearest symmetric matrix with positive eigenvalues; the identity if not finite.

    Off a summit some directions curve upwards: there the proposal is poor, and its weights say so.
    """
    if not np.isfinite(matrix).all():
        return np.eye(len(matrix))
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.maximum(np.abs(values), _FLATTEST)) @ vectors.T)
