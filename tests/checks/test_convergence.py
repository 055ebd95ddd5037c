from dataclasses import replace

import pytest
import xarray as xr

from introspect_bayes.checks.convergence import convergence
from introspect_bayes.checks.examination import Examination

pytestmark = pytest.mark.compiles


def test_a_sound_fit_passes(sound_choices, sound_reports):
    for of in (sound_choices, sound_reports):
        check = convergence(of)
        assert (check.status, check.subject) == ("pass", of.subject)
        assert check.numbers["rhat"] <= 1.01


def test_chains_that_disagree_fail_and_the_message_says_what_to_do(sound_reports):
    tree = sound_reports.fit.idata.copy()
    posterior = tree["posterior"].to_dataset()
    tree["posterior"] = posterior.assign(reported=posterior["reported"] + posterior["chain"])
    tree["sample_stats"] = xr.Dataset({"engine": "nuts", "diverging": 0})
    check = convergence(Examination(replace(sound_reports.fit, source=tree), "split", 1))
    assert check.status == "fail"
    assert "R-hat" in check.message
    assert "of reported" in check.message
    assert "--draws" in check.message
