"""Posteriors as uncertain as independent units say, rather than rows that are none.

The rows of a unit (the attributes of a decision context) depend on each other, and no row need be
normal. The open-faced sandwich keeps the posterior's centre and gives its draws the covariance that
the likelihood's gradients, unit by unit, imply (Shaby 2014, doi:10.1080/10618600.2013.842174; that
decisions based on such a posterior are better ones is shown by Müller 2013, doi:10.3982/ECTA9097).
"""

from collections.abc import Callable
from typing import Final

import numpy as np

FEWEST_UNITS: Final = 10
"""Units below which their gradients say too little, and a posterior stays as it is."""

_STEP: Final = 1e-4


def adjust_for_units(
    draws: np.ndarray, unit_log_density: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return posterior draws stretched to the uncertainty that independent units imply.

    With V the covariance of the draws θ around their mean m, and s_u the gradient at m of the log
    likelihood of unit u, one of G, the covariance of an estimate is about::

        S = G / (G - 1) · (t / z)² · V (Σ_u s_u s_uᵀ) V

    and the draws become m + S^½ V^-½ (θ - m). The factors are those usual with few units; t and z
    are the quantiles of probability .975 of Student's t with G - 1 degrees of freedom and of the
    normal.

    Parameters
    ----------
    draws
        Unconstrained parameters, shape (draw, parameter).
    unit_log_density
        Log likelihoods, shape (point, unit), of the units at points of shape (point, parameter).

    Returns
    -------
    numpy.ndarray
        Shape (draw, parameter); the draws as they are if there are fewer than `FEWEST_UNITS`.
    """
    centre = draws.mean(axis=0)
    gradients = unit_gradients(centre, unit_log_density)
    units = gradients.shape[1]
    if units < FEWEST_UNITS:
        return draws
    from scipy import stats

    covariance = np.atleast_2d(np.cov(draws, rowvar=False))
    wanted = covariance @ (gradients @ gradients.T) @ covariance
    wanted *= units / (units - 1) * (stats.t.ppf(0.975, units - 1) / stats.norm.ppf(0.975)) ** 2
    stretch = _root(wanted) @ np.linalg.inv(_root(covariance))
    return np.asarray(centre + (draws - centre) @ stretch.T)


def unit_gradients(
    place: np.ndarray, unit_log_density: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return each unit's gradient by central differences, shape (parameter, unit)."""
    steps = _STEP * np.eye(len(place))
    ahead, behind = np.split(unit_log_density(np.concatenate([place + steps, place - steps])), 2)
    return np.asarray((ahead - behind) / (2 * _STEP))


def _root(matrix: np.ndarray) -> np.ndarray:
    """Return the symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
