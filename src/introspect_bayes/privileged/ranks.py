"""Ranks of a true correlation matrix, and of what follows from it, among its posterior draws.

What is judged is the posterior that the specification has, before it is adjusted for contexts
(`privileged.unit_adjustment`), which is no longer that of a model.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from introspect_bayes.checks.truth_among_draws import COLUMNS, RANKED
from introspect_bayes.privileged.correlation_data import CorrelationData
from introspect_bayes.privileged.correlation_model import build_correlation_model
from introspect_bayes.privileged.correlations import NAMES, CorrelationFit, CorrelationSampler
from introspect_bayes.privileged.own_and_other import contrasts
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.sampling.one_thread import one_thread_at_a_time
from introspect_bayes.specs import Specification

_ROWS, _MISSING = 60, 0.25
_VARIABLES = ("weights of a", "weights of b", "reports of a", "reports of b")

Truth = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Location, scale and correlation matrix, each with an axis of draws in front."""


def simulate_correlation_calibration(
    specification: Specification,
    simulations: int,
    *,
    seed: int = 2025,
    fitter: CorrelationSampler | None = None,
    fitted: Specification | None = None,
) -> pd.DataFrame:
    """Draw truths from the prior and rows from each, fit the rows, and rank the truths.

    Rows, 60 of two models' weights and reports, are drawn by NumPy; a quarter of them lack the last
    variable.

    Parameters
    ----------
    specification
        Of the family correlation_matrix: where truths come from.
    simulations
        Truths; each takes a fit.
    seed
        Seed of truths, rows and fits.
    fitter
        What fits; by default, enough draws for a hundred nearly independent ones.
    fitted
        The specification that is fitted, if not the same: shows what a wrong prior does.

    Returns
    -------
    pandas.DataFrame
        As `simulated_ranks.simulate_calibration` returns it. Quantities: the first and last
        location and scale, every correlation, own minus other, and the log likelihood.
    """
    fitter = fitter or CorrelationSampler(Sampler(draws=1000, warmup=600, chains=2, seed=seed))
    random = np.random.default_rng(seed)
    truths = drawn_truths(specification, simulations, seed)
    frames = []
    for number in range(simulations):
        truth = (truths[0][[number]], truths[1][[number]], truths[2][[number]])
        data = rows_of(truth, random)
        fit = fitter.fit(fitted or specification, data, f"calibration {number}")
        frames.append(_ranked(fit, truth).assign(simulation=number))
    return pd.concat(frames, ignore_index=True)[COLUMNS]


@one_thread_at_a_time
def drawn_truths(specification: Specification, count: int, seed: int) -> Truth:
    """Return parameters drawn from the prior."""
    import pymc as pm

    nothing = CorrelationData(np.full((1, len(_VARIABLES)), np.nan), _VARIABLES, np.zeros(1))
    model = build_correlation_model(specification, nothing)
    variables = [model[name] for name in NAMES]
    location, scale, correlation = pm.draw(variables, count, random_seed=seed, mode="FAST_COMPILE")
    return location, scale, correlation


def rows_of(truth: Truth, random: np.random.Generator) -> CorrelationData:
    """Return rows drawn with a truth."""
    location, scale, correlation = (part[0] for part in truth)
    covariance = correlation * np.outer(scale, scale)
    rows = random.multivariate_normal(location, covariance, _ROWS, method="cholesky")
    rows[random.random(_ROWS) < _MISSING, -1] = np.nan
    return CorrelationData(rows, _VARIABLES, np.repeat(np.arange(_ROWS // 5), 5))


def _ranked(fit: CorrelationFit, truth: Truth) -> pd.DataFrame:
    import arviz as az

    posterior = fit.idata["model_posterior"].to_dataset()
    stacked = posterior.stack(sample=("draw", "chain"))  # noqa: PD013 - xarray's
    places = np.linspace(0, stacked.sizes["sample"] - 1, RANKED).astype(int)
    thin = stacked.isel(sample=places).transpose("sample", ...)
    location, scale, correlation = (thin[name].to_numpy() for name in NAMES)
    drawn = dict(_quantities(fit.data, (location, scale, correlation)))
    rows = [
        (name, int((drawn[name] < value[0]).sum())) for name, value in _quantities(fit.data, truth)
    ]
    below = np.tril_indices(len(_VARIABLES), -1)
    pairs = posterior["correlation"].to_numpy()[:, :, *below]
    free = posterior.drop_vars("correlation").assign(pairs=(("chain", "draw", "pair"), pairs))
    ess = az.ess(free, method="bulk")
    stats = fit.idata["sample_stats"].to_dataset()
    return pd.DataFrame(rows, columns=["parameter", "rank"]).assign(
        draws=RANKED,
        ess=min(float(variable.min()) for variable in ess.data_vars.values()),
        divergences=int(stats["diverging"].sum()) if "diverging" in stats else 0,
    )


def _quantities(data: CorrelationData, draws: Truth) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each ranked quantity, shape (draw,)."""
    location, scale, correlation = draws
    last = len(_VARIABLES) - 1
    for place in (0, last):
        yield f"location[{place}]", location[:, place]
        yield f"scale[{place}]", scale[:, place]
    for row, column in zip(*np.tril_indices(len(_VARIABLES), -1), strict=True):
        yield f"correlation[{row}, {column}]", correlation[:, row, column]
    yield "own minus other", contrasts(correlation)["overall"][:, 2]
    yield "log likelihood", log_likelihood(data, draws)


def log_likelihood(data: CorrelationData, draws: Truth) -> np.ndarray:
    """Return the log likelihood of all rows, shape (draw,), by SciPy and row by row."""
    from scipy.stats import multivariate_normal

    values = np.asarray(data.values)
    missing = np.isnan(values)
    totals = []
    for location, scale, correlation in zip(*draws, strict=True):
        covariance = correlation * np.outer(scale, scale)
        total = 0.0
        for seen in np.unique(~missing, axis=0):
            rows = values[(missing != seen).all(axis=1)][:, seen]
            normal = multivariate_normal(
                location[seen], covariance[np.ix_(seen, seen)], allow_singular=True
            )
            total += float(np.sum(normal.logpdf(rows)))
        totals.append(total)
    return np.array(totals)
