"""Coefficients of a multilevel regression from offsets, and the derivatives, compiled by numba."""

from typing import Any

import numba
import numpy as np


def _njit[F](function: F) -> F:
    """Compile with numba, and say so to type checkers that do not know it."""
    decorate: Any = numba.njit(error_model="numpy", nogil=True, fastmath={"reassoc", "contract"})
    compiled: F = decorate(function)
    return compiled


@_njit
def placed(
    scales: np.ndarray, offsets: np.ndarray, *held: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the coefficients, and the log density of levels and of the change of variables.

    See `multilevel_model.build_multilevel_model` for the formula. Held are the scales of common
    coefficients, the term of each other one and `multilevel_model.INFORMATION`: numba takes no
    objects.
    """
    common_scales, term_of, information, pull, cross, last_information, last_pull = held
    spread, factor, _, units = _shared(scales, offsets, common_scales, term_of, information, pull)
    size = len(pull)
    shared = spread * units
    known, _, units_last = _last(
        scales[-1], offsets[size:], shared, cross, last_information, last_pull
    )
    density = -(units_last**2).sum() / 2 - np.log(known).sum() / 2
    for place in range(size):
        density -= np.log(factor[place, place])
        if place >= len(common_scales):
            density -= units[place] ** 2 / 2
    return np.concatenate((shared, scales[-1] * units_last)), np.array([density])


@_njit
def pulled_back(
    scales: np.ndarray, offsets: np.ndarray, *held: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return derivatives by scales and offsets, given those by what `placed` returns, the last."""
    common_scales, term_of, information, pull, cross, last_information, last_pull = held[:-2]
    by_effects, by_density = held[-2:]
    size, common = len(pull), len(common_scales)
    spread, factor, towards, units = _shared(
        scales, offsets, common_scales, term_of, information, pull
    )
    last, weight = scales[-1], by_density[0]
    z_last = offsets[size:]
    known, given, units_last = _last(
        last, z_last, spread * units, cross, last_information, last_pull
    )
    of_last = by_effects[size:]
    of_units_last = last * of_last - weight * units_last
    of_known = -of_units_last * (last * given / known**2 + z_last / known**1.5 / 2)
    of_known -= weight / known / 2
    of_given = of_units_last * last / known
    by_scales = np.zeros(len(scales))
    by_scales[-1] = (of_last * units_last + of_units_last * given / known).sum()
    by_scales[-1] += (of_known * 2 * last * last_information).sum()
    by_offsets = np.empty(len(offsets))
    by_offsets[size:] = of_units_last / np.sqrt(known)

    of_shared = by_effects[:size].copy()
    for level in range(len(given)):
        for place in range(size):
            of_shared[place] -= cross[level, place] * of_given[level]
    of_spread = of_shared * units
    of_units = of_shared * spread
    of_units[common:] -= weight * units[common:]
    of_sum = _solved(factor, of_units)
    by_offsets[:size] = of_sum
    of_pull = _solved_transposed(factor, of_sum)
    of_spread += of_pull * pull
    of_factor = np.empty((size, size))
    for i in range(size):
        for j in range(i + 1):
            of_factor[i, j] = -units[i] * of_sum[j] - of_pull[i] * towards[j]
        of_factor[i, i] -= weight / factor[i, i]
    _cholesky_pulled_back(factor, of_factor)
    for i in range(size):
        for j in range(i + 1):
            change = of_factor[i, j] * information[i, j]
            of_spread[i] += change * spread[j]
            of_spread[j] += change * spread[i]
    for place in range(common, size):
        by_scales[term_of[place - common]] += of_spread[place]
    return by_scales, by_offsets


@_njit
def _shared(
    scales: np.ndarray,
    offsets: np.ndarray,
    common_scales: np.ndarray,
    term_of: np.ndarray,
    information: np.ndarray,
    pull: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return spread, Cholesky factor, its solution of the pull, coefficients in units of spread."""
    size, common = len(pull), len(common_scales)
    spread = np.empty(size)
    spread[:common] = common_scales
    for place in range(common, size):
        spread[place] = scales[term_of[place - common]]
    factor = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            total = spread[i] * information[i, j] * spread[j]
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            factor[i, j] = np.sqrt(1 + total) if i == j else total / factor[j, j]
    towards = _solved(factor, spread * pull)
    return spread, factor, towards, _solved_transposed(factor, offsets[:size] + towards)


@_njit
def _last(
    scale: float,
    offsets: np.ndarray,
    shared: np.ndarray,
    cross: np.ndarray,
    information: np.ndarray,
    pull: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the precision, the pull and the values of the last levels, in units of the scale."""
    given = pull.copy()
    for level in range(len(given)):
        total = 0.0
        for place in range(len(shared)):
            total += cross[level, place] * shared[place]
        given[level] -= total
    known = 1 + scale**2 * information
    return known, given, scale * given / known + offsets / np.sqrt(known)


@_njit
def _solved(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    found = right.copy()
    for i in range(len(found)):
        total = found[i]
        for k in range(i):
            total -= factor[i, k] * found[k]
        found[i] = total / factor[i, i]
    return found


@_njit
def _solved_transposed(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    found = right.copy()
    for i in range(len(found) - 1, -1, -1):
        found[i] /= factor[i, i]
        for k in range(i):
            found[k] -= factor[i, k] * found[i]
    return found


@_njit
def _cholesky_pulled_back(factor: np.ndarray, change: np.ndarray) -> None:
    """Turn derivatives by a Cholesky factor, in place, into those by the lower triangle.

    The scalar algorithm of Murray 2016 (doi:10.48550/arXiv.1602.07527), rows innermost.
    """
    for j in range(len(factor) - 1, -1, -1):
        for i in range(len(factor) - 1, j, -1):
            change[i, j] /= factor[j, j]
            change[j, j] -= change[i, j] * factor[i, j]
        change[j, j] /= 2 * factor[j, j]
        for i in range(j, len(factor)):
            weight = change[i, j]
            for k in range(j):
                change[i, k] -= weight * factor[j, k]
                change[j, k] -= weight * factor[i, k]
