"""Point estimates, 95% HDIs and their Monte Carlo errors from posterior draws."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from introspect_bayes.constants import HDI_PROB
from introspect_bayes.sampling.one_thread import one_thread_at_a_time

_PIECES = 8


@dataclass(frozen=True, slots=True)
class Estimate:
    """A posterior mean with its 95% HDI, and the Monte Carlo error of each.

    Attributes
    ----------
    mean, low, high
        Posterior mean, and ends of the shortest interval that holds 95% of the draws.
    mean_error, low_error, high_error
        Monte Carlo standard errors of the three.
    """

    mean: float
    low: float
    high: float
    mean_error: float
    low_error: float
    high_error: float


def hdi(draws: ArrayLike) -> np.ndarray:
    """Return the 95% HDI over the last axis, shape (..., 2).

    The shortest interval with 95% of the draws, as in bayestestR and ArviZ. Where a draw is not a
    number, or infinite, no end is known: both are not a number.

    Parameters
    ----------
    draws
        Posterior draws along the last axis; leading axes are kept.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = hdi(np.linspace(0, 1, 1001))
    >>> round(float(high - low), 2)
    0.95
    >>> hdi([0.1, 0.2, float("nan")])
    array([nan, nan])
    """
    import arviz_stats as azs

    values = np.asarray(draws)
    finite = np.isfinite(values).all(axis=-1)
    if finite.all():
        return np.asarray(azs.hdi(values, prob=HDI_PROB, axis=-1))
    known = azs.hdi(np.where(finite[..., None], values, 0.0), prob=HDI_PROB, axis=-1)
    return np.where(finite[..., None], known, np.nan)


@one_thread_at_a_time
def estimate(draws: ArrayLike) -> Estimate:
    """Summarize one quantity.

    Parameters
    ----------
    draws
        Posterior draws, shape (chain, draw).

    Notes
    -----
    The error of the mean is ArviZ's MCSE. The ends of a shortest interval converge with the
    cube root of the number of draws (Grübel 1988, doi:10.1214/aos/1176350762), so their errors
    are the standard deviation of the ends over eight pieces of the chains, divided by two.

    Examples
    --------
    >>> import numpy as np
    >>> summary = estimate(np.random.default_rng(1).normal(size=(4, 1000)))
    >>> abs(summary.mean) < 5 * summary.mean_error
    True
    """
    import arviz_stats as azs

    values = np.asarray(draws, dtype=float)
    low, high = hdi(values.reshape(-1))
    pieces = np.array_split(values, _PIECES // len(values) or 1, axis=1)
    ends = np.concatenate([hdi(piece) for piece in pieces])
    errors = ends.std(axis=0, ddof=1) / np.cbrt(len(ends))
    return Estimate(
        mean=float(values.mean()),
        low=float(low),
        high=float(high),
        mean_error=float(azs.mcse(values, chain_axis=0, draw_axis=1)),
        low_error=float(errors[0]),
        high_error=float(errors[1]),
    )
