"""Intervals that take decision contexts, not the attributes within them, as units.

The regressions of the paper take each attribute for independent of the others, and accuracy for
alike in all contexts. Neither is taken here: what is unknown is how a figure would come out in
other contexts, and leaving out one context after the other says how much it moves. Whatever is
standardized is standardized anew each time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from introspect_bayes.constants import HDI_PROB

FEWEST_CONTEXTS: Final = 3
"""Contexts below which leaving out one tells nothing."""

_NEAR: Final = 3.0
"""How many times nearer to a limit a figure may come without some context, for z to be used."""

_AT_LIMIT: Final = 1e-9

FigureOfTotals = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""From sums over contexts, shape (..., sum), to a figure and the least and the most it could be."""


@dataclass(frozen=True, slots=True)
class ContextInterval:
    """A 95% interval with contexts as units, or why there is none.

    Attributes
    ----------
    ends
        Low and high; None where it cannot be had.
    missing
        Why not, in words; empty if it can.
    """

    ends: tuple[float, float] | None = None
    missing: str = ""


@dataclass(frozen=True)
class ContextSums:
    """All that a figure needs to know of each context.

    Attributes
    ----------
    table
        One row a context (the index names it), one column a quantity that adds up over contexts.
    units
        Contexts that have both sides of the comparison. The others, which only enter a
        standardization, are never left out.
    figure
        The figure, as a function of the columns' totals.
    share
        Whether it is a share of trials: then all or none of them tell something, too.
    """

    table: pd.DataFrame
    units: pd.Index
    figure: FigureOfTotals
    share: bool = False

    def value(self) -> float:
        """Return the figure."""
        return float(self.figure(self.table.to_numpy(dtype=float).sum(axis=0))[0])

    def interval(self) -> ContextInterval:
        """Return the 95% interval with contexts as units."""
        if len(self.units) < FEWEST_CONTEXTS:
            reason = f"contexts as units need {FEWEST_CONTEXTS} of them; there are"
            return ContextInterval(missing=f"{reason} {len(self.units)}")
        varying = self.table.index.isin(self.units)
        sums = self.table.to_numpy(dtype=float)
        fixed = sums[~varying].sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            value, least, most = self.figure(sums.sum(axis=0))
        if min(value - least, most - value) <= _AT_LIMIT * (most - least):
            if self.share:
                return ContextInterval(share_at_limit(len(self.units), every=bool(value > least)))
            reason = "the figure is at its limit, where leaving contexts out tells nothing"
            return ContextInterval(missing=reason)
        low, high = jackknife_ends(sums[varying], lambda totals: self.figure(totals + fixed))
        if not np.isfinite([low, high]).all():
            return ContextInterval(missing="a single context decides whether there is a figure")
        if low == high:
            return ContextInterval(missing="all contexts say the same")
        return ContextInterval((float(low), float(high)))


def jackknife_ends(sums: np.ndarray, figure: FigureOfTotals) -> np.ndarray:
    """Return the ends of 95% intervals, from what leaving out each context in turn moves.

    With θ the figure of all G contexts, θ_c that without context c, between the limits l and h::

        z(θ) = log (θ - l) / (h - θ)
        se²  = (G - 1) / G · Σ_c (z(θ_c) - mean of z(θ_c))²
        ends = z⁻¹(z(θ) ± t se)

    t being the quantile of Student's t with G - 1 degrees of freedom. For a correlation z is twice
    Fisher's, for a share the log-odds. How often these and other intervals hold the truth is
    measured (``benchmarks/coverage_of_contexts.py``).

    Parameters
    ----------
    sums
        Shape (..., context, sum).
    figure
        The figure and its limits, from totals over contexts.

    Returns
    -------
    numpy.ndarray
        Shape (..., 2); not finite where the figure does not exist without some context.

    Source: jackknife over clusters; Student's t with G - 1 degrees of freedom as in MacKinnon,
    Nielsen & Webb 2023, doi:10.1002/jae.2969.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.array([[1.0], [2.0], [3.0], [6.0]])  # the mean: as Student's t has it
    >>> counted = np.hstack([values, np.ones((4, 1))])
    >>> far = np.full((), 1e9)
    >>> jackknife_ends(counted, lambda t: (t[..., 0] / t[..., 1], -far, far)).round(2)
    array([-0.44,  6.44])
    """
    from scipy import special, stats

    contexts = sums.shape[-2]
    total = sums.sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        value, low, high = figure(total)
        left_out = figure(total[..., None, :] - sums)[0]
        share = (value - low) / (high - low)
        shares = (left_out - low[..., None]) / (high - low)[..., None]
        nearer = (shares < share[..., None] / _NEAR) | (1 - shares < (1 - share)[..., None] / _NEAR)
        # Where some context alone keeps a figure from its limit: steps as long as z's slope says.
        outside = nearer.any(axis=-1, keepdims=True)
        slope = 1 / (share * (1 - share))
        moved = np.where(outside, shares * slope[..., None], special.logit(shares))
        spread = np.sqrt((contexts - 1) * moved.var(axis=-1))
        half = stats.t.ppf((1 + HDI_PROB) / 2, contexts - 1) * spread
        ends = special.expit(special.logit(share)[..., None] + half[..., None] * [-1, 1])
        return np.asarray(low[..., None] + (high - low)[..., None] * ends)


def share_of_contexts(hits: float, contexts: float) -> tuple[float, float]:
    """Return the 95% interval of a share of contexts: each either counts or does not.

    The central interval of the posterior Beta(hits + 1/2, misses + 1/2) under Jeffreys' prior,
    which exists, and hardly ever misses the truth more often than it should, with few contexts too.

    Source: Brown, Cai & DasGupta 2001, doi:10.1214/ss/1009213286.

    Examples
    --------
    >>> [round(end, 2) for end in share_of_contexts(2, 8)], share_of_contexts(0, 8)[0]
    ([0.06, 0.59], 0.0)
    """
    from scipy import stats

    misses, tail = contexts - hits, (1 - HDI_PROB) / 2
    posterior = stats.beta(hits + 0.5, misses + 0.5)
    low = posterior.ppf(tail) if hits > 0 else 0.0
    return float(low), float(posterior.ppf(1 - tail)) if misses > 0 else 1.0


def share_at_limit(contexts: int, *, every: bool) -> tuple[float, float]:
    """Return the 95% interval of a share of trials of which none, or every one, counts.

    One-sided: were the share beyond its end, fewer than 5% of studies would come out so, whatever
    shares single contexts have. (Of all contexts with a share p on average, the likeliest to show
    nothing are those that show all or nothing, and so many do with probability (1 - p)^contexts.)

    Examples
    --------
    >>> [round(end, 3) for end in share_at_limit(100, every=False)]
    [0.0, 0.03]
    """
    far = 1 - (1 - HDI_PROB) ** (1 / contexts)
    return (1 - far, 1.0) if every else (0.0, far)


def combined(parts: Sequence[ContextSums], factors: Sequence[float]) -> ContextSums:
    """Return a sum of figures, each times a factor: a difference, or a mean of several models.

    Contexts of the same name are one unit, whichever model was asked in them.

    Parameters
    ----------
    parts
        The figures.
    factors
        One for each: 1 and -1 for a difference.
    """
    table = pd.concat([part.table for part in parts], axis=1, keys=range(len(parts))).fillna(0.0)
    stops = np.cumsum([part.table.shape[1] for part in parts])[:-1]

    def figure(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        value, low, high = np.zeros((3, *totals.shape[:-1]))
        for part, factor, mine in zip(
            parts, factors, np.split(totals, stops, axis=-1), strict=True
        ):
            found, least, most = part.figure(mine)
            value = value + factor * found
            low = low + np.minimum(factor * least, factor * most)
            high = high + np.maximum(factor * least, factor * most)
        return value, low, high

    units = parts[0].units
    for part in parts[1:]:
        units = units.union(part.units)
    return ContextSums(table, units, figure)
