"""What a study is to achieve, and how sure simulations make that a design achieves it."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from introspect_bayes.errors import InputError

PROBABILITIES: Final = {
    "exclude_zero": "HDI excludes zero",
    "outside_rope": "HDI outside the ROPE",
    "inside_rope": "HDI inside the ROPE",
    "exclude_difference": "HDI excludes the difference",
}
"""Events whose probability a design analysis tells, and what a table calls them."""

_JEFFREYS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Goals:
    """What a design must achieve: all that is given.

    Parameters
    ----------
    width
        Largest expected width of the 95% HDI.
    exclude_zero
        Smallest probability that the HDI excludes zero, 0 to 1.
    rope
        Half the width of a region of practical equivalence around zero.
    outside_rope, inside_rope
        Smallest probability that the HDI lies outside (inside) the region as a whole.
    difference
        A value, such as an accuracy or effect that a theory predicts.
    exclude_difference
        Smallest probability that the HDI excludes it.

    Raises
    ------
    InputError
        If a value is impossible, or a probability lacks the value that it is about.

    Notes
    -----
    HDI and ROPE: Kruschke 2018, doi:10.1177/2515245918771304.

    Examples
    --------
    >>> Goals(width=0.1, exclude_zero=0.8).events
    ['exclude_zero']
    """

    width: float | None = None
    exclude_zero: float | None = None
    rope: float | None = None
    outside_rope: float | None = None
    inside_rope: float | None = None
    difference: float | None = None
    exclude_difference: float | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is None:
                continue
            if name in PROBABILITIES and not 0 < value < 1:
                msg = f"{name} = {value}: a probability between 0 and 1"
                raise InputError(msg)
            if name in {"width", "rope"} and not 0 < value < math.inf:
                msg = f"{name} = {value}: must be above 0"
                raise InputError(msg)
            if not math.isfinite(value):
                msg = f"{name} = {value}: must be a finite number"
                raise InputError(msg)
        for goal, needs in (
            ("outside_rope", "rope"),
            ("inside_rope", "rope"),
            ("exclude_difference", "difference"),
        ):
            if getattr(self, goal) is not None and getattr(self, needs) is None:
                msg = f"{goal} = {getattr(self, goal)}: give {needs}, too"
                raise InputError(msg)

    @property
    def events(self) -> list[str]:
        """The events that can be judged, keys of `PROBABILITIES`."""
        found = ["exclude_zero"]
        found += ["outside_rope", "inside_rope"] if self.rope is not None else []
        return found + (["exclude_difference"] if self.difference is not None else [])

    def wanted(self) -> Iterator[tuple[str, float]]:
        """Yield what must be achieved: width or an event, and its limit."""
        for name in ("width", *PROBABILITIES):
            if (limit := getattr(self, name)) is not None:
                yield name, limit

    def happened(self, event: str, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Return whether an event happened, given the ends of HDIs; never for one that is NaN.

        Examples
        --------
        >>> Goals(rope=0.1).happened("outside_rope", np.array([0.05, 0.2]), np.array([0.4, 0.5]))
        array([False,  True])
        """
        if event == "inside_rope":
            assert self.rope is not None  # noqa: S101 - events without their value are not asked
            return np.asarray((low > -self.rope) & (high < self.rope))
        below, above = {
            "exclude_zero": (0.0, 0.0),
            "outside_rope": (-(self.rope or 0.0), self.rope or 0.0),
            "exclude_difference": (self.difference or 0.0, self.difference or 0.0),
        }[event]
        return np.asarray((high < below) | (low > above))


def probability(count: int, studies: int) -> tuple[float, float]:
    """Return a share of simulated studies and its Monte Carlo error.

    The error is the standard deviation of the posterior under Jeffreys' prior, which is not zero
    even if none or all of the studies have the event.

    Examples
    --------
    >>> probability(80, 100)[0], round(probability(80, 100)[1], 3), round(probability(0, 100)[1], 3)
    (0.8, 0.04, 0.007)
    """
    from scipy import stats

    spread = stats.beta(count + _JEFFREYS, studies - count + _JEFFREYS).std()
    return count / studies, float(spread)


def certainty_of_share(count: int, studies: int, least: float) -> float:
    """Return the probability, over Monte Carlo error, that a probability is at least a value.

    Examples
    --------
    >>> round(certainty_of_share(90, 100, 0.8), 3), round(certainty_of_share(80, 100, 0.8), 1)
    (0.996, 0.5)
    """
    from scipy import stats

    return float(stats.beta(count + _JEFFREYS, studies - count + _JEFFREYS).sf(least))


def certainty_of_mean(mean: float, error: float, most: float, studies: int) -> float:
    """Return the probability, over Monte Carlo error, that an expected width is at most a value.

    Parameters
    ----------
    mean, error
        Mean over simulated studies, and its standard error.
    most
        The value.
    studies
        How many studies.
    """
    from scipy import stats

    if error == 0:
        return float(mean <= most)
    return float(stats.t(studies - 1).cdf((most - mean) / error))
