"""Priors as variables of a PyMC model."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from introspect_bayes.errors import InputError
from introspect_bayes.specs import Specification
from introspect_bayes.specs.distributions import MATRIX
from introspect_bayes.specs.prior import Prior

Dims = str | tuple[str, ...] | None


def prior_numbers(
    spec: Specification, data: pd.DataFrame | None = None
) -> dict[str, dict[str, float]]:
    """Return the numbers in a specification's priors, by parameter and argument.

    Parameters
    ----------
    spec
        The specification.
    data
        The rows of a regression, from which brms's defaults are taken.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> rows = pd.DataFrame({"learned": [0.0, 1.04, 3.0]})
    >>> prior_numbers(spec("report_accuracy"), rows)["Intercept"]
    {'nu': 3.0, 'mu': 1.0, 'sigma': 2.5}
    """
    numeric = any(prior.depends_on_response for prior in spec.priors.values())
    response = data[spec.response].to_numpy() if numeric and data is not None else ()
    return {parameter: prior.numbers(response) for parameter, prior in spec.priors.items()}


def shared_name(parameter: str, argument: str) -> str:
    """Return what a number of a prior is called as data of a compiled model."""
    return f"{parameter}.{argument}"


def shared_numbers(spec: Specification, data: pd.DataFrame | None = None) -> dict[str, np.ndarray]:
    """Return `prior_numbers` as the data of a compiled model, which may be exchanged in it.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> shared_numbers(spec("choice_weights"))["slopes.sigma"]
    array(1.)
    """
    return {
        shared_name(parameter, argument): np.asarray(number)
        for parameter, numbers in prior_numbers(spec, data).items()
        for argument, number in numbers.items()
    }


def prior_arguments(spec: Specification, parameter: str, held: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a parameter's prior, taken from what a model holds.

    Parameters
    ----------
    spec
        The specification.
    parameter
        The parameter.
    held
        Numbers as in `shared_numbers`, and the variables of hyperparameters.
    """
    prior = spec.priors[parameter]
    return {
        argument: held[prior.references.get(argument, shared_name(parameter, argument))]
        for argument in prior.args
    }


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
        If an argument is missing (PyMC would take a default for it), or the prior is one of
        correlation matrices (`correlation_cholesky`).

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

    if prior.dist in MATRIX:
        msg = f"{name} ~ {prior}: {name} is no correlation matrix (correlation_cholesky adds one)"
        raise InputError(msg)
    missing = [argument for argument in prior.args if argument not in numbers]
    if missing:
        msg = f"{name} ~ {prior}: no value for {', '.join(missing)}; give each argument one"
        raise InputError(msg)
    sizes = {"dims": dims, "shape": shape}
    if prior.dist == "Horseshoe":
        return _horseshoe(name, numbers["tau"], numbers["c"], sizes)
    return getattr(pm, prior.dist)(name, **numbers, **sizes)


def signed_variable(prior: Prior, name: str, numbers: Mapping[str, Any], dims: Dims = None) -> Any:
    """Add a scale that is sampled with a sign to the PyMC model at hand.

    Where a scale multiplies a standard normal its sign makes no difference, and chains pass through
    zero instead of creeping up to it. The free variable ``<name>_signed`` has the prior's density
    of its size, which is the deterministic variable ``<name>``.

    Parameters
    ----------
    prior, name, numbers, dims
        As for `prior_variable`.

    Returns
    -------
    pytensor.tensor.TensorVariable
        The signed variable.
    """
    import pymc as pm

    signed = pm.Flat(f"{name}_signed", dims=dims)
    size = pm.Deterministic(name, abs(signed), dims=dims)
    density = pm.logp(getattr(pm, prior.dist).dist(**numbers), size)
    pm.Potential(f"{name}_prior", density.sum())
    return signed


def correlation_cholesky(
    prior: Prior, name: str, numbers: Mapping[str, Any], dims: tuple[str, str]
) -> Any:
    """Add a correlation matrix with an LKJ prior to the PyMC model at hand.

    The free variables are partial correlations, which an LKJ prior makes independent: the one of
    rows j < i, given the rows before j (j = 0, ..., n - 2), is::

        p[i, j] = 2 b - 1,    b ~ Beta(c, c),    c = eta + (n - 2 - j) / 2

    (Lewandowski, Kurowicka & Joe 2009, section 2.4, doi:10.1016/j.jmva.2009.04.008), and row i of
    the Cholesky factor is ``L[i, j] = p[i, j] prod(sqrt(1 - p[i, k]^2), k < j)``. PyMC's own
    LKJCorr has the same distribution, but needs a C compiler and BLAS.

    Parameters
    ----------
    prior
        ``LKJCorr(eta)``.
    name
        Of the matrix, which the model keeps as a deterministic variable; the free variable is
        ``<name>_partial`` (b above, row by row).
    numbers
        As for `prior_variable`.
    dims
        Two dimensions of the model, of the same length n >= 2.

    Returns
    -------
    pytensor.tensor.TensorVariable
        Lower Cholesky factor of the matrix, shape (n, n), to multiply standard normals with.

    Raises
    ------
    InputError
        If the prior is not an LKJCorr.

    Examples
    --------
    >>> import pymc as pm
    >>> prior = Prior("LKJCorr", {"eta": 2})
    >>> coords = {"row": ["used", "reported"], "column": ["used", "reported"]}
    >>> with pm.Model(coords=coords) as model:
    ...     factor = correlation_cholesky(prior, "r", prior.numbers(), ("row", "column"))
    >>> [variable.name for variable in model.free_RVs], factor.ndim
    (['r_partial'], 2)
    """
    import pymc as pm
    import pytensor.tensor as pt

    if prior.dist not in MATRIX:
        msg = f"{name} ~ {prior}: a correlation matrix needs LKJCorr"
        raise InputError(msg)
    size = len(pm.modelcontext(None).coords[dims[0]])
    rows, columns = np.tril_indices(size, -1)
    shape = numbers["eta"] + (size - 2 - columns) / 2
    partial = 2 * pm.Beta(f"{name}_partial", alpha=shape, beta=shape, shape=len(rows)) - 1
    below = pt.zeros((size, size))[rows, columns].set(partial)
    # What the partial correlations k < j of a row leave: their logarithms, summed up to j.
    before = np.tri(size, k=-1, dtype=bool)
    logs = pt.where(np.tri(size, k=-1, dtype=bool), pt.log1p(-(below**2)) / 2, 0.0)
    left = pt.exp(pt.where(before, logs[:, None, :], 0.0).sum(axis=-1))
    factor = (below + np.eye(size)) * left * np.tri(size)
    # As a sum, because PyTensor looks for BLAS at any matrix product, and warns if there is none.
    pm.Deterministic(name, (factor[:, None, :] * factor[None, :, :]).sum(-1), dims=dims)
    return factor


def _horseshoe(name: str, tau: Any, c: Any, sizes: dict[str, Any]) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    scale = tau * pm.HalfCauchy(f"{name}_local", beta=1, **sizes)
    z = pm.Normal(f"{name}_z", mu=0, sigma=1, **sizes)
    coefficient = z * c * scale / pt.sqrt(c**2 + scale**2)
    return pm.Deterministic(name, coefficient, dims=sizes["dims"])
