"""The PyMC model of a correlation matrix: normal rows, some variables missing."""

from typing import Any, Final

import numpy as np

from introspect_bayes.privileged.correlation_data import CorrelationData, Moments
from introspect_bayes.sampling.one_thread import one_thread_at_a_time
from introspect_bayes.sampling.prior_distributions import (
    correlation_cholesky,
    prior_arguments,
    prior_variable,
    shared_numbers,
)
from introspect_bayes.specs import Specification

DIMS: Final = ("variable", "other_variable")
"""Dimensions of a correlation matrix."""


@one_thread_at_a_time
def build_correlation_model(spec: Specification, data: CorrelationData) -> Any:
    """Build the PyMC model of normal rows with an unknown correlation matrix.

    Row n has the variables o(n), the others being missing at random, and is::

        x[n, o] ~ Normal(location[o], (scale[o] scale[o]ᵀ) · correlation[o, o])
        correlation ~ LKJ(eta)

    (Lewandowski, Kurowicka & Joe 2009, doi:10.1016/j.jmva.2009.04.008). Rows enter by their moments
    (`Moments`), which are data that may be exchanged, as may the priors' numbers.

    Parameters
    ----------
    spec
        A specification of the family correlation_matrix.
    data
        The rows.

    Returns
    -------
    pymc.Model
        Variables ``location``, ``scale`` and, deterministic, ``correlation``.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> rows = np.random.default_rng(1).normal(size=(9, 2))
    >>> data = CorrelationData(rows, ("weight", "report"), np.arange(9))
    >>> model = build_correlation_model(spec("privileged_access"), data)
    >>> [variable.name for variable in model.free_RVs]
    ['location', 'scale', 'correlation_partial']
    """
    import pymc as pm

    with pm.Model(coords={dim: list(data.variables) for dim in DIMS}) as model:
        made: dict[str, Any] = {n: pm.Data(n, value) for n, value in shared_numbers(spec).items()}
        for name in (*spec.hyperparameters, "location", "scale"):
            dims = None if name in spec.hyperparameters else DIMS[0]
            numbers = prior_arguments(spec, name, made)
            made[name] = prior_variable(spec.priors[name], name, numbers, dims=dims)
        numbers = prior_arguments(spec, "correlation", made)
        correlation_cholesky(spec.priors["correlation"], "correlation", numbers, DIMS)
        held = data.moments.total()
        moments = Moments(*map(pm.Data, Moments._fields, held))
        density = log_density(moments, made["location"], made["scale"], model["correlation"])
        pm.Potential("likelihood", density.sum())
    return model


def exchangeable(spec: Specification, data: CorrelationData) -> dict[str, np.ndarray]:
    """Return the values, by name, of all data that a model of the same structure holds."""
    return shared_numbers(spec) | data.moments.total()._asdict()


def log_density(moments: Moments, location: Any, scale: Any, correlation: Any) -> Any:
    """Return the normal log density of each unit's rows, variables that rows lack integrated out.

    Parameters
    ----------
    moments
        PyTensor variables.
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

    present = moments.present
    covariance = correlation * scale[..., :, None] * scale[..., None, :]
    both = present[:, :, None] * present[:, None, :]
    # A variable that rows lack becomes one of variance 1 that all others are independent of: that
    # changes neither the determinant nor what the others' inverse is.
    alone = (1 - present)[:, :, None] * np.eye(correlation.type.shape[-1] or 1)
    full = covariance[..., None, :, :] * both + alone
    inverse = pt.linalg.inv(full)
    middle = location[..., None, :] * present
    along = (inverse * middle[..., None, :]).sum(axis=-1)
    # The sum over rows of (x - location)ᵀ inverse (x - location).
    distance = (
        (inverse[..., None, :, :] * moments.products).sum(axis=(-2, -1))
        - 2 * (along[..., None, :] * moments.sums).sum(axis=-1)
        + (along * middle).sum(axis=-1)[..., None] * moments.counts
    )
    constant = pt.linalg.slogdet(full)[1] + present.sum(axis=-1) * np.log(2 * np.pi)
    return -((constant[..., None] * moments.counts + distance) / 2).sum(axis=-2)
