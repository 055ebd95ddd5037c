"""Ranks of simulated truths among the draws of their posteriors."""

import pandas as pd

from introspect_bayes.calibration.choice_ranks import rank_contexts, rank_study
from introspect_bayes.calibration.regression_ranks import rank_regression
from introspect_bayes.calibration.simulated_truths import (
    draw_posterior_truths,
    draw_truths,
    require_proper,
    simulated_predictors,
)
from introspect_bayes.checks.truth_among_draws import COLUMNS
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.errors import InputError
from introspect_bayes.features import FEATURES, Feature
from introspect_bayes.regressions.multilevel_model import multilevel_applies
from introspect_bayes.regressions.regression import RegressionSampler
from introspect_bayes.sampling.model_sampler import ModelSampler
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import Specification
from introspect_bayes.specs.engines import Engine


def simulate_calibration(
    specification: Specification,
    simulations: int,
    *,
    seed: int = 2025,
    fitter: ModelSampler | None = None,
    fitted: Specification | None = None,
    predictors: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Draw truths from the prior and data from each, fit the data, and rank the truths.

    Where a fit is right, each rank is uniform on 0, ..., draws (Talts et al. 2020,
    doi:10.48550/arXiv.1804.06788; Modrák et al. 2023, doi:10.1214/23-BA1404, who show why to rank
    the log likelihood, too: a posterior that ignores the data has uniform ranks in all parameters).

    Parameters
    ----------
    specification
        The model that data come from, and whose prior truths come from.
    simulations
        Truths. Contexts of choices without hyperparameters are independent, and are fitted
        together; in other models each truth takes a fit of its own.
    seed
        Seed of predictors, truths, data and fits.
    fitter
        What fits; by default, enough draws for nearly independent ones.
    fitted
        The specification that is fitted, if not the same: shows what a wrong prior does.
    predictors
        One row an observation: of choices the columns context and d1, ..., dK (simulations take
        turns with the contexts); of regressions those of the formula. Simulated if not given, and
        always so for features that rank truths by themselves (`features.Feature.ranks`).

    Returns
    -------
    pandas.DataFrame
        One row a quantity and simulation: parameter, simulation, rank (draws below the truth),
        draws, ess (smallest bulk effective sample size of the fit), divergences (of the fit).

    Raises
    ------
    InputError
        If a prior is improper or depends on the response, or `fitted` has other parameters.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> ranks = simulate_calibration(spec("choice_weights_no_intercept"), 20, seed=1)
    >>> ranks["parameter"].unique().tolist()
    ['d1', 'd2', 'd3', 'd4', 'd5', 'log likelihood']
    """
    require_proper(specification)
    chosen = fitted if fitted is not None else specification
    if chosen.model_parameters != specification.model_parameters:
        msg = (
            f"fitted = {chosen.name} has the parameters {', '.join(chosen.model_parameters)}, "
            f"{specification.name} {', '.join(specification.model_parameters)}; only their "
            "priors may differ"
        )
        raise InputError(msg)
    if (feature := ranked_by_feature(specification)) is not None:
        ranks: pd.DataFrame = feature.load(feature.ranks)(
            specification, simulations, seed=seed, fitter=fitter, fitted=fitted
        )
        return ranks
    rows = predictors if predictors is not None else simulated_predictors(specification, seed)
    for factor in specification.dropped_when_constant:
        if len(rows[factor].unique()) == 1:
            specification = specification.without(factor)
    fitter = fitter if fitter is not None else default_fitter(specification, seed)
    if specification.is_of_choices and not specification.hyperparameters:
        frames = [rank_contexts(specification, chosen, rows, simulations, fitter)]
    else:
        truths = draw_truths(specification, rows, simulations, seed)
        of_one = rank_study if specification.is_of_choices else rank_regression
        frames = [
            of_one(chosen, rows, truths.isel(draw=[number]), fitter).assign(simulation=number)
            for number in range(simulations)
        ]
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def simulate_posterior_calibration(
    specification: Specification,
    observed: pd.DataFrame,
    simulations: int,
    *,
    seed: int = 2025,
    fitter: ModelSampler | None = None,
) -> pd.DataFrame:
    """Draw truths from a posterior, add data from each to those observed, and rank the truths.

    Serves regressions with flat priors, as the paper's, from which nothing can be drawn; tells of
    the surroundings of `observed`, not of the whole prior (`draw_posterior_truths`).

    Parameters
    ----------
    specification
        Of a regression.
    observed
        Its rows, the response included, such as ``fit.data``.
    simulations
        Truths; at most as many as the fitter makes draws.
    seed, fitter
        As in `simulate_calibration`.

    Returns
    -------
    pandas.DataFrame
        As `simulate_calibration`.

    Raises
    ------
    InputError
        If the specification is one of choices.

    Examples
    --------
    >>> from introspect_bayes.specs import spec
    >>> rows = simulated_predictors(spec("report_accuracy"), seed=1)
    >>> rows["learned"] = rows["reported"] + rows["reported"].sample(frac=1, random_state=2).values
    >>> simulate_posterior_calibration(spec("report_accuracy"), rows, 300)  # doctest: +SKIP
    """
    fitter = fitter if fitter is not None else default_fitter(specification, seed)
    fixed, rows, truths = draw_posterior_truths(specification, observed, fitter, simulations, seed)
    frames = [
        rank_regression(fixed, rows, truths.isel(draw=[number]), fitter).assign(simulation=number)
        for number in range(truths["prior"].sizes["draw"])
    ]
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def ranked_by_feature(specification: Specification) -> Feature | None:
    """Return the feature that ranks truths of such a specification by itself, if one does."""
    for feature in FEATURES:
        if feature.ranks and feature.family == specification.family:
            return feature
    return None


def default_fitter(
    specification: Specification, seed: int, engine: Engine = "auto"
) -> ModelSampler | None:
    """Return a sampler with enough draws for a hundred nearly independent ones.

    Hyperparameters mix slowly, so that they take more, but not where offsets are sampled
    (`regressions.multilevel_model`). None where a feature has its own.
    """
    if ranked_by_feature(specification) is not None:
        return None
    if multilevel_applies(specification):
        return RegressionSampler(Sampler(draws=350, warmup=250, chains=2, seed=seed), engine)
    draws = 3000 if specification.hyperparameters else 1000
    sampler = Sampler(draws=draws, warmup=600, chains=2, seed=seed)
    if specification.is_of_choices:
        return ChoiceWeightsSampler(sampler, engine)
    return RegressionSampler(sampler, engine=engine)
