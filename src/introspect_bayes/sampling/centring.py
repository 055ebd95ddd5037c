"""Intercepts at the means of the predictors, as priors mean them, and at zero, as fits report them.

brms and Bambi put the prior of an intercept on predictors that are centred, and so do all models
here.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Centring:
    """Where the predictors of a model are centred.

    Attributes
    ----------
    terms
        Posterior variables that hold the coefficients of the predictors, side by side.
    means
        Means of the predictors, shape (coefficient,), or (context, coefficient) where each context
        has an intercept and means of its own.
    variable
        The model's name for the intercept at the means.

    Examples
    --------
    >>> import xarray as xr
    >>> draws = xr.Dataset({n: (("chain", "draw"), [[v]]) for n, v in
    ...     {"Intercept": 1.0, "reported": 2.0}.items()})
    >>> centring = Centring(("reported",), np.array([0.25]))
    >>> float(centring.at_zero(draws)["Intercept"].item())
    0.5
    >>> float(centring.at_means(centring.at_zero(draws)).item())
    1.0
    """

    terms: tuple[str, ...]
    means: np.ndarray
    variable: str = "Intercept"

    def at_zero(self, posterior: "xr.Dataset") -> "xr.Dataset":
        """Return draws whose ``Intercept``, given at the means, is that at zero."""
        return posterior.assign(Intercept=posterior["Intercept"] - self._shift(posterior))

    def at_means(self, posterior: "xr.Dataset") -> "xr.DataArray":
        """Return the intercept at the means of draws whose ``Intercept`` is that at zero."""
        return posterior["Intercept"] + self._shift(posterior)

    def _shift(self, posterior: "xr.Dataset") -> np.ndarray:
        shape = posterior["Intercept"].shape
        columns = [posterior[term].to_numpy().reshape(*shape, -1) for term in self.terms]
        return np.asarray(shift_of_intercept(np.concatenate(columns, axis=-1), self.means))


def shift_of_intercept(coefficients: Any, means: Any) -> Any:
    """Return what an intercept at the means is above that at zero.

    Parameters
    ----------
    coefficients
        Shape (..., coefficient), or (..., context, coefficient); of NumPy or PyTensor.
    means
        As of `Centring`.
    """
    if means.ndim == 1:
        return coefficients @ means
    return (means * coefficients).sum(axis=-1)
