"""The PyMC model of a correlation matrix: normal rows, some variables missing."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from introspect_bayes.fits.correlation_data import CorrelationData, Moments, Pattern
from introspect_bayes.fits.prior_distributions import prior_variable
from introspect_bayes.specs import Specification


def build_correlation_model(spec: Specification, data: CorrelationData) -> Any:
    """Build the PyMC model of normal rows with an unknown correlation matrix.

    Row n has the variables o(n), the others being missing at random, and is::

        x[n, o] ~ Normal(location[o], (scale[o] scale[o]ᵀ) · correlation[o, o])
        correlation ~ LKJ(eta)

    (Lewandowski, Kurowicka & Joe 2009, doi:10.1016/j.jmva.2009.04.008). Rows enter by their moments
    (`Moments`), which are data that may be exchanged after compilation.

    Parameters
    ----------
    spec
        A specification of the family correlation_matrix.
    data
        The rows.

    Returns
    -------
    pymc.Model
        Free variables ``location``, ``scale`` and ``cholesky``, the lower Cholesky factor of the
        deterministic ``correlation``.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> rows = np.random.default_rng(1).normal(size=(9, 2))
    >>> data = CorrelationData(rows, ("weight", "report"), np.arange(9))
    >>> model = build_correlation_model(spec("privileged_access"), data)
    >>> [variable.name for variable in model.free_RVs]
    ['location', 'scale', 'cholesky']
    """
    import pymc as pm

    coords = {"variable": list(data.variables), "variable_bis": list(data.variables)}
    with pm.Model(coords=coords) as model:
        numbers = {
            name: {
                argument: pm.Data(f"{name}.{argument}", np.asarray(value, dtype=float))
                for argument, value in prior.numbers().items()
            }
            for name, prior in spec.priors.items()
        }
        variables = {
            name: prior_variable(spec.priors[name], name, numbers[name], dims="variable")
            for name in ("location", "scale")
        }
        root = pm.LKJCorr("cholesky", n=len(data.variables), **numbers["correlation"])
        correlation = pm.Deterministic(
            "correlation", root @ root.T, dims=("variable", "variable_bis")
        )
        held = {
            pattern: Moments(
                *(
                    pm.Data(moments_name(pattern, kind), getattr(moments.total(), kind))
                    for kind in MOMENTS
                )
            )
            for pattern, moments in data.moments.items()
        }
        density = log_density(held, variables["location"], variables["scale"], correlation)
        pm.Potential("likelihood", density.sum())
    return model


MOMENTS = ("counts", "sums", "products")
"""What `Moments` consists of."""


def moments_name(pattern: Pattern, kind: str) -> str:
    """Return the name of the data that hold the moments of rows with some variables.

    Examples
    --------
    >>> moments_name((0, 2), "sums")
    'sums of 0, 2'
    """
    return f"{kind} of {', '.join(map(str, pattern))}"


def log_density(
    moments: Mapping[Pattern, Moments], location: Any, scale: Any, correlation: Any
) -> Any:
    """Return the normal log density of each unit's rows, variables that rows lack integrated out.

    Parameters
    ----------
    moments
        By pattern; arrays or PyTensor variables.
    location, scale
        PyTensor variables of shape (..., variable).
    correlation
        Shape (..., variable, variable).

    Returns
    -------
    pytensor.tensor.TensorVariable
        Shape (..., unit).
    """
    import pytensor.tensor as pt

    covariance = correlation * scale[..., :, None] * scale[..., None, :]
    total: Any = 0.0
    for pattern, sums in moments.items():
        chosen = np.array(pattern)
        part = covariance[..., chosen, :][..., :, chosen]
        middle = location[..., chosen]
        inverse = pt.linalg.inv(part)
        along = (inverse * middle[..., None, :]).sum(axis=-1)
        # The sum over rows of (x - location)ᵀ inverse (x - location).
        distance = (
            (inverse[..., None, :, :] * sums.products).sum(axis=(-2, -1))
            - 2 * (along[..., None, :] * sums.sums).sum(axis=-1)
            + (along * middle).sum(axis=-1)[..., None] * sums.counts
        )
        constant = pt.linalg.slogdet(part)[1] + len(pattern) * np.log(2 * np.pi)
        total = total - (constant[..., None] * sums.counts + distance) / 2
    return total
