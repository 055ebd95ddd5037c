import numpy as np
import pytest

from introspect_bayes.checks.predictive_choices import (
    accuracy,
    calibration,
    calibration_slope,
    miscalibration,
    predicted,
    predicted_from_others,
    share,
)
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles

ALL = (calibration, accuracy, share, predicted)


@pytest.mark.parametrize("check", ALL)
def test_choices_of_the_fitted_model_pass(check, sound_choices):
    assert check(sound_choices).status == "pass"


def test_probabilities_held_back_by_the_prior_are_too_timid(certain_choices):
    found = calibration(certain_choices)
    assert found.status == "fail"
    assert found.numbers["slope"] > 1.5
    assert "too timid" in found.message
    assert "wider prior" in found.message


def test_probabilities_that_a_wide_prior_lets_go_are_too_bold(examine_choices):
    """Ten choices a context, four parameters each, and nothing to hold them back."""
    wide = spec("choice_weights").with_priors(slopes="Normal(0, 8)", Intercept="Normal(0, 8)")
    found = calibration(examine_choices(wide, contexts=40, trials=12, scale=0.5))
    assert found.status == "fail"
    assert found.numbers["slope"] < 0.7
    assert "too bold" in found.message
    assert "narrower prior" in found.message


def test_accuracy_beyond_what_the_model_expects_fails(certain_choices):
    found = accuracy(certain_choices)
    assert found.status == "fail"
    assert found.numbers["accuracy"] > found.numbers["expected"] + 0.05
    assert found.numbers["outside_above"] == found.numbers["outside"] > 5


def test_a_share_of_a_that_the_model_cannot_make_fails(without_intercept):
    found = share(without_intercept)
    assert found.status == "fail"
    assert found.numbers["outside_above"] > 8
    assert "intercept" in found.message


def test_weights_that_predict_more_than_they_should_fail(certain_choices):
    found = predicted(certain_choices)
    assert found.status == "fail"
    assert found.numbers["mean"] > found.numbers["replicated"]
    assert "more closely" in found.message


def test_predictions_from_the_others_are_leave_one_out(examine_choices):
    """Refitted without a choice, the model predicts it with nearly the probability told."""
    of = examine_choices(contexts=2, trials=20, attributes=2, seed=5)
    told = predicted_from_others(of)
    slopes, intercept = of.fit.idata["posterior"]["slopes"], of.fit.idata["posterior"]["Intercept"]
    utility = (slopes.to_numpy()[:, :, of.fit.data.index] * of.fit.data.differences).sum(-1)
    utility = utility + intercept.to_numpy()[:, :, of.fit.data.index]
    each = 1 / (1 + np.exp(-utility))
    chosen = np.where(of.fit.data.selection == 1, each, 1 - each)
    # The density without an observation is the harmonic mean over draws.
    exact = 1 / (1 / chosen).mean((0, 1))
    mine = np.where(of.fit.data.selection == 1, told, 1 - told)
    assert np.allclose(mine, exact, atol=0.02)
    assert (mine < chosen.mean((0, 1))).all()


def test_miscalibration_is_what_isotonic_regression_gains():
    probability = np.array([0.2, 0.2, 0.8, 0.8])
    assert miscalibration(probability, np.array([0, 1, 0, 1])) == pytest.approx(0.09)
    assert miscalibration(np.array([0.5, 0.5]), np.array([1, 0])) == 0.0
    # However equal probabilities are ordered, they are recalibrated alike.
    assert miscalibration(probability, np.array([1, 0, 1, 0])) == pytest.approx(0.09)


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
def test_calibration_slope_is_recovered(slope):
    random = np.random.default_rng(6)
    stated = random.normal(size=20_000)
    choices = (random.random(20_000) < 1 / (1 + np.exp(-slope * stated))).astype(int)
    found = calibration_slope(1 / (1 + np.exp(-stated)), choices)
    assert found == pytest.approx(slope, abs=0.1)


def test_predictions_that_are_never_wrong_have_no_finite_slope():
    assert calibration_slope(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1])) == np.inf
