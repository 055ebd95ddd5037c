"""What data say about the coefficients of a multilevel regression, on a Gaussian approximation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import digamma, expit, logit, polygamma

_ROUNDS: Final = 25
_FLOOR: Final = 0.02
_WIDEST: Final = 12.0
"""Log-odds beyond which a mean is as good as 0 or 1."""


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
        ``columns`` (row, coefficient) and ``response``.
    common_scales
        Of the common coefficients' priors.
    family
        "bernoulli" or "beta".

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
    kappa = 5.0
    for _ in range(_ROUNDS):
        weights, slopes = _curvature(columns @ found, response, family, kappa)
        known = (columns.T * weights) @ columns
        pull = known @ found + columns.T @ slopes
        prior = np.concatenate([common_scales, scales[layout.term_of]]) ** -2.0
        covariance = np.linalg.inv(known + np.diag(prior))
        found = covariance @ pull
        squares = (found**2 + np.diag(covariance))[layout.common :]
        means = np.bincount(layout.term_of, squares) / np.asarray(layout.levels)
        scales = np.maximum(np.sqrt(means), _FLOOR)
        if family == "beta":
            kappa = _precision(columns @ found, response)
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


def _curvature(
    log_odds: np.ndarray, response: np.ndarray, family: str, kappa: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected information about each row's log-odds, and the slope of its density."""
    means = expit(np.clip(log_odds, -_WIDEST, _WIDEST))
    spread = means * (1 - means)
    if family == "bernoulli":
        return spread, response - means
    one, other = means * kappa, (1 - means) * kappa
    weights = (kappa * spread) ** 2 * (polygamma(1, one) + polygamma(1, other))
    return weights, kappa * spread * (logit(response) - digamma(one) + digamma(other))


def _precision(log_odds: np.ndarray, response: np.ndarray) -> float:
    """Return the precision of a beta distribution by its moments."""
    means = expit(log_odds)
    ratio = (means * (1 - means)).sum() / ((response - means) ** 2).sum() - 1
    return float(np.clip(ratio, 0.5, 1000.0))
