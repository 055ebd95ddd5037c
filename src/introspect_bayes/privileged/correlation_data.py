"""Rows of several variables, some of them missing, for the fit of a correlation matrix."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np


class Moments(NamedTuple):
    """Sums over rows that have the same variables: all that a normal likelihood needs of them.

    Attributes
    ----------
    present
        Whether rows of a pattern have a variable, 1 or 0, shape (pattern, variable).
    counts
        Rows of each unit, shape (pattern, unit).
    sums
        Sums of the variables, 0 where they are missing, shape (pattern, unit, variable).
    products
        Sums of the products of two variables, shape (pattern, unit, variable, variable).
    """

    present: Any
    counts: Any
    sums: Any
    products: Any

    def total(self) -> "Moments":
        """Return the moments of all units together, as those of a single one."""
        parts = (array.sum(axis=1, keepdims=True) for array in self[1:])
        return Moments(self.present, *parts)


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
    >>> data.moments.present.tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    >>> data.moments.counts.tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """

    values: np.ndarray = field(repr=False)
    variables: tuple[str, ...]
    units: np.ndarray = field(repr=False)

    @cached_property
    def moments(self) -> Moments:
        """Moments by which variables rows have."""
        present, pattern = np.unique(~np.isnan(self.values), axis=0, return_inverse=True)
        names, unit = np.unique(self.units, return_inverse=True)
        member = np.zeros((len(present), len(names), len(self.values)))
        member[pattern, unit, np.arange(len(self.values))] = 1
        filled = np.nan_to_num(self.values)
        products = np.einsum("pur,ra,rb->puab", member, filled, filled, optimize=True)
        return Moments(present.astype(float), member.sum(axis=-1), member @ filled, products)
