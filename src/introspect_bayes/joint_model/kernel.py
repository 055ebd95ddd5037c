"""The density of the joint model and its derivatives, compiled.

Written out because a graph of some hundred operations takes a minute to compile and several times
as long to evaluate. A test holds it against the model as written down and against differences.
"""

from math import exp, lgamma, log, log1p, sqrt, tanh
from typing import Any, Final

import numba
import numpy as np


def _njit[F](function: F) -> F:
    """Compile a function at its first call; division by zero gives infinity, as in numpy."""
    decorate: Any = numba.njit(error_model="numpy", nogil=True)
    compiled: F = decorate(function)
    return compiled


FIRST_OF_FIGURES: Final = 5
"""Parameters before those that each figure has: see `PARAMETERS`."""

PARAMETERS: Final = (
    "position_bias", "position_bias_scale", "log_consistency", "consistency_scale", "used_mean",
    "accuracy", "accuracy_scale", "report_mean", "report_scale", "report_scale_spread",
    "report_noise", "report_df",
)  # fmt: skip
"""Order of the parameters in the vector of them: the first five are scalars, the next two have one
value a figure, the others one a report set."""

_SERIES_FROM: Final = 6.0


@_njit
def _digamma(x: float) -> float:
    """Return the derivative of log Gamma: recurrence, then the asymptotic series (DLMF 5.11.2)."""
    below = 0.0
    while x < _SERIES_FROM:
        below -= 1 / x
        x += 1
    s = 1 / (x * x)
    series = s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s / 132))))
    return below + log(x) - 0.5 / x - series


@_njit
def _placed(
    pull: float, precision: float, centre: float, prior: float, offset: float
) -> tuple[float, float, float]:
    """Return a latent, its log density up to the offset's own, and its whole precision.

    The data draw it towards ``pull / precision``, the prior to ``centre`` (precision ``prior``).
    """
    whole = precision + prior
    value = (pull + centre * prior) / whole + offset / sqrt(whole)
    away = value - centre
    return value, -0.5 * (away * away * prior + log(whole / prior)), whole


@_njit
def _placed_back(
    slope: float, value: float, whole: float, centre: float, prior: float, offset: float
) -> tuple[float, float, float, float, float]:
    """Return derivatives by offset, pull, precision, centre and prior, `slope` being that by value.

    `slope` without the latent's own log density, which is added here.
    """
    away = value - centre
    slope = slope - away * prior
    by_pull = slope / whole
    root = sqrt(whole)
    mean = value - offset / root
    by_whole = -0.5 / whole - slope * (mean / whole + 0.5 * offset / (whole * root))
    by_centre = by_pull * prior + away * prior
    by_prior = by_pull * centre + by_whole + 0.5 / prior - 0.5 * away * away
    return slope / root, by_pull, by_whole, by_centre, by_prior


@_njit
def _choices(
    signed: np.ndarray, sides: np.ndarray, intercept: float, slopes: np.ndarray, by: np.ndarray
) -> tuple[float, float]:
    """Return the log likelihood of a context's choices and its slope by the intercept.

    The derivatives by the slopes are written into `by`.
    """
    total, by_intercept = 0.0, 0.0
    width = len(slopes)
    for k in range(width):
        by[k] = 0.0
    for t in range(len(sides)):
        side = sides[t]
        if side == 0.0:
            continue
        logit = side * intercept
        for k in range(width):
            logit += signed[t, k] * slopes[k]
        small = exp(-abs(logit))
        total -= log1p(small) + max(-logit, 0.0)
        missed = (small if logit > 0 else 1.0) / (1 + small)
        by_intercept += side * missed
        for k in range(width):
            by[k] += signed[t, k] * missed
    return total, by_intercept


@_njit
def _reports(  # noqa: PLR0913, PLR0917 - numba takes no objects
    about: tuple[float, float, float, float, float, float],
    count: np.ndarray,
    means: np.ndarray,
    squares: np.ndarray,
    used: np.ndarray,
    offsets: np.ndarray,
    by_offsets: np.ndarray,
    by_used: np.ndarray,
    by: np.ndarray,
) -> float:
    """Return the log density of a figure's reports on one context.

    `about` holds rho, 1 - rho², location, scale, noise and df. Derivatives by rho and the last four
    are added to `by`, those by the weights used to `by_used`.
    """
    rho, rest, location, scale, noise, df = about
    spread = df * noise * noise
    prior = 1 / (scale * scale * rest)
    total, by_spread, by_prior = 0.0, 0.0, 0.0
    gammas, by_gammas, known = 0.0, 0.0, -1.0
    for k in range(len(used)):
        n = count[k]
        if n == 0.0:
            total -= 0.5 * offsets[k] * offsets[k]
            by_offsets[k] = -offsets[k]
            continue
        if n != known:  # the same for all attributes of a context
            known = n
            half = df / 2
            gammas = lgamma(half + n / 2) - lgamma(half) + half * log(spread)
            by_gammas = 0.5 * (_digamma(half + n / 2) - _digamma(half) + log(spread))
        shape = df + n
        own = spread + squares[k]
        centre = location + scale * rho * used[k]
        precision = n * shape / own
        latent, density, whole = _placed(precision * means[k], precision, centre, prior, offsets[k])
        away = means[k] - latent
        all_of_it = own + n * away * away
        logarithm = log(all_of_it)
        total += density + gammas - 0.5 * shape * logarithm

        slope = shape * n * away / all_of_it
        by_offset, by_pull, by_whole, by_centre, own_prior = _placed_back(
            slope, latent, whole, centre, prior, offsets[k]
        )
        by_offsets[k] = by_offset
        by_precision = by_pull * means[k] + by_whole
        by_prior += own_prior
        by[4] += by_gammas - 0.5 * logarithm + by_precision * n / own
        by_spread += 0.5 * df / spread - 0.5 * shape / all_of_it - by_precision * precision / own
        by[0] += by_centre * scale * used[k]
        by[1] += by_centre
        by[2] += by_centre * rho * used[k]
        by_used[k] += by_centre * scale * rho
    by[0] += by_prior * prior * 2 * rho / rest
    by[2] -= 2 * by_prior * prior / scale
    by[3] += 2 * by_spread * df * noise
    by[4] += by_spread * noise * noise
    return total


@_njit
def joint_density(  # noqa: C901, PLR0913, PLR0915, PLR0917 - numba takes no objects
    parameters: np.ndarray,
    offsets: np.ndarray,
    axes: np.ndarray,
    curvature: np.ndarray,
    pull: np.ndarray,
    intercept_curvature: np.ndarray,
    intercept_pull: np.ndarray,
    mean_differences: np.ndarray,
    signed_differences: np.ndarray,
    sides: np.ndarray,
    set_index: np.ndarray,
    cell_counts: np.ndarray,
    means: np.ndarray,
    squares: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Return the log density given the parameters, and its derivatives by the first two arguments.

    Priors of the parameters are not part of it. Parameters are ordered as in `PARAMETERS`, offsets
    as in `sampling_model.LATENT_DIMS`; the others are `sampling_model.sampling_data`.
    """
    contexts, width = mean_differences.shape
    figures = len(set_index)
    by_offsets = np.empty(len(offsets))
    consistency_offset, by_consistency = offsets[:contexts], by_offsets[:contexts]
    intercept_offset = offsets[contexts : 2 * contexts]
    by_intercept = by_offsets[contexts : 2 * contexts]
    start, stop = 2 * contexts, (2 + width) * contexts
    used_offset = offsets[start:stop].reshape((contexts, width))
    by_used_offset = by_offsets[start:stop].reshape((contexts, width))
    start, stop = stop, stop + figures * contexts
    accuracy_offset = offsets[start:stop].reshape((figures, contexts))
    by_accuracy = by_offsets[start:stop].reshape((figures, contexts))
    start, stop = stop, stop + figures * contexts
    scale_offset = offsets[start:stop].reshape((figures, contexts))
    by_scale_offset = by_offsets[start:stop].reshape((figures, contexts))
    reported_offset = offsets[stop:].reshape((figures, contexts, width))
    by_reported = by_offsets[stop:].reshape((figures, contexts, width))
    sets = (len(parameters) - FIRST_OF_FIGURES - 2 * figures) // 5
    bias, bias_scale, log_consistency, spread, used_mean = parameters[:FIRST_OF_FIGURES]
    first = FIRST_OF_FIGURES + 2 * figures
    by_parameters = np.zeros(len(parameters))
    along, centres, whole = np.empty(width), np.empty(width), np.empty(width)
    slopes, by_slopes = np.empty(width), np.empty(width)
    used, by_used = np.empty(width), np.empty(width)
    by = np.empty(5)
    bias_prior = 1 / (bias_scale * bias_scale)
    total = 0.0
    for c in range(contexts):
        # The weights used, from what choices and consistency make of them.
        offset = consistency_offset[c]
        total -= 0.5 * offset * offset
        consistency = exp(log_consistency + spread * offset)
        prior = 1 / (consistency * consistency)
        for k in range(width):
            slopes[k] = 0.0
        for a in range(width):
            sum_of_axis = 0.0
            for k in range(width):
                sum_of_axis += axes[c, k, a]
            centres[a] = sum_of_axis * used_mean * consistency
            along[a], density, whole[a] = _placed(
                pull[c, a], curvature[c, a], centres[a], prior, used_offset[c, a]
            )
            total += density
            for k in range(width):
                slopes[k] += axes[c, k, a] * along[a]
        shift = 0.0
        for k in range(width):
            shift += mean_differences[c, k] * slopes[k]
            used[k] = slopes[k] / consistency - used_mean
            by_used[k] = 0.0
        centre = bias + shift
        intercept, density, precision = _placed(
            intercept_pull[c], intercept_curvature[c], centre, bias_prior, intercept_offset[c]
        )
        total += density
        density, slope = _choices(signed_differences[c], sides[c], intercept, slopes, by_slopes)
        total += density
        by_intercept[c], _, _, by_centre, by_prior = _placed_back(
            slope, intercept, precision, centre, bias_prior, intercept_offset[c]
        )
        by_parameters[0] += by_centre
        by_parameters[1] -= 2 * by_prior * bias_prior / bias_scale
        for k in range(width):
            by_slopes[k] += by_centre * mean_differences[c, k]
        # The reports.
        for f in range(figures):
            scale = parameters[FIRST_OF_FIGURES + figures + f]
            offset = accuracy_offset[f, c]
            total -= 0.5 * offset * offset
            rho = tanh(parameters[FIRST_OF_FIGURES + f] + scale * offset)
            rest = 1 - rho * rho
            s = first + set_index[f, c]
            effect, wideness = scale_offset[f, c], parameters[s + 2 * sets]
            total -= 0.5 * effect * effect
            factor = exp(wideness * effect)
            about = (
                rho, rest, parameters[s], parameters[s + sets] * factor, parameters[s + 3 * sets],
                parameters[s + 4 * sets],
            )  # fmt: skip
            by[:] = 0.0
            total += _reports(
                about, cell_counts[f, c], means[f, c], squares[f, c], used, reported_offset[f, c],
                by_reported[f, c], by_used, by,
            )  # fmt: skip
            by_z = by[0] * rest
            by_accuracy[f, c] = by_z * scale - offset
            by_parameters[FIRST_OF_FIGURES + f] += by_z
            by_parameters[FIRST_OF_FIGURES + figures + f] += by_z * offset
            by_log = by[2] * parameters[s + sets] * factor
            by_scale_offset[f, c] = by_log * wideness - effect
            by_parameters[s] += by[1]
            by_parameters[s + sets] += by[2] * factor
            by_parameters[s + 2 * sets] += by_log * effect
            by_parameters[s + 3 * sets] += by[3]
            by_parameters[s + 4 * sets] += by[4]
        # Back through the weights used.
        by_level = 0.0  # by the consistency
        for k in range(width):
            by_slopes[k] += by_used[k] / consistency
            by_level -= by_used[k] * slopes[k] / (consistency * consistency)
            by_parameters[4] -= by_used[k]
        for a in range(width):
            slope, sum_of_axis = 0.0, 0.0
            for k in range(width):
                slope += axes[c, k, a] * by_slopes[k]
                sum_of_axis += axes[c, k, a]
            by_used_offset[c, a], _, _, by_centre, by_prior = _placed_back(
                slope, along[a], whole[a], centres[a], prior, used_offset[c, a]
            )
            by_parameters[4] += by_centre * sum_of_axis * consistency
            by_level += by_centre * sum_of_axis * used_mean - 2 * by_prior * prior / consistency
        slope = by_level * consistency
        by_parameters[2] += slope
        by_parameters[3] += slope * consistency_offset[c]
        by_consistency[c] = slope * spread - consistency_offset[c]
    return np.asarray(total), by_parameters, by_offsets
