"""Ordered beta: a distribution, mirrored with its scores, whose mean is what is said."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import expit

from introspect_bayes.sampling.ordered_beta import (
    cuts,
    drawn,
    expected_score,
    log_density_of_arrays,
)

PLACES = [(0.0, 7.0, -2.0, -3.0), (-1.2, 3.0, 0.5, -6.0), (2.0, 20.0, -8.0, 1.5)]
"""log-odds, kappa, zero and one."""


def densities(scores, log_odds, kappa, zero, one):
    low, high = cuts({"zero": zero, "one": one}, (), {})
    given = np.broadcast_arrays(np.atleast_2d(scores), log_odds, kappa, low, high)
    return log_density_of_arrays()(*(np.asarray(values, dtype=float) for values in given))[0]


@pytest.mark.parametrize(("log_odds", "kappa", "zero", "one"), PLACES)
def test_ends_and_between_are_kubinecs(log_odds, kappa, zero, one):
    low, high = cuts({"zero": zero, "one": one}, (), {})
    assert low < high
    at_even = [expit(low), expit(-high)]
    between = 1 - sum(at_even)
    np.testing.assert_allclose(np.log(at_even / between), [zero, one])
    none, all_ = expit(low - log_odds), expit(log_odds - high)
    mean = expit(log_odds)
    inside = stats.beta.logpdf([0.2, 0.9], kappa * mean, kappa * (1 - mean))
    expected = [np.log(none), *(inside + np.log(1 - none - all_)), np.log(all_)]
    found = densities([0.0, 0.2, 0.9, 1.0], log_odds, kappa, zero, one)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    mass, _ = quad(lambda y: np.exp(densities(y, log_odds, kappa, zero, one)[0]), 0, 1)
    assert mass + none + all_ == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("log_odds", "kappa", "zero", "one"), PLACES)
def test_scores_read_from_the_other_end_swap_the_ends(log_odds, kappa, zero, one):
    scores = np.array([0.0, 0.125, 0.75, 1.0])
    forth = densities(scores, log_odds, kappa, zero, one)
    back = densities(1 - scores, -log_odds, kappa, one, zero)
    np.testing.assert_allclose(forth, back, rtol=1e-9)


@pytest.mark.parametrize(("log_odds", "kappa", "zero", "one"), PLACES)
def test_random_scores_have_the_expected_mean_and_ends(log_odds, kappa, zero, one):
    low, high = cuts({"zero": zero, "one": one}, (), {})
    scores = drawn(np.full(40_000, log_odds), kappa, low, high, rng=np.random.default_rng(1))
    error = scores.std() / 200
    assert abs(scores.mean() - expected_score(np.array([log_odds]), low, high)[0]) < 4 * error
    for end, cut in ((0.0, low - log_odds), (1.0, log_odds - high)):
        share = expit(cut)
        assert abs((scores == end).mean() - share) < 4 * np.sqrt(share / 40_000) + 1e-4
    assert ((scores >= 0) & (scores <= 1)).all()


def test_ends_vary_with_columns_as_the_formula_says():
    given = {"zero": -3.0, "one": -30.0, "zero_own": 2.0}
    low, _ = cuts(given, (("zero", ("own",)),), {"own": np.array([0.0, 1.0])})
    np.testing.assert_allclose(low, [-3.0, -1.0], atol=1e-9)


def test_extreme_log_odds_keep_finite_densities():
    found = densities([0.0, 1e-300, 0.5, 1.0], 300.0, 5.0, -3.0, -3.0)
    assert np.isfinite(found).all()
