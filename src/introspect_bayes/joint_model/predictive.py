"""Whether the joint model, once fitted, makes data like those that it was fitted to."""

from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_modes import find_modes
from introspect_bayes.choices.context_densities import ContextDensities
from introspect_bayes.joint_model.data import JointData
from introspect_bayes.joint_model.paper_scale import paper_slope
from introspect_bayes.joint_model.replicates import replicated_choices, replicated_reports
from introspect_bayes.specs import spec

STATISTICS: Final = {
    "plug_in": "the paper's figure, weights being the posterior modes of the paper's model",
    "ends": "share of reports at -100 or 100",
    "zeros": "share of reports that are 0",
    "identical": "share of attributes of which all reports of a context are the same",
    "halves": "correlation of the mean reports of every second report with those of the others",
}
"""What is compared with replicated data, for each figure."""

REPLICATES: Final = 400
"""Replicated data sets."""

PREDICTED: Final = 0.95
"""Probability that the predictive intervals of a table hold."""

_MISSED_SD: Final = 3.29
"""Standard deviations from the mean that hold 99.9% of a normal distribution."""

_BATCH: Final = 50

_NEARLY: Final = 1e-6


def predictive_draws(data: JointData, draws: xr.Dataset, seed: int) -> dict[str, Any]:
    """Return `STATISTICS` of the data and of data replicated from draws of latent variables.

    Parameters
    ----------
    data
        What was fitted.
    draws
        As of `replicates.replicated_reports` and `replicates.replicated_choices`.
    seed
        Seed of the replicates.

    Returns
    -------
    dict
        observed (figure, statistic) and replicated (replicate, figure, statistic), for an
        `xarray.Dataset`.
    """
    random = np.random.default_rng(seed)
    found = []
    for start in range(0, draws.sizes["sample"], _BATCH):
        some = draws.isel(sample=slice(start, start + _BATCH))
        reports = replicated_reports(data, some, random)
        weights = modes_of_weights(data, replicated_choices(data, some, random))
        found.append(_statistics(data, weights, reports))
    observed = _statistics(
        data, modes_of_weights(data, data.choices.selection[None]), data.reports[None]
    )
    dims = ("figure", "statistic")
    return {
        "observed": (dims, observed[0]),
        "replicated": (("replicate", *dims), np.concatenate(found)),
    }


def predictive_rows(predictive: xr.Dataset) -> pd.DataFrame:
    """Return what was observed beside its predictive interval.

    Parameters
    ----------
    predictive
        As `predictive_draws` has it.

    Returns
    -------
    pandas.DataFrame
        One row a figure and statistic: figure, statistic, observed, low, high (equal-tailed 95%
        predictive interval), inside, missed (beyond all replicates, and further from their mean
        than 99.9% of a normal distribution).
    """
    rows = []
    tails = [(1 - PREDICTED) / 2, (1 + PREDICTED) / 2]
    for figure in predictive["figure"].to_numpy():
        for statistic in predictive["statistic"].to_numpy():
            own = predictive.sel(figure=figure, statistic=statistic)
            seen, draws = float(own["observed"]), own["replicated"].to_numpy()
            if np.isnan(seen):
                continue
            draws = draws[np.isfinite(draws)]
            if not len(draws):
                continue
            low, high = np.quantile(draws, tails)
            beyond = seen < draws.min() or seen > draws.max()
            far = abs(seen - draws.mean()) > _MISSED_SD * draws.std()
            inside = bool(low <= seen <= high)
            rows.append((figure, statistic, seen, low, high, inside, bool(beyond and far)))
    columns = ["figure", "statistic", "observed", "low", "high", "inside", "missed"]
    return pd.DataFrame(rows, columns=columns)


def _statistics(data: JointData, weights: np.ndarray, reports: np.ndarray) -> np.ndarray:
    """Return shape (sample, figure, statistic)."""
    found = []
    for figure in range(len(data.figures)):
        own = reports[:, figure]
        there = np.isfinite(data.reports[figure])
        if not there.any():
            found.append(np.full((len(own), len(STATISTICS)), np.nan))
            continue
        given = own[:, there]
        several = there.sum(axis=1) > 1
        with_nan = np.where(there, own, -np.inf), np.where(there, own, np.inf)
        same = with_nan[0].max(axis=2) == with_nan[1].min(axis=2)
        halves = [_means(own[:, :, half::2], there[:, half::2]) for half in (0, 1)]
        means = _means(own, there)
        found.append(
            np.stack(
                [
                    paper_slope(data, figure, weights, means),
                    (np.abs(given) > 1 - _NEARLY).mean(axis=1),
                    (np.abs(given) < _NEARLY).mean(axis=1),
                    same[:, several].mean(axis=1) if several.any() else np.full(len(own), np.nan),
                    _correlation(halves[0][:, several], halves[1][:, several]),
                ],
                axis=1,
            )
        )
    return np.stack(found, axis=1)


def _means(reports: np.ndarray, there: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(there, reports, 0).sum(axis=2) / np.maximum(there.sum(axis=1), 1))


def _correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = (each - each.mean(axis=1, keepdims=True) for each in (x, y))
    with np.errstate(invalid="ignore"):
        return np.asarray((x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1)))


def modes_of_weights(data: JointData, selection: np.ndarray) -> np.ndarray:
    """Return the posterior modes of slopes under the paper's model of choices.

    Parameters
    ----------
    data
        The options.
    selection
        Choices, 1 for A, shape (sample, choice).

    Returns
    -------
    numpy.ndarray
        Shape (sample, context, attribute).
    """
    samples, asked = len(selection), data.choices
    contexts = len(asked.contexts)
    often = np.repeat(np.arange(samples), len(asked.index))
    every = ChoiceData(
        asked.contexts * samples,
        np.tile(asked.index, samples) + contexts * often,
        np.tile(asked.differences, (samples, 1)),
        selection.reshape(-1),
        np.tile(asked.attribute_counts, samples),
    )
    modes, _ = find_modes(ContextDensities(spec("choice_weights"), every))
    return modes[:, 1:].reshape(samples, contexts, -1)
