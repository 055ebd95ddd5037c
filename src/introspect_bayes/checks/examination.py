"""A fit under examination: its log densities, replicates and leave-one-out, each made once."""

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import xarray as xr

from introspect_bayes.fits import ChoiceWeights, Regression
from introspect_bayes.fits.predictive import log_densities, posterior_predictive

CHOICE_DRAWS: Final = 1000
"""Draws, and replicates, of choice weights: the likelihood of 10,000 choices is then 80 MB."""

REGRESSION_DRAWS: Final = 2000
"""Draws, and replicates, of regressions."""


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
        """Log densities of the observations and of the priors (`fits.predictive`)."""
        return log_densities(self.fit, self.draws)

    @cached_property
    def replicates(self) -> xr.DataTree:
        """Replicated data, from the same draws as the densities."""
        return posterior_predictive(self.fit, self.seed, self.draws)

    @cached_property
    def loo(self) -> Any:
        """Pareto-smoothed leave-one-out, pointwise (an ``ELPDDataLOO``).

        Source: Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4.
        """
        import arviz as az

        with warnings.catch_warnings():  # a check of its own judges the Pareto k
            warnings.simplefilter("ignore", UserWarning)
            return az.loo(self.densities, pointwise=True)

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
