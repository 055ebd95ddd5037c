"""Calibration of the joint model must be able to fail."""

import numpy as np
import pytest
import xarray as xr

from introspect_bayes.calibration.calibration import calibration_checks
from introspect_bayes.joint_model.fit import JointFit, JointSampler, moments_of_rho
from introspect_bayes.joint_model.model import build_joint_model
from introspect_bayes.joint_model.ranks import (
    joint_design,
    log_likelihood,
    simulate_joint_calibration,
    with_observations,
)
from introspect_bayes.regressions.predictive import draw_from_prior
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles

SPEC = spec("joint_accuracy")


class PriorOnly:
    """A sampler that ignores the data: its posterior is the prior."""

    def __init__(self):
        model = build_joint_model(SPEC, joint_design(2025))
        drawn = draw_from_prior(model, 200, seed=9)["prior"].to_dataset()
        mean, deviation = moments_of_rho(
            drawn["accuracy"].to_numpy(), drawn["accuracy_scale"].to_numpy()
        )
        dims = ("chain", "draw", "figure")
        self.posterior = drawn.assign(
            mean_rho=(dims, mean),
            sd_rho=(dims, deviation),
            rho=np.tanh(drawn["fisher_z"]),
            consistency=np.exp(drawn["consistency_log"]),
            report_scale_of_context=np.exp(drawn["report_scale_log"]),
        )

    def fit(self, specification, data, _name):
        still = xr.Dataset(
            {"engine": "nuts", "diverging": (("chain", "draw"), np.zeros((1, 200), dtype=bool))}
        )
        groups = {"posterior": self.posterior, "sample_stats": still}
        return JointFit(specification, data, xr.DataTree.from_dict(groups))


def test_a_posterior_that_ignores_the_data_fails_by_its_log_likelihood():
    ranks = simulate_joint_calibration(SPEC, 60, seed=2025, fitter=PriorOnly())
    assert (ranks.groupby("parameter").size() == 60).all()
    failed = [c.message for c in calibration_checks(ranks, "prior") if c.status == "fail"]
    assert len(failed) == 1
    assert "log likelihood" in failed[0]


def test_truths_are_more_likely_than_other_draws():
    design = joint_design(4)
    model = build_joint_model(SPEC, design)
    drawn = draw_from_prior(model, 30, seed=4)
    prior = drawn["prior"].to_dataset().isel(chain=0).rename(draw="sample")
    draws = prior.assign(
        rho=np.tanh(prior["fisher_z"]),
        consistency=np.exp(prior["consistency_log"]),
        report_scale_of_context=np.exp(prior["report_scale_log"]),
    )
    seen = drawn["prior_predictive"].to_dataset().isel(chain=0)
    for number in range(30):
        data = with_observations(design, seen.isel(draw=number))
        assert log_likelihood(data, draws).argmax() == number
        assert (data.means[data.cell_counts == 0] == 0).all()


@pytest.mark.slow
def test_right_posteriors_pass_and_a_wrong_prior_fails():
    sampler = JointSampler(Sampler(draws=1000, warmup=500, chains=2, seed=3))
    right = simulate_joint_calibration(SPEC, 40, seed=3, fitter=sampler)
    assert {c.status for c in calibration_checks(right, "right")} == {"pass"}
    narrow = SPEC.with_priors(report_mean="Normal(0, 0.05)")
    wrong = simulate_joint_calibration(SPEC, 40, seed=3, fitter=sampler, fitted=narrow)
    failed = {c.message.split(" of ")[2] for c in calibration_checks(wrong, "wrong") if
              c.status == "fail"}  # fmt: skip
    assert any("report_mean" in what for what in failed)
