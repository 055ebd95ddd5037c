"""Whether ranks are uniform: simultaneous bands for their empirical distribution function.

Source: Säilynoja, Bürkner & Vehtari 2022, doi:10.1007/s11222-022-10090-6 (sections 2.2 and 2.3).
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from introspect_bayes.errors import InputError

_REFERENCES: Final = 10_000
"""Uniform samples that the distribution of the largest excursion comes from: their p-values of
0.01 have a Monte Carlo error of 0.001."""

_REFERENCE_SEED: Final = 2022
_BATCH: Final = 1000


def uniformity(ranks: ArrayLike, draws: int) -> float:
    """Return the p-value of ranks being uniform on 0, 1, ..., draws.

    The empirical distribution function lies within the simultaneous band of probability 1 - p at
    every point, and leaves any narrower one; so p below 0.05 means outside the 95% band. The band
    takes into account that ranks are discrete.

    Parameters
    ----------
    ranks
        Independent ranks, one-dimensional: how many of `draws` draws are less than the truth.
    draws
        Number of draws that each rank was taken among.

    Raises
    ------
    InputError
        If there are no ranks, or one lies outside 0 to `draws`.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> uniformity(random.integers(0, 101, 500), draws=100) > 0.05
    True
    >>> uniformity(random.integers(0, 81, 500), draws=100)
    0.0
    """
    found = np.asarray(ranks)
    if not found.size or found.min() < 0 or found.max() > draws:
        msg = f"ranks must be at least one number between 0 and draws = {draws}"
        raise InputError(msg)
    below = np.cumsum(np.bincount(found, minlength=draws + 1))[:-1]
    references = _least_probabilities(found.size, draws)
    least = _least_probability(below[None], found.size)[0]
    # Relative, as sums of the same probabilities may differ in their last digits.
    return float((references <= least * (1 + 1e-9)).mean())


def band(simulations: int, draws: int, probability: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the simultaneous band of the empirical distribution function.

    Parameters
    ----------
    simulations, draws
        Number of ranks, and of the draws that each was taken among.
    probability
        That uniform ranks lie within the band everywhere.

    Returns
    -------
    tuple
        Smallest and largest share of ranks that may be less than 1, ..., draws; each of
        shape (draws,).

    Examples
    --------
    >>> low, high = band(simulations=500, draws=99)
    >>> round(float(low[49]), 3), round(float(high[49]), 3)
    (0.434, 0.566)
    """
    from scipy.stats import binom

    least = np.quantile(_least_probabilities(simulations, draws), 1 - probability)
    points = np.arange(1, draws + 1) / (draws + 1)
    low = binom.ppf(least, simulations, points)
    high = binom.isf(least, simulations, points)
    return low / simulations, high / simulations


def _least_probability(below: np.ndarray, simulations: int) -> np.ndarray:
    """Return how probable the least probable point of each empirical distribution is.

    Parameters
    ----------
    below
        Number of ranks less than 1, ..., draws, shape (sample, draws).
    simulations
        Number of ranks.
    """
    from scipy.special import bdtr, bdtrc

    points = np.arange(1, below.shape[1] + 1) / (below.shape[1] + 1)
    counts = below.astype(float)
    few = bdtr(counts, simulations, points)
    many = np.where(counts > 0, bdtrc(np.maximum(counts - 1, 0), simulations, points), 1.0)
    return np.asarray(np.minimum(few, many).min(axis=1))


@lru_cache(maxsize=32)
def _least_probabilities(simulations: int, draws: int) -> np.ndarray:
    """Return `_least_probability` of samples of uniform ranks, shape (reference,)."""
    random = np.random.default_rng([_REFERENCE_SEED, simulations, draws])
    equal = np.full(draws + 1, 1 / (draws + 1))
    parts = []
    for _ in range(_REFERENCES // _BATCH):
        counts = random.multinomial(simulations, equal, size=_BATCH)
        parts.append(_least_probability(counts.cumsum(axis=1)[:, :-1], simulations))
    return np.concatenate(parts)
