import pytest

from introspect_bayes.checks.outcome import attempt
from introspect_bayes.checks.position_bias import POSITION_BIAS, position_bias
from introspect_bayes.errors import CannotCompute

pytestmark = pytest.mark.compiles


def test_choices_without_bias_pass(sound_choices):
    check = position_bias(sound_choices)
    assert check.status == "pass"
    assert abs(check.numbers["mean_log_odds"]) < 0.15


def test_choices_that_follow_the_position_fail(biased_choices):
    check = position_bias(biased_choices)
    assert check.status == "fail"
    assert check.numbers["mean_log_odds"] == pytest.approx(1.5, abs=0.4)
    assert check.numbers["contexts"] > 15
    assert "of 24 contexts (chance explains 1)" in check.message


def test_a_prior_that_holds_slopes_back_leaves_no_verdict(certain_choices):
    check = position_bias(certain_choices)
    assert check.status == "information"
    assert "could miss one" in check.message


def test_a_model_without_intercept_cannot_tell(without_intercept):
    of = without_intercept
    with pytest.raises(CannotCompute, match="has no intercept"):
        position_bias(of)
    check = attempt(POSITION_BIAS, of.subject, lambda: position_bias(of))
    assert check.status == "information"
