"""How far observed data lie in the tails of replicated data, Monte Carlo error included."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from introspect_bayes.errors import InputError

TAIL: Final = 0.01
"""Tail area below which a check fails. A sound model therefore fails one check in a hundred, and
two-sided or conservative ones (posterior predictive checks use the data twice) fewer."""

LEAST_REPLICATES: Final = 600
"""Replicates below which no area under `TAIL` could be told from a larger one."""

OUTSIDE: Final = 0.05
"""Two-sided tail area below which one context counts as outside its replicates."""

_CERTAINTY = 0.975


@dataclass(frozen=True, slots=True)
class TailArea:
    """Share of replicates at least as extreme as the data.

    Attributes
    ----------
    area
        The share.
    upper
        What it is at most, with probability .975 given the number of replicates (Jeffreys's
        interval; Brown et al. 2001, doi:10.1214/ss/1009213286).
    """

    area: float
    upper: float

    @property
    def extreme(self) -> bool:
        """Whether the area is below `TAIL`, Monte Carlo error included."""
        return self.upper < TAIL


def upper_tail(observed: ArrayLike, replicated: ArrayLike) -> TailArea:
    """Return the share of replicates that reach the observed value.

    Parameters
    ----------
    observed
        A statistic of the data; one a draw for a statistic that depends on parameters too
        (Gelman, Meng & Stern 1996, Statistica Sinica 6, 733-760).
    replicated
        The statistic of each replicate, shape (draw,).

    Raises
    ------
    InputError
        If there are too few replicates to tell.

    Examples
    --------
    >>> import numpy as np
    >>> upper_tail(3.0, np.arange(1000) % 4).area
    0.25
    """
    from scipy.stats import beta

    statistics = np.asarray(replicated, dtype=float)
    count = len(statistics)
    require_draws(count)
    reached = int((statistics >= np.asarray(observed, dtype=float)).sum())
    upper = float(beta.ppf(_CERTAINTY, reached + 0.5, count - reached + 0.5))
    return TailArea(reached / count, upper)


def require_draws(count: int) -> None:
    """Raise InputError if there are too few draws, or replicates, to tell a tail area."""
    if count < LEAST_REPLICATES:
        msg = f"{count} draws are too few: at least {LEAST_REPLICATES} are needed (--draws 1000)"
        raise InputError(msg)


def two_sided(observed: ArrayLike, replicated: ArrayLike) -> TailArea:
    """Return twice the smaller of both tail areas, at most 1.

    Examples
    --------
    >>> import numpy as np
    >>> two_sided(0.5, np.linspace(-10, 10, 1000)).extreme
    False
    """
    statistics = np.asarray(replicated, dtype=float)
    tails = (upper_tail(observed, statistics), upper_tail(-np.asarray(observed), -statistics))
    smaller = min(tails, key=lambda tail: tail.area)
    return TailArea(min(1.0, 2 * smaller.area), min(1.0, 2 * smaller.upper))


@dataclass(frozen=True, slots=True)
class Outside:
    """How many contexts lie outside their replicates.

    Attributes
    ----------
    count, of
        Contexts whose two-sided tail area is below `OUTSIDE`, of so many.
    chance
        Share of replicates with so many contexts, or more, outside the other replicates.
    above
        How many of them lie above their replicates.
    upper
        What `chance` is at most, Monte Carlo error included (`TailArea`).
    """

    count: int
    of: int
    chance: float
    above: int
    upper: float

    @property
    def extreme(self) -> bool:
        """Whether more are outside than chance explains."""
        return self.upper < TAIL


def contexts_outside(observed: np.ndarray, replicated: np.ndarray) -> Outside:
    """Count the contexts whose statistic lies outside its replicates.

    Ties count half, so that a statistic with few values is judged fairly.

    Parameters
    ----------
    observed
        Statistic of each context, shape (context,).
    replicated
        Of each replicate, shape (draw, context).

    Examples
    --------
    >>> import numpy as np
    >>> replicates = np.random.default_rng(1).normal(size=(1000, 3))
    >>> contexts_outside(np.array([0.0, 5.0, -5.0]), replicates).count
    2
    """
    from scipy.stats import rankdata

    upper = _shares_above(replicated, observed)
    outside = 2 * np.minimum(upper, 1 - upper) < OUTSIDE
    # Each replicate among all: contexts that share parameters go together in these, too.
    count, size = int(outside.sum()), len(replicated)
    places = (size - rankdata(replicated, axis=0) + 0.5) / size
    others = (2 * np.minimum(places, 1 - places) < OUTSIDE).sum(axis=1)
    chance = upper_tail(count, others)
    above = int((outside & (upper < 1 / 2)).sum())
    return Outside(count, len(observed), chance.area, above, chance.upper)


def _shares_above(replicated: np.ndarray, observed: np.ndarray) -> np.ndarray:
    return np.asarray(
        (replicated > observed).mean(axis=0) + (replicated == observed).mean(axis=0) / 2
    )
