"""Choice weights: the posteriors of all decision contexts of a model, and what they say."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import InputError
from introspect_bayes.fits.choice_data import ChoiceData
from introspect_bayes.fits.choice_model import build_model
from introspect_bayes.fits.finished_fits import FinishedFit, FromSource
from introspect_bayes.fits.intervals import hdi
from introspect_bayes.fits.one_thread import built_once
from introspect_bayes.fits.sampling import Diagnostics, diagnose, independent_draws
from introspect_bayes.specs import Specification

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class ChoiceWeights(FromSource):
    """Posterior of one model's choice weights in a set of contexts.

    Attributes
    ----------
    spec
        The specification, priors included.
    data
        The choices.
    source
        The posterior, or where it is kept. ``idata`` is the DataTree, its posterior with
        ``Intercept`` (chain, draw, context), the log-odds of A between equal options, and
        ``slopes`` (chain, draw, context, attribute); slopes of attributes that a context lacks are
        draws from the prior. sample_stats tells of each context the engine, and Pareto k and
        effective draws where that is importance sampling.
    """

    spec: Specification
    data: ChoiceData = field(repr=False)
    source: "xr.DataTree | FinishedFit" = field(repr=False)

    @built_once
    def model(self) -> Any:
        """The PyMC model of all contexts, for whatever else PyMC can do with it."""
        return build_model(self.spec, self.data)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Worst diagnostics over all contexts."""
        return Diagnostics(*self._remembered("diagnostics", lambda: self._diagnose().as_list()))

    def _diagnose(self) -> Diagnostics:
        stats = self.idata["sample_stats"].to_dataset()
        by_chains = (stats["engine"] == "nuts").to_numpy()
        found = independent_draws(
            stats["pareto_k"].to_numpy()[~by_chains],
            stats["effective_draws"].to_numpy()[~by_chains],
        )
        if by_chains.any():
            posterior = self.idata["posterior"].to_dataset()
            if "context" in posterior.dims:
                posterior = posterior.isel(context=np.flatnonzero(by_chains))
            found = found.worst_of(diagnose(posterior, int(stats["diverging"].sum())))
        return found

    @property
    def contexts_by_engine(self) -> dict[str, int]:
        """Number of contexts sampled by each engine."""
        counted: dict[str, int] = self._remembered("engines", self._count_engines)
        return counted

    def _count_engines(self) -> dict[str, int]:
        engines, counts = np.unique(self.idata["sample_stats"]["engine"], return_counts=True)
        return dict(zip(engines.tolist(), counts.tolist(), strict=True))

    def hdi(self) -> pd.DataFrame:
        """Return posterior means, standard deviations and 95% HDIs.

        Returns
        -------
        pandas.DataFrame
            One row an attribute: context, position, mean, sd, hdi_low, hdi_high (log-odds for
            the attribute's whole range) and weight (`scaled_weights`).
        """
        summary = self._summary("slopes")
        frame = self._frame(summary)
        frame["weight"] = scaled_weights(summary[0], self.data.present).reshape(-1)
        return frame[self.data.present.reshape(-1)].reset_index(drop=True)

    def position_bias(self) -> pd.DataFrame:
        """Return the intercepts, one row a context: context, mean, sd, hdi_low, hdi_high.

        Raises
        ------
        InputError
            If the model has no intercept.
        """
        if not self.spec.has_intercept:
            msg = f"{self.spec.name} has no intercept, so that it tells no position bias"
            raise InputError(msg)
        return self._frame(self._summary("Intercept")[..., None]).drop(columns="position")

    def batch_weights(self, batches: int) -> np.ndarray:
        """Return the scaled weights that batches of draws give, for their Monte Carlo error.

        Parameters
        ----------
        batches
            How many; the same number from each chain, and one at least.

        Returns
        -------
        numpy.ndarray
            Shape (batch, context, attribute), -100 to 100; 0 where a context lacks the attribute.
        """

        def compute() -> list[Any]:
            draws = self.idata["posterior"]["slopes"].to_numpy()
            pieces = np.array_split(draws, max(1, batches // len(draws)), axis=1)
            means = np.concatenate([piece.mean(axis=1) for piece in pieces])
            return [scaled_weights(batch, self.data.present).tolist() for batch in means]

        return np.asarray(self._remembered(f"batches-{batches}", compute))

    def _summary(self, name: str) -> np.ndarray:
        """Return mean, sd and the ends of the HDI, stacked along the first axis."""

        def compute() -> list[Any]:
            draws = _draws_last(self.idata, name)
            interval = np.moveaxis(hdi(draws), -1, 0)
            return [a.tolist() for a in (draws.mean(-1), draws.std(-1, ddof=1), *interval)]

        return np.asarray(self._remembered(f"summary-{name}", compute))

    def _frame(self, summary: np.ndarray) -> pd.DataFrame:
        contexts, width = summary.shape[1:]
        columns = {
            "context": np.repeat(self.data.contexts, width),
            "position": np.tile(np.arange(1, width + 1), contexts),
        }
        names = ("mean", "sd", "hdi_low", "hdi_high")
        values = {name: each.reshape(-1) for name, each in zip(names, summary, strict=True)}
        return pd.DataFrame({**columns, **values})


def _draws_last(idata: "xr.DataTree", name: str) -> np.ndarray:
    array = idata["posterior"][name].to_numpy()
    return np.moveaxis(array.reshape(-1, *array.shape[2:]), 0, -1)


def scaled_weights(means: np.ndarray, present: np.ndarray | None = None) -> np.ndarray:
    """Scale weights so that each context's largest is 100 in absolute value, and round.

    Parameters
    ----------
    means
        Posterior means, shape (context, attribute).
    present
        Which attributes the context has; the others become 0.

    Source: Plunkett et al. 2025, Appendix D (doi:10.48550/arXiv.2505.17120).

    Examples
    --------
    >>> import numpy as np
    >>> scaled_weights(np.array([[0.5, -2.0, 1.0]]))
    array([[  25., -100.,   50.]])
    """
    kept = means if present is None else np.where(present, means, 0.0)
    largest = np.abs(kept).max(axis=1, keepdims=True)
    return np.asarray(np.round(kept / np.where(largest > 0, largest, 1.0) * WEIGHT_LIMIT))
