"""Rows of several variables, some of them missing, for the fit of a correlation matrix."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

Pattern = tuple[int, ...]
"""Numbers of the variables that a row has."""


@dataclass(frozen=True)
class Moments:
    """Sums over rows that have the same variables: all that a normal likelihood needs of them.

    Attributes
    ----------
    counts
        Rows of each unit, shape (unit,).
    sums
        Sums of the variables, shape (unit, variable).
    products
        Sums of the products of two variables, shape (unit, variable, variable).
    """

    counts: np.ndarray
    sums: np.ndarray
    products: np.ndarray

    def total(self) -> "Moments":
        """Return the moments of all units together, as those of a single one."""
        return Moments(
            self.counts.sum(axis=0, keepdims=True),
            self.sums.sum(axis=0, keepdims=True),
            self.products.sum(axis=0, keepdims=True),
        )


@dataclass(frozen=True)
class CorrelationData:
    """Rows whose variables are correlated, in units that are independent of each other.

    Parameters
    ----------
    values
        Shape (row, variable); not a number where a row lacks a variable.
    variables
        Names of the variables.
    units
        What each row belongs to, such as its decision context; shape (row,).

    Examples
    --------
    >>> rows = np.array([[1.0, 2.0], [0.0, np.nan], [3.0, 1.0]])
    >>> data = CorrelationData(rows, ("weight", "report"), np.array(["a", "a", "b"]))
    >>> list(data.moments)
    [(0, 1), (0,)]
    """

    values: np.ndarray = field(repr=False)
    variables: tuple[str, ...]
    units: np.ndarray = field(repr=False)

    @cached_property
    def moments(self) -> dict[Pattern, Moments]:
        """Moments by which variables rows have, those with most variables first."""
        seen = ~np.isnan(self.values)
        names, unit = np.unique(self.units, return_inverse=True)
        found: dict[Pattern, Moments] = {}
        for kind in sorted(np.unique(seen, axis=0), key=lambda kind: (-kind.sum(), *~kind)):
            if not kind.any():
                continue
            rows = np.flatnonzero((seen == kind).all(axis=1))
            mine = self.values[np.ix_(rows, np.flatnonzero(kind))]
            member = (unit[rows] == np.arange(len(names))[:, None]).astype(float)
            found[tuple(int(number) for number in np.flatnonzero(kind))] = Moments(
                member.sum(axis=1),
                member @ mine,
                np.einsum("ur,ra,rb->uab", member, mine, mine, optimize=True),
            )
        return found
