"""A fit under examination: its log densities, replicates and leave-one-out, each made once."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import xarray as xr

from introspect_bayes.checks.tail_areas import require_draws
from introspect_bayes.choices.choice_weights import ChoiceWeights
from introspect_bayes.errors import InputError
from introspect_bayes.regressions.predictive import (
    log_densities,
    posterior_predictive,
    prior_predictive,
)
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.sampling.one_thread import TURN

CHOICE_DRAWS: Final = 1000
"""Draws, and replicates, of choice weights: the likelihood of 10,000 choices is then 80 MB."""

REGRESSION_DRAWS: Final = 2000
"""Draws, and replicates, of regressions."""


_TINY: Final = 1e-9


def varied(log_density: xr.DataArray) -> xr.DataArray:
    """Return a log density in which nothing is exactly the same for all draws.

    Between equal options a model without intercept gives A and B the same density whatever its
    parameters, and flat priors have none. Such a constant is as good as known, but ArviZ refuses to
    smooth a tail of equal values; a slope of a billionth along the draws changes nothing else.
    """
    dims = ("chain", "draw")
    ramp = xr.DataArray(
        np.linspace(0, _TINY, int(np.prod([log_density.sizes[dim] for dim in dims]))).reshape(
            [log_density.sizes[dim] for dim in dims]
        ),
        dims=dims,
    )
    constant = log_density.max(dims) - log_density.min(dims) < _TINY
    return (log_density + ramp.where(constant, 0.0)).transpose(*log_density.dims)


@contextmanager
def moving_chains() -> Iterator[None]:
    """Turn ArviZ's complaint about equal draws into one that says what to do."""
    try:
        yield
    except ValueError as error:
        if str(error) != "All tail values are the same":
            raise
        msg = "many draws are the same, as where chains stand still; take more (--draws 4000)"
        raise InputError(msg) from error


@dataclass(frozen=True)
class Examination[Fit: (ChoiceWeights, Regression)]:
    """A fit, and what several checks of it need.

    Attributes
    ----------
    fit
        Choice weights or a regression.
    subject
        What messages call it.
    seed
        Of everything random.
    """

    fit: Fit
    subject: str
    seed: int

    @cached_property
    def densities(self) -> xr.DataTree:
        """Log densities of the observations and of the priors (`regressions.predictive`).

        Raises
        ------
        InputError
            If the fit has too few draws for any check; so, too, the replicates.
        """
        self._require_draws()
        return log_densities(self.fit, self.draws)

    @cached_property
    def replicates(self) -> xr.DataTree:
        """Replicated data, from the same draws as the densities."""
        self._require_draws()
        return posterior_predictive(self.fit, self.seed, self.draws)

    @cached_property
    def from_prior(self) -> xr.DataTree:
        """As many draws from the prior, and data from each.

        Raises
        ------
        ImproperPriorError
            If a prior is flat.
        """
        return prior_predictive(self.fit, self.seed, self.draws)

    @cached_property
    def loo(self) -> Any:
        """Pareto-smoothed leave-one-out, pointwise (an ``ELPDDataLOO``).

        Source: Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4.

        Raises
        ------
        InputError
            If many draws are the same, as where chains stand still.
        """
        import arviz as az

        tree = self.densities.copy()
        likelihood = tree["log_likelihood"].to_dataset()
        tree["log_likelihood"] = likelihood.map(varied)
        with TURN, warnings.catch_warnings(), moving_chains():
            warnings.simplefilter("ignore", UserWarning)  # a check of its own judges the Pareto k
            return az.loo(tree, pointwise=True)

    def _require_draws(self) -> None:
        sizes = self.fit.idata["posterior"].sizes
        require_draws(sizes["chain"] * sizes["draw"])

    @property
    def draws(self) -> int:
        """Draws used."""
        return CHOICE_DRAWS if isinstance(self.fit, ChoiceWeights) else REGRESSION_DRAWS

    @property
    def observed(self) -> np.ndarray:
        """The response, shape (observation,)."""
        return self.densities["observed_data"][self.fit.spec.response].to_numpy()

    @property
    def replicated(self) -> np.ndarray:
        """Replicates of the response, shape (draw, observation)."""
        array = self.replicates["posterior_predictive"][self.fit.spec.response].to_numpy()
        return array.reshape(-1, array.shape[-1])

    @property
    def other_prior(self) -> str:
        """How to see what another prior changes, on the command line."""
        priors = self.fit.spec.priors
        example = ".slopes='Normal(0, 3)'" if "slopes" in priors else ".PARAMETER=PRIOR"
        used = ", ".join(f"{name} ~ {prior}" for name, prior in priors.items())
        return f"see what another prior changes (--prior {self.fit.spec.name}{example}) than {used}"

    def draws_of(self, parameter: str) -> np.ndarray:
        """Return the draws of a parameter that the replicates come from, shape (draw, ...)."""
        array = self.replicates["posterior"][parameter].to_numpy()
        return array.reshape(-1, *array.shape[2:])
