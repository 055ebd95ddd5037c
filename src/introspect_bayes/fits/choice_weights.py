"""Choice weights: the posteriors of all decision contexts of a model, and what they say."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import InputError
from introspect_bayes.fits.choice_data import ChoiceData
from introspect_bayes.fits.choice_model import build_model
from introspect_bayes.fits.intervals import hdi
from introspect_bayes.fits.sampling import Diagnostics, diagnose, independent_draws
from introspect_bayes.specs import Specification


@dataclass(frozen=True)
class ChoiceWeights:
    """Posterior of one model's choice weights in a set of contexts.

    Attributes
    ----------
    spec
        The specification, priors included.
    data
        The choices.
    idata
        DataTree; posterior with ``Intercept`` (chain, draw, context), the log-odds of A between
        equal options, and ``slopes`` (chain, draw, context, attribute); slopes of attributes that
        a context lacks are draws from the prior. sample_stats tells of each context the engine,
        and Pareto k and effective draws where that is importance sampling.
    """

    spec: Specification
    data: ChoiceData = field(repr=False)
    idata: xr.DataTree = field(repr=False)

    @cached_property
    def model(self) -> Any:
        """The PyMC model of all contexts, for whatever else PyMC can do with it."""
        return build_model(self.spec, self.data)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Worst diagnostics over all contexts."""
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
        slopes = _draws_last(self.idata, "slopes")
        frame = self._frame(slopes.mean(-1), slopes.std(-1, ddof=1), hdi(slopes))
        frame["weight"] = scaled_weights(slopes.mean(-1), self.data.present).reshape(-1)
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
        intercept = _draws_last(self.idata, "Intercept")[:, None, :]
        frame = self._frame(intercept.mean(-1), intercept.std(-1, ddof=1), hdi(intercept))
        return frame.drop(columns="position")

    def _frame(self, mean: np.ndarray, sd: np.ndarray, interval: np.ndarray) -> pd.DataFrame:
        width = mean.shape[1]
        return pd.DataFrame(
            {
                "context": np.repeat(self.data.contexts, width),
                "position": np.tile(np.arange(1, width + 1), len(mean)),
                "mean": mean.reshape(-1),
                "sd": sd.reshape(-1),
                "hdi_low": interval[..., 0].reshape(-1),
                "hdi_high": interval[..., 1].reshape(-1),
            }
        )


def _draws_last(idata: xr.DataTree, name: str) -> np.ndarray:
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
