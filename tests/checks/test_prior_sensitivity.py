import arviz as az
import numpy as np
import pytest
import xarray as xr

from checks_data import simulated_rows
from fits_data import simulated_choices
from introspect_bayes.checks import Examination
from introspect_bayes.checks.power_scaling import FINE, WEAK, power_scaling
from introspect_bayes.checks.prior_sensitivity import prior_sensitivity
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles


def test_contexts_at_once_are_what_arviz_says_of_each_by_itself(certain_choices):
    of = certain_choices
    table = power_scaling(of).set_index(["context", "parameter"])
    index = of.fit.data.index
    for number, name in enumerate(of.fit.data.contexts[:3]):
        groups = {
            "posterior": of.densities["posterior"].to_dataset().sel(context=name),
            "log_prior": of.densities["log_prior"].to_dataset().sel(context=name),
            "log_likelihood": of.densities["log_likelihood"]
            .to_dataset()
            .isel(observation=index == number),
        }
        tree = xr.DataTree.from_dict(
            {key: v.drop_vars("context", errors="ignore") for key, v in groups.items()}
        )
        theirs = az.psense_summary(tree, var_names=["Intercept", "slopes"], round_to=9)
        for parameter, row in theirs.iterrows():
            ours = table.loc[(name, parameter)]
            assert ours["prior"] == pytest.approx(row["prior"], abs=1e-6)
            assert ours["likelihood"] == pytest.approx(row["likelihood"], abs=1e-6)
            assert ours["diagnosis"] == row["diagnosis"]


def test_regressions_are_what_arviz_says(sound_reports):
    table = power_scaling(sound_reports).set_index("parameter")
    theirs = az.psense_summary(sound_reports.densities, round_to=9)
    assert list(table.index) == list(theirs.index)
    for name in ("prior", "likelihood"):
        assert np.allclose(table[name], theirs[name], atol=1e-6)
    assert set(table["diagnosis"]) == {FINE}


def test_of_a_flat_prior_it_cannot_tell(sound_reports, examine_rows):
    check = prior_sensitivity(sound_reports)
    assert check.status == "information"
    assert "cannot tell of flat ones (reported)" in check.message
    proper = sound_reports.fit.spec.with_priors(reported="Normal(0, 2)")
    assert prior_sensitivity(examine_rows(sound_reports.fit.data, proper)).status == "pass"


def test_weights_from_the_prior_itself_pass(sound_choices):
    """Most move with the prior, as a prior should make them."""
    check = prior_sensitivity(sound_choices)
    assert check.status == "pass"
    assert check.numbers["conflict"] > 20
    assert (
        f"{check.numbers['conflict_expected']} parameters where choices are drawn" in check.message
    )


def test_the_table_has_a_row_a_parameter(sound_choices):
    table = power_scaling(sound_choices)
    assert set(table["fit"]) == {"simulated choices"}
    # 24 contexts, each with an intercept, three slopes and three relative weights.
    assert len(table) == 24 * 7


def test_weights_beyond_the_prior_conflict_with_it(certain_choices, sound_choices):
    check = prior_sensitivity(certain_choices)
    assert check.status == "fail"
    assert "move more with the prior than they should" in check.message
    assert "slopes ~ Normal(mu=0, sigma=1)" in check.message
    assert "--prior choice_weights.slopes=" in check.message
    mild = prior_sensitivity(sound_choices).numbers
    assert check.numbers["conflict"] > 1.5 * mild["conflict"]
    assert check.numbers["median_prior"] > 1.5 * mild["median_prior"]
    assert check.numbers["relative_conflict"] < check.numbers["conflict"]


def test_a_wide_prior_does_not_conflict(examine_choices):
    wide = spec("choice_weights").with_priors(slopes="Normal(0, 30)", Intercept="Normal(0, 30)")
    check = prior_sensitivity(examine_choices(wide, contexts=4, trials=400))
    assert check.status == "pass"
    assert check.numbers["conflict"] == 0


def test_a_prior_that_conflicts_in_a_regression(examine_rows):
    tight = spec("report_accuracy").with_priors(
        reported="Normal(-1, 0.05)", Intercept="Normal(0, 1)", sigma="HalfNormal(1)"
    )
    check = prior_sensitivity(examine_rows(simulated_rows(), tight))
    assert check.status == "fail"
    assert "of 3 parameters" in check.message


def test_weights_that_only_the_prior_tells_fail(examine_choices):
    """Two choices a context tell next to nothing of three slopes with a narrow prior."""
    narrow = spec("choice_weights").with_priors(
        slopes="Normal(0, 0.05)", Intercept="Normal(0, 0.05)"
    )
    of = examine_choices(narrow, contexts=6, trials=2)
    assert (power_scaling(of)["diagnosis"] == WEAK).mean() > 0.5
    check = prior_sensitivity(of)
    assert check.status == "fail"
    assert "prior more than data" in check.message


def test_attributes_that_a_context_lacks_are_left_out():
    choices = simulated_choices(contexts=2, attributes=3, trials=40, bias=0.0)
    choices.loc[choices["context"] == "context_1", ["d2", "d3"]] = 0.0
    counts = {"context_0": 3, "context_1": 1}
    data = ChoiceData.from_frame(choices, ["d1", "d2", "d3"], counts)
    sampler = ChoiceWeightsSampler(Sampler(draws=400, warmup=300))
    fit = sampler.fit(spec("choice_weights"), data, "ragged")
    table = power_scaling(Examination(fit, "ragged", 1))
    mine = table[table["context"] == "context_1"]
    # A single weight has no relative size.
    assert sorted(mine["parameter"]) == ["Intercept", "slopes[d1]"]
    assert len(table) == 7 + 2


def test_contexts_that_share_parameters_are_scaled_together(pooled_choices):
    of = pooled_choices
    table = power_scaling(of)
    assert {"slopes_scale", "intercept_scale"} <= set(table["parameter"])
    # Only the priors of the scales are scaled, not what they are the scales of.
    tree = of.densities.copy()
    tree["log_prior"] = tree["log_prior"].to_dataset()[["slopes_scale", "intercept_scale"]]
    theirs = az.psense_summary(tree, var_names=["slopes_scale"], round_to=9)
    ours = table.set_index("parameter").loc["slopes_scale"]
    assert ours["prior"] == pytest.approx(theirs.loc["slopes_scale", "prior"], abs=1e-6)
