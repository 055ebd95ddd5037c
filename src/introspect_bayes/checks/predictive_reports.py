"""Whether the weights that a regression predicts look like those that it was given."""

import warnings
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from introspect_bayes.checks.examination import Examination, moving_chains
from introspect_bayes.checks.outcome import Check
from introspect_bayes.checks.tail_areas import TAIL, two_sided, upper_tail
from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.errors import CannotCompute
from introspect_bayes.regressions.predictive import expected_response
from introspect_bayes.regressions.regression import Regression
from introspect_bayes.sampling.one_thread import TURN

DENSITY: Final = "reports.density"
PILE_UP: Final = "reports.pile-up"
RESIDUALS: Final = "reports.residuals"

_SEVERAL: Final = 2


def density(of: Examination[Regression]) -> Check:
    """Judge the shape of the residuals: whether leave-one-out PIT values are uniform.

    Raises
    ------
    InputError
        If the draws are too few.

    Notes
    -----
    ArviZ's ``loo_pit`` with Pareto-smoothed tails, and the test of uniformity that allows for the
    dependence between such values (POT-C; Tesso & Vehtari 2026, doi:10.48550/arXiv.2603.02928).

    Examples
    --------
    >>> density(Examination(fit, "e1.acc.4o", seed=1)).numbers["p_value"]  # doctest: +SKIP
    """
    import arviz as az

    name = of.fit.spec.response
    groups = {key: of.densities[key].to_dataset() for key in ("posterior", "log_likelihood")}
    groups |= {
        key: of.replicates[key].to_dataset() for key in ("posterior_predictive", "observed_data")
    }
    with TURN, warnings.catch_warnings(), moving_chains():
        warnings.simplefilter("ignore", UserWarning)  # the check loo.pareto-k judges the weights
        pit = az.loo_pit(xr.DataTree.from_dict(groups), pareto_pit=True, random_state=of.seed)
    values = pit[name].to_numpy()
    p_value = float(pit[name].azstats.uniformity_test(dim="observation", method="pot_c")[0])
    middle = float(((values > 0.25) & (values < 0.75)).mean())  # noqa: PLR2004
    numbers = {"p_value": p_value, "in_middle_half": middle}
    if p_value < TAIL:
        message = (
            f"The weights are not distributed as predicted (LOO-PIT, p = {p_value:.2g}; "
            f"{middle:.0%} lie in the middle half of their predictive distributions, 50% should): "
            "trust the slope as a summary, not predictions of single weights."
        )
        return Check(DENSITY, of.subject, "fail", message, numbers)
    message = "The weights are distributed around the regression as predicted (LOO-PIT uniform)."
    return Check(DENSITY, of.subject, "pass", message, numbers)


def pile_up(of: Examination[Regression]) -> Check:
    """Judge how many weights lie exactly at the smallest and largest value of their base model.

    Scaling makes one weight of each context exactly ±100, a share that no continuous
    distribution of residuals replicates; and none can be beyond, where replicates are.

    Examples
    --------
    >>> pile_up(Examination(fit, "e1.acc.4o", seed=1)).numbers["share"]  # doctest: +SKIP
    0.2
    """
    observed, replicated, data = of.observed, of.replicated, of.fit.data
    # Each base model's weights are standardized by themselves, and so have bounds of their own.
    whose = data["base_model"].to_numpy() if "base_model" in data else np.zeros(len(data))
    parts = [whose == name for name in np.unique(whose)]
    share = float(_at_extremes(observed[None], parts)[0])
    area = upper_tail(share, _at_extremes(replicated, parts))
    beyond = sum(
        (
            (replicated[:, part] < observed[part].min())
            | (replicated[:, part] > observed[part].max())
        )
        .mean(axis=0)
        .sum()
        for part in parts
    )
    numbers = {
        "share": share,
        "tail_area": area.area,
        "replicated_beyond": float(beyond / len(observed)),
    }
    if area.extreme:
        # Without numbers, which are alike everywhere, so that a table can join the subjects.
        message = (
            f"Scaling makes one weight of each context exactly ±{WEIGHT_LIMIT:.0f}; replicated "
            "weights never are, and many lie beyond: the residuals' family knows no such bounds; "
            "see also the correlations without these weights (figure d.excl100)."
        )
        return Check(PILE_UP, of.subject, "fail", message, numbers)
    message = "No more weights lie exactly at the smallest and largest value than are replicated."
    return Check(PILE_UP, of.subject, "pass", message, numbers)


def residuals_by_context(of: Examination[Regression]) -> Check:
    """Judge whether residuals of one context are more, or less, alike than independent rows'.

    The statistic is the variance of the contexts' mean residuals relative to that within contexts
    (the F ratio), for every draw of the parameters, of data and of replicates.

    Raises
    ------
    CannotCompute
        If there is one context only, or no two rows share one.

    Examples
    --------
    >>> residuals_by_context(Examination(fit, "e1.acc.4o", seed=1)).status  # doctest: +SKIP
    'pass'
    """
    contexts, names = pd.factorize(of.fit.data["context"])
    if not _SEVERAL <= len(names) < len(contexts):
        msg = "it takes several contexts, and several rows of one context"
        raise CannotCompute(msg)
    expected = expected_response(of.fit, of.replicates["posterior"].to_dataset()).to_numpy()
    expected = expected.reshape(-1, expected.shape[-1])
    actual = f_ratios(of.observed - expected, contexts)
    area = two_sided(actual, f_ratios(of.replicated - expected, contexts))
    numbers = {"f_ratio": float(actual.mean()), "tail_area": area.area}
    if area.extreme:
        alike = actual.mean() > 1
        message = (
            f"Residuals of one context are {'alike' if alike else 'unlike'} (F ratio "
            f"{actual.mean():.2f}, two-sided tail area {area.area:.1%}): rows are not independent, "
            "as the model takes them to be, and its HDI may be too narrow or too wide; "
            + (
                "let contexts differ in level too, (1 + reported | context)."
                if alike
                else "resample whole contexts to see."
            )
        )
        return Check(RESIDUALS, of.subject, "fail", message, numbers)
    message = (
        f"Residuals of one context are about as alike as replicated ones (F ratio "
        f"{actual.mean():.2f}, which independent rows make 1)."
    )
    return Check(RESIDUALS, of.subject, "pass", message, numbers)


def _at_extremes(values: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    """Return the share of values (draw, observation) equal to the least or greatest of a part."""
    counts = np.zeros(len(values))
    for part in parts:
        mine = values[:, part]
        ends = (mine.min(axis=1, keepdims=True), mine.max(axis=1, keepdims=True))
        counts += ((mine == ends[0]) | (mine == ends[1])).sum(axis=1)
    return np.asarray(counts / values.shape[1])


def f_ratios(residuals: np.ndarray, contexts: np.ndarray) -> np.ndarray:
    """Return the mean squares between contexts over those within, shape (draw,).

    Parameters
    ----------
    residuals
        Shape (draw, observation).
    contexts
        Number of each observation's context.

    Examples
    --------
    >>> f_ratios(np.array([[1.0, 1.2, -1.0, -1.2]]), np.array([0, 0, 1, 1])).round(1)
    array([242.])
    """
    counts = np.bincount(contexts)
    sums = np.zeros((len(counts), len(residuals)))
    np.add.at(sums, contexts, residuals.T)
    centre = residuals.mean(axis=1, keepdims=True)
    between = (counts * (sums.T / counts - centre) ** 2).sum(axis=1)
    within = ((residuals - centre) ** 2).sum(axis=1) - between
    return np.asarray((between / (len(counts) - 1)) / (within / (residuals.shape[1] - len(counts))))
