"""Calibration of correlation matrices must be able to fail."""

import numpy as np
import pytest

from introspect_bayes.calibration.calibration import calibration_checks
from introspect_bayes.privileged.correlations import CorrelationSampler
from introspect_bayes.privileged.ranks import (
    drawn_truths,
    log_likelihood,
    rows_of,
    simulate_correlation_calibration,
)
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles

SPEC = spec("privileged_access").with_priors(location="Normal(0, 1)", scale="LogNormal(0, 0.3)")
SAMPLER = CorrelationSampler(Sampler(draws=300, chains=2, seed=1), engine="importance")


def failed(ranks):
    checks = calibration_checks(ranks, "correlations")
    return {c.message.split(" of ")[2].split(" are")[0] for c in checks if c.status == "fail"}


class Squeezed:
    """A sampler whose posterior of the correlations is drawn to its mean by mistake."""

    def __init__(self, kept=0.5):
        self.kept = kept

    def fit(self, *arguments):
        fit = SAMPLER.fit(*arguments)
        posterior = fit.idata["model_posterior"].to_dataset()
        r = posterior["correlation"]
        mean = r.mean(("chain", "draw"))
        fit.idata["model_posterior"].dataset = posterior.assign(
            correlation=self.kept * (r - mean) + mean
        )
        return fit


@pytest.mark.slow  # day by day: the few ranks below, and fits against NUTS and quadrature
def test_right_posteriors_pass():
    ranks = simulate_correlation_calibration(SPEC, 100, seed=3, fitter=SAMPLER)
    assert (ranks.groupby("parameter").size() == 100).all()
    assert failed(ranks) == set()


@pytest.mark.slow
def test_narrow_posteriors_and_a_wrong_prior_fail():
    narrow = simulate_correlation_calibration(SPEC, 60, seed=3, fitter=Squeezed())
    assert {"correlation[1, 0]", "correlation[3, 2]", "own minus other"} <= failed(narrow)
    shrunk = SPEC.with_priors(correlation="LKJCorr(60)")
    wrong = simulate_correlation_calibration(SPEC, 60, seed=3, fitter=SAMPLER, fitted=shrunk)
    assert "log likelihood" in failed(wrong)


def test_a_few_right_posteriors_hold_their_truths():
    ranks = simulate_correlation_calibration(SPEC, 12, seed=3, fitter=SAMPLER)
    assert (ranks.groupby("parameter").size() == 12).all()
    assert ranks["rank"].between(0, ranks["draws"]).all()
    assert failed(ranks) == set()


def test_posteriors_far_too_narrow_are_seen_in_a_few():
    few = simulate_correlation_calibration(SPEC, 12, seed=3, fitter=Squeezed(0.05))
    assert {"correlation[1, 0]", "correlation[3, 2]"} <= failed(few)


def test_truths_are_more_likely_than_other_draws():
    truths = drawn_truths(SPEC, 30, seed=4)
    random = np.random.default_rng(4)
    for number in range(30):
        data = rows_of(tuple(part[[number]] for part in truths), random)
        likely = log_likelihood(data, truths)
        assert likely.argmax() == number


def test_log_likelihood_is_that_which_is_sampled():
    """Two ways to it: SciPy row by row here, moments of all rows in the model."""
    from introspect_bayes.privileged.correlations import unconstrained, unit_log_density

    truths = drawn_truths(SPEC, 5, seed=6)
    data = rows_of(tuple(part[[0]] for part in truths), np.random.default_rng(6))
    mine = unit_log_density(data)(unconstrained(*truths)).sum(axis=1)
    assert mine == pytest.approx(log_likelihood(data, truths))
