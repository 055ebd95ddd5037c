"""Choices and reports as the joint model would have them, given its latent variables."""

import numpy as np
import xarray as xr

from introspect_bayes.constants import WEIGHT_LIMIT
from introspect_bayes.joint_model.data import ROUNDING, JointData


def latent_reports(data: JointData, draws: xr.Dataset) -> np.ndarray:
    """Return what would be reported without noise, shape (sample, figure, context, attribute).

    Parameters
    ----------
    data
        Which contexts have reports of which set.
    draws
        ``report_mean`` (report_set), ``report_scale_of_context`` (figure, context) and ``reported``
        (figure, context, attribute), dim sample first.
    """
    mean = draws["report_mean"].to_numpy()[:, data.set_index, None]
    scale = draws["report_scale_of_context"].to_numpy()[..., None]
    return np.asarray(mean + scale * draws["reported"].to_numpy())


def replicated_reports(
    data: JointData, draws: xr.Dataset, random: np.random.Generator
) -> np.ndarray:
    """Return reports drawn anew for every valid one, shape (sample, *data.reports.shape).

    The noise of each attribute is drawn anew, too, as its distribution has it. Reports are rounded
    to whole numbers and cut off at -100 and 100, as those are that are observed.

    Parameters
    ----------
    data
        Which reports there are.
    draws
        As of `latent_reports`, and ``report_noise`` and ``report_df`` (report_set).
    random
        Where chance comes from.
    """
    own = data.set_index
    told = latent_reports(data, draws)
    df = draws["report_df"].to_numpy()[:, own, None]
    # A small df makes the chi-squared underflow: noise without limit, whose reports are cut off.
    squared = np.maximum(random.chisquare(np.broadcast_to(df, told.shape)), np.finfo(float).tiny)
    noise = draws["report_noise"].to_numpy()[:, own, None] * np.sqrt(df / squared)
    shape = (len(told), *data.reports.shape)
    drawn = told[..., None, :] + noise[..., None, :] * random.standard_normal(shape)
    step = ROUNDING / WEIGHT_LIMIT
    given = np.clip(np.round(drawn / step), -WEIGHT_LIMIT, WEIGHT_LIMIT) * step
    return np.where(np.isfinite(data.reports), given, np.nan)


def replicated_choices(
    data: JointData, draws: xr.Dataset, random: np.random.Generator
) -> np.ndarray:
    """Return choices drawn anew, 1 for A and 0 for B, shape (sample, choice).

    Parameters
    ----------
    data
        The options.
    draws
        ``Intercept`` and ``consistency`` (context), ``used`` (context, attribute), dim sample
        first.
    random
        Where chance comes from.
    """
    index = data.choices.index
    slopes = draws["used"].to_numpy() * draws["consistency"].to_numpy()[..., None]
    log_odds = draws["Intercept"].to_numpy()[:, index]
    log_odds = log_odds + (slopes[:, index] * data.choices.differences).sum(axis=-1)
    chance = 1 / (1 + np.exp(-log_odds))
    return np.asarray(random.uniform(size=chance.shape) < chance).astype(int)
