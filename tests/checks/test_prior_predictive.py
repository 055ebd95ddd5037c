import numpy as np
import pytest

from checks_data import simulated_rows
from introspect_bayes.checks.prior_predictive import (
    choices_from_prior,
    explained_shares,
    reports_from_prior,
    shares_of_a,
)
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.errors import CannotCompute
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles


def test_choices_drawn_from_the_prior_pass(sound_choices):
    check = choices_from_prior(sound_choices)
    assert check.status == "pass"
    assert check.numbers["explained_prior_low"] < check.numbers["explained"]


def test_choices_that_a_narrow_prior_excludes_fail(certain_choices):
    check = choices_from_prior(certain_choices)
    assert check.status == "fail"
    assert check.numbers["explained_outside"] > 12
    assert check.numbers["share_outside"] < 4
    assert "of 24 contexts" in check.message
    assert "slopes ~ Normal(mu=0, sigma=1)" in check.message


def test_shares_of_a_that_a_narrow_prior_excludes_fail(examine_choices):
    narrow = spec("choice_weights").with_priors(Intercept="Normal(0, 0.01)")
    check = choices_from_prior(examine_choices(narrow, bias=2.5))
    assert check.status == "fail"
    assert check.numbers["share_outside"] > 12
    assert "share of A" in check.message


def test_a_wider_prior_allows_for_the_same_choices(examine_choices):
    wide = spec("choice_weights").with_priors(slopes="Normal(0, 8)")
    assert choices_from_prior(examine_choices(wide, scale=8.0)).status == "pass"


def test_flat_priors_draw_nothing_and_the_reason_says_what_to_do(sound_reports):
    with pytest.raises(CannotCompute, match=r"flat priors \(reported\).*--prior report_accuracy"):
        reports_from_prior(sound_reports)


@pytest.mark.parametrize(("scale", "status"), [(1, "pass"), (0.05, "fail")])
def test_regressions_with_proper_priors(examine_rows, scale, status):
    proper = spec("report_accuracy").with_priors(
        reported=f"Normal(0, {scale})", Intercept="Normal(0, 1)", sigma=f"HalfNormal({scale})"
    )
    check = reports_from_prior(examine_rows(simulated_rows(), proper))
    assert check.status == status
    assert check.numbers["sd"] == pytest.approx(1.0, abs=0.15)


def test_a_skeptics_slope_excludes_what_the_data_show(examine_rows):
    skeptic = spec("report_accuracy").with_priors(
        reported="Normal(0, 0.02)", Intercept="Normal(0, 1)", sigma="Gamma(10, 10)"
    )
    check = reports_from_prior(examine_rows(simulated_rows(), skeptic))
    assert check.status == "fail"
    assert "The prior expects a share explained of" in check.message
    assert check.numbers["sd_tail_area"] > 0.01


def test_statistics_are_those_of_each_context():
    random = np.random.default_rng(4)
    index = np.repeat([0, 1, 2], 40)
    differences = random.normal(size=(120, 2))
    differences[index == 1, 1] = 0.0  # an attribute that the context lacks
    chosen = (differences[:, 0] + random.normal(size=120) > 0).astype(int)
    chosen[index == 2] = 1
    data = ChoiceData(("a", "b", "c"), index, differences, chosen, np.array([2, 1, 2]))
    draws = np.stack([chosen, 1 - chosen]).astype(float)
    shares = shares_of_a(data, draws)
    assert shares[0].tolist() == [chosen[index == n].mean() for n in range(3)]
    assert np.allclose(shares[0] + shares[1], 1)
    explained = explained_shares(data, draws)
    for number, columns in ((0, [0, 1]), (1, [0])):
        rows = index == number
        design = np.column_stack([np.ones(40), differences[rows][:, columns]])
        fitted = design @ np.linalg.lstsq(design, chosen[rows], rcond=None)[0]
        assert explained[0, number] == pytest.approx(fitted.var() / chosen[rows].var())
    assert explained[:, 2].tolist() == [0.0, 0.0]
