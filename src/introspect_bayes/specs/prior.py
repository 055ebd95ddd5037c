"""A prior: a distribution's name and its arguments, checked as data without loading PyMC."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from introspect_bayes.errors import InputError, closest
from introspect_bayes.specs.distributions import DISCRETE, DISTRIBUTIONS, MATRIX, POSITIVE


def _median(response: np.ndarray) -> float:
    return round(float(np.median(response)), 1) + 0.0  # never -0.0


def _scale(response: np.ndarray) -> float:
    deviation = 1.4826 * float(np.median(np.abs(response - np.median(response))))
    return max(2.5, round(deviation, 1))


RESPONSE_STATISTICS: Final = {"median(response)": _median, "max(2.5, mad(response))": _scale}
"""Prior arguments that brms takes from the response; it rounds both to one decimal."""


@dataclass(frozen=True, slots=True)
class Prior:
    """A prior distribution: a PyMC distribution's name and its arguments.

    Parameters
    ----------
    dist
        A name in `DISTRIBUTIONS`.
    args
        All arguments of the distribution: numbers, a name in `RESPONSE_STATISTICS`, or the name of
        a hyperparameter, whose prior the specification holds.

    Raises
    ------
    InputError
        If the distribution or an argument is unknown, missing or out of range.

    Examples
    --------
    >>> print(Prior("Normal", {"mu": 0, "sigma": 1}))
    Normal(mu=0, sigma=1)
    >>> print(Prior("Normal", {"mu": 0, "sigma": "slopes_scale"}))
    Normal(mu=0, sigma=slopes_scale)
    """

    dist: str
    args: Mapping[str, float | str]

    def __post_init__(self) -> None:
        require_known(self.dist)
        arguments = DISTRIBUTIONS[self.dist]
        for name in self.args:
            if name not in arguments:
                msg = f"{self.dist} has no argument {name!r}{closest(name, arguments)}"
                raise InputError(msg)
        missing = [name for name in arguments if name not in self.args]
        if missing:
            msg = f"{self.dist} lacks {', '.join(missing)} (its arguments: {', '.join(arguments)})"
            raise InputError(msg)
        for name, value in self.args.items():
            _check_argument(self.dist, name, value)
        if self.dist == "Uniform":
            lower, upper = self.args["lower"], self.args["upper"]
            if not (isinstance(lower, str) or isinstance(upper, str) or lower < upper):
                msg = f"{self}: lower must be less than upper"
                raise InputError(msg)

    def __str__(self) -> str:
        """Write the prior as `read_prior` reads it."""
        written = {
            name: repr(value) if isinstance(value, str) and not value.isidentifier() else value
            for name, value in self.args.items()
        }
        return f"{self.dist}({', '.join(f'{name}={value}' for name, value in written.items())})"

    @property
    def references(self) -> dict[str, str]:
        """Arguments that are hyperparameters, and the names of these.

        Examples
        --------
        >>> Prior("Normal", {"mu": 0, "sigma": "slopes_scale"}).references
        {'sigma': 'slopes_scale'}
        """
        return {
            name: value
            for name, value in self.args.items()
            if isinstance(value, str) and value not in RESPONSE_STATISTICS
        }

    @property
    def depends_on_response(self) -> bool:
        """Whether an argument is one of `RESPONSE_STATISTICS`."""
        return any(value in RESPONSE_STATISTICS for value in self.args.values())

    @property
    def is_positive(self) -> bool:
        """Whether the distribution allows no negative values."""
        if self.dist == "Uniform":
            lower = self.args["lower"]
            return not isinstance(lower, str) and lower >= 0
        return self.dist in POSITIVE

    @property
    def is_correlation(self) -> bool:
        """Whether the distribution allows only values from -1 to 1.

        Examples
        --------
        >>> Prior("Uniform", {"lower": 0, "upper": 1}).is_correlation
        True
        """
        if self.dist in MATRIX:
            return True
        bounds = [self.args.get(name, "") for name in ("lower", "upper")]
        return all(not isinstance(bound, str) and abs(bound) <= 1 for bound in bounds)

    def numbers(self, response: ArrayLike = ()) -> dict[str, float]:
        """Return the arguments as numbers, those that depend on the data taken from `response`.

        Arguments that are hyperparameters (`references`) are left out.

        Parameters
        ----------
        response
            The response of the regression, one-dimensional; needed only by
            `RESPONSE_STATISTICS` (brms's default priors for Gaussian models).

        Examples
        --------
        >>> Prior("StudentT", {"nu": 3, "mu": "median(response)", "sigma": 2.5}).numbers([0, 1, 2])
        {'nu': 3.0, 'mu': 1.0, 'sigma': 2.5}
        """
        values = np.asarray(response, dtype=float)
        references = self.references
        return {
            name: RESPONSE_STATISTICS[value](values) if isinstance(value, str) else float(value)
            for name, value in self.args.items()
            if name not in references
        }


_SMALLEST: Final = 1e-100
"""Size below which a number's square may be zero to a computer."""


def _check_argument(dist: str, name: str, value: object) -> None:
    if isinstance(value, str):  # the specification knows which names there are
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        msg = f"{dist}: {name} = {value!r} is not a finite number"
        raise InputError(msg)
    if DISTRIBUTIONS[dist][name] == "positive" and value <= 0:
        msg = f"{dist}: {name} = {value:g} must be positive"
        raise InputError(msg)
    if value and not _SMALLEST < abs(value) < 1 / _SMALLEST:
        size = "small" if abs(value) < 1 else "large"
        msg = f"{dist}: {name} = {value:g} is too {size} to compute with"
        raise InputError(msg)


def require_known(dist: str) -> None:
    """Raise an `InputError` unless `dist` is a name in `DISTRIBUTIONS`."""
    if dist in DISCRETE:
        msg = f"{dist} is a discrete distribution; a parameter needs a continuous one"
        raise InputError(msg)
    if dist not in DISTRIBUTIONS:
        msg = f"unknown distribution {dist!r}{closest(dist, DISTRIBUTIONS)}"
        raise InputError(msg)
