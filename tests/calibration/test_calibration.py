"""Calibration must be able to fail: right fits pass, wrong ones do not."""

import numpy as np
import pandas as pd
import pytest
from arviz_stats.ecdf_utils import simulate_confidence_bands

import introspect_bayes as ib
from introspect_bayes.calibration.calibration import calibration_checks, recorded_calibration
from introspect_bayes.calibration.simulated_ranks import (
    simulate_calibration,
    simulate_posterior_calibration,
)
from introspect_bayes.calibration.simulated_truths import simulated_predictors, with_proper_priors
from introspect_bayes.calibration.uniform_ranks import band, uniformity
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.errors import InputError
from introspect_bayes.regressions.regression import RegressionSampler
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles

CHOICES = spec("choice_weights").with_priors(Intercept="Normal(0, 1.5)")
REPORTS = with_proper_priors(spec("report_accuracy"))


class Misled:
    """A sampler whose posterior of the slopes is squeezed, or moved, by mistake."""

    def __init__(self, name, squeeze=1.0, move=0.0):
        # Compiles nothing.
        self.inner = ChoiceWeightsSampler(Sampler(draws=300, chains=2, seed=1), "importance")
        self.sampler = self.inner.sampler
        self.name, self.squeeze, self.move = name, squeeze, move

    def fit(self, *arguments):
        fit = self.inner.fit(*arguments)
        posterior = fit.idata["posterior"].to_dataset()
        draws = posterior[self.name]
        mean = draws.mean(("chain", "draw"))
        shift = self.move * draws.std(("chain", "draw"))
        wrong = mean + (draws - mean) * self.squeeze + shift
        fit.idata["posterior"].dataset = posterior.assign({self.name: wrong})
        return fit


@pytest.fixture(scope="module")
def few():
    """One context of 20 choices between options with two attributes."""
    return simulated_predictors(CHOICES, 1)[:20].assign(context="c")[["context", "d1", "d2"]]


def failed(ranks):
    return {c.message.split(" of ")[2].split(" are")[0] for c in ranks if c.status == "fail"}


def test_right_posteriors_of_choices_pass(few):
    checks = ib.calibrate(
        CHOICES, simulations=300, seed=3, predictors=few, fitter=Misled("slopes").inner
    )
    assert [c.status for c in checks] == ["pass"] * 5
    assert checks[0].numbers["few_draws"] == 0


@pytest.mark.parametrize(
    ("wrong", "quantities", "reading"),
    [
        (Misled("slopes", squeeze=0.6), {"d1", "d2"}, "too narrow"),
        (Misled("Intercept", move=-0.6), {"Intercept", "centred Intercept"}, "too low"),
    ],
)
def test_wrong_posteriors_of_choices_fail(wrong, quantities, reading, few):
    ranks = simulate_calibration(CHOICES, 300, seed=3, fitter=wrong, predictors=few)
    found = calibration_checks(ranks, "wrong")
    assert quantities <= failed(found)
    assert any(reading in c.message for c in found if c.status == "fail")


def test_an_uncentred_intercept_fails(few):
    """Were the prior put on the intercept at zero, its ranks would tell."""

    class Uncentred(Misled):
        def fit(self, chosen, data, name):
            vars(data)["means"] = np.zeros_like(data.means)
            return self.inner.fit(chosen, data, name)

    far = few.assign(d1=few["d1"] + 1.5)
    tight = CHOICES.with_priors(Intercept="Normal(0, 0.2)")
    ranks = simulate_calibration(tight, 300, predictors=far, fitter=Uncentred("slopes"))
    assert "Intercept" in failed(calibration_checks(ranks, "uncentred"))


def test_a_posterior_that_ignores_the_data_fails_by_its_log_likelihood(few):
    """The prior instead of the posterior: every parameter's ranks are uniform."""

    class Prior(Misled):
        def fit(self, chosen, data, name):
            fit = self.inner.fit(chosen, data, name)
            random = np.random.default_rng(8)
            posterior = fit.idata["posterior"].to_dataset()
            slopes = posterior["slopes"].copy(data=random.normal(size=posterior["slopes"].shape))
            fit.idata["posterior"].dataset = posterior.assign(slopes=slopes)
            return fit

    without = spec("choice_weights_no_intercept")
    ranks = simulate_calibration(without, 300, seed=3, fitter=Prior("slopes"), predictors=few)
    assert failed(calibration_checks(ranks, "prior")) == {"log likelihood"}


def test_regressions_pass_and_a_wrong_prior_fails():
    sampler = RegressionSampler(Sampler(draws=300, warmup=300, chains=2, seed=2))
    right = simulate_calibration(REPORTS, 25, seed=2, fitter=sampler)
    assert right["parameter"].unique().tolist() == [
        "Intercept", "reported", "sigma", "centred Intercept", "log likelihood",
    ]  # fmt: skip
    assert not failed(calibration_checks(right, "right"))
    narrow = REPORTS.with_priors(reported="Normal(0, 0.02)")
    wrong = simulate_calibration(REPORTS, 25, seed=2, fitter=sampler, fitted=narrow)
    assert "reported" in failed(calibration_checks(wrong, "wrong"))
    observed = simulated_predictors(REPORTS, 1)
    observed["learned"] = observed["reported"].to_numpy()[::-1]
    given = simulate_posterior_calibration(REPORTS, observed, 20, seed=2, fitter=sampler)
    assert len(given) == 5 * 20
    assert not failed(calibration_checks(given, "given other data"))


def test_priors_must_be_proper():
    with pytest.raises(InputError, match="nothing can be drawn from Intercept"):
        simulate_calibration(spec("report_accuracy"), 10)
    with pytest.raises(InputError, match="only their priors may differ"):
        simulate_calibration(CHOICES, 10, fitted=spec("choice_weights_no_intercept"))
    with pytest.raises(InputError, match="proper prior"):
        simulate_posterior_calibration(CHOICES, pd.DataFrame(), 10)


def test_bands_are_those_of_arviz():
    """The pointwise probability that makes the band simultaneous; ArviZ rounds some counts down."""
    draws, simulations = 99, 250
    points = np.arange(1, draws + 1) / (draws + 1)
    theirs = simulate_confidence_bands(simulations, 1, points, 0.95, 4000, np.random.default_rng(1))
    from scipy.stats import binom

    low, high = band(simulations, draws)
    assert abs(low - binom.ppf((1 - theirs) / 2, simulations, points) / simulations).max() <= 0.008
    assert abs(high - binom.isf((1 - theirs) / 2, simulations, points) / simulations).max() <= 0.008


def test_uniform_ranks_leave_the_band_as_often_as_stated():
    random = np.random.default_rng(4)
    ps = np.array([uniformity(random.integers(0, 101, 200), 100) for _ in range(400)])
    assert 0.02 < (ps < 0.05).mean() < 0.09
    low, high = band(200, 100)
    for _ in range(50):
        ranks = random.integers(0, 101, 200)
        shares = np.array([(ranks < k).mean() for k in range(1, 101)])
        inside = ((shares >= low) & (shares <= high)).all()
        assert inside == (uniformity(ranks, 100) >= 0.05)


def test_ranks_are_counts():
    with pytest.raises(InputError, match="between 0 and draws"):
        uniformity([101], draws=100)


def test_the_record_tells_of_every_shipped_model():
    from introspect_bayes.places import shipped_folder

    record = recorded_calibration()
    told = {model["specification"] for model in record["models"]}
    # Not calibrated so far; benchmarks/*_coverage.py measure how often their HDIs hold the truth.
    told |= {"explanation_scores", "explanation_scores_beta"}
    assert told == {path.stem for path in shipped_folder("models").glob("*.toml")}
    assert all(model["simulations"] >= 300 for model in record["models"])
    assert not [m for m in record["models"] if m["smallest_p"] < 0.05 / m["quantities"]]
