"""What every fit is: a specification, its data, and a posterior with the words to judge it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from introspect_bayes.sampling.centring import Centring
from introspect_bayes.sampling.diagnostics import Diagnostics, diagnostics_of
from introspect_bayes.sampling.finished_fits import FinishedFit
from introspect_bayes.sampling.intervals import hdi
from introspect_bayes.sampling.one_thread import BuildsOnce
from introspect_bayes.specs import Specification

if TYPE_CHECKING:
    import xarray as xr

HDI_COLUMNS: Final = ("parameter", "level", "mean", "sd", "hdi_low", "hdi_high")
"""Columns that come first in the table of any fit's HDIs."""


@dataclass(frozen=True)
class Fit[Data](BuildsOnce, ABC):
    """A fitted model; each kind says what its data and its posterior are.

    Attributes
    ----------
    spec
        The specification as fitted, priors included.
    data
        What was fitted.
    source
        The posterior, or where it is kept; ``idata`` is the posterior in any case.
    """

    spec: Specification
    data: Data = field(repr=False)
    source: "xr.DataTree | FinishedFit" = field(repr=False)

    @property
    def idata(self) -> "xr.DataTree":
        """The DataTree: posterior (chain, draw, ...), sample_stats, and what the kind adds."""
        return self.source.tree if isinstance(self.source, FinishedFit) else self.source

    @property
    @abstractmethod
    def model(self) -> Any:
        """The model as the specification has it, in the package that builds it."""

    @property
    def pymc_model(self) -> Any:
        """The PyMC model of the same."""
        return self.model

    @property
    def centring(self) -> Centring | None:
        """Where the model centres predictors; None if its intercept is the reported one."""
        return None

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Worst diagnostics over all that is judged, by the same limits for every kind of fit."""

        def judge() -> list[Any]:
            return diagnostics_of(self.idata, self._judged()).as_list()

        return Diagnostics(*self._remembered("diagnostics", judge))

    def hdi(self) -> pd.DataFrame:
        """Return posterior means, standard deviations and 95% HDIs.

        Returns
        -------
        pandas.DataFrame
            One row a parameter and level. Every kind of fit has the columns parameter (its name),
            level (empty for a scalar; several dims separated by ", "), mean, sd, hdi_low and
            hdi_high; what a kind adds stands behind them.
        """
        return self._table("hdi", self._told)

    def _judged(self) -> "xr.Dataset":
        """Return the draws that diagnostics judge."""
        return self.idata["posterior"].to_dataset()

    def _told(self) -> "Mapping[Any, xr.DataArray]":
        """Return the draws that `hdi` tells of."""
        return self.idata["posterior"].to_dataset().data_vars

    def _table(self, what: str, draws: "Callable[[], Mapping[Any, xr.DataArray]]") -> pd.DataFrame:
        """Return a table as of `hdi`; of a finished fit, variables are summarized once only."""
        columns = self._remembered(what, lambda: _summarized(draws()))
        return pd.DataFrame(dict(zip(HDI_COLUMNS, columns, strict=True)))

    def _remembered(self, what: str, compute: Callable[[], Any]) -> Any:
        """Return what was computed from a finished fit before, or compute it."""
        if isinstance(self.source, FinishedFit):
            return self.source.remembered(what, compute)
        return compute()


def _summarized(variables: "Mapping[Any, xr.DataArray]") -> list[list[Any]]:
    """Return the columns `HDI_COLUMNS` of variables with the dims chain, draw and any others."""
    rows: list[tuple[Any, ...]] = []
    for name, variable in variables.items():
        array = variable.to_numpy()
        draws = np.moveaxis(array.reshape(-1, *array.shape[2:]), 0, -1)
        interval = np.moveaxis(hdi(draws), -1, 0)
        told = (draws.mean(-1), draws.std(-1, ddof=1), *interval)
        levels = product(*(variable[dim].to_numpy().tolist() for dim in variable.dims[2:]))
        values = zip(*(np.ravel(each).tolist() for each in told), strict=True)
        for level, own in zip(levels, values, strict=True):
            rows.append((str(name), ", ".join(map(str, level)), *own))
    return [list(column) for column in zip(*rows, strict=True)]
