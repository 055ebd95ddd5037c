import arviz as az
import numpy as np
import pytest

from introspect_bayes.checks.summary import summary
from introspect_bayes.constants import HDI_PROB

pytestmark = pytest.mark.compiles


def test_rows_are_arvizs_for_a_regression(sound_reports):
    fit = sound_reports.fit
    table = summary({"reports": fit}).set_index("parameter")
    theirs = az.summary(fit.idata, ci_prob=HDI_PROB, ci_kind="hdi", round_to="none")
    for parameter in theirs.index:
        assert table.loc[parameter, "mean"] == pytest.approx(theirs.loc[parameter, "mean"])
        assert table.loc[parameter, "hdi_low"] == pytest.approx(theirs.loc[parameter].iloc[2])
    assert set(table["fit"]) == {"reports"}
    # A flat prior has nothing that scaling could change.
    assert table.loc["reported", "prior_sensitivity"] < 0.05
    assert table.loc["reported", "likelihood_sensitivity"] > 0.05


def test_weights_that_the_prior_holds_back_are_called_so(certain_choices):
    table = summary({"weights": certain_choices.fit})
    slopes = table[table["parameter"].str.startswith("slopes")]
    assert len(slopes) == certain_choices.fit.data.present.sum()
    assert (slopes["prior_sensitivity"] > 0.05).mean() > 0.5
    assert slopes["diagnosis"].str.contains("conflict").any()
    assert np.allclose(slopes["r_hat"], 1, atol=0.02)


def test_of_a_horseshoe_it_says_why_it_cannot_tell(examine_rows, sound_reports):
    shrunk = sound_reports.fit.spec.with_priors(reported="Horseshoe(0.5, 2)")
    table = summary({"reports": examine_rows(sound_reports.fit.data, shrunk).fit})
    assert table["prior_sensitivity"].isna().all()
    assert table["diagnosis"].str.contains("horseshoe").all()
    assert {"hdi_low", "hdi_high", "ess_bulk"} <= set(table)


def test_effective_draws_are_those_of_importance_sampling(sound_choices):
    fit = sound_choices.fit
    table = summary({"weights": fit}).groupby("context", sort=False)["ess_bulk"]
    assert np.allclose(table.first(), fit.idata["sample_stats"]["effective_draws"])
    assert (table.nunique() == 1).all()
