"""Priors as variables of a PyMC model."""

from collections.abc import Mapping
from typing import Any

from introspect_bayes.errors import InputError
from introspect_bayes.priors import Prior

Dims = str | tuple[str, ...] | None


def prior_variable(
    prior: Prior,
    name: str,
    numbers: Mapping[str, Any],
    dims: Dims = None,
    shape: tuple[int, ...] | None = None,
) -> Any:
    """Add a variable with a prior to the PyMC model at hand.

    A horseshoe is the regularized one of Piironen & Vehtari 2017 (section 2.3,
    doi:10.1214/17-EJS1337SI) with the global scale tau and the slab scale c given. Each coefficient
    has a local scale λ of its own and is, with z standard normal::

        coefficient = z · τ · λ̃,    λ̃² = c²λ² / (c² + τ²λ²),    λ ~ HalfCauchy(1)

    so that most coefficients are near zero (closer than tau), and the few others are about as a
    Normal(0, c) has them. The free variables are ``<name>_z`` and ``<name>_local``.

    Parameters
    ----------
    prior
        Which distribution.
    name
        Name of the variable.
    numbers
        Every argument of the prior: a number, shared data (whose value may be exchanged without
        compiling again), or the variable of a hyperparameter. `Prior.numbers` has the numbers,
        `Prior.references` which hyperparameters there are.
    dims, shape
        Of the variable, as in PyMC; a scalar without.

    Returns
    -------
    pytensor.tensor.TensorVariable
        The random variable; for a horseshoe, a deterministic one.

    Raises
    ------
    InputError
        If an argument is missing; PyMC would take a default for it.

    Examples
    --------
    >>> import pymc as pm
    >>> prior = Prior("Horseshoe", {"tau": 0.1, "c": 2})
    >>> with pm.Model() as model:
    ...     slope = prior_variable(prior, "slope", prior.numbers(), shape=(3,))
    >>> [variable.name for variable in model.free_RVs]
    ['slope_local', 'slope_z']
    """
    import pymc as pm

    missing = [argument for argument in prior.args if argument not in numbers]
    if missing:
        msg = f"{name} ~ {prior}: no value for {', '.join(missing)}; give each argument one"
        raise InputError(msg)
    sizes = {"dims": dims, "shape": shape}
    if prior.dist == "Horseshoe":
        return _horseshoe(name, numbers["tau"], numbers["c"], sizes)
    return getattr(pm, prior.dist)(name, **numbers, **sizes)


def _horseshoe(name: str, tau: Any, c: Any, sizes: dict[str, Any]) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    scale = tau * pm.HalfCauchy(f"{name}_local", beta=1, **sizes)
    z = pm.Normal(f"{name}_z", mu=0, sigma=1, **sizes)
    coefficient = z * c * scale / pt.sqrt(c**2 + scale**2)
    return pm.Deterministic(name, coefficient, dims=sizes["dims"])
