"""Choice weights: the posteriors of all decision contexts of a model, and what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_model import build_model, centring_of_choices
from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import InputError
from introspect_bayes.sampling.centring import Centring
from introspect_bayes.sampling.fit import Fit
from introspect_bayes.sampling.one_thread import built_once

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class ChoiceWeights(Fit[ChoiceData]):
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

    @built_once
    def model(self) -> Any:
        """The PyMC model of all contexts, for whatever else PyMC can do with it."""
        return build_model(self.spec, self.data)

    @property
    def centring(self) -> Centring | None:
        """Where the differences are centred: in each context."""
        return centring_of_choices(self.data) if self.spec.has_intercept else None

    @property
    def contexts_by_engine(self) -> dict[str, int]:
        """Number of contexts sampled by each engine."""
        counted: dict[str, int] = self._remembered("engines", self._count_engines)
        return counted

    def _count_engines(self) -> dict[str, int]:
        engines, counts = np.unique(self.idata["sample_stats"]["engine"], return_counts=True)
        return dict(zip(engines.tolist(), counts.tolist(), strict=True))

    def hdi(self) -> pd.DataFrame:
        """Return posterior means, standard deviations and 95% HDIs of the slopes.

        Returns
        -------
        pandas.DataFrame
            As of `Fit.hdi`, one row an attribute (log-odds for its whole range), with the columns
            context, position and weight (`scaled_weights`) behind.
        """
        table = super().hdi()
        present = self.data.present
        weight = scaled_weights(table["mean"].to_numpy().reshape(present.shape), present)
        context, position = np.indices(present.shape).reshape(2, -1)
        table = table.assign(
            context=np.asarray(self.data.contexts)[context],
            position=position + 1,
            weight=weight.reshape(-1),
        )
        return table[present.reshape(-1)].reset_index(drop=True)

    def telling_nothing(self) -> frozenset[str]:
        """Return the contexts in which no weight's posterior mean lies one posterior SD from 0.

        Scaled to ±100 all the same, their weights are noise. It finds contexts of few or one-sided
        choices. Of contexts with fifty choices that are coin tosses it finds about a quarter, for
        among five weights one easily lies an SD from 0 by chance.
        """
        table = self.hdi()
        size = table["mean"].abs() / table["sd"]
        largest = size.groupby(table["context"]).max()
        return frozenset(largest.index[largest < 1])

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
        table = self._table("position-bias", lambda: self._only("Intercept"))
        return table.drop(columns="parameter").rename(columns={"level": "context"})

    def _told(self) -> "Mapping[Any, xr.DataArray]":
        return self._only("slopes")

    def _only(self, name: str) -> "Mapping[Any, xr.DataArray]":
        return self.idata["posterior"].to_dataset()[[name]].data_vars

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
