import arviz as az
import numpy as np
import pytest

from introspect_bayes.checks.summary import summary
from introspect_bayes.constants import HDI_PROB


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
