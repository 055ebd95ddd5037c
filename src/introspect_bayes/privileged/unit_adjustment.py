"""Posteriors as uncertain as independent units say, rather than rows that are none.

The rows of a unit (the attributes of a decision context) depend on each other, and no row need be
normal. The posterior keeps its centre, and its draws get the covariance that leaving out unit by
unit implies: an open-faced sandwich (Shaby 2014, doi:10.1080/10618600.2013.842174; that decisions
based on such a posterior are better ones is shown by Müller 2013, doi:10.3982/ECTA9097) with the
jackknife in place of its meat.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

FEWEST_UNITS: Final = 10
"""Units below which their gradients say too little, and a posterior stays as it is."""

LARGEST_SHARE: Final = 0.9
"""Share of all information in a direction that a single unit may hold: the rest would be none."""

_STEP: Final = 1e-3
_BLOCK: Final = 200


def adjust_for_units(
    draws: np.ndarray, unit_log_density: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return posterior draws stretched to the uncertainty that independent units imply.

    With V the covariance of the draws θ around their mean m, and s_u and H_u the gradient and the
    negative Hessian at m of the log likelihood of unit u, one of G, leaving unit u out moves the
    estimate by about d_u (one step of Newton's). The jackknife's covariance of an estimate is::

        d_u = (V⁻¹ - H_u)⁻¹ s_u
        S = (G - 1) / G · (t / z)² · Σ_u d_u d_uᵀ

    and the draws become m + V^½ W^½ V^-½ (θ - m), W being V^-½ S V^-½. t and z
    are the quantiles of probability .975 of Student's t with G - 1 degrees of freedom and of the
    normal.

    Without H_u this is the open-faced sandwich, V (Σ_u s_u s_uᵀ) V, whose gradients are too small:
    each unit has drawn m to itself (the cluster-robust covariance CR3: Bell & McCaffrey 2002,
    Survey Methodology 28(2), 169-181; MacKinnon, Nielsen & Webb 2023, doi:10.1002/jae.2969).

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
    gradients, information = unit_derivatives(centre, unit_log_density)
    units = len(gradients)
    if units < FEWEST_UNITS:
        return draws
    from scipy import stats

    root = _root(np.atleast_2d(np.cov(draws, rowvar=False)))
    # In units of V: what of all information a unit holds in each direction, and its pull.
    share, directions = np.linalg.eigh(root @ information @ root)
    left = 1 - np.minimum(share, LARGEST_SHARE)
    pull = (np.swapaxes(directions, -2, -1) @ (gradients @ root)[..., None])[..., 0]
    moved = (directions @ (pull / left)[..., None])[..., 0]
    wanted = moved.T @ moved * (units - 1) / units
    wanted *= (stats.t.ppf(0.975, units - 1) / stats.norm.ppf(0.975)) ** 2
    stretch = root @ _root(wanted) @ np.linalg.inv(root)
    return np.asarray(centre + (draws - centre) @ stretch.T)


def unit_derivatives(
    place: np.ndarray, unit_log_density: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return each unit's gradient and negative Hessian by central differences.

    Returns
    -------
    tuple
        Shapes (unit, parameter) and (unit, parameter, parameter).
    """
    width = len(place)
    steps = _STEP * np.eye(width)
    row, column = np.triu_indices(width)
    along, across = steps[row] + steps[column], steps[row] - steps[column]
    points = place + np.concatenate([steps, -steps, along, -along, across, -across])
    parts = np.array_split(points, -(-len(points) // _BLOCK))
    found = np.concatenate([unit_log_density(part) for part in parts])
    ahead, behind = found[:width], found[width : 2 * width]
    same, opposite, first, second = np.split(found[2 * width :], 4)
    information = np.zeros((found.shape[1], width, width))
    information[:, row, column] = (first + second - same - opposite).T / (4 * _STEP**2)
    information[:, column, row] = information[:, row, column]
    return (ahead - behind).T / (2 * _STEP), information


def _root(matrix: np.ndarray) -> np.ndarray:
    """Return the symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
