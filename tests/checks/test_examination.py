from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from fits_data import simulated_choices
from introspect_bayes.checks import Examination
from introspect_bayes.checks.examination import varied
from introspect_bayes.checks.power_scaling import power_scaling
from introspect_bayes.checks.predictive_reports import density
from introspect_bayes.choices.choice_data import ChoiceData
from introspect_bayes.choices.choice_sampling import ChoiceWeightsSampler
from introspect_bayes.errors import InputError
from introspect_bayes.sampling.nuts import Sampler
from introspect_bayes.specs import spec

pytestmark = pytest.mark.compiles


def with_posterior(of, change):
    tree = of.fit.idata.copy()
    tree["posterior"] = change(tree["posterior"].to_dataset())
    return Examination(replace(of.fit, source=tree), of.subject, of.seed)


def test_everything_is_made_once_from_the_same_draws(sound_choices):
    of = Examination(sound_choices.fit, "x", 1)
    assert of.densities is of.densities
    assert of.replicates is of.replicates
    assert of.loo is of.loo
    assert of.densities["posterior"].equals(of.replicates["posterior"])
    assert of.replicated.shape == (1000, len(of.observed))
    assert of.draws_of("slopes").shape == (1000, 24, 3)


@pytest.mark.parametrize("make", [lambda of: of.loo, power_scaling, density])
def test_too_few_draws_say_so(sound_reports, make):
    few = with_posterior(sound_reports, lambda posterior: posterior.isel(draw=slice(0, 4)))
    with pytest.raises(InputError, match=r"16 draws are too few.*--draws"):
        make(few)


def test_chains_that_stand_still_say_so(sound_reports):
    stuck = with_posterior(sound_reports, lambda posterior: posterior * 0 + posterior.isel(draw=0))
    with pytest.raises(InputError, match="many draws are the same"):
        _ = stuck.loo


def test_a_choice_between_equal_options_is_known_in_advance():
    """Without intercept its density is one half whatever the weights: nothing to smooth."""
    choices = simulated_choices(contexts=2, attributes=2, trials=30, bias=0.0)
    choices.loc[[0, 40], ["d1", "d2"]] = 0.0
    data = ChoiceData.from_frame(choices, ["d1", "d2"])
    sampler = ChoiceWeightsSampler(Sampler(draws=400, warmup=300))
    fit = sampler.fit(spec("choice_weights_no_intercept"), data, "equal options")
    loo = Examination(fit, "x", 1).loo
    assert loo.elpd_i.to_numpy()[[0, 40]] == pytest.approx(-np.log(2))
    assert (loo.pareto_k.to_numpy()[[0, 40]] < 0).all()


def test_flat_priors_alone_do_not_move_the_posterior(sound_reports):
    """A log prior of zero throughout: no sensitivity to it, and no complaint either."""
    of = Examination(sound_reports.fit, "x", 1)
    tree = of.densities.copy()
    tree["log_prior"] = tree["log_prior"].to_dataset()[["reported"]]
    of.__dict__["densities"] = tree
    table = power_scaling(of)
    assert (table["prior"] < 1e-3).all()
    assert (table["likelihood"] > 0.05).all()


def test_only_constants_are_varied():
    values = xr.DataArray(
        np.random.default_rng(1).normal(size=(2, 5, 3)), dims=("chain", "draw", "n")
    )
    values[:, :, 1] = -0.5
    found = varied(values)
    assert found.dims == values.dims
    assert found.isel(n=[0, 2]).equals(values.isel(n=[0, 2]))
    assert float(found.isel(n=1).std()) > 0
    assert float(np.abs(found - values).max()) < 2e-9
