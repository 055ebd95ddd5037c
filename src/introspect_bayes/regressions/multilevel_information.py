"""What data say about the coefficients of a multilevel regression, on a Gaussian approximation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import digamma, expit, logit, polygamma

from introspect_bayes.sampling.ordered_beta import FAMILY

_ROUNDS: Final = 25
_FLOOR: Final = 0.02
_WIDEST: Final = 12.0
"""Log-odds beyond which a mean is as good as 0 or 1."""

_STEP: Final = 2.0
"""Largest change of a row's log-odds in one round."""

_MOST_PRECISE: Final = 1000.0


@dataclass(frozen=True)
class Layout:
    """Where the coefficients of a multilevel regression stand in one vector.

    The intercept comes first, then the common terms, then the levels of each grouped term; the
    grouped term with most levels comes last.

    Attributes
    ----------
    common
        Number of common coefficients, the intercept included.
    levels
        Number of levels of each grouped term.
    """

    common: int
    levels: tuple[int, ...]

    @property
    def shared(self) -> int:
        """Number of coefficients before the last grouped term."""
        return self.common + sum(self.levels[:-1])

    @property
    def term_of(self) -> np.ndarray:
        """Which grouped term each coefficient after the common ones belongs to."""
        return np.repeat(np.arange(len(self.levels)), self.levels)

    @property
    def shared_terms(self) -> np.ndarray:
        """The same, before the last grouped term."""
        return self.term_of[: self.shared - self.common]


def information(
    layout: Layout, arrays: Mapping[str, np.ndarray], common_scales: np.ndarray, family: str
) -> dict[str, np.ndarray]:
    """Return the information in the data about the coefficients, and where it points.

    Coefficients and scales are estimated together: coefficients by Newton steps, scales by
    expectation and maximization on the Gaussian approximation (Laird 1978,
    doi:10.1093/biomet/65.3.581). Nothing but the speed of sampling depends on how well.

    Parameters
    ----------
    layout
        Of the coefficients.
    arrays
        ``columns`` (row, coefficient), ``response``, and ``side``: a number for all rows with the
        same cut points.
    common_scales
        Of the common coefficients' priors.
    family
        "bernoulli" or "ordered_beta".

    Returns
    -------
    dict
        ``information``, ``pull``: of the coefficients before the last grouped term, its levels
        integrated out; ``cross``, ``last_information``, ``last_pull``: of the levels of the last
        grouped term given the others.
    """
    columns, response = arrays["columns"], arrays["response"]
    scales = np.full(len(layout.levels), 0.5)
    found = np.zeros(columns.shape[1])
    curvature = _of_shares if family == FAMILY else _of_choices
    for _ in range(_ROUNDS):
        weights, slopes = curvature(columns @ found, response, arrays["side"])
        known = (columns.T * weights) @ columns
        pull = known @ found + columns.T @ slopes
        prior = np.concatenate([common_scales, scales[layout.term_of]]) ** -2.0
        covariance = np.linalg.inv(known + np.diag(prior))
        step = covariance @ pull - found
        # Far scores, such as a share of 1e-40, would throw a whole step beyond where it can return.
        found = found + step * min(1.0, _STEP / max(np.abs(columns @ step).max(), _STEP))
        squares = (found**2 + np.diag(covariance))[layout.common :]
        means = np.bincount(layout.term_of, squares) / np.asarray(layout.levels)
        scales = np.maximum(np.sqrt(means), _FLOOR)
    cut = layout.shared
    last = np.diag(known)[cut:]
    cross = known[cut:, :cut]
    absorbed = cross.T / (last + scales[-1] ** -2.0)
    return {
        "information": known[:cut, :cut] - absorbed @ cross,
        "pull": pull[:cut] - absorbed @ pull[cut:],
        "cross": cross,
        "last_information": last,
        "last_pull": pull[cut:],
    }


def _of_choices(
    log_odds: np.ndarray, response: np.ndarray, _: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected information about each row's log-odds, and the slope of its density."""
    means = expit(np.clip(log_odds, -_WIDEST, _WIDEST))
    return means * (1 - means), response - means


def _of_shares(
    log_odds: np.ndarray, response: np.ndarray, side: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same of shares that may be 0 or 1 (`sampling.ordered_beta`)."""
    log_odds = np.clip(log_odds, -_WIDEST, _WIDEST)
    means = expit(log_odds)
    spread = means * (1 - means)
    inside = (response > 0) & (response < 1)
    kappa = _precision(means[inside], response[inside])
    none, all_ = (_share_of_end(log_odds, response == end, side, end) for end in (0.0, 1.0))
    one, other = means * kappa, (1 - means) * kappa
    reached = logit(np.where(inside, response, 0.5))
    slopes = none - all_ + kappa * spread * (reached - digamma(one) + digamma(other))
    slopes = np.select([response == 0, response == 1], [none - 1, 1 - all_], slopes)
    known = (kappa * spread) ** 2 * (polygamma(1, one) + polygamma(1, other))
    ends = none * (1 - none) ** 2 + all_ * (1 - all_) ** 2
    return ends + np.maximum(1 - none - all_, 0) * ((none - all_) ** 2 + known), slopes


def _share_of_end(
    log_odds: np.ndarray, reached: np.ndarray, side: np.ndarray, end: float
) -> np.ndarray:
    """Return how probable an end is in each row, so that each side has about its share of it."""
    counts = np.bincount(side)
    share = (np.bincount(side, reached) + 0.5) / (counts + 1)
    towards = log_odds * (2 * end - 1)
    return np.asarray(expit((logit(share) - np.bincount(side, towards) / counts)[side] + towards))


def _precision(means: np.ndarray, response: np.ndarray) -> float:
    """Return the precision of a beta distribution by its moments."""
    squares = ((response - means) ** 2).sum()
    ratio = (means * (1 - means)).sum() / squares - 1 if squares else _MOST_PRECISE
    return float(np.clip(ratio, 0.5, _MOST_PRECISE))
